//! What a tracer sees and changes of signals.

use super::{next, stopped_by, traced_and_waiting};
use calls::signals::SignalSet;
use calls::tracing::PTRACE_CONT;
use kit::disposition::{block_all, log, logged};
use kit::prelude::*;
use libc::{SIGTERM, SIGUSR1, SIGUSR2};

/// PTRACE_GETSIGINFO gives the siginfo_t of the signal that has stopped the tracee, and PTRACE_SETSIGINFO changes the one that its
/// handler gets.
#[harness::test(
    id = "ptrace.siginfo",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_GETSIGINFO"), man("ptrace.2", "DESCRIPTION", "PTRACE_SETSIGINFO")],
    covers = ["behaviours:ptrace.getsiginfo", "behaviours:ptrace.setsiginfo"],
    layers = [libc, raw],
)]
fn the_siginfo_of_a_stop_is_seen_and_changed() -> TestResult {
    const SENDER: i32 = 4321;
    let child = traced_and_waiting(|| log(SIGUSR1, libc::SA_RESTART))?;
    for sender in [own_pid(), SENDER] {
        kill(child.pid(), SIGUSR1)?;
        assert_eq!(next(child.pid()), Ok(stopped_by(SIGUSR1)));
        let told = assert_ok!(stop_info(child.pid()));
        assert_eq!((told.signal, told.code, told.sender().0), (SIGUSR1, libc::SI_USER, own_pid()));
        if sender != own_pid() {
            assert_eq!(set_sender(child.pid(), sender), Ok(()));
            assert_eq!(stop_info(child.pid()).map(|info| info.sender().0), Ok(sender));
        }
        assert_eq!(tell(PTRACE_CONT, child.pid(), SIGUSR1 as usize), Ok(()));
        child.assert_blocked_in(calls::PAUSE);
    }
    assert_eq!(logged().iter().map(|info| info.sender().0).collect::<Vec<_>>(), [own_pid(), SENDER]);
    Ok(())
}

/// PTRACE_PEEKSIGINFO gives the signals that are pending for the process, or for the thread, and removes none.
#[harness::test(
    id = "ptrace.queued-signals",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_PEEKSIGINFO")],
    covers = ["behaviours:ptrace.peeksiginfo"],
    layers = [libc, raw],
)]
fn pending_signals_are_seen() -> TestResult {
    let child = traced_and_waiting(|| block_all(SignalSet::of([SIGUSR1, SIGUSR2])))?;
    kill(child.pid(), SIGUSR1)?;
    calls::for_layers::raw::tgkill(child.pid(), child.pid(), SIGUSR2)?;
    kill(child.pid(), SIGTERM)?;
    assert_eq!(next(child.pid()), Ok(stopped_by(SIGTERM)));
    for _ in 0..2 {
        assert_eq!(queued_signals(child.pid(), true), Ok(vec![SIGUSR1]));
        assert_eq!(queued_signals(child.pid(), false), Ok(vec![SIGUSR2]));
    }
    Ok(())
}

/// PTRACE_GETSIGMASK gives the signals that the tracee blocks, and PTRACE_SETSIGMASK changes them: a signal that was pending stops it.
#[harness::test(
    id = "ptrace.mask",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_GETSIGMASK"), man("ptrace.2", "DESCRIPTION", "PTRACE_SETSIGMASK")],
    covers = ["behaviours:ptrace.sigmask"],
    layers = [libc, raw],
)]
fn the_mask_is_seen_and_changed() -> TestResult {
    let blocked = SignalSet::of([SIGUSR1, SIGUSR2]);
    let child = traced_and_waiting(|| block_all(blocked))?;
    kill(child.pid(), SIGUSR1)?;
    kill(child.pid(), SIGTERM)?;
    assert_eq!(next(child.pid()), Ok(stopped_by(SIGTERM)));
    assert_eq!(mask_of(child.pid()), Ok(blocked));
    assert_eq!(set_mask_of(child.pid(), SignalSet::of([SIGUSR2])), Ok(()));
    assert_eq!(mask_of(child.pid()), Ok(SignalSet::of([SIGUSR2])));
    assert_eq!(super::resume(PTRACE_CONT, child.pid(), 0), Ok(stopped_by(SIGUSR1)));
    Ok(())
}
