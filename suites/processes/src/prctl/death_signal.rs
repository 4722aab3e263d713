//! The signal that a process gets when its parent ends.

use crate::needs::NEW_PRIVILEGES;
use crate::proc::comm_of;
use harness::need::{MOUNTS, SECOND_ID, SECOND_UID};
use harness::raw::{Argument as _, arguments};
use kit::disposition::{block, pending};
use kit::mounted::Mounted;
use kit::needs::program;
use kit::prelude::*;
use kit::privilege::become_second_user;
use kit::process::wait_until_gone;
use kit::program::become_program;
use kit::thread;
use libc::{PR_GET_PDEATHSIG, SIGKILL, SIGTERM, SIGUSR1, SIGUSR2};
use nix::sys::signal::{SigSet, Signal as Known};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

/// PR_GET_PDEATHSIG returns the signal that PR_SET_PDEATHSIG has set, 0 in a new process, and 0 when 0 was set.
#[harness::test(
    id = "prctl.pdeathsig-value",
    cite = [man("PR_GET_PDEATHSIG.2const", "DESCRIPTION"), man("PR_SET_PDEATHSIG.2const", "DESCRIPTION")],
    covers = ["behaviours:prctl.pdeathsig-get", "behaviours:prctl.pdeathsig-zero-clears"],
    layers = [libc, nix, raw],
)]
fn the_signal_is_read_back() -> TestResult {
    let child = fork(|| {
        assert_eq!(death_signal(), Ok(0));
        for signal in [SIGUSR1, SIGKILL] {
            assert_eq!(set_death_signal(signal), Ok(()));
            assert_eq!(death_signal(), Ok(signal));
        }
        assert_eq!(set_death_signal(0), Ok(()));
        assert_eq!(death_signal(), Ok(0));
    })?;
    child.join()
}

#[rstest]
#[case::by_exit(|| -> TestResult { exit(0) })]
#[case::by_sigkill(kill_self)]
/// When its parent exits or is killed, a process gets the signal that it has set with PR_SET_PDEATHSIG; one that has set none, or has
/// set 0 after it, gets none.
#[harness::test(
    id = "prctl.pdeathsig",
    cite = [man("PR_SET_PDEATHSIG.2const", "DESCRIPTION")],
    covers = ["behaviours:prctl.pdeathsig-delivered", "behaviours:prctl.pdeathsig-zero-clears"],
    layers = [libc, nix, raw],
)]
fn the_end_of_the_parent_sends_the_signal(#[case] end: fn() -> TestResult) -> TestResult {
    let (ready, orphaned, checked) = (Latch::new()?, Latch::new()?, Latch::new()?);
    let pids = Shared::new([const { AtomicI32::new(0) }; 4])?;
    let parent = fork(|| -> TestResult {
        let settings = [&[SIGUSR1][..], &[SIGUSR2, SIGUSR1], &[], &[SIGUSR1, 0]];
        for (signals, pid) in settings.into_iter().zip(pids.iter()) {
            let child = fork(|| -> TestResult {
                block(Known::SIGUSR1)?;
                block(Known::SIGUSR2)?;
                for signal in signals {
                    set_death_signal(*signal)?;
                }
                ready.arrive();
                orphaned.wait_for(1);
                let expected = if signals.last() == Some(&SIGUSR1) { vec![Known::SIGUSR1] } else { vec![] };
                assert_eq!(pending(), Ok(expected));
                checked.arrive();
                Ok(())
            })?;
            pid.store(child.pid(), Ordering::Release);
            child.let_go();
        }
        ready.wait_for(4);
        end()
    })?;
    parent.wait()?;
    orphaned.arrive();
    checked.wait_for(4);
    pids.iter().for_each(|pid| wait_until_gone(pid.load(Ordering::Acquire)));
    Ok(())
}

/// A child of fork starts without a parent-death signal, whatever its parent has set.
#[harness::test(
    id = "prctl.pdeathsig-after-fork",
    cite = [man("PR_SET_PDEATHSIG.2const", "DESCRIPTION"), man("fork.2", "DESCRIPTION")],
    covers = ["behaviours:prctl.pdeathsig-fork-clears"],
    layers = [libc, nix, raw],
)]
fn a_child_has_no_death_signal() -> TestResult {
    let child = fork(|| -> TestResult {
        set_death_signal(SIGTERM)?;
        let grandchild = fork(|| assert_eq!(death_signal(), Ok(0)))?;
        grandchild.join()?;
        assert_eq!(death_signal(), Ok(SIGTERM));
        Ok(())
    })?;
    child.join()
}

