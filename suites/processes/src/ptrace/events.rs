//! PTRACE_EVENT stops: new processes and threads, and the end.

use super::{STOPPED, exited, go_on, next, resume, stopped_at, stopped_by, traced};
use calls::tracing::{PTRACE_CONT, PTRACE_SEIZE, PTRACE_SETOPTIONS};
use kit::prelude::*;
use kit::process::clone;
use libc::{
    CLONE_VFORK, PTRACE_EVENT_CLONE, PTRACE_EVENT_EXIT, PTRACE_EVENT_FORK, PTRACE_EVENT_VFORK, PTRACE_EVENT_VFORK_DONE,
    PTRACE_O_TRACECLONE, PTRACE_O_TRACEEXIT, PTRACE_O_TRACEFORK, PTRACE_O_TRACEVFORK, PTRACE_O_TRACEVFORKDONE, SIGKILL,
    SIGSTOP, SIGTERM, SIGTRAP, WNOHANG,
};

/// Makes a child that exits with 5.
type New = fn() -> TestResult<Child>;

#[rstest]
#[case::fork(|| fork(|| -> TestResult { exit(5) }), PTRACE_O_TRACEFORK, PTRACE_EVENT_FORK)]
#[case::vfork(|| clone(CLONE_VFORK, || -> TestResult { exit(5) }), PTRACE_O_TRACEVFORK, PTRACE_EVENT_VFORK)]
#[case::clone(|| kit::process::fork_that_sends(libc::SIGUSR1, || -> TestResult { exit(5) }), PTRACE_O_TRACECLONE, PTRACE_EVENT_CLONE)]
/// With PTRACE_O_TRACEFORK, PTRACE_O_TRACEVFORK and PTRACE_O_TRACECLONE fork, clone with CLONE_VFORK and other clones stop the tracee
/// with an event whose message is the pid of the child. The child is a tracee, and begins with SIGSTOP.
#[harness::test(
    id = "ptrace.new-process",
    cite = [man("ptrace.2", "Attaching and detaching"), man("ptrace.2", "DESCRIPTION", "PTRACE_O_TRACEFORK"), man("ptrace.2", "DESCRIPTION", "PTRACE_O_TRACEVFORK"), man("ptrace.2", "DESCRIPTION", "PTRACE_O_TRACECLONE")],
    covers = [
        "behaviours:ptrace.fork-event", "behaviours:ptrace.vfork-event", "behaviours:ptrace.clone-event", "behaviours:ptrace.auto-attach",
    ],
)]
fn a_new_process_is_an_event(#[case] new: New, #[case] option: i32, #[case] event: i32) -> TestResult {
    let child = traced(|| {
        assert_eq!(new()?.wait()?, Ended::Exited(5));
        exit(7)
    })?;
    assert_eq!(tell(PTRACE_SETOPTIONS, child.pid(), option as usize), Ok(()));
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(stopped_at(SIGTRAP, event)));
    let grandchild = assert_ok!(event_message(child.pid())) as i32;
    assert!(grandchild != child.pid());
    assert_eq!(next(grandchild), Ok(stopped_by(SIGSTOP)));
    assert_eq!(go_on(child.pid()), Ok(()));
    assert_eq!(resume(PTRACE_CONT, grandchild, 0), Ok(exited(5)));
    until_exit(&child)
}

/// Lets a tracee come to its end, without the signal of its child's.
fn until_exit(child: &Child) -> TestResult {
    let mut status = next(child.pid())?;
    while libc::WIFSTOPPED(status) {
        status = resume(PTRACE_CONT, child.pid(), 0)?;
    }
    assert_eq!(status, exited(7));
    Ok(())
}

