//! Children that end.

use kit::disposition::{log, logged};
use kit::prelude::*;
use libc::{CLD_EXITED, CLD_KILLED, SIGCHLD, SIGKILL, WNOHANG};

#[rstest]
#[case::blocking(0)]
#[case::nonblocking(WNOHANG)]
/// waitpid returns at once the pid and the status of a child that has ended, with WNOHANG and without, and frees its pid:
/// after that it fails with ECHILD.
#[harness::test(
    id = "wait.ended-at-once",
    cite = [posix("wait.3p", "DESCRIPTION"), man("wait.2", "DESCRIPTION"), man("wait.2", "ERRORS", "ECHILD")],
    covers = ["behaviours:wait.already-dead-immediate", "behaviours:wait.reaps-zombie", "errors:wait.waitpid.ECHILD"],
    layers = [libc, nix, raw],
)]
fn a_child_that_has_ended_is_returned_at_once(#[case] options: i32) -> TestResult {
    let child = fork(|| -> TestResult { exit(7) })?;
    child.wait_until_zombie();
    assert_eq!(waitpid(child.pid(), options), Ok(Some((child.pid(), Ended::Exited(7)))));
    assert_errno!(waitpid(child.pid(), options), ECHILD);
    assert_errno!(kill(child.pid(), 0), ESRCH);
    child.let_go();
    Ok(())
}

/// waitpid with WNOHANG returns 0 while the child runs, and the child once it has ended.
#[harness::test(
    id = "wait.wnohang-running",
    cite = [posix("wait.3p", "RETURN VALUE"), man("wait.2", "RETURN VALUE")],
    covers = ["behaviours:wait.wnohang-zero"],
    layers = [libc, nix, raw],
)]
fn wnohang_returns_0_while_the_child_runs() -> TestResult {
    let (reader, writer) = pipe()?;
    let child = fork(|| -> TestResult {
        writer.close();
        assert_eq!(read_bytes(&reader, 1), Ok("".into()));
        exit(7)
    })?;
    assert_eq!(waitpid(child.pid(), WNOHANG), Ok(None));
    child.wait_until_blocked_in(calls::READ)?;
    assert_eq!(waitpid(child.pid(), WNOHANG), Ok(None));
    drop(writer);
    child.wait_until_zombie();
    assert_eq!(waitpid(child.pid(), WNOHANG), Ok(Some((child.pid(), Ended::Exited(7)))));
    child.let_go();
    Ok(())
}

#[rstest]
#[case::by_exit(Ended::Exited(7), CLD_EXITED, 7)]
#[case::by_sigkill(Ended::Killed { by: Signal(SIGKILL), core: false }, CLD_KILLED, SIGKILL)]
/// The end of a child sends its parent SIGCHLD, with the child's pid, and its exit code or the signal that killed it.
#[harness::test(
    id = "wait.sigchld-at-end",
    cite = [
        posix("XSH", "2.4.3 Signal Actions"),
        man("fork.2", "DESCRIPTION"),
        man("sigaction.2", "The siginfo_t argument to a SA_SIGINFO handler"),
        man("sigaction.2", "The si_code field", "CLD_EXITED"),
        man("sigaction.2", "The si_code field", "CLD_KILLED"),
    ],
    covers = ["behaviours:wait.sigchld-on-exit", "behaviours:fork.term-signal-sigchld"],
)]
fn the_end_of_a_child_sends_sigchld(#[case] end: Ended, #[case] code: i32, #[case] status: i32) -> TestResult {
    log(SIGCHLD, 0)?;
    let child = fork(|| match end {
        Ended::Exited(code) => exit(code),
        _ => assert_eq!(kill(own_pid(), SIGKILL), Ok(())),
    })?;
    child.wait_until_zombie();
    // A signal that is pending when a call returns is handled before that.
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), end))));
    let told: Vec<_> = logged().iter().map(|info| (info.signal, info.code, info.sender(), info.status())).collect();
    assert_eq!(told, [(SIGCHLD, code, (child.pid(), nix::unistd::getuid().as_raw()), status)]);
    child.let_go();
    Ok(())
}
