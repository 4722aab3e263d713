//! Which signal is sent, when, and what it tells.

use super::{INPUT, POLL_IN, enable, signalling, take};
use calls::signals::{Info, SignalSet};
use kit::channel::{Channel, FIFO, PIPE, SOCKET_PAIR};
use kit::disposition::{block_all, log, logged};
use kit::needs::{PTY, UNIX_FILES};
use kit::prelude::*;
use kit::pty::Pty;
use libc::{SIG_BLOCK, SIGIO, SIGRTMIN, SIGUSR1};

fn signals() -> SignalSet {
    SignalSet::of([SIGIO, SIGUSR1, SIGRTMIN() + 1])
}

/// With O_ASYNC and an owner, input sends SIGIO; without O_ASYNC it sends nothing.
#[harness::test(
    rows = [
        ("signal-io.sigio/pipe", ["behaviours:sigio.default-sigio"], PIPE),
        ("signal-io.sigio/fifo", ["behaviours:sigio.default-sigio"], FIFO),
        ("signal-io.sigio/socket-pair", ["behaviours:sigio.default-sigio", "behaviours:sigio.sigio-unix-socket"], SOCKET_PAIR),
    ],
    cite = [man("fcntl.2", "Managing signals", "F_SETOWN")],
    needs = [UNIX_FILES],
    layers = [libc, raw],
)]
fn input_sends_sigio(channel: Channel) -> TestResult {
    block_all(signals())?;
    let (reader, writer) = channel.open()?;
    assert_eq!(set_owner_id(&reader, own_pid()), Ok(()));
    assert_eq!(owner_id(&reader), Ok(own_pid()));
    assert_eq!(write(&writer, b"a"), Ok(1));
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    enable(&reader, own_pid())?;
    assert_eq!(io_signal(&reader), Ok(0));
    for _ in 0..2 {
        assert_eq!(write(&writer, b"b"), Ok(1));
        assert_eq!(take(signals()).map(|(signal, _)| signal), Ok(SIGIO));
        assert_errno!(take(signals()), EAGAIN);
    }
    assert_eq!(set_flags(&reader, 0), Ok(0));
    assert_eq!(write(&writer, b"c"), Ok(1));
    assert_errno!(take(signals()), EAGAIN);
    assert_eq!(read_bytes(&reader, 9), Ok("abbc".into()));
    Ok(())
}

/// With F_SETSIG input sends that signal, be it SIGIO itself: its handler gets POLL_IN, the descriptor, and the events that poll
/// would show.
#[harness::test(
    rows = [
        ("signal-io.setsig/pipe", ["behaviours:sigio.setsig-rt-siginfo", "behaviours:sigio.sicode-pollin"], PIPE),
        ("signal-io.setsig/fifo", ["behaviours:sigio.setsig-rt-siginfo", "behaviours:sigio.sicode-pollin"], FIFO),
        (
            "signal-io.setsig/socket-pair", ["behaviours:sigio.setsig-rt-siginfo", "behaviours:sigio.sicode-pollin"],
            SOCKET_PAIR,
        ),
    ],
    cite = [man("fcntl.2", "Managing signals", "F_SETSIG"), man("sigaction.2", "The si_code field", "POLL_IN")],
    needs = [UNIX_FILES],
    layers = [libc, raw],
)]
fn a_chosen_signal_tells_of_input(channel: Channel) -> TestResult {
    let (reader, writer) = signalling(channel)?;
    for (number, signal) in [SIGUSR1, SIGIO, SIGRTMIN() + 1].into_iter().enumerate() {
        log(signal, 0)?;
        assert_eq!(set_io_signal(&reader, signal), Ok(()));
        assert_eq!(io_signal(&reader), Ok(signal));
        assert_eq!(write(&writer, b"x"), Ok(1));
        // An unblocked signal that a process with one thread sends itself is delivered before the call returns.
        let info = logged();
        assert_eq!(info.len(), number + 1);
        assert_eq!((info[number].signal, info[number].code), (signal, POLL_IN));
        assert_eq!(info[number].band(), (INPUT, reader.number()));
    }
    // The end of the channel is an event as well.
    set_flags(&reader, 0)?;
    assert_eq!(change_mask(SIG_BLOCK, None), Ok(SignalSet::EMPTY));
    assert_eq!(read_bytes(&reader, 9), Ok("xxx".into()));
    Ok(())
}

