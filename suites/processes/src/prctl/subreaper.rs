//! Subreapers: who adopts orphans.

use crate::proc::comm_of;
use harness::raw::{Argument as _, arguments};
use kit::disposition::{log, logged};
use kit::needs::program;
use kit::prelude::*;
use kit::process::{wait_until_gone, wait_until_zombie};
use kit::program::become_program;
use libc::{CLD_EXITED, PR_GET_CHILD_SUBREAPER, SIGCHLD, WNOHANG};
use nix::unistd::getppid;
use std::sync::atomic::{AtomicI32, Ordering};

/// PR_GET_CHILD_SUBREAPER writes 1 in a process that has set the attribute, and 0 in one that has cleared it or has not set it; a
/// child of fork starts without it.
#[harness::test(
    id = "prctl.subreaper-value",
    cite = [man("PR_GET_CHILD_SUBREAPER.2const", "DESCRIPTION"), man("PR_SET_CHILD_SUBREAPER.2const", "DESCRIPTION")],
    covers = ["behaviours:prctl.subreaper-get", "behaviours:prctl.subreaper-fork-not-inherited"],
    layers = [libc, raw],
)]
fn the_attribute_is_read_back_and_not_inherited() -> TestResult {
    let child = fork(|| -> TestResult {
        assert_eq!(subreaper(), Ok(0));
        assert_eq!(set_subreaper(true), Ok(()));
        assert_eq!(subreaper(), Ok(1));
        let grandchild = fork(|| assert_eq!(subreaper(), Ok(0)))?;
        grandchild.join()?;
        assert_eq!(subreaper(), Ok(1));
        assert_eq!(set_subreaper(false), Ok(()));
        assert_eq!(subreaper(), Ok(0));
        Ok(())
    })?;
    child.join()
}

#[rstest]
#[case::by_exit(|| -> TestResult { exit(0) })]
#[case::by_sigkill(kill_self)]
/// An orphan becomes a child of its nearest living ancestor that is a subreaper, past an ancestor that is none: it reports that one as
/// its parent, which gets SIGCHLD for its end and waits for it.
#[harness::test(
    id = "prctl.subreaper-adopts",
    cite = [man("PR_SET_CHILD_SUBREAPER.2const", "DESCRIPTION")],
    covers = ["behaviours:prctl.subreaper-adopts", "behaviours:prctl.subreaper-gets-sigchld", "behaviours:wait.reparent-init"],
    layers = [libc, nix, raw],
)]
fn a_subreaper_adopts_orphans(#[case] end: fn() -> TestResult) -> TestResult {
    let (orphaned, pid) = (Latch::new()?, Shared::new(AtomicI32::new(0))?);
    // Further away, so it adopts nobody.
    set_subreaper(true)?;
    let nearest = fork(|| -> TestResult {
        set_subreaper(true)?;
        let adopter = own_pid();
        let between = fork(|| -> TestResult {
            let parent = fork(|| -> TestResult {
                let orphan = fork(|| -> TestResult {
                    orphaned.wait_for(1);
                    assert_eq!(getppid().as_raw(), adopter);
                    exit(7)
                })?;
                pid.store(orphan.pid(), Ordering::Release);
                orphan.let_go();
                end()
            })?;
            parent.wait()?;
            let orphan = pid.load(Ordering::Acquire);
            assert_errno!(waitpid(orphan, WNOHANG), ECHILD);
            Ok(())
        })?;
        between.join()?;
        let orphan = pid.load(Ordering::Acquire);
        log(SIGCHLD, 0)?;
        assert_eq!(waitpid(orphan, WNOHANG), Ok(None));
        orphaned.arrive();
        wait_until_zombie(orphan);
        assert_eq!(waitpid(orphan, 0), Ok(Some((orphan, Ended::Exited(7)))));
        let told: Vec<_> = logged().iter().map(|info| (info.signal, info.code, info.sender(), info.status())).collect();
        assert_eq!(told, [(SIGCHLD, CLD_EXITED, (orphan, nix::unistd::getuid().as_raw()), 7)]);
        Ok(())
    })?;
    nearest.join()
}

