//! Waiting for a handler: pause and sigsuspend.

use calls::signals::SignalSet;
use kit::disposition::{block, handle, handled, ignore, pending, signal_mask};
use kit::prelude::*;
use libc::{SIGKILL, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use nix::sys::signal::{SaFlags, Signal as Known};

/// sigsuspend replaces the mask and waits in one step: a signal that is pending, and that the new mask does not block, is not
/// missed. It returns EINTR when the handler has run, and the former mask is back.
#[harness::test(
    id = "signal.sigsuspend-atomic",
    cite = [posix("sigsuspend.3p", "DESCRIPTION"), man("sigsuspend.2", "DESCRIPTION")],
    covers = [
        "behaviours:sigmask.sigsuspend-atomic", "behaviours:sigmask.sigsuspend-restores", "errors:signal.sigsuspend.EINTR",
    ],
    layers = [libc, nix, raw],
)]
fn sigsuspend_misses_no_pending_signal() -> TestResult {
    let own = own_pid();
    handle(Known::SIGUSR1, SaFlags::empty())?;
    block(Known::SIGUSR1)?;
    let before = signal_mask()?;
    assert_eq!(kill(own, SIGUSR1), Ok(()));
    assert_eq!(handled(Known::SIGUSR1), 0);
    assert_errno!(sigsuspend(SignalSet::but([SIGUSR1])), EINTR);
    assert_eq!((handled(Known::SIGUSR1), pending()), (1, Ok(vec![])));
    assert_eq!(signal_mask(), Ok(before));
    Ok(())
}

#[rstest]
#[case::sigsuspend(calls::SIGSUSPEND, || calls::for_layers::libc_nix_raw::sigsuspend(SignalSet::EMPTY))]
#[case::pause(calls::PAUSE, || calls::for_layers::libc::pause())]
/// pause and sigsuspend wait until a handler has run, with SA_RESTART or not, and then fail with EINTR; signals that are ignored, by
/// the process or by default, do not end them.
#[harness::test(
    id = "signal.pause-until-handler",
    cite = [
        posix("pause.3p", "DESCRIPTION"),
        man("pause.2", "DESCRIPTION"),
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
    ],
    covers = [
        "behaviours:sigmask.pause-returns-after-handler", "behaviours:norestart.pause", "behaviours:norestart.sigsuspend",
        "errors:signal.pause.EINTR", "errors:signal.sigsuspend.EINTR",
    ],
)]
fn only_a_handler_ends_a_pause(#[case] call: &'static Call, #[case] wait: fn() -> Result<()>) -> TestResult {
    for flags in [SaFlags::empty(), SaFlags::SA_RESTART] {
        let child = fork(|| -> TestResult {
            ignore(Known::SIGUSR2)?;
            handle(Known::SIGUSR1, flags)?;
            assert_errno!(wait(), EINTR);
            assert_eq!(handled(Known::SIGUSR1), 1);
            Ok(())
        })?;
        child.wait_until_blocked_in(call)?;
        assert_eq!([kill(child.pid(), SIGUSR2), kill(child.pid(), SIGWINCH)], [Ok(()); 2]);
        child.assert_blocked_in(call);
        assert_eq!(kill(child.pid(), SIGUSR1), Ok(()));
        child.join()?;
    }
    Ok(())
}

#[rstest]
#[case::sigterm(SIGTERM)]
#[case::sigkill(SIGKILL)]
/// A signal that terminates the process ends it although it is in sigsuspend, and sigsuspend does not return.
#[harness::test(
    id = "signal.sigsuspend-terminated",
    cite = [posix("sigsuspend.3p", "DESCRIPTION"), man("sigsuspend.2", "DESCRIPTION")],
    covers = ["behaviours:sigmask.sigsuspend-kill-no-return"],
    layers = [libc, nix, raw],
)]
fn a_terminating_signal_ends_sigsuspend(#[case] signal: i32) -> TestResult {
    let child = fork(|| -> TestResult {
        block(Known::SIGTERM)?;
        let _ = sigsuspend(SignalSet::EMPTY);
        exit(0)
    })?;
    child.wait_until_blocked_in(calls::SIGSUSPEND)?;
    assert_eq!(kill(child.pid(), signal), Ok(()));
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(signal), core: false });
    Ok(())
}
