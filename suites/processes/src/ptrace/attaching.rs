//! How tracing begins, and how the tracer ends it.

use super::{STOPPED, go_on, next, stopped_at, stopped_by, wait_for_signals};
use calls::tracing::{PTRACE_ATTACH, PTRACE_CONT, PTRACE_DETACH, PTRACE_INTERRUPT, PTRACE_SEIZE};
use harness::process_state;
use kit::disposition::Runs;
use kit::prelude::*;
use libc::{SIGSTOP, SIGTERM, SIGTRAP, SIGUSR1, WNOHANG};
use nix::sys::signal::{SaFlags, Signal as Known};

/// PTRACE_ATTACH makes a running process a tracee and stops it by SIGSTOP; detached with 0 it runs on in its call.
#[harness::test(
    id = "ptrace.attach",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_ATTACH"), man("ptrace.2", "DESCRIPTION", "PTRACE_DETACH")],
    covers = ["behaviours:ptrace.attach", "behaviours:ptrace.detach"],
    layers = [libc, raw],
)]
fn attaching_stops_a_process() -> TestResult {
    let child = holder(|| Ok(()))?;
    for _ in 0..2 {
        assert_eq!(tell(PTRACE_ATTACH, child.pid(), 0), Ok(()));
        assert_eq!(wait_status(child.pid(), 0), Ok(Some((child.pid(), stopped_by(SIGSTOP)))));
        assert_eq!(process_state::state(child.pid()), Some('t'));
        assert_eq!(tell(PTRACE_DETACH, child.pid(), 0), Ok(()));
        child.assert_blocked_in(calls::PAUSE);
    }
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    Ok(())
}

/// PTRACE_SEIZE makes a running process a tracee, and does not stop it; a signal does.
#[harness::test(
    id = "ptrace.seize",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_SEIZE")],
    covers = ["behaviours:ptrace.seize"],
    layers = [libc, raw],
)]
fn seizing_does_not_stop_a_process() -> TestResult {
    let child = holder(|| Ok(()))?;
    assert_eq!(tell(PTRACE_SEIZE, child.pid(), 0), Ok(()));
    child.assert_blocked_in(calls::PAUSE);
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    kill(child.pid(), SIGUSR1)?;
    assert_eq!(wait_status(child.pid(), 0), Ok(Some((child.pid(), stopped_by(SIGUSR1)))));
    Ok(())
}

/// PTRACE_INTERRUPT stops a seized tracee with PTRACE_EVENT_STOP and SIGTRAP; restarted it makes its call again.
#[harness::test(
    id = "ptrace.interrupt",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_INTERRUPT"), man("ptrace.2", "PTRACE_EVENT stops", "PTRACE_EVENT_STOP")],
    covers = ["behaviours:ptrace.interrupt"],
    layers = [libc, raw],
)]
fn a_seized_tracee_is_interrupted() -> TestResult {
    let child = holder(|| Ok(()))?;
    tell(PTRACE_SEIZE, child.pid(), 0)?;
    for _ in 0..2 {
        assert_eq!(tell(PTRACE_INTERRUPT, child.pid(), 0), Ok(()));
        assert_eq!(next(child.pid()), Ok(stopped_at(SIGTRAP, STOPPED)));
        assert_eq!(go_on(child.pid()), Ok(()));
        child.assert_blocked_in(calls::PAUSE);
    }
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    Ok(())
}

/// PTRACE_DETACH with a signal delivers it: it terminates the process, which is not stopped.
#[harness::test(
    id = "ptrace.detach-signal",
    cite = [man("ptrace.2", "Attaching and detaching"), man("ptrace.2", "DESCRIPTION", "PTRACE_DETACH")],
    covers = ["behaviours:ptrace.detach"],
)]
fn a_process_is_detached_with_a_signal() -> TestResult {
    let child = holder(|| Ok(()))?;
    tell(PTRACE_SEIZE, child.pid(), 0)?;
    kill(child.pid(), SIGUSR1)?;
    assert_eq!(next(child.pid()), Ok(stopped_by(SIGUSR1)));
    assert_eq!(tell(PTRACE_DETACH, child.pid(), SIGTERM as usize), Ok(()));
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(SIGTERM), core: false });
    Ok(())
}

/// A process that was detached is not stopped by signals: its handler runs.
#[harness::test(
    id = "ptrace.detached",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_DETACH")],
    covers = ["behaviours:ptrace.detach"],
)]
fn a_detached_process_handles_its_signals() -> TestResult {
    let runs = Runs::new()?;
    let child = fork(|| -> TestResult {
        runs.handle(Known::SIGUSR1, SaFlags::SA_RESTART)?;
        wait_for_signals()
    })?;
    child.wait_until_blocked_in(calls::PAUSE)?;
    tell(PTRACE_ATTACH, child.pid(), 0)?;
    assert_eq!(next(child.pid()), Ok(stopped_by(SIGSTOP)));
    assert_eq!(tell(PTRACE_DETACH, child.pid(), 0), Ok(()));
    kill(child.pid(), SIGUSR1)?;
    runs.wait_for(1);
    child.assert_blocked_in(calls::PAUSE);
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    Ok(())
}

/// Each thread is a tracee by itself: one that is stopped does not stop the other, which the same process has and nobody traces.
#[harness::test(
    id = "ptrace.thread",
    cite = [man("ptrace.2", "DESCRIPTION")],
    covers = ["behaviours:ptrace.per-thread"],
)]
fn one_thread_is_traced() -> TestResult {
    use std::sync::atomic::{AtomicI32, Ordering};
    let (tid, go, seen) = (Shared::new(AtomicI32::new(0))?, Latch::new()?, Latch::new()?);
    let child = fork(|| -> TestResult {
        let thread = kit::thread::spawn(wait_for_signals)?;
        thread.wait_until_blocked_in(calls::PAUSE)?;
        tid.store(thread.tid(), Ordering::Release);
        for round in 1..=2 {
            seen.arrive();
            go.wait_for(round);
        }
        seen.arrive();
        exit(7)
    })?;
    seen.wait_for(1);
    let tid = tid.load(Ordering::Acquire);
    assert_eq!(tell(PTRACE_SEIZE, tid, 0), Ok(()));
    assert_eq!(tell(PTRACE_INTERRUPT, tid, 0), Ok(()));
    assert_eq!(next(tid), Ok(stopped_at(SIGTRAP, STOPPED)));
    go.arrive();
    seen.wait_for(2);
    assert_eq!(process_state::state(tid), Some('t'));
    assert_errno!(tell(PTRACE_CONT, child.pid(), 0), ESRCH);
    assert_eq!(go_on(tid), Ok(()));
    go.arrive();
    assert_eq!(next(tid), Ok(super::exited(7)));
    assert_eq!(child.wait()?, Ended::Exited(7));
    Ok(())
}
