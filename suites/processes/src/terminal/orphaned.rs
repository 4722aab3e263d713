//! A background process group that nobody would continue: its calls fail, and do not stop it.

use super::{lead, no_attributes};
use calls::signals::SignalSet;
use kit::disposition::{block_all, ignore, pending};
use kit::needs::PTY;
use kit::prelude::*;
use kit::pty::Pty;
use libc::{SIGTTIN, TCIFLUSH, TCION, TCSANOW};
use nix::sys::signal::Signal as Known;
use nix::sys::termios::LocalFlags;
use nix::unistd::setsid;

/// Runs this in an orphaned background process group of a session that has a terminal: its parent is in another session.
fn orphaned(body: impl Fn(&Pty) -> TestResult) -> TestResult {
    lead(|pty| {
        pty.change(|settings| settings.local_flags.insert(LocalFlags::TOSTOP))?;
        let parent = fork(|| -> TestResult {
            let go = Latch::new()?;
            let orphan = fork(|| -> TestResult {
                lead_group()?;
                go.wait_for(1);
                body(pty)
            })?;
            orphan.wait_until_blocked_in(calls::FUTEX)?;
            setsid()?;
            go.arrive();
            orphan.join()
        })?;
        parent.join()
    })
}

/// Something that a background process group does with its terminal.
type Use = fn(&Fd) -> Result<()>;

#[harness::errors(
    family = "orphaned-background",
    rows = [
        ("terminal.orphaned/read", "errors:terminal.read.EIO.2", |terminal| read(terminal, &mut [0]).map(drop)),
        ("terminal.orphaned/write", "errors:terminal.write.EIO", |terminal| write(terminal, b"x").map(drop)),
        ("terminal.orphaned/tcflow", "errors:terminal.tcflow.EIO", |terminal| tcflow(terminal, TCION)),
        ("terminal.orphaned/tcflush", "errors:terminal.tcflush.EIO", |terminal| tcflush(terminal, TCIFLUSH)),
        ("terminal.orphaned/tcdrain", "errors:terminal.tcdrain.EIO", |terminal| tcdrain(terminal)),
        ("terminal.orphaned/tcsendbreak", "errors:terminal.tcsendbreak.EIO", |terminal| tcsendbreak(terminal)),
    ],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn an_orphaned_group_is_refused(attempt: Use) -> TestResult {
    orphaned(|pty| {
        let foreground = tcgetpgrp(&pty.terminal)?;
        assert_errno!(attempt(&pty.terminal), EIO);
        assert_eq!(tcgetpgrp(&pty.terminal), Ok(foreground));
        assert_eq!(pending(), Ok(vec![]));
        Ok(())
    })
}

#[harness::errors(
    family = "orphaned-background",
    rows = [(
        "terminal.orphaned-attributes",
        "errors:terminal.tcsetattr.EIO",
        |terminal| tcsetattr(terminal, TCSANOW, &no_attributes()),
    )],
    needs = [PTY],
    layers = [libc, nix],
)]
fn an_orphaned_group_sets_no_attributes(attempt: Use) -> TestResult {
    orphaned(|pty| {
        assert_errno!(attempt(&pty.terminal), EIO);
        let attributes = pty.terminal.lend(|terminal| nix::sys::termios::tcgetattr(terminal))?;
        assert!(attributes.local_flags.contains(LocalFlags::TOSTOP | LocalFlags::ISIG));
        Ok(())
    })
}

/// tcsetpgrp by a process of an orphaned background process group fails, with ENOTTY on Linux and with EIO in POSIX, and leaves the
/// foreground as it is.
#[harness::test(
    id = "terminal.orphaned-foreground",
    cite = [kernel("drivers/tty/tty_jobctrl.c", "tiocspgrp", "6.18"), posix("tcsetpgrp.3p", "ERRORS", "EIO")],
    covers = ["errors:terminal.tcsetpgrp.ENOTTY.3"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn an_orphaned_group_sets_no_foreground() -> TestResult {
    orphaned(|pty| {
        let foreground = tcgetpgrp(&pty.terminal)?;
        assert_errno!(tcsetpgrp(&pty.terminal, own_pid()), ENOTTY | EIO);
        assert_eq!(tcgetpgrp(&pty.terminal), Ok(foreground));
        assert_eq!(pending(), Ok(vec![]));
        Ok(())
    })
}

#[rstest]
#[case::blocked(|| block_all(SignalSet::of([SIGTTIN])))]
#[case::ignored(|| ignore(Known::SIGTTIN))]
/// A read from its controlling terminal by a process in the background that blocks or ignores SIGTTIN fails with EIO, sends no signal,
/// and takes no input.
#[harness::test(
    id = "terminal.background-read",
    cite = [posix("read.3p", "ERRORS", "EIO"), man("read.2", "ERRORS", "EIO")],
    covers = ["errors:terminal.read.EIO"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn a_read_in_the_background_without_sigttin_fails(#[case] setup: fn() -> TestResult) -> TestResult {
    lead(|pty| {
        pty.type_in("a\n")?;
        let background = super::members(|| {
            setup()?;
            assert_errno!(read(&pty.terminal, &mut [0]), EIO);
            assert_eq!(pending(), Ok(vec![]));
            Ok(())
        })?;
        background.into_iter().try_for_each(Child::join)?;
        assert_eq!(read_bytes(&pty.terminal, 9), Ok("a\n".into()));
        Ok(())
    })
}
