//! Exclusive mode, locked slaves, and input that was not typed.

use super::{job, lead, no_echo, path_of, to_foreground};
use crate::needs::TIOCSTI;
use harness::need::ROOT;
use kit::needs::PTY;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::pty::Pty;
use libc::{O_NOCTTY, O_RDWR, SIGINT};

/// In exclusive mode a process without CAP_SYS_ADMIN cannot open the terminal: open fails with EBUSY. TIOCNXCL ends the mode, and
/// TIOCGEXCL tells whether it is on.
#[harness::test(
    id = "terminal.exclusive",
    cite = [man("TIOCEXCL.2const", "DESCRIPTION", "TIOCEXCL"), man("TIOCEXCL.2const", "DESCRIPTION", "TIOCNXCL"), man("TIOCEXCL.2const", "DESCRIPTION", "TIOCGEXCL")],
    covers = ["errors:terminal.open.EBUSY", "behaviours:tty.exclusive", "behaviours:tty.exclusive-get"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn an_exclusive_terminal_is_not_opened() -> TestResult {
    let pty = Pty::new(24, 80)?;
    let path = path_of(&pty)?;
    let opener = fork(|| -> TestResult {
        drop_capabilities()?;
        assert_eq!(exclusive(&pty.terminal), Ok(0));
        assert_eq!(set_exclusive(&pty.terminal, true), Ok(()));
        assert_matches!(exclusive(&pty.terminal), Ok(1..));
        assert_errno!(open(&path, O_RDWR | O_NOCTTY), EBUSY);
        assert_eq!(set_exclusive(&pty.terminal, false), Ok(()));
        assert_eq!(exclusive(&pty.terminal), Ok(0));
        let opened = assert_ok!(open(&path, O_RDWR | O_NOCTTY));
        assert_eq!(write(&opened, b"x"), Ok(1));
        assert_eq!(read_bytes(&pty.screen, 9), Ok("x".into()));
        Ok(())
    })?;
    opener.join()
}

/// A process with CAP_SYS_ADMIN opens a terminal that is in exclusive mode.
#[harness::test(
    id = "terminal.exclusive-privileged",
    cite = [man("TIOCEXCL.2const", "DESCRIPTION", "TIOCEXCL")],
    covers = ["behaviours:tty.exclusive-privileged"],
    needs = [PTY, ROOT],
    layers = [libc, raw],
)]
fn a_privileged_process_opens_an_exclusive_terminal() -> TestResult {
    let pty = Pty::new(24, 80)?;
    pty.make_raw()?;
    assert_eq!(set_exclusive(&pty.terminal, true), Ok(()));
    assert_matches!(exclusive(&pty.terminal), Ok(1..));
    let path = path_of(&pty)?;
    let opened = assert_ok!(open(path, O_RDWR | O_NOCTTY));
    assert_eq!(write(&opened, b"x"), Ok(1));
    assert_eq!(read_bytes(&pty.screen, 9), Ok("x".into()));
    Ok(())
}

/// A locked slave cannot be opened by its path, which fails with EIO; unlocked it can.
#[harness::test(
    id = "terminal.locked",
    cite = [kernel("drivers/tty/pty.c", "pty_open", "6.18"), man("TIOCPKT.2const", "DESCRIPTION", "TIOCSPTLCK")],
    covers = ["errors:terminal.open.EIO"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn a_locked_slave_is_not_opened() -> TestResult {
    let pty = Pty::new(24, 80)?;
    let path = path_of(&pty)?;
    for _ in 0..2 {
        assert_eq!(lock_slave(&pty.screen, true), Ok(()));
        assert_errno!(open(&path, O_RDWR | O_NOCTTY), EIO);
        assert_eq!(lock_slave(&pty.screen, false), Ok(()));
        let opened = assert_ok!(open(&path, O_RDWR | O_NOCTTY));
        assert_eq!(write(&opened, b"x"), Ok(1));
        assert_eq!(read_bytes(&pty.screen, 9), Ok("x".into()));
    }
    Ok(())
}

/// Bytes that TIOCSTI inserts are read from the terminal as if they were typed.
#[harness::test(
    id = "terminal.inserted-input",
    cite = [man("TIOCSTI.2const", "DESCRIPTION")],
    covers = ["behaviours:tty.sti"],
    needs = [PTY, TIOCSTI],
    layers = [libc, raw],
)]
fn inserted_bytes_are_read() -> TestResult {
    lead(|pty| {
        pty.change(no_echo)?;
        for byte in *b"ab\n" {
            assert_eq!(insert_input(&pty.terminal, byte), Ok(()));
        }
        assert_eq!(read_bytes(&pty.terminal, 9), Ok("ab\n".into()));
        Ok(())
    })
}

/// The INTR character that TIOCSTI inserts sends SIGINT to each process of the foreground process group.
#[harness::test(
    id = "terminal.inserted-signal",
    cite = [man("TIOCSTI.2const", "DESCRIPTION"), posix("termios.h.0p", "Local Modes", "ISIG")],
    covers = ["behaviours:tty.sti-signals"],
    needs = [PTY, TIOCSTI],
    layers = [libc, raw],
)]
fn an_inserted_character_sends_a_signal() -> TestResult {
    lead(|pty| {
        let (foreground, background) = (job(|| Ok(()))?, job(|| Ok(()))?);
        to_foreground(pty, &foreground[0])?;
        kit::disposition::ignore(nix::sys::signal::Signal::SIGTTOU)?;
        assert_eq!(insert_input(&pty.terminal, 3), Ok(()));
        for child in &foreground {
            assert_eq!(child.wait()?, Ended::Killed { by: Signal(SIGINT), core: false });
        }
        background.iter().for_each(|child| child.assert_blocked_in(calls::PAUSE));
        Ok(())
    })
}

/// TIOCSTI fails with EPERM for a terminal that is not the controlling terminal of the caller, which has no CAP_SYS_ADMIN; nothing
/// is inserted.
#[harness::test(
    id = "terminal.inserted-elsewhere",
    cite = [man("TIOCSTI.2const", "ERRORS", "EPERM")],
    covers = ["errors:terminal.ioctl(TIOCSTI).EPERM"],
    needs = [PTY, TIOCSTI],
    layers = [libc, raw],
)]
fn nothing_is_inserted_into_another_terminal() -> TestResult {
    let pty = Pty::new(24, 80)?;
    pty.make_raw()?;
    let other = fork(|| -> TestResult {
        drop_capabilities()?;
        assert_errno!(insert_input(&pty.terminal, b'x'), EPERM);
        Ok(())
    })?;
    other.join()?;
    assert_eq!(unread(&pty.terminal), Ok(0));
    Ok(())
}
