//! Questions about a terminal, and changes of it, that are refused.

use super::{job, lead, no_attributes};
use kit::needs::PTY;
use kit::prelude::*;
use kit::pty::Pty;
use libc::{TCIFLUSH, TCION, TCSANOW};

/// Asks for something of a terminal, or changes it.
type Ask = fn(i32) -> Result<()>;

#[harness::errors(
    family = "closed-descriptor",
    rows = [
        ("terminal.not-open/tcgetpgrp", "errors:terminal.tcgetpgrp.EBADF", |fd| tcgetpgrp(fd).map(drop)),
        ("terminal.not-open/tcsetpgrp", "errors:terminal.tcsetpgrp.EBADF", |fd| tcsetpgrp(fd, own_pid())),
        ("terminal.not-open/tcgetsid", "errors:terminal.tcgetsid.EBADF", |fd| tcgetsid(fd).map(drop)),
        ("terminal.not-open/tcflow", "errors:terminal.tcflow.EBADF", |fd| tcflow(fd, TCION)),
        ("terminal.not-open/tcflush", "errors:terminal.tcflush.EBADF", |fd| tcflush(fd, TCIFLUSH)),
        ("terminal.not-open/tcdrain", "errors:terminal.tcdrain.EBADF", tcdrain),
        ("terminal.not-open/tcsendbreak", "errors:terminal.tcsendbreak.EBADF", tcsendbreak),
    ],
    layers = [libc, raw],
)]
fn a_closed_descriptor_is_no_terminal(ask: Ask) -> TestResult {
    assert_errno!(ask(NOT_OPEN), EBADF);
    assert_errno!(ask(-1), EBADF);
    Ok(())
}

#[harness::errors(
    family = "closed-descriptor",
    rows = [
        ("terminal.not-open-attributes", "errors:terminal.tcsetattr.EBADF", |fd| tcsetattr(fd, TCSANOW, &no_attributes())),
    ],
    layers = [libc],
)]
fn a_closed_descriptor_has_no_attributes(ask: Ask) -> TestResult {
    assert_errno!(ask(NOT_OPEN), EBADF);
    assert_errno!(ask(-1), EBADF);
    Ok(())
}

/// As [`Ask`], of a file that is open.
type AskFile = fn(&Fd) -> Result<()>;

#[harness::errors(
    family = "wrong-type",
    rows = [
        ("terminal.not-a-terminal/tcgetpgrp", "errors:terminal.tcgetpgrp.ENOTTY", |fd| tcgetpgrp(fd).map(drop)),
        ("terminal.not-a-terminal/tcsetpgrp", "errors:terminal.tcsetpgrp.ENOTTY", |fd| tcsetpgrp(fd, own_pid())),
        ("terminal.not-a-terminal/tcgetsid", "errors:terminal.tcgetsid.ENOTTY", |fd| tcgetsid(fd).map(drop)),
        ("terminal.not-a-terminal/tcflow", "errors:terminal.tcflow.ENOTTY", |fd| tcflow(fd, TCION)),
        ("terminal.not-a-terminal/tcflush", "errors:terminal.tcflush.ENOTTY", |fd| tcflush(fd, TCIFLUSH)),
        ("terminal.not-a-terminal/tcdrain", "errors:terminal.tcdrain.ENOTTY", |fd| tcdrain(fd)),
        ("terminal.not-a-terminal/tcsendbreak", "errors:terminal.tcsendbreak.ENOTTY", |fd| tcsendbreak(fd)),
    ],
    layers = [libc, nix, raw],
)]
fn a_pipe_is_no_terminal(ask: AskFile) -> TestResult {
    let (reader, writer) = pipe()?;
    assert_errno!(ask(&reader), ENOTTY);
    assert_errno!(ask(&writer), ENOTTY);
    Ok(())
}

#[harness::errors(
    family = "wrong-type",
    rows = [
        ("terminal.not-a-terminal-attributes", "errors:terminal.tcsetattr.ENOTTY", |fd| tcsetattr(fd, TCSANOW, &no_attributes())),
    ],
    layers = [libc, nix],
)]
fn a_pipe_has_no_attributes_of_a_terminal(ask: AskFile) -> TestResult {
    let (reader, writer) = pipe()?;
    assert_errno!(ask(&reader), ENOTTY);
    assert_errno!(ask(&writer), ENOTTY);
    Ok(())
}

#[harness::errors(
    family = "wrong-type",
    rows = [
        ("terminal.not-a-master/tiocpkt", "errors:terminal.ioctl(TIOCPKT).ENOTTY", |fd| set_packet_mode(fd, true)),
        ("terminal.not-a-master/tiocgptpeer", "errors:terminal.ioctl(TIOCGPTPEER).ENOTTY", |fd| open_peer(fd, libc::O_RDWR).map(drop)),
    ],
    needs = [PTY],
    layers = [libc, raw],
)]
fn what_is_for_masters_is_refused_for_others(ask: AskFile) -> TestResult {
    let ((reader, _writer), pty) = (pipe()?, Pty::new(24, 80)?);
    assert_errno!(ask(&reader), ENOTTY);
    assert_errno!(ask(&pty.terminal), ENOTTY | EIO);
    Ok(())
}

