//! SIGCHLD as a parent that waits sees it. What its siginfo_t says in full is the matter of `signal`.

use super::stopping::idle_child;
use kit::disposition::{block, handle, pending};
use kit::needs::UNTRACED;
use kit::prelude::*;
use libc::{SIGCONT, SIGKILL, SIGSTOP, WCONTINUED, WNOHANG, WUNTRACED};
use nix::sys::signal::{SaFlags, SigSet, Signal as Known};

/// A stop and a continuation of a child send its parent SIGCHLD.
#[harness::test(
    id = "wait.sigchld-at-stop",
    cite = [
        posix("XSH", "2.4.3 Signal Actions"),
        posix("sigaction.3p", "DESCRIPTION", "SA_NOCLDSTOP"),
        man("sigaction.2", "DESCRIPTION", "SA_NOCLDSTOP"),
    ],
    covers = ["behaviours:wait.sigchld-on-stop", "behaviours:wait.sigchld-on-continue"],
    needs = [UNTRACED],
)]
fn a_stop_and_a_continuation_send_sigchld() -> TestResult {
    let child = idle_child()?;
    block(Known::SIGCHLD)?;
    assert_eq!(pending(), Ok(vec![]));
    for (signal, options, ended) in [
        (SIGSTOP, WUNTRACED, Ended::Stopped(Signal(SIGSTOP))),
        (SIGCONT, WCONTINUED, Ended::Continued),
        (SIGKILL, 0, Ended::Killed { by: Signal(SIGKILL), core: false }),
    ] {
        assert_eq!(kill(child.pid(), signal), Ok(()));
        SigSet::from(Known::SIGCHLD).wait()?;
        assert_eq!(waitpid(child.pid(), options), Ok(Some((child.pid(), ended))));
        assert_eq!(pending(), Ok(vec![]));
    }
    child.let_go();
    Ok(())
}

/// With SA_NOCLDSTOP neither a stop nor a continuation of a child sends its parent SIGCHLD, and its end does.
#[harness::test(
    id = "wait.sigchld-nocldstop",
    cite = [posix("sigaction.3p", "DESCRIPTION", "SA_NOCLDSTOP"), man("sigaction.2", "DESCRIPTION", "SA_NOCLDSTOP")],
    covers = ["behaviours:wait.sigchld-on-stop", "behaviours:wait.sigchld-on-continue"],
    needs = [UNTRACED],
)]
fn with_sa_nocldstop_only_the_end_sends_sigchld() -> TestResult {
    let child = idle_child()?;
    handle(Known::SIGCHLD, SaFlags::SA_NOCLDSTOP)?;
    block(Known::SIGCHLD)?;
    for _ in 0..2 {
        assert_eq!(kill(child.pid(), SIGSTOP), Ok(()));
        assert_eq!(waitpid(child.pid(), WUNTRACED), Ok(Some((child.pid(), Ended::Stopped(Signal(SIGSTOP))))));
        assert_eq!(kill(child.pid(), SIGCONT), Ok(()));
        assert_eq!(waitpid(child.pid(), WCONTINUED), Ok(Some((child.pid(), Ended::Continued))));
        // It would have sent SIGCHLD before it went on.
        child.assert_blocked_in(calls::PAUSE);
        assert_eq!(pending(), Ok(vec![]));
    }
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    SigSet::from(Known::SIGCHLD).wait()?;
    let killed = Ended::Killed { by: Signal(SIGKILL), core: false };
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), killed))));
    child.let_go();
    Ok(())
}

/// Three children that end while SIGCHLD is blocked leave one pending SIGCHLD, and all three can be waited for.
#[harness::test(
    id = "wait.sigchld-coalesces",
    cite = [posix("XSH", "2.4.1 Signal Generation and Delivery"), man("signal.7", "Queueing and delivery semantics for standard signals")],
    covers = ["behaviours:wait.sigchld-coalesce"],
)]
fn one_sigchld_for_three_children() -> TestResult {
    block(Known::SIGCHLD)?;
    let children =
        [fork(|| -> TestResult { exit(1) })?, fork(|| -> TestResult { exit(2) })?, fork(|| -> TestResult { exit(3) })?];
    children.iter().for_each(Child::wait_until_zombie);
    assert_eq!(pending(), Ok(vec![Known::SIGCHLD]));
    SigSet::from(Known::SIGCHLD).wait()?;
    assert_eq!(pending(), Ok(vec![]));
    for (child, code) in children.into_iter().zip(1..) {
        assert_eq!(waitpid(child.pid(), WNOHANG), Ok(Some((child.pid(), Ended::Exited(code)))));
        child.let_go();
    }
    assert_eq!(pending(), Ok(vec![]));
    Ok(())
}

/// SIGCHLD that is blocked stays pending when the child that sent it has been waited for.
#[harness::test(
    id = "wait.sigchld-stays-pending",
    cite = [kernel("kernel/exit.c", "wait_task_zombie", "6.18")],
    covers = ["behaviours:wait.pending-sigchld-after-wait"],
    layers = [libc, nix, raw],
)]
fn a_wait_does_not_take_sigchld() -> TestResult {
    block(Known::SIGCHLD)?;
    let child = fork(|| -> TestResult { exit(7) })?;
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), Ended::Exited(7)))));
    assert_eq!(pending(), Ok(vec![Known::SIGCHLD]));
    child.let_go();
    Ok(())
}
