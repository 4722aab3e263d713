//! Signals of a tracee.

use super::{go_on, next, resume, stopped_by, traced, traced_and_waiting};
use calls::tracing::PTRACE_CONT;
use harness::process_state;
use kit::disposition::{block, handle, handled, ignore, unblock};
use kit::prelude::*;
use libc::{SIGCHLD, SIGCONT, SIGKILL, SIGSTOP, SIGTERM, SIGTSTP, SIGURG, SIGUSR1, SIGUSR2, WNOHANG};
use nix::sys::signal::{SaFlags, Signal as Known};
use nix::unistd::Pid;

/// PTRACE_TRACEME does not stop its caller; from then on a signal stops it, and waitpid of its parent returns the stop without
/// WUNTRACED.
#[harness::test(
    id = "ptrace.traceme",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_TRACEME"), man("ptrace.2", "Attaching and detaching")],
    covers = ["behaviours:ptrace.traceme"],
    layers = [libc, raw],
)]
fn a_child_is_traced_by_its_parent() -> TestResult {
    let (asked, go) = (Latch::new()?, Latch::new()?);
    let child = fork(|| -> TestResult {
        assert_eq!(trace_me(), Ok(()));
        asked.arrive();
        go.wait_for(1);
        nix::sys::signal::kill(Pid::this(), Known::SIGUSR1)?;
        exit(7)
    })?;
    asked.wait_for(1);
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    go.arrive();
    assert_eq!(wait_status(child.pid(), 0), Ok(Some((child.pid(), stopped_by(SIGUSR1)))));
    assert_eq!(tell(PTRACE_CONT, child.pid(), 0), Ok(()));
    assert_eq!(child.wait()?, Ended::Exited(7));
    Ok(())
}

#[rstest]
#[case::terminating(SIGTERM)]
#[case::ignored_by_default(SIGURG)]
#[case::sigchld(SIGCHLD)]
#[case::stopping(SIGSTOP)]
#[case::continuing(SIGCONT)]
#[case::real_time(libc::SIGRTMIN())]
/// A signal stops a tracee before it is delivered, whatever it would do; restarted with 0 the tracee does not get it, and the call that
/// the signal interrupted is made again.
#[harness::test(
    id = "ptrace.signal-suppressed",
    cite = [man("ptrace.2", "Signal injection and suppression"), man("ptrace.2", "Signal-delivery-stop")],
    covers = [
        "behaviours:ptrace.signal-stop", "behaviours:ptrace.signal-suppressed", "behaviours:ptrace.suppressed-restarts",
        "behaviours:ptrace.status",
    ],
)]
fn a_suppressed_signal_does_nothing(#[case] signal: i32) -> TestResult {
    let child = traced_and_waiting(|| Ok(()))?;
    for _ in 0..2 {
        kill(child.pid(), signal)?;
        assert_eq!(next(child.pid()), Ok(stopped_by(signal)));
        assert_eq!(process_state::state(child.pid()), Some('t'));
        assert_eq!(go_on(child.pid()), Ok(()));
        child.assert_blocked_in(calls::PAUSE);
    }
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    Ok(())
}

/// A signal that a tracee ignores stops it, too, and does nothing when it is injected.
#[harness::test(
    id = "ptrace.signal-ignored",
    cite = [man("ptrace.2", "DESCRIPTION")],
    covers = ["behaviours:ptrace.signal-stop-ignored"],
)]
fn an_ignored_signal_stops_the_tracee() -> TestResult {
    let child = traced_and_waiting(|| ignore(Known::SIGTERM))?;
    kill(child.pid(), SIGTERM)?;
    assert_eq!(next(child.pid()), Ok(stopped_by(SIGTERM)));
    assert_eq!(tell(PTRACE_CONT, child.pid(), SIGTERM as usize), Ok(()));
    child.assert_blocked_in(calls::PAUSE);
    Ok(())
}