/// A child of a tracee that was seized begins with PTRACE_EVENT_STOP and SIGTRAP.
#[harness::test(
    id = "ptrace.new-process-seized",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_SEIZE")],
    covers = ["behaviours:ptrace.auto-attach-seized"],
)]
fn a_child_of_a_seized_tracee_is_seized() -> TestResult {
    let go = Latch::new()?;
    let child = fork(|| -> TestResult {
        go.wait_for(1);
        assert_eq!(fork(|| -> TestResult { exit(5) })?.wait()?, Ended::Exited(5));
        exit(7)
    })?;
    assert_eq!(tell(PTRACE_SEIZE, child.pid(), PTRACE_O_TRACEFORK as usize), Ok(()));
    go.arrive();
    assert_eq!(next(child.pid()), Ok(stopped_at(SIGTRAP, PTRACE_EVENT_FORK)));
    let grandchild = assert_ok!(event_message(child.pid())) as i32;
    assert_eq!(next(grandchild), Ok(stopped_at(SIGTRAP, STOPPED)));
    assert_eq!(go_on(child.pid()), Ok(()));
    assert_eq!(resume(PTRACE_CONT, grandchild, 0), Ok(exited(5)));
    until_exit(&child)
}

/// A new thread is an event as well: the message is its id, and it begins with SIGSTOP.
#[harness::test(
    id = "ptrace.new-thread",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_O_TRACECLONE"), man("ptrace.2", "Attaching and detaching")],
    covers = ["behaviours:ptrace.clone-event", "behaviours:ptrace.auto-attach"],
)]
fn a_new_thread_is_an_event() -> TestResult {
    use std::sync::atomic::{AtomicI32, Ordering};
    let (tid, taken) = (Shared::new(AtomicI32::new(0))?, Latch::new()?);
    let child = traced(|| {
        let thread = kit::thread::spawn(|| ())?;
        tid.store(thread.tid(), Ordering::Release);
        thread.join()?;
        // The end of the process would be taken for that of the thread.
        taken.wait_for(1);
        exit(7)
    })?;
    assert_eq!(tell(PTRACE_SETOPTIONS, child.pid(), PTRACE_O_TRACECLONE as usize), Ok(()));
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(stopped_at(SIGTRAP, PTRACE_EVENT_CLONE)));
    let told = assert_ok!(event_message(child.pid())) as i32;
    assert_eq!(next(told), Ok(stopped_by(SIGSTOP)));
    assert_eq!(go_on(child.pid()), Ok(()));
    assert_eq!(resume(PTRACE_CONT, told, 0), Ok(exited(0)));
    taken.arrive();
    until_exit(&child)?;
    assert_eq!(tid.load(Ordering::Acquire), told);
    Ok(())
}

/// A tracee that was attached automatically has the options of its parent: its children are events, and tracees, as well.
#[harness::test(
    id = "ptrace.options-inherited",
    cite = [man("ptrace.2", "Informational and restarting ptrace commands")],
    covers = ["behaviours:ptrace.options-inherited"],
)]
fn a_child_has_the_options_of_its_parent() -> TestResult {
    let child = traced(|| {
        let child = fork(|| -> TestResult {
            fork(|| -> TestResult { exit(5) })?.wait()?;
            exit(6)
        })?;
        child.wait()?;
        exit(7)
    })?;
    tell(PTRACE_SETOPTIONS, child.pid(), PTRACE_O_TRACEFORK as usize)?;
    let mut parents = vec![child.pid()];
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(stopped_at(SIGTRAP, PTRACE_EVENT_FORK)));
    let second = assert_ok!(event_message(child.pid())) as i32;
    parents.push(second);
    assert_eq!(next(second), Ok(stopped_by(SIGSTOP)));
    assert_eq!(resume(PTRACE_CONT, second, 0), Ok(stopped_at(SIGTRAP, PTRACE_EVENT_FORK)));
    let third = assert_ok!(event_message(second)) as i32;
    assert!(!parents.contains(&third));
    assert_eq!(next(third), Ok(stopped_by(SIGSTOP)));
    for pid in [child.pid(), second, third] {
        kill(pid, SIGKILL)?;
        assert_eq!(next(pid), Ok(SIGKILL));
    }
    child.let_go();
    Ok(())
}

