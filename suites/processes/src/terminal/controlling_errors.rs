//! Controlling terminals that are refused.

use super::lead;
use kit::needs::PTY;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::pty::Pty;

/// TIOCSCTTY fails with EPERM for a process that leads no session, and it gets no controlling terminal.
#[harness::test(
    id = "terminal.sctty-no-leader",
    cite = [man("TIOCSCTTY.2const", "ERRORS", "EPERM"), man("TIOCSCTTY.2const", "DESCRIPTION", "TIOCSCTTY")],
    covers = ["errors:terminal.ioctl(TIOCSCTTY).EPERM"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn only_a_session_leader_gets_a_terminal() -> TestResult {
    let pty = Pty::new(24, 80)?;
    let member = fork(|| -> TestResult {
        assert_errno!(set_controlling_terminal(&pty.terminal, 0), EPERM);
        assert_errno!(tcgetsid(&pty.terminal), ENOTTY);
        Ok(())
    })?;
    member.join()
}

/// TIOCSCTTY fails with EPERM for a session leader that has another controlling terminal, and it keeps that; for the one that it has
/// TIOCSCTTY succeeds.
#[harness::test(
    id = "terminal.sctty-second",
    cite = [kernel("drivers/tty/tty_jobctrl.c", "tiocsctty", "6.18"), man("TIOCSCTTY.2const", "DESCRIPTION", "TIOCSCTTY")],
    covers = ["errors:terminal.ioctl(TIOCSCTTY).EPERM.2"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn a_session_has_one_terminal() -> TestResult {
    let other = Pty::new(24, 80)?;
    lead(|pty| {
        assert_errno!(set_controlling_terminal(&other.terminal, 0), EPERM);
        assert_errno!(tcgetsid(&other.terminal), ENOTTY);
        assert_eq!(set_controlling_terminal(&pty.terminal, 0), Ok(()));
        assert_eq!(tcgetsid(&pty.terminal), Ok(own_pid()));
        Ok(())
    })
}

#[rstest]
#[case::politely(0)]
#[case::by_force(1)]
/// TIOCSCTTY, whatever its argument, fails with EPERM for the controlling terminal of another session if the caller has no
/// CAP_SYS_ADMIN, and that session keeps it.
#[harness::test(
    id = "terminal.sctty-taken",
    cite = [man("TIOCSCTTY.2const", "ERRORS", "EPERM"), man("TIOCSCTTY.2const", "DESCRIPTION", "TIOCSCTTY")],
    covers = ["errors:terminal.ioctl(TIOCSCTTY).EPERM.3", "errors:terminal.ioctl(TIOCSCTTY).EPERM.4"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn a_terminal_has_one_session(#[case] steal: i32) -> TestResult {
    lead(|pty| {
        let leader = fork(|| -> TestResult {
            nix::unistd::setsid()?;
            drop_capabilities()?;
            assert_errno!(set_controlling_terminal(&pty.terminal, steal), EPERM);
            assert_errno!(tcgetsid(&pty.terminal), ENOTTY);
            Ok(())
        })?;
        leader.join()?;
        assert_eq!(tcgetsid(&pty.terminal), Ok(own_pid()));
        Ok(())
    })
}

/// TIOCNOTTY fails with ENOTTY for a terminal that is not the controlling terminal of the caller, which keeps its own.
#[harness::test(
    id = "terminal.notty-other",
    cite = [kernel("drivers/tty/tty_io.c", "tty_ioctl", "6.18")],
    covers = ["errors:terminal.ioctl(TIOCNOTTY).ENOTTY"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn another_terminal_is_not_given_up() -> TestResult {
    let other = Pty::new(24, 80)?;
    lead(|pty| {
        assert_errno!(give_up_terminal(&other.terminal), ENOTTY);
        assert_eq!(tcgetsid(&pty.terminal), Ok(own_pid()));
        Ok(())
    })
}