/// A zombie whose parent ends without having waited for it is adopted by the nearest subreaper, which gets its exit status.
#[harness::test(
    id = "prctl.subreaper-gets-zombies",
    cite = [man("wait.2", "NOTES"), man("PR_SET_CHILD_SUBREAPER.2const", "DESCRIPTION")],
    covers = ["behaviours:prctl.subreaper-adopts", "behaviours:wait.unwaited-reparented-reaped"],
    layers = [libc, nix, raw],
)]
fn a_subreaper_adopts_zombies() -> TestResult {
    set_subreaper(true)?;
    let pid = Shared::new(AtomicI32::new(0))?;
    let parent = fork(|| -> TestResult {
        let zombie = fork(|| -> TestResult { exit(7) })?;
        zombie.wait_until_zombie();
        pid.store(zombie.pid(), Ordering::Release);
        zombie.let_go();
        exit(3)
    })?;
    assert_eq!(parent.wait()?, Ended::Exited(3));
    let zombie = pid.load(Ordering::Acquire);
    assert_eq!(waitpid(zombie, 0), Ok(Some((zombie, Ended::Exited(7)))));
    Ok(())
}

/// When a subreaper that has adopted orphans ends, the next one adopts them.
#[harness::test(
    id = "prctl.subreaper-next",
    cite = [man("PR_SET_CHILD_SUBREAPER.2const", "DESCRIPTION")],
    covers = ["behaviours:prctl.subreaper-adopts"],
    layers = [libc, nix, raw],
)]
fn the_next_subreaper_adopts_after_it() -> TestResult {
    set_subreaper(true)?;
    let (last, end, pid) = (own_pid(), Latch::new()?, Shared::new(AtomicI32::new(0))?);
    let nearest = fork(|| -> TestResult {
        set_subreaper(true)?;
        let parent = fork(|| -> TestResult {
            let orphan = fork(|| -> TestResult {
                end.wait_for(1);
                assert_eq!(getppid().as_raw(), last);
                exit(7)
            })?;
            pid.store(orphan.pid(), Ordering::Release);
            orphan.let_go();
            exit(0)
        })?;
        parent.wait()?;
        exit(0)
    })?;
    assert_eq!(nearest.wait()?, Ended::Exited(0));
    end.arrive();
    let orphan = pid.load(Ordering::Acquire);
    assert_eq!(waitpid(orphan, 0), Ok(Some((orphan, Ended::Exited(7)))));
    Ok(())
}

/// A program keeps the attribute of the process that called execve: it adopts orphans.
#[harness::test(
    id = "prctl.subreaper-after-exec",
    cite = [man("PR_SET_CHILD_SUBREAPER.2const", "DESCRIPTION")],
    covers = ["behaviours:prctl.subreaper-exec-kept"],
    needs = [program("cat")],
)]
fn a_program_stays_a_subreaper() -> TestResult {
    let (reader, _writer) = pipe()?;
    let (release, orphaned, checked) = (Latch::new()?, Latch::new()?, Latch::new()?);
    let pids = Shared::new([const { AtomicI32::new(0) }; 3])?;
    let child = fork(|| -> TestResult {
        set_subreaper(true)?;
        pids[0].store(own_pid(), Ordering::Release);
        let parent = fork(|| -> TestResult {
            let orphan = fork(|| {
                orphaned.wait_for(1);
                assert_eq!(getppid().as_raw(), pids[0].load(Ordering::Acquire));
                checked.arrive();
            })?;
            pids[2].store(orphan.pid(), Ordering::Release);
            orphan.let_go();
            release.wait_for(1);
            exit(0)
        })?;
        pids[1].store(parent.pid(), Ordering::Release);
        parent.let_go();
        become_program(&["cat"], [&reader, &2, &2])
    })?;
    child.wait_until_blocked_in(calls::READ)?;
    assert_eq!(comm_of(child.pid())?, "cat");
    release.arrive();
    wait_until_zombie(pids[1].load(Ordering::Acquire));
    orphaned.arrive();
    checked.wait_for(1);
    child.kill()?;
    [1, 2].into_iter().for_each(|at| wait_until_gone(pids[at].load(Ordering::Acquire)));
    Ok(())
}

/// PR_GET_CHILD_SUBREAPER fails with EFAULT if the address for the attribute is outside the address space.
#[harness::test(
    id = "prctl.subreaper-bad-address",
    cite = [man("PR_GET_CHILD_SUBREAPER.2const", "ERRORS", "EFAULT")],
    covers = ["errors:prctl.prctl(PR_GET_CHILD_SUBREAPER).EFAULT"],
)]
fn a_bad_address_is_refused() -> TestResult {
    // SAFETY: the kernel refuses the address.
    let refused = unsafe {
        let call = arguments([PR_GET_CHILD_SUBREAPER.register(), BAD_ADDRESS]);
        syscall("prctl(PR_GET_CHILD_SUBREAPER)", Sysno::prctl, call)
    };
    assert_errno!(refused, EFAULT);
    Ok(())
}
