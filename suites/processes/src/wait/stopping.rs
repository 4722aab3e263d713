//! Children that stop and are continued.

use calls::waiting::Selector;
use kit::needs::UNTRACED;
use kit::prelude::*;
use libc::{SIGCONT, SIGKILL, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, WCONTINUED, WNOHANG, WNOWAIT, WSTOPPED, WUNTRACED};

/// A child that does nothing, in a process group of its own, which is not orphaned: a terminal's signals stop it too.
pub(super) fn idle_child() -> TestResult<Child> {
    holder(lead_group)
}

#[rstest]
#[case::sigstop(SIGSTOP)]
#[case::sigtstp(SIGTSTP)]
#[case::sigttin(SIGTTIN)]
#[case::sigttou(SIGTTOU)]
/// waitpid returns a child that was stopped with WUNTRACED alone, and says which signal stopped it; it returns each stop once.
#[harness::test(
    id = "wait.stopped-status",
    cite = [
        posix("wait.3p", "DESCRIPTION", "WUNTRACED"),
        posix("wait.3p", "DESCRIPTION", "WSTOPSIG(stat_val)"),
        man("wait.2", "wait() and waitpid()", "WUNTRACED"),
        man("wait.2", "wait() and waitpid()", "WSTOPSIG(wstatus)"),
    ],
    covers = ["behaviours:wait.status-stopped", "behaviours:wait.stop-reported-once"],
    needs = [UNTRACED],
    layers = [libc, nix, raw],
)]
fn a_stop_is_reported_once_with_wuntraced(#[case] signal: i32) -> TestResult {
    let child = idle_child()?;
    let stopped = Ok(Some((child.pid(), Ended::Stopped(Signal(signal)))));
    for _ in 0..2 {
        assert_eq!(waitpid(child.pid(), WUNTRACED | WNOHANG), Ok(None));
        kill(child.pid(), signal)?;
        assert_eq!(waitpid(child.pid(), WUNTRACED), stopped);
        assert_eq!(waitpid(child.pid(), WUNTRACED | WNOHANG), Ok(None));
        kill(child.pid(), SIGCONT)?;
        assert_eq!(waitpid(child.pid(), WCONTINUED), Ok(Some((child.pid(), Ended::Continued))));
    }
    Ok(())
}

/// A stopped child is not returned without WUNTRACED, nor a continued one without WCONTINUED; with SIGKILL a stopped child ends,
/// and is returned whatever the options.
#[harness::test(
    id = "wait.unasked-states",
    cite = [man("wait.2", "wait() and waitpid()"), posix("wait.3p", "DESCRIPTION")],
    covers = ["behaviours:wait.status-stopped", "behaviours:wait.status-continued"],
    needs = [UNTRACED],
    layers = [libc, raw],
)]
fn states_that_were_not_asked_for_are_not_reported() -> TestResult {
    let child = idle_child()?;
    kill(child.pid(), SIGSTOP)?;
    assert_eq!(waitpid(child.pid(), WUNTRACED), Ok(Some((child.pid(), Ended::Stopped(Signal(SIGSTOP))))));
    kill(child.pid(), SIGCONT)?;
    assert_eq!(waitpid(child.pid(), WNOHANG), Ok(None));
    assert_eq!(waitpid(child.pid(), WUNTRACED | WNOHANG), Ok(None));
    assert_eq!(waitpid(child.pid(), WCONTINUED | WNOHANG), Ok(Some((child.pid(), Ended::Continued))));
    kill(child.pid(), SIGSTOP)?;
    waitid(Selector::Pid(child.pid()), WSTOPPED | WNOWAIT)?;
    assert_eq!(waitpid(child.pid(), WCONTINUED | WNOHANG), Ok(None));
    assert_eq!(waitpid(child.pid(), WUNTRACED | WNOHANG), Ok(Some((child.pid(), Ended::Stopped(Signal(SIGSTOP))))));
    kill(child.pid(), SIGKILL)?;
    let killed = Ended::Killed { by: Signal(SIGKILL), core: false };
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), killed))));
    child.let_go();
    Ok(())
}

/// waitpid with WCONTINUED returns a stopped child that SIGCONT has resumed, once, and not one that was running when SIGCONT came.
#[harness::test(
    id = "wait.continued-status",
    cite = [
        posix("wait.3p", "DESCRIPTION", "WCONTINUED"),
        man("wait.2", "wait() and waitpid()", "WCONTINUED"),
        man("wait.2", "wait() and waitpid()", "WIFCONTINUED(wstatus)"),
    ],
    covers = ["behaviours:wait.status-continued"],
    needs = [UNTRACED],
    layers = [libc, nix, raw],
)]
fn a_continued_child_is_reported_once() -> TestResult {
    let child = idle_child()?;
    kill(child.pid(), SIGCONT)?;
    assert_eq!(waitpid(child.pid(), WCONTINUED | WNOHANG), Ok(None));
    for _ in 0..2 {
        kill(child.pid(), SIGSTOP)?;
        assert_eq!(waitpid(child.pid(), WUNTRACED), Ok(Some((child.pid(), Ended::Stopped(Signal(SIGSTOP))))));
        kill(child.pid(), SIGCONT)?;
        assert_eq!(waitpid(child.pid(), WCONTINUED), Ok(Some((child.pid(), Ended::Continued))));
        assert_eq!(waitpid(child.pid(), WCONTINUED | WNOHANG), Ok(None));
    }
    Ok(())
}