/// F_SETSIG of 0 restores SIGIO, and F_GETSIG then returns 0.
#[harness::test(
    id = "signal-io.setsig-zero",
    cite = [man("fcntl.2", "Managing signals", "F_SETSIG"), man("fcntl.2", "Managing signals", "F_GETSIG")],
    covers = ["behaviours:sigio.setsig-zero-default", "behaviours:sigio.getsig-reports"],
    layers = [libc, raw],
)]
fn zero_restores_sigio() -> TestResult {
    block_all(signals())?;
    let (reader, writer) = signalling(PIPE)?;
    let told = Some((POLL_IN, (INPUT, reader.number())));
    // No page says what SIGIO tells after 0.
    for (set, sent, told) in [(SIGUSR1, SIGUSR1, told), (0, SIGIO, None), (SIGIO, SIGIO, told), (0, SIGIO, None)] {
        assert_eq!(set_io_signal(&reader, set), Ok(()));
        assert_eq!(io_signal(&reader), Ok(set));
        assert_eq!(write(&writer, b"x"), Ok(1));
        let tells = |(signal, info): (i32, Info)| (signal, told.map(|_| (info.code, info.band())));
        assert_eq!(take(signals()).map(tells), Ok((sent, told)));
        assert_errno!(take(signals()), EAGAIN);
    }
    assert_eq!(read_bytes(&reader, 9), Ok("xxxx".into()));
    Ok(())
}

/// si_fd is the descriptor for which F_SETSIG was called: it stays that number when that one is closed and a duplicate is left.
#[harness::test(
    id = "signal-io.fd-of-setsig",
    cite = [man("fcntl.2", "Managing signals", "F_SETSIG")],
    covers = ["behaviours:sigio.si-fd-of-setsig"],
    layers = [libc, raw],
)]
fn the_signal_names_the_descriptor_of_f_setsig() -> TestResult {
    let signal = SIGRTMIN() + 1;
    block_all(signals())?;
    let (reader, writer) = signalling(PIPE)?;
    let duplicate = dup(&reader)?;
    let number = reader.number();
    assert_eq!(set_io_signal(&reader, signal), Ok(()));
    drop(reader);
    assert_eq!(write(&writer, b"x"), Ok(1));
    assert_eq!(
        take(signals()).map(|(signal, info)| (signal, info.code, info.band())),
        Ok((signal, POLL_IN, (INPUT, number)))
    );
    assert_eq!(read_bytes(&duplicate, 9), Ok("x".into()));
    Ok(())
}

/// A terminal with O_ASYNC signals its owner when a line was typed.
#[harness::test(
    id = "signal-io.terminal",
    cite = [man("fcntl.2", "Managing signals", "F_SETOWN"), man("open.2", "DESCRIPTION", "O_ASYNC")],
    covers = ["behaviours:sigio.terminal"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn a_terminal_signals_input() -> TestResult {
    block_all(signals())?;
    let pty = Pty::new(24, 80)?;
    enable(&pty.terminal, own_pid())?;
    assert_eq!(set_io_signal(&pty.terminal, SIGRTMIN() + 1), Ok(()));
    pty.type_in("line\n")?;
    let (signal, info) = assert_ok!(sigwaitinfo(signals()));
    assert_eq!(info.signal, signal);
    assert_eq!((signal, info.code, info.band()), (SIGRTMIN() + 1, POLL_IN, (INPUT, pty.terminal.number())));
    assert_eq!(read_bytes(&pty.terminal, 9), Ok("line\n".into()));
    Ok(())
}