/// execve of a program without set-id bits and capabilities keeps the parent-death signal: it ends the program when the parent ends.
#[harness::test(
    id = "prctl.pdeathsig-after-exec",
    cite = [man("PR_SET_PDEATHSIG.2const", "DESCRIPTION")],
    covers = ["behaviours:prctl.pdeathsig-exec-keeps"],
    needs = [program("cat")],
)]
fn a_program_keeps_the_death_signal() -> TestResult {
    let (reader, writer) = pipe()?;
    let pid = Shared::new(AtomicI32::new(0))?;
    let parent = fork(|| -> TestResult {
        let child = fork(|| -> TestResult {
            set_death_signal(SIGTERM)?;
            become_program(&["cat"], [&reader, &2, &2])
        })?;
        child.wait_until_blocked_in(calls::READ)?;
        assert_eq!(comm_of(child.pid())?, "cat");
        pid.store(child.pid(), Ordering::Release);
        child.let_go();
        exit(0)
    })?;
    assert_eq!(parent.wait()?, Ended::Exited(0));
    wait_until_gone(pid.load(Ordering::Acquire));
    // The program's standard input stayed open, so that nothing else has ended it.
    drop(writer);
    Ok(())
}

#[rstest]
#[case::set_user_id(|program: &Path| make_set_id(program, 0o4755), || Ok(()))]
#[case::set_group_id(|program: &Path| make_set_id(program, 0o2755), || Ok(()))]
#[case::capabilities(give_capability, become_second_user)]
/// execve of a program that has a set-user-ID or set-group-ID bit or capabilities clears the parent-death signal: the program goes on
/// when the parent has ended.
#[harness::test(
    id = "prctl.pdeathsig-after-privileged-exec",
    cite = [man("PR_SET_PDEATHSIG.2const", "DESCRIPTION")],
    covers = ["behaviours:prctl.pdeathsig-suid-clears"],
    needs = [MOUNTS, NEW_PRIVILEGES, SECOND_UID, program("cat")],
)]
fn a_privileged_program_has_no_death_signal(
    #[case] prepare: fn(&Path) -> TestResult,
    #[case] become_its_user: fn() -> TestResult,
) -> TestResult {
    let mounted = Mounted::with_set_id_files()?;
    let cat = mounted.join("cat");
    copy_of_cat(&cat)?;
    prepare(&cat)?;
    let ((input, typed), (shown, output)) = (pipe()?, pipe()?);
    let pid = Shared::new(AtomicI32::new(0))?;
    let parent = fork(|| -> TestResult {
        let child = fork(|| -> TestResult {
            become_its_user()?;
            set_death_signal(SIGKILL)?;
            become_program(&[&cat.to_string_lossy()], [&input, &output, &2])
        })?;
        pid.store(child.pid(), Ordering::Release);
        child.let_go();
        output.close();
        write_all(&typed, b"a")?;
        assert_eq!(read_bytes(&shown, 9), Ok("a".into()));
        exit(0)
    })?;
    assert_eq!(parent.wait()?, Ended::Exited(0));
    output.close();
    write_all(&typed, b"b")?;
    assert_eq!(read_bytes(&shown, 9), Ok("b".into()));
    drop(typed);
    wait_until_gone(pid.load(Ordering::Acquire));
    Ok(())
}

/// Copies the program from a process that runs it.
fn copy_of_cat(to: &Path) -> TestResult {
    let (input, _typed) = calls::for_layers::libc::pipe()?;
    let running = kit::program::start(&["cat"], [&input, &2, &2])?;
    running.wait_until_blocked_in(calls::READ)?;
    std::fs::copy(format!("/proc/{}/exe", running.pid()), to)?;
    Ok(())
}

/// Gives the program to the second user and group, with this mode.
fn make_set_id(program: &Path, mode: u32) -> TestResult {
    std::os::unix::fs::chown(program, Some(SECOND_ID), Some(SECOND_ID))?;
    Ok(std::fs::set_permissions(program, Permissions::from_mode(mode))?)
}

/// Gives the program CAP_NET_RAW, effective and permitted. capabilities(7), File capabilities
fn give_capability(program: &Path) -> TestResult {
    /// struct vfs_cap_data (linux/capability.h) of version 2: version and flag, permitted and inheritable, twice 32 bits each.
    const CAPABILITIES: [u32; 5] = [0x0200_0001, 1 << 13, 0, 0, 0];
    std::fs::set_permissions(program, Permissions::from_mode(0o755))?;
    let path = std::ffi::CString::new(program.as_os_str().as_encoded_bytes())?;
    let value = CAPABILITIES.map(u32::to_le);
    // SAFETY: reads a name, and a value of this size.
    Errno::result(unsafe {
        libc::setxattr(path.as_ptr(), c"security.capability".as_ptr(), value.as_ptr().cast(), size_of_val(&value), 0)
    })?;
    Ok(())
}

/// A process that changes its effective user id loses its parent-death signal.
#[harness::test(
    id = "prctl.pdeathsig-after-setuid",
    cite = [man("PR_SET_PDEATHSIG.2const", "DESCRIPTION")],
    covers = ["behaviours:prctl.pdeathsig-cred-change-clears"],
    needs = [SECOND_UID],
    layers = [libc, nix, raw],
)]
fn another_user_id_clears_it() -> TestResult {
    let child = fork(|| -> TestResult {
        set_death_signal(SIGTERM)?;
        assert_eq!(death_signal(), Ok(SIGTERM));
        become_second_user()?;
        assert_eq!(death_signal(), Ok(0));
        Ok(())
    })?;
    child.join()
}

