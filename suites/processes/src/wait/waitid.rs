//! waitid: which changes it reports, and what it says of them.

use super::change;
use super::stopping::idle_child;
use calls::for_layers::libc_raw;
use calls::waiting::{Change, Selector};
use harness::need::{SECOND_ID, SECOND_UID};
use kit::needs::UNTRACED;
use kit::prelude::*;
use kit::privilege::become_second_user;
use libc::{
    CLD_CONTINUED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, SIGCONT, SIGKILL, SIGSTOP, SIGTERM, WCONTINUED, WEXITED,
    WNOHANG, WNOWAIT, WSTOPPED,
};

/// A child's state, by a flag of waitid.
#[derive(Clone, Copy)]
struct Kind {
    flag: i32,
    code: i32,
    status: i32,
    enter: fn(&Child) -> TestResult,
}

const KILLED: Kind =
    Kind { flag: WEXITED, code: CLD_KILLED, status: SIGTERM, enter: |child| child.signal(Signal(SIGTERM)) };
const STOPPED: Kind =
    Kind { flag: WSTOPPED, code: CLD_STOPPED, status: SIGSTOP, enter: |child| child.signal(Signal(SIGSTOP)) };
const CONTINUED: Kind = Kind {
    flag: WCONTINUED,
    code: CLD_CONTINUED,
    status: SIGCONT,
    enter: |child| {
        child.signal(Signal(SIGSTOP))?;
        libc_raw::waitid(Selector::Pid(child.pid()), WSTOPPED)?;
        child.signal(Signal(SIGCONT))
    },
};

#[rstest]
#[case::killed(KILLED)]
#[case::stopped(STOPPED)]
#[case::continued(CONTINUED)]
/// waitid reports a change that options ask for with the child's pid and real user id, what happened, and the exit status
/// or the signal. With WNOWAIT it reports the same change again; without, once. The flags of other changes do not report it.
#[harness::test(
    id = "wait.waitid-changes",
    cite = [man("wait.2", "waitid()"), posix("waitid.3p", "DESCRIPTION")],
    covers = [
        "behaviours:wait.waitid-siginfo", "behaviours:wait.waitid-wexited-required", "behaviours:wait.waitid-wnowait",
        "behaviours:wait.waitid-wnohang-zeroed",
    ],
    needs = [UNTRACED],
    layers = [libc, raw],
)]
fn a_change_is_reported_to_whom_asks(#[case] kind: Kind) -> TestResult {
    let child = idle_child()?;
    let this = Selector::Pid(child.pid());
    let every = WEXITED | WSTOPPED | WCONTINUED;
    let at_once = |options| waitid(this, options | WNOHANG);
    assert_eq!(at_once(every), Ok(None));
    (kind.enter)(&child)?;
    let found = Ok(Some(change(child.pid(), kind.code, kind.status)));
    assert_eq!(waitid(this, kind.flag | WNOWAIT), found);
    let unasked = at_once(every & !kind.flag);
    if kind.flag == WEXITED {
        // Of a zombie alone Linux says ECHILD, for it comes to no other state; the pages do not say so.
        assert_matches!(unasked, Ok(None) | Err(CallError { errno: Errno::ECHILD, .. }));
    } else {
        assert_eq!(unasked, Ok(None));
    }
    assert_eq!(waitid(this, every | WNOWAIT), found);
    assert_eq!(waitid(this, kind.flag), found);
    if kind.flag == WEXITED {
        assert_errno!(waitid(this, every | WNOHANG), ECHILD);
        child.let_go();
    } else {
        assert_eq!(at_once(every), Ok(None));
    }
    Ok(())
}

#[rstest]
#[case::zero(0, 0)]
#[case::seven(7, 7)]
#[case::largest(255, 255)]
/// waitid reports a child that exited with CLD_EXITED and its exit status; with WNOWAIT it stays a zombie, and waitpid then returns
/// it too.
#[harness::test(
    id = "wait.waitid-exited",
    cite = [man("wait.2", "waitid()"), posix("waitid.3p", "DESCRIPTION")],
    covers = ["behaviours:wait.waitid-siginfo", "behaviours:wait.waitid-wnowait", "behaviours:wait.zombie-keeps-pid"],
    layers = [libc, raw],
)]
fn an_exit_is_reported_with_its_status(#[case] code: i32, #[case] status: i32) -> TestResult {
    let child = fork(|| -> TestResult { exit(code) })?;
    let exited = change(child.pid(), CLD_EXITED, status);
    for _ in 0..2 {
        assert_eq!(waitid(Selector::Pid(child.pid()), WEXITED | WNOWAIT), Ok(Some(exited)));
        assert_eq!(harness::process_state::state(child.pid()), Some('Z'));
        assert_eq!(kill(child.pid(), 0), Ok(()));
    }
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), Ended::Exited(code)))));
    assert_errno!(kill(child.pid(), 0), ESRCH);
    child.let_go();
    Ok(())
}

/// waitid reports the real user id of the child, not that of the caller.
#[harness::test(
    id = "wait.waitid-uid",
    cite = [man("wait.2", "waitid()", "si_uid")],
    covers = ["behaviours:wait.waitid-siginfo"],
    needs = [SECOND_UID],
    layers = [libc, raw],
)]
fn the_user_id_is_that_of_the_child() -> TestResult {
    let child = fork(|| -> TestResult {
        become_second_user()?;
        exit(7)
    })?;
    let exited = Change { uid: SECOND_ID, ..change(child.pid(), CLD_EXITED, 7) };
    assert_eq!(waitid(Selector::All, WEXITED), Ok(Some(exited)));
    assert_errno!(waitid(Selector::All, WEXITED), ECHILD);
    child.let_go();
    Ok(())
}

/// A child that was killed while it was stopped is reported with CLD_KILLED and SIGKILL; its stop is no longer.
#[harness::test(
    id = "wait.waitid-killed-while-stopped",
    cite = [man("wait.2", "waitid()"), posix("waitid.3p", "DESCRIPTION")],
    covers = ["behaviours:wait.waitid-wexited-required"],
    needs = [UNTRACED],
    layers = [libc, raw],
)]
fn a_stop_that_is_over_is_not_reported() -> TestResult {
    let child = idle_child()?;
    let this = Selector::Pid(child.pid());
    kill(child.pid(), SIGSTOP)?;
    waitid(this, WSTOPPED | WNOWAIT)?;
    kill(child.pid(), SIGKILL)?;
    child.wait_until_zombie();
    // As above.
    assert_matches!(waitid(this, WSTOPPED | WNOHANG), Ok(None) | Err(CallError { errno: Errno::ECHILD, .. }));
    assert_eq!(waitid(this, WEXITED | WSTOPPED), Ok(Some(change(child.pid(), CLD_KILLED, SIGKILL))));
    assert_errno!(waitid(this, WEXITED | WSTOPPED), ECHILD);
    child.let_go();
    Ok(())
}
