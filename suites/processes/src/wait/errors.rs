//! Waits that fail.

use super::{Taken, as_waitpid, change};
use calls::waiting::{Selector, Waited};
use kit::disposition::{handle, handled};
use kit::prelude::*;
use kit::process::wait_until_gone;
use libc::{WEXITED, WNOHANG, WSTOPPED};
use nix::sys::signal::{SaFlags, Signal as Known};
use std::sync::atomic::{AtomicI32, Ordering};

/// Waits for any child that ends, with more options where the call has them.
type AnyChild = fn(i32) -> Taken;

/// As waitpid returns it.
fn of_child(waited: Option<Waited>) -> Option<(i32, Ended)> {
    waited.map(|waited| (waited.pid, waited.ended))
}

#[harness::errors(
    family = "no-child",
    rows = [
        ("wait.no-child/wait", "errors:wait.wait.ECHILD", |_| wait().map(Some)),
        ("wait.no-child/wait3", "errors:wait.wait3.ECHILD", |options| wait3(options).map(of_child)),
        ("wait.no-child/wait4", "errors:wait.wait4.ECHILD", |options| wait4(-1, options).map(of_child)),
        ("wait.no-child/waitid", "errors:wait.waitid.ECHILD", |options| waitid(Selector::All, WEXITED | options).map(as_waitpid)),
    ],
    layers = [libc, raw],
)]
fn without_children_it_fails(any_child: AnyChild) -> TestResult {
    assert_errno!(any_child(0), ECHILD);
    let child = fork(|| -> TestResult { exit(7) })?;
    assert_eq!(any_child(0), Ok(Some((child.pid(), Ended::Exited(7)))));
    assert_errno!(any_child(WNOHANG), ECHILD);
    child.let_go();
    Ok(())
}

#[rstest]
#[case::waitpid(|pid| waitpid(pid, WNOHANG))]
#[case::wait4(|pid| wait4(pid, WNOHANG).map(of_child))]
#[case::waitid(|pid| waitid(Selector::Pid(pid), WEXITED | WNOHANG).map(as_waitpid))]
/// waitpid, wait4 and waitid fail with ECHILD for a process that is no child of the caller: its parent, itself, and a grandchild
/// whose parent lives.
#[harness::test(
    id = "wait.not-a-child",
    cite = [man("wait.2", "ERRORS", "ECHILD"), man("wait4.2", "ERRORS"), posix("wait.3p", "ERRORS", "ECHILD"), posix("waitid.3p", "ERRORS", "ECHILD")],
    covers = ["errors:wait.waitpid.ECHILD", "errors:wait.wait4.ECHILD", "errors:wait.waitid.ECHILD"],
    layers = [libc, raw],
)]
fn a_process_that_is_no_child_is_refused(#[case] wait_for: fn(i32) -> Taken) -> TestResult {
    let grandchild = Shared::new(AtomicI32::new(0))?;
    let child = holder(|| {
        let child = holder(|| Ok(()))?;
        grandchild.store(child.pid(), Ordering::Release);
        Ok(child)
    })?;
    for pid in [grandchild.load(Ordering::Acquire), own_pid(), nix::unistd::getppid().as_raw()] {
        assert_errno!(wait_for(pid), ECHILD);
    }
    assert_eq!(wait_for(child.pid()), Ok(None));
    let orphan = grandchild.load(Ordering::Acquire);
    child.kill()?;
    kill(orphan, libc::SIGKILL)?;
    wait_until_gone(orphan);
    Ok(())
}

