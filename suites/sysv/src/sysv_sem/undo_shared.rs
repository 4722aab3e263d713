//! Whose adjustments are undone, and when: after fork, exec, and clone, and among threads.

use super::by;
use calls::sysv::operation;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::process::{clone, wait_until_gone};
use kit::sysv::SemaphoreSet;
use kit::unrelated::{PROGRAMS, Program, start_after};
use libc::{CLONE_SYSVSEM, IPC_PRIVATE, SEM_UNDO};
use linkme::distributed_slice;
use nix::sched::{CloneFlags, unshare};
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

/// Takes one from the first semaphore, to be given back at the end.
fn take(id: i32) -> Result<()> {
    by::semop(id, &mut [operation(0, -1, SEM_UNDO)])
}

/// A child created by fork has no adjustments: at its end only its own operations are undone, and its parent's when that ends.
#[harness::test(
    id = "sysv-sem.undo-after-fork",
    cite = [posix("fork.3p", "DESCRIPTION"), man("semop.2", "NOTES"), man("fork.2", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.undo-fork-not-inherited"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_forked_child_has_no_adjustments() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[9])?;
    let parent = fork(|| -> TestResult {
        assert_eq!(semop(set.id(), &mut [operation(0, -4, SEM_UNDO)]), Ok(()));
        fork(|| ())?.join()?;
        assert_eq!(set.values(), Ok([5]));
        fork(|| assert_eq!((take(set.id()), set.values()), (Ok(()), Ok([4]))))?.join()?;
        assert_eq!(set.values(), Ok([5]));
        Ok(())
    })?;
    parent.join()?;
    assert_eq!(set.values(), Ok([9]));
    Ok(())
}

/// Adjustments are kept over execve: nothing is undone by it, and all is when the new program ends.
#[harness::test(
    id = "sysv-sem.undo-after-exec",
    cite = [posix("exec.3p", "DESCRIPTION"), man("semop.2", "NOTES")],
    covers = ["behaviours:sysvsem.undo-exec-kept"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn adjustments_are_kept_over_exec() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[9])?;
    let program = start_after(&FINDS_SEMAPHORE_TAKEN, || {
        assert_eq!(semop(set.id(), &mut [operation(0, -4, SEM_UNDO)]), Ok(()));
        Ok(vec![set.id().to_string().into()])
    })?;
    program.join()?;
    assert_eq!(set.values(), Ok([9]));
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static FINDS_SEMAPHORE_TAKEN: Program = Program {
    name: "that finds a semaphore taken",
    body: |arguments| {
        let id = arguments.first().and_then(|id| id.to_str()).ok_or_else(|| Stop::broken("no identifier"))?.parse()?;
        assert_eq!(by::semaphore_value(id, 0), Ok(5));
        assert_eq!(take(id), Ok(()));
        assert_eq!(by::semaphore_value(id, 0), Ok(4));
        Ok(())
    },
};

/// The end of a thread undoes nothing while its process has another; what both did is undone at the end of the process.
#[harness::test(
    id = "sysv-sem.undo-of-threads",
    cite = [posix("_Exit.3p", "Consequences of Process Termination"), man("semop.2", "NOTES")],
    covers = ["behaviours:sysvsem.undo-thread-exit-no"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_end_of_a_thread_undoes_nothing() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[9])?;
    let process = fork(|| -> TestResult {
        let id = set.id();
        kit::thread::spawn(move || assert_eq!(take(id), Ok(())))?.join()?;
        assert_eq!(set.values(), Ok([8]));
        assert_eq!(take(id), Ok(()));
        kit::thread::spawn(|| ())?.join()?;
        assert_eq!(set.values(), Ok([7]));
        Ok(())
    })?;
    process.join()?;
    assert_eq!(set.values(), Ok([9]));
    Ok(())
}

/// A child created with CLONE_SYSVSEM shares the adjustments of its parent: what either did is undone when the last of them ends, the
/// parent here.
#[harness::test(
    id = "sysv-sem.undo-shared",
    cite = [man("clone.2", "The flags mask", "CLONE_SYSVSEM")],
    covers = ["behaviours:sysvsem.undo-shared-clone"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_last_sharer_undoes() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[9])?;
    let parent = fork(|| -> TestResult {
        assert_eq!(semop(set.id(), &mut [operation(0, -4, SEM_UNDO)]), Ok(()));
        clone(CLONE_SYSVSEM, || assert_eq!(take(set.id()), Ok(())))?.join()?;
        assert_eq!(set.values(), Ok([4]));
        Ok(())
    })?;
    parent.join()?;
    assert_eq!(set.values(), Ok([9]));
    Ok(())
}

/// When the parent ends first, a child created with CLONE_SYSVSEM undoes at its end what the parent did.
#[harness::test(
    id = "sysv-sem.undo-by-survivor",
    cite = [man("clone.2", "The flags mask", "CLONE_SYSVSEM")],
    covers = ["behaviours:sysvsem.undo-shared-clone"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_child_that_survives_undoes() -> TestResult {
    let (set, leave) = (SemaphoreSet::new(IPC_PRIVATE, &[9])?, Latch::new()?);
    let survivor = Shared::new(AtomicI32::new(0))?;
    let parent = fork(|| -> TestResult {
        assert_eq!(semop(set.id(), &mut [operation(0, -4, SEM_UNDO)]), Ok(()));
        let child = clone(CLONE_SYSVSEM, || leave.wait_for(1))?;
        survivor.store(child.pid(), Relaxed);
        child.let_go();
        Ok(())
    })?;
    parent.join()?;
    assert_eq!(set.values(), Ok([5]));
    leave.arrive();
    wait_until_gone(survivor.load(Relaxed));
    assert_eq!(set.values(), Ok([9]));
    Ok(())
}

/// unshare with CLONE_SYSVSEM gives the process a new, empty list of adjustments. Those of the old one are undone at once when no other
/// process shares it, and else when the last one that does ends.
#[harness::test(
    id = "sysv-sem.undo-unshared",
    cite = [man("unshare.2", "DESCRIPTION", "CLONE_SYSVSEM"), man("clone.2", "The flags mask", "CLONE_SYSVSEM")],
    covers = ["behaviours:sysvsem.undo-unshare"],
    needs = [SYSV],
)]
fn unsharing_leaves_the_list() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[9])?;
    let process = fork(|| -> TestResult {
        assert_eq!(semop(set.id(), &mut [operation(0, -4, SEM_UNDO)]), Ok(()));
        let sharer = clone(CLONE_SYSVSEM, || -> TestResult {
            assert_eq!(unshare(CloneFlags::CLONE_SYSVSEM), Ok(()));
            assert_eq!(set.values(), Ok([5]));
            assert_eq!((take(set.id()), set.values()), (Ok(()), Ok([4])));
            Ok(())
        })?;
        sharer.join()?;
        assert_eq!(set.values(), Ok([5]));
        assert_eq!(unshare(CloneFlags::CLONE_SYSVSEM), Ok(()));
        assert_eq!(set.values(), Ok([9]));
        assert_eq!((take(set.id()), set.values()), (Ok(()), Ok([8])));
        Ok(())
    })?;
    process.join()?;
    assert_eq!(set.values(), Ok([9]));
    Ok(())
}