/// The parent is the thread that created the process: the end of that thread sends the signal, though other threads of the parent go on.
#[harness::test(
    id = "prctl.pdeathsig-of-thread",
    cite = [man("PR_SET_PDEATHSIG.2const", "CAVEATS")],
    covers = ["behaviours:prctl.pdeathsig-parent-thread"],
)]
fn the_end_of_the_creating_thread_sends_the_signal() -> TestResult {
    let (ready, go_on) = (Arc::new(Latch::new()?), Arc::new(Latch::new()?));
    let pid = Arc::new(AtomicI32::new(0));
    let (their_ready, their_go_on, their_pid) = (Arc::clone(&ready), Arc::clone(&go_on), Arc::clone(&pid));
    let creator = thread::spawn(move || -> TestResult {
        let child = fork(|| -> TestResult {
            set_death_signal(SIGTERM)?;
            their_ready.arrive();
            loop {
                nix::unistd::pause();
            }
        })?;
        their_pid.store(child.pid(), Ordering::Release);
        their_go_on.wait_for(1);
        child.let_go();
        Ok(())
    })?;
    ready.wait_for(1);
    go_on.arrive();
    creator.join()?;
    let pid = pid.load(Ordering::Acquire);
    assert_eq!(waitpid(pid, 0), Ok(Some((pid, Ended::Killed { by: Signal(SIGTERM), core: false }))));
    Ok(())
}

/// The signal is sent again when a subreaper that has adopted the process ends.
#[harness::test(
    id = "prctl.pdeathsig-of-subreaper",
    cite = [man("PR_SET_PDEATHSIG.2const", "DESCRIPTION")],
    covers = ["behaviours:prctl.pdeathsig-subreaper-repeat"],
)]
fn the_end_of_an_adopter_sends_the_signal_again() -> TestResult {
    let (ready, ended, checked) = (Latch::new()?, Latch::new()?, Latch::new()?);
    let pid = Shared::new(AtomicI32::new(0))?;
    let adopter = fork(|| -> TestResult {
        set_subreaper(true)?;
        let parent = fork(|| -> TestResult {
            let child = fork(|| -> TestResult {
                block(Known::SIGTERM)?;
                set_death_signal(SIGTERM)?;
                ready.arrive();
                for ends in 1..=2 {
                    ended.wait_for(ends);
                    assert_eq!(pending(), Ok(vec![Known::SIGTERM]));
                    SigSet::from(Known::SIGTERM).wait()?;
                    checked.arrive();
                }
                Ok(())
            })?;
            ready.wait_for(1);
            pid.store(child.pid(), Ordering::Release);
            child.let_go();
            exit(0)
        })?;
        parent.wait()?;
        ended.arrive();
        checked.wait_for(1);
        exit(0)
    })?;
    adopter.wait()?;
    ended.arrive();
    checked.wait_for(2);
    wait_until_gone(pid.load(Ordering::Acquire));
    Ok(())
}

#[rstest]
#[case::negative(-1)]
#[case::above_the_last(65)]
#[case::largest(i32::MAX)]
/// PR_SET_PDEATHSIG fails with EINVAL for a number that is no signal, and the signal stays as it was.
#[harness::test(
    id = "prctl.pdeathsig-invalid",
    cite = [man("PR_SET_PDEATHSIG.2const", "ERRORS", "EINVAL")],
    covers = ["errors:prctl.prctl(PR_SET_PDEATHSIG).EINVAL"],
    layers = [libc, raw],
)]
fn a_number_that_is_no_signal_is_refused(#[case] signal: i32) -> TestResult {
    let child = fork(|| -> TestResult {
        set_death_signal(SIGTERM)?;
        assert_errno!(set_death_signal(signal), EINVAL);
        assert_eq!(death_signal(), Ok(SIGTERM));
        Ok(())
    })?;
    child.join()
}

/// PR_GET_PDEATHSIG fails with EFAULT if the address for the signal is outside the address space.
#[harness::test(
    id = "prctl.pdeathsig-bad-address",
    cite = [man("PR_GET_PDEATHSIG.2const", "ERRORS", "EFAULT")],
    covers = ["errors:prctl.prctl(PR_GET_PDEATHSIG).EFAULT"],
)]
fn a_bad_address_is_refused() -> TestResult {
    // SAFETY: the kernel refuses the address.
    let refused = unsafe {
        syscall("prctl(PR_GET_PDEATHSIG)", Sysno::prctl, arguments([PR_GET_PDEATHSIG.register(), BAD_ADDRESS]))
    };
    assert_errno!(refused, EFAULT);
    Ok(())
}