#[harness::errors(
    family = "interrupted",
    rows = [
        ("wait.interrupted/wait", "errors:wait.wait.EINTR", (calls::WAIT, |_| wait().map(Some))),
        ("wait.interrupted/waitpid", "errors:wait.waitpid.EINTR", (calls::WAITPID, |options| waitpid(-1, options))),
        ("wait.interrupted/wait3", "errors:wait.wait3.EINTR", (calls::WAIT3, |options| wait3(options).map(of_child))),
        ("wait.interrupted/wait4", "errors:wait.wait4.EINTR", (calls::WAIT4, |options| wait4(-1, options).map(of_child))),
        ("wait.interrupted/waitid", "errors:wait.waitid.EINTR", (calls::WAITID, |options| waitid(Selector::All, WEXITED | options).map(as_waitpid))),
    ],
    layers = [libc, raw],
)]
fn a_handler_interrupts_it(wait: (&'static Call, AnyChild)) -> TestResult {
    let (call, any_child) = wait;
    let waiter = fork(|| -> TestResult {
        let child = holder(|| Ok(()))?;
        handle(Known::SIGUSR1, SaFlags::empty())?;
        assert_errno!(any_child(0), EINTR);
        assert_eq!(handled(Known::SIGUSR1), 1);
        assert_eq!(child.kill()?, Ended::Killed { by: Signal(libc::SIGKILL), core: false });
        Ok(())
    })?;
    waiter.wait_until_blocked_in(call)?;
    waiter.signal(Known::SIGUSR1)?;
    waiter.join()
}

#[harness::errors(
    family = "invalid-flag",
    rows = [
        ("wait.invalid-options/waitpid", "errors:wait.waitpid.EINVAL", |options| waitpid(-1, options)),
        ("wait.invalid-options/wait3", "errors:wait.wait3.EINVAL", |options| wait3(options).map(of_child)),
        ("wait.invalid-options/wait4", "errors:wait.wait4.EINVAL", |options| wait4(-1, options).map(of_child)),
        ("wait.invalid-options/waitid", "errors:wait.waitid.EINVAL", |options| waitid(Selector::All, options).map(as_waitpid)),
    ],
    layers = [libc, raw],
)]
fn undefined_options_are_refused(any_child: AnyChild) -> TestResult {
    const UNDEFINED: i32 = 1 << 22;
    let child = fork(|| -> TestResult { exit(7) })?;
    child.wait_until_zombie();
    assert_errno!(any_child(UNDEFINED), EINVAL);
    assert_errno!(any_child(UNDEFINED | WNOHANG), EINVAL);
    assert_eq!(child.wait()?, Ended::Exited(7));
    Ok(())
}

#[rstest]
#[case::none(0)]
#[case::wnohang(WNOHANG)]
#[case::wnowait(libc::WNOWAIT)]
/// waitid fails with EINVAL when options have none of WEXITED, WSTOPPED and WCONTINUED, and leaves the child as it was.
#[harness::test(
    id = "wait.waitid-no-kind",
    cite = [man("wait.2", "ERRORS", "EINVAL"), man("wait.2", "waitid()"), posix("waitid.3p", "ERRORS", "EINVAL")],
    covers = ["errors:wait.waitid.EINVAL", "behaviours:wait.waitid-wexited-required"],
    layers = [libc, raw],
)]
fn waitid_needs_a_kind_of_change(#[case] options: i32) -> TestResult {
    let child = fork(|| -> TestResult { exit(7) })?;
    child.wait_until_zombie();
    assert_errno!(waitid(Selector::All, options), EINVAL);
    let exited = change(child.pid(), libc::CLD_EXITED, 7);
    assert_eq!(waitid(Selector::All, options | WEXITED | WSTOPPED), Ok(Some(exited)));
    if options == libc::WNOWAIT {
        assert_eq!(waitid(Selector::All, WEXITED), Ok(Some(exited)));
    }
    assert_errno!(waitid(Selector::All, WEXITED), ECHILD);
    child.let_go();
    Ok(())
}

#[rstest]
#[case::waitpid(|| waitpid(i32::MIN, WNOHANG))]
#[case::wait4(|| wait4(i32::MIN, WNOHANG).map(of_child))]
/// waitpid and wait4 fail with ESRCH when pid is INT_MIN, which is no group's negative, whether or not there are children.
#[harness::test(
    id = "wait.pid-int-min",
    cite = [man("wait.2", "ERRORS", "ESRCH"), man("wait4.2", "ERRORS")],
    covers = ["errors:wait.waitpid.ESRCH", "errors:wait.wait4.ESRCH"],
    layers = [libc, raw],
)]
fn int_min_is_no_group(#[case] wait_for: fn() -> Taken) -> TestResult {
    assert_errno!(wait_for(), ESRCH);
    let child = fork(|| -> TestResult { exit(7) })?;
    child.wait_until_zombie();
    assert_errno!(wait_for(), ESRCH);
    assert_eq!(child.wait()?, Ended::Exited(7));
    Ok(())
}
