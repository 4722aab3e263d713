//! SIGKILL and SIGSTOP, which nothing keeps off.

use super::{assert_sigkill_kills, assert_sigstop_stops};
use calls::signals::{Action, action_of, sigaction, signal, sigprocmask};
use kit::prelude::*;
use libc::{SIG_BLOCK, SIG_SETMASK, SIGKILL, SIGSTOP};
use nix::sys::signal::{SigSet, Signal as Known};
use rstest::rstest;

#[rstest]
#[case::kill(SIGKILL)]
#[case::stop(SIGSTOP)]
/// sigaction() neither catches nor ignores SIGKILL or SIGSTOP: it fails with EINVAL, and the action stays the default one.
#[harness::test(
    id = "signal.kill-stop-action",
    cite = "POSIX.1-2024 sigaction(): EINVAL; sigaction(2): EINVAL",
    covers = ["errors:signal.sigaction.EINVAL.2"],
    layers = [libc, nix, raw],
)]
fn sigaction_refuses_kill_and_stop(#[case] unchangeable: i32) -> Scene {
    assert_refuses_to_change(sigaction, unchangeable);
    Ok(())
}

#[rstest]
#[case::kill(SIGKILL)]
#[case::stop(SIGSTOP)]
/// signal() neither catches nor ignores SIGKILL or SIGSTOP: it fails with EINVAL, and the action stays the default one.
#[harness::test(
    id = "signal.kill-stop-signal-call",
    cite = "POSIX.1-2024 signal(): EINVAL; signal(7), Standard signals",
    covers = ["errors:signal.signal.EINVAL.2"],
    layers = [libc, nix, raw],
)]
fn signal_refuses_kill_and_stop(#[case] unchangeable: i32) -> Scene {
    assert_refuses_to_change(signal, unchangeable);
    Ok(())
}

fn assert_refuses_to_change(change: fn(i32, Action) -> Result<()>, unchangeable: i32) {
    for action in [Action::Handle, Action::Ignore] {
        assert_errno!(change(unchangeable, action), EINVAL);
        assert_eq!(action_of(unchangeable), Ok(Action::Default));
    }
}

#[rstest]
#[case::block(SIG_BLOCK)]
#[case::set(SIG_SETMASK)]
/// Blocking every signal succeeds, and blocks all of the standard ones but SIGKILL and SIGSTOP.
#[harness::test(
    id = "signal.kill-stop-mask",
    cite = "POSIX.1-2024 sigprocmask(); sigprocmask(2), NOTES",
    covers = ["behaviours:sigmask.kill-stop-block-ignored"],
    layers = [libc, nix, raw],
)]
fn kill_and_stop_are_left_out_of_the_mask(#[case] how: i32) -> Scene {
    assert_masks_all_but_kill_and_stop(how);
    Ok(())
}

fn assert_masks_all_but_kill_and_stop(how: i32) {
    assert_eq!(sigprocmask(how, &SigSet::all()), Ok(SigSet::empty()));
    let mask = assert_ok!(sigprocmask(SIG_BLOCK, &SigSet::empty()));
    let left_out: Vec<_> = Known::iterator().filter(|known| !mask.contains(*known)).collect();
    assert_eq!(left_out, [Known::SIGKILL, Known::SIGSTOP]);
}

/// SIGKILL, number 9, can be neither caught nor ignored nor blocked: a process that tried it all and blocks every other signal is
/// ended by it at once, without a core.
#[harness::test(
    id = "signal.sigkill-uncatchable",
    cite = "POSIX.1-2024 sigaction(), sigprocmask(); signal(7), Standard signals",
    covers = [
        "notes:signal.sigkill-uncatchable", "notes:signal.table-09-sigkill", "behaviours:sigdisp.kill-stop-unchangeable",
        "behaviours:sigdfl.09-sigkill",
    ],
    layers = [libc, nix, raw],
)]
fn nothing_keeps_sigkill_off() -> Scene {
    assert_sigkill_kills(|| keep_off(SIGKILL))
}

/// SIGSTOP, number 19, can be neither caught nor ignored nor blocked, and its action is to stop, not to end: a process that tried it
/// all is stopped by it, and runs to its own end after SIGCONT.
#[harness::test(
    id = "signal.sigstop-uncatchable",
    cite = "POSIX.1-2024 sigaction(), sigprocmask(), <signal.h>; signal(7), Standard signals",
    covers = [
        "notes:signal.sigstop-uncatchable", "notes:signal.table-19-sigstop", "notes:signal.default-kind-stop",
        "notes:signal.default-kind-cont", "behaviours:sigdisp.kill-stop-unchangeable", "behaviours:sigdfl.19-sigstop",
    ],
    layers = [libc, nix, raw],
)]
fn nothing_keeps_sigstop_off_and_it_stops() -> Scene {
    assert_sigstop_stops(|| keep_off(SIGSTOP))
}

/// Tries to catch, to ignore and to block the signal, and all others with it.
fn keep_off(unchangeable: i32) -> Scene {
    assert_refuses_to_change(sigaction, unchangeable);
    assert_masks_all_but_kill_and_stop(SIG_SETMASK);
    Ok(())
}
