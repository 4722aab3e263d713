//! execve by a tracee.

use super::{go_on, next, resume, stopped_at, stopped_by, traced, with_thread};
use calls::tracing::{PTRACE_CONT, PTRACE_SEIZE, PTRACE_SETOPTIONS};
use kit::needs::program;
use kit::prelude::*;
use kit::program::become_program;
use libc::{PTRACE_EVENT_EXEC, PTRACE_O_TRACEEXEC, SIGTRAP, SIGUSR1, WNOHANG};
use std::sync::Arc;

/// Without PTRACE_O_TRACEEXEC execve sends a tracee SIGTRAP, as kill by itself does, before the program runs.
#[harness::test(
    id = "ptrace.exec-sigtrap",
    cite = [man("ptrace.2", "execve(2) under ptrace")],
    covers = ["behaviours:ptrace.exec-sigtrap"],
    needs = [program("cat")],
)]
fn execve_sends_sigtrap() -> TestResult {
    let (reader, _writer) = pipe()?;
    let child = traced(|| become_program(&["cat"], [&reader, &2, &2]))?;
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(stopped_by(SIGTRAP)));
    let info = stop_info(child.pid()).map(|info| (info.signal, info.code));
    assert_eq!(info, Ok((SIGTRAP, libc::SI_USER)));
    assert_eq!(go_on(child.pid()), Ok(()));
    child.assert_blocked_in(calls::READ);
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    Ok(())
}

/// With PTRACE_O_TRACEEXEC execve stops a tracee with PTRACE_EVENT_EXEC, whose message is its thread id, and sends no SIGTRAP.
#[harness::test(
    id = "ptrace.exec-event",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_O_TRACEEXEC"), man("ptrace.2", "execve(2) under ptrace")],
    covers = ["behaviours:ptrace.exec-event"],
    needs = [program("cat")],
)]
fn execve_is_an_event() -> TestResult {
    let (reader, _writer) = pipe()?;
    let child = traced(|| become_program(&["cat"], [&reader, &2, &2]))?;
    assert_eq!(tell(PTRACE_SETOPTIONS, child.pid(), PTRACE_O_TRACEEXEC as usize), Ok(()));
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(stopped_at(SIGTRAP, PTRACE_EVENT_EXEC)));
    assert_eq!(event_message(child.pid()), Ok(child.pid() as u64));
    assert_eq!(go_on(child.pid()), Ok(()));
    child.assert_blocked_in(calls::READ);
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    Ok(())
}

/// execve sends no SIGTRAP to a tracee that was seized: the program runs, and its next stop is by a signal.
#[harness::test(
    id = "ptrace.exec-seized",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_SEIZE"), man("ptrace.2", "execve(2) under ptrace")],
    covers = ["behaviours:ptrace.exec-seized"],
    needs = [program("cat")],
)]
fn execve_of_a_seized_tracee_sends_nothing() -> TestResult {
    let ((reader, _writer), go) = (pipe()?, Latch::new()?);
    let child = fork(|| -> TestResult {
        go.wait_for(1);
        become_program(&["cat"], [&reader, &2, &2])
    })?;
    assert_eq!(tell(PTRACE_SEIZE, child.pid(), 0), Ok(()));
    go.arrive();
    child.assert_blocked_in(calls::READ);
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    kill(child.pid(), SIGUSR1)?;
    assert_eq!(next(child.pid()), Ok(stopped_by(SIGUSR1)));
    Ok(())
}

/// execve by a thread that is not the first stops the tracee with PTRACE_EVENT_EXEC under the id of the first, and the message is the
/// id that the thread had, which nobody has any more.
#[harness::test(
    id = "ptrace.exec-event-thread",
    cite = [man("ptrace.2", "execve(2) under ptrace"), man("ptrace.2", "DESCRIPTION", "PTRACE_O_TRACEEXEC")],
    covers = ["behaviours:ptrace.exec-event-thread"],
    needs = [program("cat")],
)]
fn execve_by_a_thread_is_an_event_of_the_first() -> TestResult {
    let ((reader, _writer), go) = (pipe()?, Arc::new(Latch::new()?));
    let may_go = Arc::clone(&go);
    let (child, tid) = with_thread(move || {
        may_go.wait_for(1);
        become_program(&["cat"], [&reader, &2, &2])
    })?;
    for id in [child.pid(), tid] {
        tell(PTRACE_SEIZE, id, PTRACE_O_TRACEEXEC as usize)?;
    }
    go.arrive();
    assert_eq!(next(child.pid()), Ok(stopped_at(SIGTRAP, PTRACE_EVENT_EXEC)));
    assert_eq!(event_message(child.pid()), Ok(tid as u64));
    assert_errno!(wait_status(tid, WNOHANG), ECHILD);
    assert_eq!(go_on(child.pid()), Ok(()));
    child.assert_blocked_in(calls::READ);
    Ok(())
}
