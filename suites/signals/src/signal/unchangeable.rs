//! SIGKILL and SIGSTOP, which cannot be caught, ignored or blocked.

use super::{assert_sigkill_kills, assert_sigstop_stops};
use calls::signals::{Action, action_of};
use kit::disposition::signal_mask;
use kit::needs::UNTRACED;
use kit::prelude::*;
use libc::{SIG_BLOCK, SIG_SETMASK, SIGKILL, SIGSTOP};
use nix::sys::signal::{SigSet, Signal as Known};

#[rstest]
#[case::kill(SIGKILL)]
#[case::stop(SIGSTOP)]
/// sigaction fails with EINVAL on an attempt to catch or ignore SIGKILL or SIGSTOP, and the disposition remains
/// SIG_DFL.
#[harness::test(
    id = "signal.kill-stop-action",
    cite = [
        posix("sigaction.3p", "ERRORS", "EINVAL"),
        posix("sigaction.3p", "DESCRIPTION"),
        man("sigaction.2", "ERRORS", "EINVAL"),
    ],
    covers = ["errors:signal.sigaction.EINVAL.2"],
    layers = [libc, nix, raw],
)]
fn sigaction_rejects_sigkill_and_sigstop(#[case] unchangeable: i32) -> TestResult {
    assert_rejects_change(sigaction, unchangeable);
    Ok(())
}

#[rstest]
#[case::kill(SIGKILL)]
#[case::stop(SIGSTOP)]
/// signal fails with EINVAL on an attempt to catch or ignore SIGKILL or SIGSTOP, and the disposition remains SIG_DFL.
#[harness::test(
    id = "signal.kill-stop-signal-call",
    cite = [posix("signal.3p", "ERRORS", "EINVAL"), man("signal.2", "DESCRIPTION")],
    covers = ["errors:signal.signal.EINVAL.2"],
    layers = [libc, nix, raw],
)]
fn signal_rejects_sigkill_and_sigstop(#[case] unchangeable: i32) -> TestResult {
    assert_rejects_change(signal, unchangeable);
    Ok(())
}

fn assert_rejects_change(change: fn(i32, Action) -> Result<()>, unchangeable: i32) {
    for action in [Action::Handle, Action::Ignore] {
        assert_errno!(change(unchangeable, action), EINVAL);
        assert_eq!(action_of(unchangeable), Ok(Action::Default));
    }
}

#[rstest]
#[case::block(SIG_BLOCK)]
#[case::set(SIG_SETMASK)]
/// Blocking all signals succeeds and blocks every standard signal except SIGKILL and SIGSTOP.
#[harness::test(
    id = "signal.kill-stop-mask",
    cite = [
        posix("pthread_sigmask.3p", "DESCRIPTION"),
        posix("signal.h.0p", "DESCRIPTION"),
        man("sigprocmask.2", "NOTES"),
    ],
    covers = ["behaviours:sigmask.kill-stop-block-ignored"],
    layers = [libc, nix, raw],
)]
fn sigkill_and_sigstop_stay_out_of_the_signal_mask(#[case] how: i32) -> TestResult {
    assert_masks_all_but_kill_and_stop(how);
    Ok(())
}

fn assert_masks_all_but_kill_and_stop(how: i32) {
    use calls::for_layers::libc_nix_raw::sigprocmask;
    assert_eq!(sigprocmask(how, &SigSet::all()), Ok(SigSet::empty()));
    let unblocked = |mask: SigSet| Known::iterator().filter(|known| !mask.contains(*known)).collect::<Vec<_>>();
    assert_eq!(signal_mask().map(unblocked), Ok(vec![Known::SIGKILL, Known::SIGSTOP]));
}

/// SIGKILL (signal 9) cannot be caught, ignored or blocked: it terminates, without a core dump, a process that
/// attempted all three.
#[harness::test(
    id = "signal.sigkill-uncatchable",
    cite = [
        man("signal.7", "Standard signals"),
        man("signal.7", "Signal numbering for standard signals"),
        posix("signal.h.0p", "DESCRIPTION"),
        posix("sigaction.3p", "ERRORS", "EINVAL"),
        posix("pthread_sigmask.3p", "DESCRIPTION"),
    ],
    covers = [
        "notes:signal.sigkill-uncatchable", "notes:signal.table-09-sigkill", "notes:signal.numbering",
        "behaviours:sigdisp.kill-stop-unchangeable", "behaviours:sigdfl.09-sigkill",
    ],
    layers = [libc, nix, raw],
)]
fn sigkill_cannot_be_caught_ignored_or_blocked() -> TestResult {
    assert_sigkill_kills(|| attempt_all(SIGKILL))
}

/// SIGSTOP (signal 19) cannot be caught, ignored or blocked, and its default action is to stop the process: one that
/// attempted all three stops, and runs on after SIGCONT.
#[harness::test(
    id = "signal.sigstop-uncatchable",
    cite = [
        man("signal.7", "Standard signals"),
        man("signal.7", "Signal numbering for standard signals"),
        posix("signal.h.0p", "DESCRIPTION"),
        posix("sigaction.3p", "ERRORS", "EINVAL"),
        posix("pthread_sigmask.3p", "DESCRIPTION"),
    ],
    covers = [
        "notes:signal.sigstop-uncatchable", "notes:signal.table-19-sigstop", "notes:signal.default-kind-stop",
        "notes:signal.default-kind-cont", "behaviours:sigdisp.kill-stop-unchangeable", "behaviours:sigdfl.19-sigstop",
    ],
    needs = [UNTRACED],
    layers = [libc, nix, raw],
)]
fn sigstop_cannot_be_caught_ignored_or_blocked() -> TestResult {
    assert_sigstop_stops(|| attempt_all(SIGSTOP))
}

/// Attempts to catch, ignore and block the signal, and blocks all others.
fn attempt_all(unchangeable: i32) -> TestResult {
    use calls::for_layers::libc_nix_raw::sigaction;
    assert_rejects_change(sigaction, unchangeable);
    assert_masks_all_but_kill_and_stop(SIG_SETMASK);
    Ok(())
}