#[rstest]
#[case::tcgetpgrp(|terminal: &Fd| tcgetpgrp(terminal).map(drop))]
#[case::tcsetpgrp(|terminal: &Fd| tcsetpgrp(terminal, own_pid()))]
#[case::tcgetsid(|terminal: &Fd| tcgetsid(terminal).map(drop))]
/// tcgetpgrp, tcsetpgrp and tcgetsid fail with ENOTTY for a terminal that is not the controlling terminal of the caller: it has none,
/// it has another, or it is that of another session.
#[harness::test(
    id = "terminal.not-controlling",
    cite = [posix("tcgetpgrp.3p", "ERRORS", "ENOTTY"), posix("tcsetpgrp.3p", "ERRORS", "ENOTTY"), posix("tcgetsid.3p", "ERRORS", "ENOTTY"), man("tcgetpgrp.3", "ERRORS", "ENOTTY"), man("tcgetsid.3", "ERRORS", "ENOTTY")],
    covers = ["errors:terminal.tcgetpgrp.ENOTTY.2", "errors:terminal.tcsetpgrp.ENOTTY.2", "errors:terminal.tcgetsid.ENOTTY.2"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn only_the_controlling_terminal_is_asked(#[case] ask: AskFile) -> TestResult {
    let other = Pty::new(24, 80)?;
    assert_errno!(ask(&other.terminal), ENOTTY);
    lead(|pty| {
        assert_errno!(ask(&other.terminal), ENOTTY);
        assert_eq!(ask(&pty.terminal), Ok(()));
        let elsewhere = fork(|| -> TestResult {
            nix::unistd::setsid()?;
            assert_errno!(ask(&pty.terminal), ENOTTY);
            Ok(())
        })?;
        elsewhere.join()?;
        assert_eq!(tcgetpgrp(&pty.terminal), Ok(own_pid()));
        Ok(())
    })
}

#[harness::errors(
    family = "invalid-id",
    rows = [("terminal.foreground-negative", "errors:terminal.tcsetpgrp.EINVAL", -1)],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn a_negative_group_is_refused(group: i32) -> TestResult {
    lead(|pty| {
        assert_errno!(tcsetpgrp(&pty.terminal, group), EINVAL);
        assert_eq!(tcgetpgrp(&pty.terminal), Ok(own_pid()));
        Ok(())
    })
}

/// tcsetpgrp fails with EPERM for a process group of another session, and the foreground stays.
#[harness::test(
    id = "terminal.foreground-elsewhere",
    cite = [posix("tcsetpgrp.3p", "ERRORS", "EPERM"), man("tcgetpgrp.3", "ERRORS", "EPERM")],
    covers = ["errors:terminal.tcsetpgrp.EPERM"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn a_group_of_another_session_is_refused() -> TestResult {
    lead(|pty| {
        let elsewhere = holder(|| Ok(nix::unistd::setsid()?))?;
        assert_errno!(tcsetpgrp(&pty.terminal, elsewhere.pid()), EPERM);
        assert_eq!(tcgetpgrp(&pty.terminal), Ok(own_pid()));
        Ok(())
    })
}

/// tcsetpgrp fails for a process group that has ended, with ESRCH on Linux and with EPERM in POSIX, and the foreground stays.
#[harness::test(
    id = "terminal.foreground-no-group",
    cite = [kernel("drivers/tty/tty_jobctrl.c", "tiocspgrp", "6.18"), posix("tcsetpgrp.3p", "ERRORS", "EPERM")],
    covers = ["errors:terminal.tcsetpgrp.ESRCH"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn a_group_that_has_ended_is_refused() -> TestResult {
    lead(|pty| {
        let ended = job(|| Ok(()))?;
        for child in &ended {
            child.kill()?;
        }
        assert_errno!(tcsetpgrp(&pty.terminal, ended[0].pid()), ESRCH | EPERM);
        assert_eq!(tcgetpgrp(&pty.terminal), Ok(own_pid()));
        Ok(())
    })
}

#[harness::errors(
    family = "invalid-command",
    rows = [
        ("terminal.no-such-action/tcflow", "errors:terminal.tcflow.EINVAL", |fd| tcflow(fd, 99)),
        ("terminal.no-such-action/tcflush", "errors:terminal.tcflush.EINVAL", |fd| tcflush(fd, 99)),
    ],
    needs = [PTY],
    layers = [libc, raw],
)]
fn an_action_that_is_none_is_refused(ask: AskFile) -> TestResult {
    let pty = Pty::new(24, 80)?;
    assert_errno!(ask(&pty.terminal), EINVAL);
    Ok(())
}
