//! Packet mode: what the master is told of the slave.

use super::no_echo;
use kit::needs::PTY;
use kit::prelude::*;
use kit::pty::Pty;
use libc::{TCIFLUSH, TCIOFLUSH, TCOFLUSH, TCOOFF, TCOON};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::termios::InputFlags;

/// Bits of the control byte: asm-generic/ioctls.h.
const FLUSH_READ: u8 = 1;
const FLUSH_WRITE: u8 = 2;
const STOP: u8 = 4;
const START: u8 = 8;
const NO_STOP: u8 = 16;
const DO_STOP: u8 = 32;

/// A raw terminal in packet mode.
fn in_packet_mode() -> TestResult<Pty> {
    let pty = Pty::new(24, 80)?;
    pty.make_raw()?;
    calls::for_layers::libc_raw::set_packet_mode(&pty.screen, true)?;
    Ok(pty)
}

/// A packet of one byte.
fn control(byte: u8) -> Result<Bytes> {
    Ok(Bytes(vec![byte]))
}

/// In packet mode a read from the master returns a zero byte and then what was written to the slave; without it, as before, the
/// data alone. TIOCGPKT tells the mode.
#[harness::test(
    id = "terminal.packet-data",
    cite = [man("TIOCPKT.2const", "DESCRIPTION", "TIOCPKT"), man("TIOCPKT.2const", "DESCRIPTION", "TIOCGPKT")],
    covers = ["behaviours:tty.pkt-data", "behaviours:tty.pkt-get"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn a_zero_byte_precedes_data() -> TestResult {
    let pty = Pty::new(24, 80)?;
    pty.make_raw()?;
    for (on, told, read) in [(false, false, "abc"), (true, true, "\0abc"), (false, false, "abc")] {
        assert_eq!(set_packet_mode(&pty.screen, on), Ok(()));
        assert_eq!(packet_mode(&pty.screen).map(|on| on != 0), Ok(told));
        assert_eq!(write(&pty.terminal, b"abc"), Ok(3));
        assert_eq!(read_bytes(&pty.screen, 9), Ok(read.into()));
    }
    Ok(())
}

#[rstest]
#[case::input(TCIFLUSH, FLUSH_READ)]
#[case::output(TCOFLUSH, FLUSH_WRITE)]
#[case::both(TCIOFLUSH, FLUSH_READ | FLUSH_WRITE)]
/// In packet mode tcflush of the slave is read from the master as a control byte that says which queues were flushed, and data after
/// it.
#[harness::test(
    id = "terminal.packet-flush",
    cite = [man("TIOCPKT.2const", "DESCRIPTION", "TIOCPKT_FLUSHREAD"), man("TIOCPKT.2const", "DESCRIPTION", "TIOCPKT_FLUSHWRITE")],
    covers = ["behaviours:tty.pkt-flush"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn a_flush_is_a_control_byte(#[case] queue: i32, #[case] byte: u8) -> TestResult {
    let pty = in_packet_mode()?;
    assert_eq!(tcflush(&pty.terminal, queue), Ok(()));
    assert_eq!(read_bytes(&pty.screen, 9), control(byte));
    assert_eq!(write(&pty.terminal, b"x"), Ok(1));
    assert_eq!(read_bytes(&pty.screen, 9), Ok("\0x".into()));
    Ok(())
}

/// In packet mode stopping the output of the slave and restarting it are read from the master as control bytes.
#[harness::test(
    id = "terminal.packet-stop",
    cite = [man("TIOCPKT.2const", "DESCRIPTION", "TIOCPKT_STOP"), man("TIOCPKT.2const", "DESCRIPTION", "TIOCPKT_START")],
    covers = ["behaviours:tty.pkt-stop"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn a_stop_is_a_control_byte() -> TestResult {
    let pty = in_packet_mode()?;
    for _ in 0..2 {
        assert_eq!(tcflow(&pty.terminal, TCOOFF), Ok(()));
        assert_eq!(read_bytes(&pty.screen, 9), control(STOP));
        assert_eq!(tcflow(&pty.terminal, TCOON), Ok(()));
        assert_eq!(read_bytes(&pty.screen, 9), control(START));
    }
    Ok(())
}

/// In packet mode the master is told by a control byte that the slave has set or cleared IXON.
#[harness::test(
    id = "terminal.packet-ixon",
    cite = [man("TIOCPKT.2const", "DESCRIPTION", "TIOCPKT_DOSTOP"), man("TIOCPKT.2const", "DESCRIPTION", "TIOCPKT_NOSTOP")],
    covers = ["behaviours:tty.pkt-dostop"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn a_change_of_ixon_is_a_control_byte() -> TestResult {
    let pty = in_packet_mode()?;
    for (ixon, byte) in [(true, DO_STOP), (false, NO_STOP), (true, DO_STOP)] {
        pty.change(|settings| {
            no_echo(settings);
            settings.input_flags.set(InputFlags::IXON, ixon);
        })?;
        assert_eq!(read_bytes(&pty.screen, 9), control(byte));
    }
    Ok(())
}

/// In packet mode a control byte that can be read is POLLPRI for poll, and data is not.
#[harness::test(
    id = "terminal.packet-poll",
    cite = [man("TIOCPKT.2const", "DESCRIPTION", "TIOCPKT")],
    covers = ["behaviours:tty.pkt-poll"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn a_control_byte_is_an_exceptional_condition() -> TestResult {
    let pty = in_packet_mode()?;
    let events = || {
        pty.screen.lend(|screen| {
            let mut polled = [PollFd::new(screen, PollFlags::POLLIN | PollFlags::POLLPRI)];
            let ready = nix::poll::poll(&mut polled, PollTimeout::ZERO)?;
            Ok::<_, Errno>((ready, polled[0].revents()))
        })
    };
    assert_eq!(events(), Ok((0, Some(PollFlags::empty()))));
    assert_eq!(tcflow(&pty.terminal, TCOOFF), Ok(()));
    assert_eq!(events(), Ok((1, Some(PollFlags::POLLIN | PollFlags::POLLPRI))));
    assert_eq!(read_bytes(&pty.screen, 9), control(STOP));
    assert_eq!(events(), Ok((0, Some(PollFlags::empty()))));
    assert_eq!(tcflow(&pty.terminal, TCOON), Ok(()));
    assert_eq!(read_bytes(&pty.screen, 9), control(START));
    assert_eq!(write(&pty.terminal, b"x"), Ok(1));
    super::wait_until_readable(&pty.screen)?;
    assert_eq!(events(), Ok((1, Some(PollFlags::POLLIN))));
    assert_eq!(read_bytes(&pty.screen, 9), Ok("\0x".into()));
    Ok(())
}
