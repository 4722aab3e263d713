//! Output that is stopped and restarted, and input that is discarded.

use super::no_echo;
use kit::needs::PTY;
use kit::prelude::*;
use kit::pty::Pty;
use libc::{TCIFLUSH, TCOOFF, TCOON};
use nix::sys::termios::InputFlags;

/// A terminal without echo, with IXON and IXANY or not.
fn terminal(flow: InputFlags) -> TestResult<Pty> {
    let pty = Pty::new(24, 80)?;
    pty.change(|settings| {
        no_echo(settings);
        settings.input_flags.remove(InputFlags::IXON | InputFlags::IXANY);
        settings.input_flags.insert(flow);
    })?;
    Ok(pty)
}

/// With IXON the stop character makes writes to the terminal wait until the start character is typed; neither is read as input.
#[harness::test(
    id = "terminal.flow-characters",
    cite = [posix("termios.h.0p", "Input Modes", "IXON"), posix("XBD", "11.1.9 Special Characters"), man("termios.3", "The termios structure", "IXON")],
    covers = ["behaviours:tty.flow-characters"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn the_stop_character_stops_output() -> TestResult {
    let pty = terminal(InputFlags::IXON)?;
    // What is typed is taken in its order: when the line is read, the character before it has acted.
    pty.type_in("\x13a\n")?;
    assert_eq!(read_bytes(&pty.terminal, 9), Ok("a\n".into()));
    let writers = [b"x", b"y"].map(|byte| {
        let pty = &pty;
        fork(move || assert_eq!(write(&pty.terminal, byte), Ok(1)))
    });
    let writers = writers.into_iter().collect::<TestResult<Vec<_>>>()?;
    writers.iter().for_each(|writer| writer.assert_blocked_in(calls::WRITE));
    pty.type_in("\x11b\n")?;
    writers.into_iter().try_for_each(Child::join)?;
    let mut shown = read_exactly(&pty.screen, 2)?.0;
    shown.sort_unstable();
    assert_eq!(shown, b"xy");
    assert_eq!(unread(&pty.screen), Ok(0));
    assert_eq!(read_bytes(&pty.terminal, 9), Ok("b\n".into()));
    Ok(())
}

/// Without IXON the stop and the start character are read as they are, and output goes on.
#[harness::test(
    id = "terminal.flow-off",
    cite = [posix("termios.h.0p", "Input Modes", "IXON"), man("termios.3", "The termios structure", "IXON")],
    covers = ["behaviours:tty.flow-off"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn without_ixon_the_characters_are_input() -> TestResult {
    let pty = terminal(InputFlags::empty())?;
    pty.type_in("\x13a\x11\n")?;
    assert_eq!(read_bytes(&pty.terminal, 9), Ok("\x13a\x11\n".into()));
    pty.type_in("\x13\n")?;
    assert_eq!(read_bytes(&pty.terminal, 9), Ok("\x13\n".into()));
    assert_eq!(write(&pty.terminal, b"x"), Ok(1));
    assert_eq!(read_bytes(&pty.screen, 9), Ok("x".into()));
    Ok(())
}

/// With IXANY any character restarts output that the stop character has stopped, and is read as input.
#[harness::test(
    id = "terminal.flow-any",
    cite = [posix("termios.h.0p", "Input Modes", "IXANY"), man("termios.3", "The termios structure", "IXANY")],
    covers = ["behaviours:tty.flow-any"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn with_ixany_any_character_restarts_output() -> TestResult {
    let pty = terminal(InputFlags::IXON | InputFlags::IXANY)?;
    // In packet mode the master is told when output has stopped, and when it restarts.
    set_packet_mode(&pty.screen, true)?;
    pty.type_in("\x13")?;
    assert_eq!(read_bytes(&pty.screen, 9), Ok((&[4][..]).into()));
    let writer = fork(|| assert_eq!(write(&pty.terminal, b"x"), Ok(1)))?;
    writer.assert_blocked_in(calls::WRITE);
    pty.type_in("q\n")?;
    writer.join()?;
    assert_eq!(read_bytes(&pty.screen, 9), Ok((&[8][..]).into()));
    assert_eq!(read_bytes(&pty.screen, 9), Ok("\0x".into()));
    assert_eq!(read_bytes(&pty.terminal, 9), Ok("q\n".into()));
    Ok(())
}

/// tcflow with TCOOFF makes writes to the terminal wait until tcflow with TCOON.
#[harness::test(
    id = "terminal.tcflow",
    cite = [posix("tcflow.3p", "DESCRIPTION"), man("termios.3", "Line control", "TCOOFF"), man("termios.3", "Line control", "TCOON")],
    covers = ["behaviours:tty.tcflow"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn tcflow_stops_and_restarts_output() -> TestResult {
    let pty = terminal(InputFlags::empty())?;
    assert_eq!(tcflow(&pty.terminal, TCOOFF), Ok(()));
    let writer = fork(|| assert_eq!(write(&pty.terminal, b"x"), Ok(1)))?;
    writer.assert_blocked_in(calls::WRITE);
    assert_eq!(tcflow(&pty.terminal, TCOON), Ok(()));
    writer.join()?;
    assert_eq!(read_bytes(&pty.screen, 9), Ok("x".into()));
    Ok(())
}

/// tcflush with TCIFLUSH discards a line that was typed and not read, and nothing that is typed later.
#[harness::test(
    id = "terminal.tcflush",
    cite = [posix("tcflush.3p", "DESCRIPTION"), man("termios.3", "Line control", "TCIFLUSH")],
    covers = ["behaviours:tty.flush-in"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn tcflush_discards_input() -> TestResult {
    let pty = terminal(InputFlags::empty())?;
    pty.type_in("lost\n")?;
    super::wait_until_readable(&pty.terminal)?;
    assert_eq!(tcflush(&pty.terminal, TCIFLUSH), Ok(()));
    assert_eq!(unread(&pty.terminal), Ok(0));
    pty.type_in("kept\n")?;
    assert_eq!(read_bytes(&pty.terminal, 99), Ok("kept\n".into()));
    Ok(())
}