/// A tracee that is restarted with a signal gets that one, and not the one that stopped it: its handler runs once.
#[harness::test(
    id = "ptrace.signal-injected",
    cite = [man("ptrace.2", "Signal injection and suppression")],
    covers = ["behaviours:ptrace.signal-injected"],
)]
fn another_signal_is_injected() -> TestResult {
    let counts = Shared::new([const { std::sync::atomic::AtomicU32::new(0) }; 2])?;
    let child = traced(|| {
        handle(Known::SIGUSR1, SaFlags::empty())?;
        handle(Known::SIGUSR2, SaFlags::empty())?;
        for _ in 0..2 {
            nix::unistd::pause();
            for (count, signal) in counts.iter().zip([Known::SIGUSR1, Known::SIGUSR2]) {
                count.store(handled(signal), std::sync::atomic::Ordering::Release);
            }
        }
        exit(7)
    })?;
    let seen = || [0, 1].map(|at: usize| counts[at].load(std::sync::atomic::Ordering::Acquire));
    go_on(child.pid())?;
    child.wait_until_blocked_in(calls::PAUSE)?;
    kill(child.pid(), SIGUSR1)?;
    assert_eq!(next(child.pid()), Ok(stopped_by(SIGUSR1)));
    assert_eq!(tell(PTRACE_CONT, child.pid(), SIGUSR1 as usize), Ok(()));
    child.assert_blocked_in(calls::PAUSE);
    assert_eq!(seen(), [1, 0]);
    kill(child.pid(), SIGUSR1)?;
    assert_eq!(next(child.pid()), Ok(stopped_by(SIGUSR1)));
    assert_eq!(tell(PTRACE_CONT, child.pid(), SIGUSR2 as usize), Ok(()));
    assert_eq!(child.wait()?, Ended::Exited(7));
    assert_eq!(seen(), [1, 1]);
    Ok(())
}

/// A signal that is blocked stops the tracee when it is unblocked, and not before.
#[harness::test(
    id = "ptrace.signal-blocked",
    cite = [man("ptrace.2", "Signal-delivery-stop")],
    covers = ["behaviours:ptrace.signal-blocked"],
)]
fn a_blocked_signal_does_not_stop_the_tracee() -> TestResult {
    let (go, gone) = (Latch::new()?, Latch::new()?);
    let child = traced(|| {
        block(Known::SIGUSR1)?;
        gone.arrive();
        go.wait_for(1);
        gone.arrive();
        go.wait_for(2);
        unblock(calls::signals::SignalSet::of([SIGUSR1]))?;
        exit(7)
    })?;
    go_on(child.pid())?;
    gone.wait_for(1);
    kill(child.pid(), SIGUSR1)?;
    go.arrive();
    gone.wait_for(2);
    assert_eq!(wait_status(child.pid(), WNOHANG), Ok(None));
    go.arrive();
    assert_eq!(next(child.pid()), Ok(stopped_by(SIGUSR1)));
    assert_eq!(go_on(child.pid()), Ok(()));
    assert_eq!(child.wait()?, Ended::Exited(7));
    Ok(())
}

#[rstest]
#[case::running(false)]
#[case::stopped(true)]
/// SIGKILL terminates a tracee that runs, and one that is stopped; it does not stop it.
#[harness::test(
    id = "ptrace.sigkill",
    cite = [man("ptrace.2", "Death under ptrace")],
    covers = ["behaviours:ptrace.sigkill"],
)]
fn sigkill_is_not_stopped(#[case] stopped: bool) -> TestResult {
    let child = traced_and_waiting(|| Ok(()))?;
    if stopped {
        kill(child.pid(), SIGUSR1)?;
        assert_eq!(next(child.pid()), Ok(stopped_by(SIGUSR1)));
    }
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(SIGKILL), core: false });
    Ok(())
}

#[rstest]
#[case::the_same(SIGTERM, SIGTERM)]
#[case::another(SIGUSR1, SIGUSR2)]
/// A signal that is injected and terminates the tracee is reported to the tracer as its end.
#[harness::test(
    id = "ptrace.signal-terminates",
    cite = [man("ptrace.2", "Death under ptrace")],
    covers = ["behaviours:ptrace.death-by-signal"],
)]
fn an_injected_signal_terminates(#[case] sent: i32, #[case] injected: i32) -> TestResult {
    let child = traced_and_waiting(|| Ok(()))?;
    kill(child.pid(), sent)?;
    assert_eq!(next(child.pid()), Ok(stopped_by(sent)));
    assert_eq!(resume(PTRACE_CONT, child.pid(), injected), Ok(injected));
    child.let_go();
    Ok(())
}

/// Of several signals each stops the tracee once.
#[harness::test(
    id = "ptrace.signals-in-turn",
    cite = [man("ptrace.2", "Signal-delivery-stop")],
    covers = ["behaviours:ptrace.signal-stop"],
)]
fn each_signal_stops_the_tracee() -> TestResult {
    let child = traced_and_waiting(|| Ok(()))?;
    let signals = [SIGUSR1, SIGUSR2, SIGTERM, SIGTSTP];
    kill(child.pid(), SIGURG)?;
    assert_eq!(next(child.pid()), Ok(stopped_by(SIGURG)));
    // They wait until the tracee is restarted.
    for signal in signals {
        kill(child.pid(), signal)?;
    }
    let mut seen = Vec::new();
    for _ in signals {
        seen.push(assert_ok!(resume(PTRACE_CONT, child.pid(), 0)));
    }
    seen.sort_unstable();
    assert_eq!(seen, signals.map(stopped_by));
    assert_eq!(go_on(child.pid()), Ok(()));
    child.assert_blocked_in(calls::PAUSE);
    Ok(())
}
