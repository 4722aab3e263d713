//! SIGKILL and SIGSTOP, which nothing keeps off.

use fixtures::prelude::*;
use harness::standing;
use libc::{SIG_BLOCK, SIG_SETMASK, SIGCONT, SIGKILL, SIGSTOP};
use nix::sys::signal::{SigSet, Signal as Known};
use rstest::rstest;

#[rstest]
#[case::kill(SIGKILL)]
#[case::stop(SIGSTOP)]
/// sigaction() neither catches nor ignores SIGKILL or SIGSTOP: it fails with EINVAL, and the action stays the default one.
#[harness::test(
    id = "signal.kill-stop-action",
    cite = "POSIX.1-2024 sigaction(): EINVAL; sigaction(2), ERRORS",
    covers = ["errors:signal.sigaction.EINVAL.2"],
    layers = [libc, nix, raw],
)]
fn sigaction_refuses_kill_and_stop(#[case] unchangeable: i32) -> Scene {
    for action in [Action::Handle, Action::Ignore] {
        assert_errno!(sigaction(unchangeable, action), EINVAL);
        assert_eq!(action_of(unchangeable), Ok(Action::Default));
    }
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
    for action in [Action::Handle, Action::Ignore] {
        assert_errno!(signal(unchangeable, action), EINVAL);
        assert_eq!(action_of(unchangeable), Ok(Action::Default));
    }
    Ok(())
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
    assert_eq!(sigprocmask(how, &SigSet::all()), Ok(SigSet::empty()));
    let mask = sigprocmask(SIG_BLOCK, &SigSet::empty())?;
    let left_out: Vec<_> = Known::iterator().filter(|known| !mask.contains(*known)).collect();
    assert_eq!(left_out, [Known::SIGKILL, Known::SIGSTOP]);
    Ok(())
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
    let child = holder(|| keep_off(SIGKILL))?;
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(9), core: false });
    Ok(())
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
    let go = Meeting::new()?;
    let child = fork(|| -> Scene {
        keep_off(SIGSTOP)?;
        go.wait_for(1);
        exit(77)
    })?;
    child.wait_until_blocked_in(Syscall::FUTEX)?;
    assert_eq!(kill(child.pid(), SIGSTOP), Ok(()));
    let stopped = child.wait_until_stopped()?;
    assert_eq!(stopped, Ended::Stopped(Signal(19)));
    assert_eq!(standing::state(child.pid()), Some('T'));
    assert_eq!(kill(child.pid(), SIGCONT), Ok(()));
    assert_eq!(child.wait_until_continued()?, Ended::Continued);
    go.arrive();
    let ended = child.wait()?;
    assert_eq!(ended, Ended::Exited(77));
    observe("the process after SIGSTOP", stopped);
    observe("the same process after SIGCONT", ended);
    Ok(())
}

/// Tries to catch, to ignore and to block the signal, and all others with it.
fn keep_off(unchangeable: i32) -> Scene {
    assert_errno!(sigaction(unchangeable, Action::Handle), EINVAL);
    assert_errno!(sigaction(unchangeable, Action::Ignore), EINVAL);
    assert_eq!(sigprocmask(SIG_SETMASK, &SigSet::all()), Ok(SigSet::empty()));
    let mask = sigprocmask(SIG_BLOCK, &SigSet::empty())?;
    let left_out: Vec<_> = Known::iterator().filter(|known| !mask.contains(*known)).collect();
    assert_eq!(left_out, [Known::SIGKILL, Known::SIGSTOP]);
    Ok(())
}