/// PTRACE_SETOPTIONS replaces the options: without PTRACE_O_TRACEFORK fork is no event any more, and the child is no tracee.
#[harness::test(
    id = "ptrace.options-replaced",
    cite = [man("ptrace.2", "Informational and restarting ptrace commands")],
    covers = ["behaviours:ptrace.options-replaced"],
)]
fn options_are_replaced() -> TestResult {
    let child = traced(|| {
        assert_eq!(fork(|| -> TestResult { exit(5) })?.wait()?, Ended::Exited(5));
        exit(7)
    })?;
    assert_eq!(tell(PTRACE_SETOPTIONS, child.pid(), PTRACE_O_TRACEFORK as usize), Ok(()));
    assert_eq!(tell(PTRACE_SETOPTIONS, child.pid(), PTRACE_O_TRACEEXIT as usize), Ok(()));
    let mut status = resume(PTRACE_CONT, child.pid(), 0)?;
    while status == stopped_by(libc::SIGCHLD) {
        status = resume(PTRACE_CONT, child.pid(), 0)?;
    }
    assert_eq!(status, stopped_at(SIGTRAP, PTRACE_EVENT_EXIT));
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(exited(7)));
    child.let_go();
    Ok(())
}

/// With PTRACE_O_TRACEVFORKDONE a tracee stops with PTRACE_EVENT_VFORK_DONE when the child that it waited for has ended; the message
/// is the pid of the child.
#[harness::test(
    id = "ptrace.vfork-done",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_O_TRACEVFORKDONE"), man("ptrace.2", "PTRACE_EVENT stops", "PTRACE_EVENT_VFORK_DONE")],
    covers = ["behaviours:ptrace.vfork-done"],
)]
fn the_end_of_vfork_is_an_event() -> TestResult {
    let child = traced(|| {
        let child = clone(CLONE_VFORK, || -> TestResult { exit(5) })?;
        assert_eq!(child.wait()?, Ended::Exited(5));
        exit(7)
    })?;
    tell(PTRACE_SETOPTIONS, child.pid(), (PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE) as usize)?;
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(stopped_at(SIGTRAP, PTRACE_EVENT_VFORK)));
    let grandchild = assert_ok!(event_message(child.pid()));
    assert_eq!(next(grandchild as i32), Ok(stopped_by(SIGSTOP)));
    assert_eq!(go_on(child.pid()), Ok(()));
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    assert_eq!(resume(PTRACE_CONT, grandchild as i32, 0), Ok(exited(5)));
    assert_eq!(next(child.pid()), Ok(stopped_at(SIGTRAP, PTRACE_EVENT_VFORK_DONE)));
    assert_eq!(event_message(child.pid()), Ok(grandchild));
    assert_eq!(go_on(child.pid()), Ok(()));
    until_exit(&child)
}

#[rstest]
#[case::by_exit(0, exited(7))]
#[case::by_signal(SIGTERM, SIGTERM)]
/// With PTRACE_O_TRACEEXIT a tracee stops with PTRACE_EVENT_EXIT before it ends by exit or by a signal. The message is its wait status,
/// PTRACE_GETSIGINFO gives SIGTRAP with the code of the event, and it is still there to be looked at.
#[harness::test(
    id = "ptrace.exit-event",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_O_TRACEEXIT"), man("ptrace.2", "PTRACE_EVENT stops")],
    covers = ["behaviours:ptrace.exit-event", "behaviours:ptrace.event-siginfo"],
)]
fn the_end_is_an_event(#[case] signal: i32, #[case] end: i32) -> TestResult {
    let child = traced(|| exit(7))?;
    tell(PTRACE_SETOPTIONS, child.pid(), PTRACE_O_TRACEEXIT as usize)?;
    assert_eq!(resume(PTRACE_CONT, child.pid(), signal), Ok(stopped_at(SIGTRAP, PTRACE_EVENT_EXIT)));
    assert_eq!(event_message(child.pid()), Ok(end as u64));
    let info = stop_info(child.pid()).map(|info| (info.signal, info.code));
    assert_eq!(info, Ok((SIGTRAP, PTRACE_EVENT_EXIT << 8 | SIGTRAP)));
    assert_eq!(kill(child.pid(), 0), Ok(()));
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(end));
    child.let_go();
    Ok(())
}
