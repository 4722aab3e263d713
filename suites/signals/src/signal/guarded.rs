//! SIGKILL and SIGSTOP to a process that ignores, handles or blocks all other signals; SIGKILL to a stopped process.

use super::{assert_sigkill_kills, assert_sigstop_stops, shown};
use calls::signals::{Action, SignalSet, action_of};
use harness::process_state;
use kit::disposition::{handle, ignore, signal_mask};
use kit::needs::UNTRACED;
use kit::prelude::*;
use libc::{SIG_SETMASK, SIGKILL, SIGSTOP, SIGTERM};
use nix::sys::signal::{SaFlags, SigSet, Signal as Known};

#[rstest]
#[case::ignored(ignore_all)]
#[case::handled(handle_all)]
#[case::blocked(block_all)]
#[case::blocked_and_ignored(block_and_ignore_all)]
/// SIGKILL terminates a process that ignores, handles or blocks every standard signal that it can.
#[harness::test(
    id = "signal.sigkill-with-other-signals",
    cite = [
        posix("signal.h.0p", "DESCRIPTION"),
        posix("pthread_sigmask.3p", "DESCRIPTION"),
        man("signal.7", "Standard signals"),
    ],
    covers = ["notes:signal.sigkill-uncatchable", "notes:signal.table-09-sigkill", "behaviours:sigdisp.kill-stop-unchangeable"],
    layers = [libc, nix, raw],
)]
fn sigkill_kills_whatever_the_process_does_with_other_signals(#[case] setup: fn() -> TestResult) -> TestResult {
    assert_sigkill_kills(setup)
}

#[rstest]
#[case::ignored(ignore_all)]
#[case::handled(handle_all)]
#[case::blocked(block_all)]
#[case::blocked_and_ignored(block_and_ignore_all)]
/// SIGSTOP stops, and does not terminate, a process that ignores, handles or blocks every standard signal that it can;
/// SIGCONT resumes it although SIGCONT is one of them.
#[harness::test(
    id = "signal.sigstop-with-other-signals",
    cite = [
        posix("XSH", "2.4.1 Signal Generation and Delivery"),
        posix("XSH", "2.4.3 Signal Actions"),
        posix("signal.h.0p", "DESCRIPTION"),
        posix("pthread_sigmask.3p", "DESCRIPTION"),
        man("signal.7", "Standard signals"),
    ],
    covers = [
        "notes:signal.sigstop-uncatchable", "notes:signal.table-19-sigstop", "behaviours:sigdisp.kill-stop-unchangeable",
        "behaviours:sigjob.cont-resumes-even-if-blocked",
    ],
    needs = [UNTRACED],
    layers = [libc, nix, raw],
)]
fn sigstop_stops_whatever_the_process_does_with_other_signals(#[case] setup: fn() -> TestResult) -> TestResult {
    assert_sigstop_stops(setup)
}

/// SIGKILL terminates a stopped process; SIGTERM remains pending while the process is stopped.
#[harness::test(
    id = "signal.sigkill-stopped",
    cite = [posix("XSH", "2.4.3 Signal Actions"), kernel("kernel/signal.c", "wants_signal", "6.18")],
    covers = ["behaviours:sigjob.sigkill-ends-stopped"],
    needs = [UNTRACED],
    layers = [libc, nix, raw],
)]
fn sigkill_kills_a_stopped_process() -> TestResult {
    let child = holder(|| Ok(()))?;
    assert_eq!(kill(child.pid(), SIGSTOP), Ok(()));
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(19)));
    assert_eq!(kill(child.pid(), SIGTERM), Ok(()));
    assert_eq!(shown(child.pid(), "ShdPnd")?, SignalSet::of([SIGTERM]));
    assert_eq!(process_state::state(child.pid()), Some('T'));
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(9), core: false });
    Ok(())
}

/// The standard signals whose disposition can be changed.
fn changeable() -> impl Iterator<Item = Known> {
    Known::iterator().filter(|known| !matches!(known, Known::SIGKILL | Known::SIGSTOP))
}

fn ignore_all() -> TestResult {
    for known in changeable() {
        ignore(known)?;
        assert_eq!(action_of(known as i32), Ok(Action::Ignore));
    }
    Ok(())
}

fn handle_all() -> TestResult {
    for known in changeable() {
        handle(known, SaFlags::empty())?;
        assert_eq!(action_of(known as i32), Ok(Action::Handle));
    }
    Ok(())
}

fn block_all() -> TestResult {
    use calls::for_layers::libc_nix_raw::sigprocmask;
    assert_eq!(sigprocmask(SIG_SETMASK, &SigSet::all()), Ok(SigSet::empty()));
    assert!(signal_mask().is_ok_and(|mask| changeable().all(|known| mask.contains(known))));
    Ok(())
}

fn block_and_ignore_all() -> TestResult {
    ignore_all()?;
    block_all()
}
