//! What processes and threads share.

use crate::process::become_cat;
use calls::comparing::{KCMP_FILES, KCMP_FS, KCMP_IO, KCMP_SIGHAND, KCMP_SYSVSEM, KCMP_VM};
use kit::needs::program;
use kit::prelude::*;
use kit::process::clone;
use kit::sysv::SemaphoreSet;
use libc::{CLONE_FILES, CLONE_FS, CLONE_IO, CLONE_SYSVSEM};
use nix::sched::CloneFlags;

/// Whether two processes share a resource.
fn is_shared(one: i32, other: i32, resource: i32) -> Result<bool> {
    calls::for_layers::raw::kcmp(one, other, resource, 0, 0).map(|order| order == 0)
}

#[rstest]
#[case::files(CLONE_FILES, KCMP_FILES, CloneFlags::CLONE_FILES)]
#[case::fs(CLONE_FS, KCMP_FS, CloneFlags::CLONE_FS)]
/// A process shares its descriptor table, or its filesystem information, with the child that clone has made with that flag, and with no
/// child of fork; unshare ends it.
#[harness::test(
    id = "kcmp.shared",
    cite = [man("kcmp.2", "DESCRIPTION", "KCMP_FILES"), man("kcmp.2", "DESCRIPTION", "KCMP_FS"), man("clone.2", "The flags mask", "CLONE_FILES"), man("clone.2", "The flags mask", "CLONE_FS")],
    covers = ["behaviours:kcmp.files", "behaviours:kcmp.fs"],
    layers = [raw],
)]
fn clone_shares_what_its_flags_say(
    #[case] flag: i32,
    #[case] resource: i32,
    #[case] unshared: CloneFlags,
) -> TestResult {
    let (own, go, done) = (own_pid(), Latch::new()?, Latch::new()?);
    let forked = holder(|| Ok(()))?;
    let child = clone(flag, || -> TestResult {
        go.wait_for(1);
        nix::sched::unshare(unshared)?;
        done.arrive();
        go.wait_for(2);
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    assert_eq!([is_shared(own, child.pid(), resource), is_shared(child.pid(), own, resource)], [Ok(true), Ok(true)]);
    assert_eq!(
        [is_shared(own, forked.pid(), resource), is_shared(child.pid(), forked.pid(), resource)],
        [Ok(false), Ok(false)]
    );
    assert_eq!(is_shared(own, child.pid(), KCMP_VM), Ok(false));
    go.arrive();
    done.wait_for(1);
    assert_eq!(is_shared(own, child.pid(), resource), Ok(false));
    go.arrive();
    child.join()
}

/// A process shares its descriptor table no longer with one that has called execve.
#[harness::test(
    id = "kcmp.files-after-exec",
    cite = [man("execve.2", "Effect on process attributes"), man("kcmp.2", "DESCRIPTION", "KCMP_FILES")],
    covers = ["behaviours:kcmp.files"],
    needs = [program("cat")],
    layers = [raw],
)]
fn execve_ends_the_sharing_of_descriptors() -> TestResult {
    let ((reader, _writer), go) = (pipe()?, Latch::new()?);
    // The one that executes a program shares with a process that keeps the table.
    let child = fork(|| -> TestResult {
        let sharing = clone(CLONE_FILES, || -> TestResult {
            go.wait_for(1);
            become_cat(&reader)
        })?;
        sharing.wait_until_blocked_in(calls::FUTEX)?;
        assert_eq!(is_shared(own_pid(), sharing.pid(), KCMP_FILES), Ok(true));
        go.arrive();
        sharing.wait_until_blocked_in(calls::READ)?;
        assert_eq!(is_shared(own_pid(), sharing.pid(), KCMP_FILES), Ok(false));
        Ok(())
    })?;
    child.join()
}

#[rstest]
#[case::io(CLONE_IO, KCMP_IO)]
#[case::sysvsem(CLONE_SYSVSEM, KCMP_SYSVSEM)]
/// Once a process has an I/O context, or System V undo operations, the child that clone has made with that flag shares them, and a
/// child of fork does not.
#[harness::test(
    id = "kcmp.shared-if-any",
    cite = [man("kcmp.2", "DESCRIPTION", "KCMP_IO"), man("kcmp.2", "DESCRIPTION", "KCMP_SYSVSEM"), man("clone.2", "The flags mask", "CLONE_IO"), man("clone.2", "The flags mask", "CLONE_SYSVSEM")],
    covers = ["behaviours:kcmp.io", "behaviours:kcmp.sysvsem"],
    needs = [kit::needs::SYSV],
    layers = [raw],
)]
fn contexts_are_shared(#[case] flag: i32, #[case] resource: i32) -> TestResult {
    let own = own_pid();
    let set = SemaphoreSet::new(libc::IPC_PRIVATE, &[0])?;
    // Both come to be when they are first used.
    let mut change = libc::sembuf { sem_num: 0, sem_op: 1, sem_flg: libc::SEM_UNDO as i16 };
    // SAFETY: reads one change, which outlives the call.
    Errno::result(unsafe { libc::semop(set.id(), &raw mut change, 1) })?;
    // SAFETY: takes numbers alone.
    unsafe { syscall("ioprio_set", Sysno::ioprio_set, [1, 0, 2 << 13 | 4, 0, 0, 0]) }?;
    let (child, forked) = (clone(flag, hold)?, clone(0, hold)?);
    for process in [&child, &forked] {
        process.wait_until_blocked_in(calls::PAUSE)?;
    }
    assert_eq!(is_shared(own, child.pid(), resource), Ok(true));
    assert_eq!(is_shared(own, forked.pid(), resource), Ok(false));
    Ok(())
}

/// Waits until it is killed.
fn hold() -> TestResult {
    loop {
        nix::unistd::pause();
    }
}

/// The threads of a process share its address space, descriptor table, filesystem information and signal dispositions; a child of fork
/// shares none of them.
#[harness::test(
    id = "kcmp.threads",
    cite = [man("clone.2", "The flags mask", "CLONE_THREAD"), man("kcmp.2", "DESCRIPTION", "KCMP_VM"), man("kcmp.2", "DESCRIPTION", "KCMP_SIGHAND")],
    covers = ["behaviours:kcmp.threads", "behaviours:kcmp.vm", "behaviours:kcmp.sighand"],
    layers = [raw],
)]
fn threads_share_all() -> TestResult {
    let own = own_pid();
    let child = holder(|| Ok(()))?;
    let threads = [kit::thread::spawn(hold)?, kit::thread::spawn(hold)?];
    for resource in [KCMP_VM, KCMP_FILES, KCMP_FS, KCMP_SIGHAND] {
        for thread in &threads {
            assert_eq!(is_shared(own, thread.tid(), resource), Ok(true));
            assert_eq!(is_shared(thread.tid(), child.pid(), resource), Ok(false));
        }
        assert_eq!(is_shared(threads[0].tid(), threads[1].tid(), resource), Ok(true));
        assert_eq!(is_shared(own, child.pid(), resource), Ok(false));
    }
    Ok(())
}
