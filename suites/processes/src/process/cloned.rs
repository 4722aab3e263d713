//! Whose child a clone is, which ids it has and where they are stored, and which signal its end sends.

use super::vfork::{BY_CLONE as VFORK_BY_CLONE, BY_CLONE3 as VFORK_BY_CLONE3, BY_VFORK, Create as Vfork};
use calls::cloning::{CloneArguments, Stack};
use calls::for_layers::raw::{clone_call, clone3};
use kit::disposition::{block, pending};
use kit::prelude::*;
use kit::process::{clone as clone_child, clone3 as clone3_child};
use libc::{__WALL, CLONE_CHILD_SETTID, CLONE_PARENT, CLONE_PARENT_SETTID, SIGUSR1, WNOHANG};
use nix::sys::signal::Signal as Known;
use nix::unistd::getppid;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// Creates a child, with copied memory, that ends with the result of the body.
type Create = fn(&CloneArguments, &(dyn Fn() -> i32 + Sync)) -> Result<i32>;

// SAFETY: without CLONE_VM it is fork; the child makes system calls and ends.
const BY_CLONE: Create = |arguments, body| unsafe { clone_call(arguments, body) };
// SAFETY: as above.
const BY_CLONE3: Create = |arguments, body| unsafe { clone3(arguments, size_of_val(arguments), body) };

#[rstest]
#[case::clone(|body: &dyn Fn() -> TestResult| clone_child(CLONE_PARENT, body))]
#[case::clone3(|body: &dyn Fn() -> TestResult| {
    clone3_child(&CloneArguments { exit_signal: 0, ..CloneArguments::new(CLONE_PARENT) }, body)
})]
/// A child that is created with CLONE_PARENT is its creator's sibling: its parent is the parent of its creator, which alone gets
/// SIGCHLD and can wait for it.
#[harness::test(
    id = "process.clone-parent",
    cite = [man("clone.2", "The flags mask", "CLONE_PARENT")],
    covers = ["behaviours:clone.parent"],
)]
fn the_parent_is_that_of_the_caller(#[case] create: fn(&dyn Fn() -> TestResult) -> TestResult<Child>) -> TestResult {
    let (sibling, ended, parent) = (Shared::new(AtomicI32::new(0))?, Latch::new()?, own_pid());
    block(Known::SIGCHLD)?;
    let creator = fork(|| -> TestResult {
        let child = create(&|| {
            assert_eq!(getppid().as_raw(), parent);
            exit(7)
        })?;
        let pid = child.pid();
        child.let_go();
        assert_errno!(waitpid(pid, __WALL), ECHILD);
        sibling.store(pid, Ordering::Release);
        ended.wait_for(1);
        assert_eq!(pending(), Ok(vec![]));
        assert_errno!(waitpid(-1, __WALL | WNOHANG), ECHILD);
        Ok(())
    })?;
    creator.wait_until_blocked_in(calls::FUTEX)?;
    let pid = sibling.load(Ordering::Acquire);
    assert_eq!(waitpid(pid, 0), Ok(Some((pid, Ended::Exited(7)))));
    assert_eq!(pending(), Ok(vec![Known::SIGCHLD]));
    ended.arrive();
    creator.join()
}

#[rstest]
#[case::clone(BY_CLONE)]
#[case::clone3(BY_CLONE3)]
/// With CLONE_PARENT_SETTID the thread id of the child is in the memory of the parent when the call returns, and with
/// CLONE_CHILD_SETTID in the memory of the child before it runs.
#[harness::test(
    id = "process.clone-settid",
    cite = [
        man("clone.2", "The flags mask", "CLONE_PARENT_SETTID"), man("clone.2", "The flags mask", "CLONE_CHILD_SETTID"),
    ],
    covers = ["behaviours:clone.parent-settid", "behaviours:clone.child-settid"],
    layers = [raw],
)]
fn thread_ids_are_stored(#[case] create: Create) -> TestResult {
    let (ours, theirs) = (AtomicI32::new(0), AtomicI32::new(0));
    let address = |word: &AtomicI32| word.as_ptr().expose_provenance() as u64;
    let flags = CloneArguments::new(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID);
    let arguments = CloneArguments { parent_tid: address(&ours), child_tid: address(&theirs), ..flags };
    let created = create(&arguments, &|| i32::from(theirs.load(Ordering::Acquire) == own_pid()));
    let child = assert_ok!(created);
    assert_eq!((ours.load(Ordering::Acquire), theirs.load(Ordering::Acquire)), (child, 0));
    assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(1)))));
    let created = create(&CloneArguments { flags: 0, ..arguments }, &|| theirs.load(Ordering::Acquire));
    let none = assert_ok!(created);
    assert_eq!(waitpid(none, 0), Ok(Some((none, Ended::Exited(0)))));
    assert_eq!((ours.load(Ordering::Acquire), theirs.load(Ordering::Acquire)), (child, 0));
    Ok(())
}

