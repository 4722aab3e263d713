//! A pseudoterminal as a channel between processes.

use super::{no_echo, path_of};
use kit::needs::PTY;
use kit::prelude::*;
use kit::pty::Pty;
use libc::{O_NOCTTY, O_RDWR};

/// What is written to one end of a raw pseudoterminal is read from the other end, each byte as it is, in its order, and from no other
/// pseudoterminal.
#[harness::test(
    id = "terminal.both-ways",
    cite = [man("pty.7", "DESCRIPTION")],
    covers = ["behaviours:tty.pty-both-ways"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn bytes_pass_both_ways() -> TestResult {
    let (pty, other) = (Pty::new(24, 80)?, Pty::new(24, 80)?);
    pty.make_raw()?;
    other.make_raw()?;
    let all: Vec<u8> = (0..=255).collect();
    for (from, to) in [(&pty.screen, &pty.terminal), (&pty.terminal, &pty.screen)] {
        let reader = fork(|| -> TestResult {
            assert_eq!(read_exactly(to, 256)?, Bytes(all.clone()));
            Ok(())
        })?;
        assert_eq!(write(from, &all), Ok(256));
        reader.join()?;
        assert_eq!([from, to].map(unread), [Ok(0), Ok(0)]);
    }
    assert_eq!([&other.screen, &other.terminal].map(unread), [Ok(0), Ok(0)]);
    Ok(())
}

/// In canonical mode a read waits until a line is complete, and returns one line at most; a longer line is returned in parts.
#[harness::test(
    id = "terminal.lines",
    cite = [posix("XBD", "11.1.6 Canonical Mode Input Processing"), man("termios.3", "Canonical and noncanonical mode")],
    covers = ["behaviours:tty.canonical-lines"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn a_read_returns_a_line() -> TestResult {
    let pty = Pty::new(24, 80)?;
    pty.change(no_echo)?;
    let reader = fork(|| -> TestResult {
        assert_eq!(read_bytes(&pty.terminal, 99), Ok("one\n".into()));
        Ok(())
    })?;
    pty.type_in("on")?;
    reader.assert_blocked_in(calls::READ);
    pty.type_in("e\ntwo\nlonger\n")?;
    reader.join()?;
    assert_eq!(read_bytes(&pty.terminal, 99), Ok("two\n".into()));
    assert_eq!(read_bytes(&pty.terminal, 3), Ok("lon".into()));
    assert_eq!(read_bytes(&pty.terminal, 99), Ok("ger\n".into()));
    Ok(())
}

/// The EOF character makes a read return what was typed before it in the line; at the beginning of a line the read returns 0. It is
/// not read, and the terminal can be read afterwards.
#[harness::test(
    id = "terminal.eof-character",
    cite = [posix("XBD", "11.1.9 Special Characters"), man("termios.3", "The termios structure", "VEOF")],
    covers = ["behaviours:tty.eof-character"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn the_eof_character_ends_a_read() -> TestResult {
    let pty = Pty::new(24, 80)?;
    pty.change(no_echo)?;
    pty.type_in("ab\x04\x04c\n")?;
    for read in ["ab", "", "c\n"] {
        assert_eq!(read_bytes(&pty.terminal, 9), Ok(read.into()));
    }
    let reader = fork(|| -> TestResult {
        assert_eq!(read_bytes(&pty.terminal, 9), Ok("".into()));
        Ok(())
    })?;
    reader.assert_blocked_in(calls::READ);
    pty.type_in("\x04")?;
    reader.join()
}

/// The path from ptsname_r opens the slave of the master, and of no other master.
#[harness::test(
    id = "terminal.ptsname",
    cite = [posix("ptsname.3p", "DESCRIPTION"), man("ptsname.3", "DESCRIPTION")],
    covers = ["behaviours:tty.ptsname"],
    needs = [PTY],
    layers = [libc],
)]
fn ptsname_is_the_path_of_the_slave() -> TestResult {
    let ptys = [Pty::new(24, 80)?, Pty::new(24, 80)?];
    for (pty, text) in ptys.iter().zip([b"one", b"two"]) {
        let mut path = assert_ok!(ptsname(&pty.screen, 64));
        assert_eq!(path.pop(), Some(0));
        let slave = assert_ok!(open(String::from_utf8_lossy(&path).as_ref(), O_RDWR | O_NOCTTY));
        assert_eq!(write(&slave, text), Ok(3));
        assert_eq!(object_of(&slave), object_of(&pty.terminal));
    }
    for (pty, text) in ptys.iter().zip(["one", "two"]) {
        assert_eq!(read_bytes(&pty.screen, 9), Ok(text.into()));
    }
    Ok(())
}

/// ptsname_r fails with ERANGE if the buffer is too short for the path and the NUL at its end, and succeeds if it is just long enough.
#[harness::test(
    id = "terminal.ptsname-short",
    cite = [man("ptsname.3", "ERRORS", "ERANGE")],
    covers = ["errors:terminal.ptsname_r.ERANGE"],
    needs = [PTY],
    layers = [libc],
)]
fn ptsname_needs_room_for_the_path() -> TestResult {
    let pty = Pty::new(24, 80)?;
    let path = path_of(&pty)?;
    assert_errno!(ptsname(&pty.screen, path.len()), ERANGE);
    assert_eq!(ptsname(&pty.screen, path.len() + 1), Ok(format!("{path}\0").into_bytes()));
    Ok(())
}

/// ptsname_r fails with ENOTTY if the descriptor is not a master: of a pipe, and of a slave.
#[harness::test(
    id = "terminal.ptsname-no-master",
    cite = [man("ptsname.3", "ERRORS", "ENOTTY")],
    covers = ["errors:terminal.ptsname_r.ENOTTY"],
    needs = [PTY],
    layers = [libc],
)]
fn only_a_master_has_a_slave() -> TestResult {
    let (pty, (reader, _writer)) = (Pty::new(24, 80)?, pipe()?);
    assert_errno!(ptsname(&reader, 64), ENOTTY);
    assert_errno!(ptsname(&pty.terminal, 64), ENOTTY);
    Ok(())
}

/// TIOCGPTPEER opens the slave of a master: what is written to it is read from that master.
#[harness::test(
    id = "terminal.gptpeer",
    cite = [man("TIOCPKT.2const", "DESCRIPTION", "TIOCGPTPEER")],
    covers = ["behaviours:tty.gptpeer"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn a_master_opens_its_slave() -> TestResult {
    let (other, pty) = (Pty::new(24, 80)?, Pty::new(24, 80)?);
    let slave = assert_ok!(open_peer(&pty.screen, O_RDWR | O_NOCTTY));
    assert_eq!(write(&slave, b"x"), Ok(1));
    assert_eq!(read_bytes(&pty.screen, 9), Ok("x".into()));
    assert_eq!(object_of(&slave), object_of(&pty.terminal));
    assert_eq!(unread(&other.screen), Ok(0));
    Ok(())
}
