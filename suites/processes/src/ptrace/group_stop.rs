//! Tracees that stop as others do.

use super::{STOPPED, go_on, next, resume, stopped_at, stopped_by, traced_and_waiting, wait_for_signals, with_thread};
use calls::tracing::{PTRACE_CONT, PTRACE_INTERRUPT, PTRACE_LISTEN, PTRACE_SEIZE};
use kit::disposition::{handle, handled};
use kit::prelude::*;
use libc::{SIGCONT, SIGKILL, SIGSTOP, SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU, WNOHANG};
use nix::sys::signal::{SaFlags, Signal as Known};

#[rstest]
#[case::sigstop(SIGSTOP)]
#[case::sigtstp(SIGTSTP)]
#[case::sigttin(SIGTTIN)]
#[case::sigttou(SIGTTOU)]
/// A stopping signal that is injected stops the tracee again, in group-stop, where PTRACE_GETSIGINFO fails with EINVAL. PTRACE_CONT
/// makes it run.
#[harness::test(
    id = "ptrace.group-stop",
    cite = [man("ptrace.2", "Group-stop")],
    covers = ["behaviours:ptrace.group-stop", "errors:ptrace.ptrace(PTRACE_GETSIGINFO).EINVAL"],
)]
fn an_injected_stop_is_a_group_stop(#[case] signal: i32) -> TestResult {
    let child = traced_and_waiting(lead_group)?;
    kill(child.pid(), signal)?;
    assert_eq!(next(child.pid()), Ok(stopped_by(signal)));
    assert_eq!(stop_info(child.pid()).map(|info| info.signal), Ok(signal));
    assert_eq!(resume(PTRACE_CONT, child.pid(), signal), Ok(stopped_by(signal)));
    assert_errno!(stop_info(child.pid()), EINVAL);
    assert_eq!(go_on(child.pid()), Ok(()));
    child.assert_blocked_in(calls::PAUSE);
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    Ok(())
}

/// A stopping signal stops all threads of a process, whichever takes it: each tracee reports a group-stop.
#[harness::test(
    id = "ptrace.group-stop-all",
    cite = [man("ptrace.2", "Group-stop")],
    covers = ["behaviours:ptrace.group-stop-all"],
)]
fn a_stop_is_one_of_all_threads() -> TestResult {
    let (child, tid) = with_thread(wait_for_signals)?;
    for id in [child.pid(), tid] {
        tell(PTRACE_SEIZE, id, 0)?;
    }
    calls::for_layers::raw::tgkill(child.pid(), tid, SIGSTOP)?;
    assert_eq!(next(tid), Ok(stopped_by(SIGSTOP)));
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    assert_eq!(resume(PTRACE_CONT, tid, SIGSTOP), Ok(stopped_at(SIGSTOP, STOPPED)));
    assert_eq!(next(child.pid()), Ok(stopped_at(SIGSTOP, STOPPED)));
    kill(child.pid(), SIGKILL)?;
    assert_eq!([next(tid), next(child.pid())], [Ok(SIGKILL); 2]);
    child.let_go();
    Ok(())
}

/// A child that was seized, and then stopped by SIGSTOP.
fn seized_and_stopped() -> TestResult<Child> {
    let child = holder(|| Ok(()))?;
    calls::for_layers::libc_raw::tell(PTRACE_SEIZE, child.pid(), 0)?;
    child.signal(Signal(SIGSTOP))?;
    assert_eq!(next(child.pid()), Ok(stopped_by(SIGSTOP)));
    assert_eq!(resume(PTRACE_CONT, child.pid(), SIGSTOP), Ok(stopped_at(SIGSTOP, STOPPED)));
    Ok(child)
}

/// Group-stop of a seized tracee is PTRACE_EVENT_STOP with the stopping signal; after PTRACE_LISTEN it stays stopped, and SIGCONT is
/// reported, first as PTRACE_EVENT_STOP with SIGTRAP and then as a signal.
#[harness::test(
    id = "ptrace.listen",
    cite = [man("ptrace.2", "Group-stop"), man("ptrace.2", "DESCRIPTION", "PTRACE_LISTEN"), man("ptrace.2", "DESCRIPTION", "PTRACE_SEIZE")],
    covers = ["behaviours:ptrace.group-stop-seized", "behaviours:ptrace.listen"],
)]
fn a_listening_tracee_stays_stopped() -> TestResult {
    let child = seized_and_stopped()?;
    assert_eq!(tell(PTRACE_LISTEN, child.pid(), 0), Ok(()));
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    assert_matches!(harness::process_state::state(child.pid()), Some('t' | 'T'));
    assert_errno!(tell(PTRACE_CONT, child.pid(), 0), ESRCH);
    kill(child.pid(), SIGCONT)?;
    assert_eq!(next(child.pid()), Ok(stopped_at(SIGTRAP, STOPPED)));
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(stopped_by(SIGCONT)));
    assert_eq!(go_on(child.pid()), Ok(()));
    child.assert_blocked_in(calls::PAUSE);
    Ok(())
}

/// PTRACE_INTERRUPT after PTRACE_LISTEN stops the tracee with PTRACE_EVENT_STOP and the signal that had stopped it.
#[harness::test(
    id = "ptrace.listen-interrupt",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_INTERRUPT")],
    covers = ["behaviours:ptrace.listen-interrupt"],
)]
fn a_listening_tracee_is_interrupted() -> TestResult {
    let child = seized_and_stopped()?;
    for _ in 0..2 {
        assert_eq!(tell(PTRACE_LISTEN, child.pid(), 0), Ok(()));
        assert_eq!(tell(PTRACE_INTERRUPT, child.pid(), 0), Ok(()));
        assert_eq!(next(child.pid()), Ok(stopped_at(SIGSTOP, STOPPED)));
    }
    Ok(())
}

/// SIGCONT that the tracer suppresses has ended the group-stop already; its handler does not run.
#[harness::test(
    id = "ptrace.sigcont",
    cite = [man("ptrace.2", "Signal injection and suppression")],
    covers = ["behaviours:ptrace.sigcont-wakes"],
)]
fn a_suppressed_sigcont_has_continued() -> TestResult {
    let go = Latch::new()?;
    let child = fork(|| -> TestResult {
        handle(Known::SIGCONT, SaFlags::SA_RESTART)?;
        go.wait_for(1);
        assert_eq!(handled(Known::SIGCONT), 0);
        exit(7)
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    tell(PTRACE_SEIZE, child.pid(), 0)?;
    kill(child.pid(), SIGSTOP)?;
    assert_eq!(next(child.pid()), Ok(stopped_by(SIGSTOP)));
    assert_eq!(resume(PTRACE_CONT, child.pid(), SIGSTOP), Ok(stopped_at(SIGSTOP, STOPPED)));
    tell(PTRACE_LISTEN, child.pid(), 0)?;
    kill(child.pid(), SIGCONT)?;
    assert_eq!(next(child.pid()), Ok(stopped_at(SIGTRAP, STOPPED)));
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(stopped_by(SIGCONT)));
    assert_eq!(go_on(child.pid()), Ok(()));
    go.arrive();
    assert_eq!(child.wait()?, Ended::Exited(7));
    Ok(())
}