#[rstest]
#[case::clone_signal(BY_CLONE, SIGUSR1)]
#[case::clone_none(BY_CLONE, 0)]
#[case::clone3_signal(BY_CLONE3, SIGUSR1)]
#[case::clone3_none(BY_CLONE3, 0)]
/// The end of a child sends its parent the signal that clone or clone3 was given, or none for 0; a wait without __WALL or __WCLONE does
/// not see such a child.
#[harness::test(
    id = "process.clone-exit-signal",
    cite = [man("clone.2", "The child termination signal")],
    covers = ["behaviours:clone.exit-signal"],
    layers = [raw],
)]
fn the_end_sends_the_signal(#[case] create: Create, #[case] signal: i32) -> TestResult {
    [Known::SIGUSR1, Known::SIGCHLD].into_iter().try_for_each(block)?;
    let arguments = CloneArguments { exit_signal: signal as u64, ..CloneArguments::default() };
    let created = create(&arguments, &|| 7);
    let child = assert_ok!(created);
    kit::process::wait_until_zombie(child);
    assert_errno!(waitpid(child, 0), ECHILD);
    assert_eq!(waitpid(child, __WALL), Ok(Some((child, Ended::Exited(7)))));
    assert_eq!(pending(), Ok(if signal == 0 { vec![] } else { vec![Known::SIGUSR1] }));
    Ok(())
}

/// clone3 gives the child the pid that set_tid asks for.
#[harness::test(
    id = "process.clone-set-tid",
    cite = [man("clone.2", "The set_tid array")],
    covers = ["behaviours:clone.set-tid"],
    needs = [harness::need::PIDNS],
    layers = [raw],
)]
fn a_pid_can_be_chosen() -> TestResult {
    let free = fork(|| ())?;
    free.wait()?;
    // No process has had the second one.
    for pid in [free.pid(), free.pid() + 1000] {
        let array = [pid];
        let set_tid = array.as_ptr().expose_provenance() as u64;
        let arguments = CloneArguments { set_tid, set_tid_size: 1, ..CloneArguments::new(0) };
        let created = BY_CLONE3(&arguments, &|| i32::from(own_pid() == pid));
        let child = assert_ok!(created);
        assert_eq!(child, pid);
        assert_eq!(waitpid(pid, 0), Ok(Some((pid, Ended::Exited(1)))));
    }
    Ok(())
}

#[rstest]
#[case::vfork(BY_VFORK)]
#[case::clone(VFORK_BY_CLONE)]
#[case::clone3(VFORK_BY_CLONE3)]
/// The handlers of pthread_atfork run for fork, and not for clone, clone3 and vfork by clone.
#[harness::test(
    id = "process.clone-no-atfork",
    cite = [man("clone.2", "NOTES"), man("pthread_atfork.3", "DESCRIPTION")],
    covers = ["behaviours:clone.no-atfork"],
    layers = [raw],
)]
fn clone_runs_no_fork_handlers(#[case] create: Vfork) -> TestResult {
    let before = count_fork_handlers()?;
    let created = create(&|| 7);
    let child = assert_ok!(created);
    assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(7)))));
    assert_eq!(RAN.load(Ordering::Relaxed), before);
    fork(|| ())?.join()?;
    assert_eq!(RAN.load(Ordering::Relaxed), before + 2);
    Ok(())
}

/// How many handlers of fork have run in this process: two for each fork, in the parent.
pub static RAN: AtomicU32 = AtomicU32::new(0);

/// Registers handlers of fork that are counted, and gives how many ran before.
pub fn count_fork_handlers() -> TestResult<u32> {
    extern "C" fn ran() {
        RAN.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: the handlers change an atomic.
    match unsafe { libc::pthread_atfork(Some(ran), Some(ran), Some(ran)) } {
        0 => Ok(RAN.load(Ordering::Relaxed)),
        error => Err(CallError::new("pthread_atfork", Errno::from_raw(error)).into()),
    }
}

/// What the function returns that the C library's clone was given is the exit status of the child, without the bits above the lowest eight.
#[harness::test(
    id = "process.clone-function",
    cite = [man("clone.2", "The clone() wrapper function"), man("_exit.2", "DESCRIPTION")],
    covers = ["behaviours:clone.function-result"],
    layers = [libc],
)]
fn the_function_gives_the_status() -> TestResult {
    let mut stack = Stack::new();
    for (result, status) in [(7, 7), (0x1ff, 0xff), (-1, 0xff), (0x100, 0)] {
        // SAFETY: the child has a copy of the memory.
        let created = unsafe { clone_call(&CloneArguments::new(0).on(&mut stack), &|| result) };
        let child = assert_ok!(created);
        assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(status)))));
    }
    Ok(())
}
