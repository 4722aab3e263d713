//! What holds for pipes and for FIFOs, and for socket pairs where POSIX says the same of them: one function for all, each a spec
//! of its own mechanism.

use kit::channel::{Channel, FIFO, PIPE, SOCKET_PAIR};
use kit::prelude::*;

/// A read that finds no data blocks while any process has the other end open, and returns 0 once the last one has closed it.
#[harness::test(
    rows = [
        ("pipe.read-eof", ["notes:pipe.read-eof-after-writers-close", "behaviours:pipe.read-eof"], PIPE),
        ("fifo.eof-after-last-writer", ["behaviours:fifo.same-io-semantics"], FIFO),
    ],
    cite = [posix("read.3p", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
    layers = [libc, nix, raw],
)]
fn read_returns_0_after_the_last_writer_closes(channel: Channel) -> TestResult {
    let (reader, writer) = channel.open()?;
    let second = dup(&writer)?;
    assert_eq!(write(&writer, b"rest"), Ok(4));
    drop(writer);
    assert_eq!(read_bytes(&reader, 9), Ok("rest".into()));
    let child = fork(|| {
        second.close();
        assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    })?;
    child.assert_blocked_in(calls::READ);
    drop(second);
    child.join()
}

/// Bytes that were written before the other end was closed are read first; only then does read return 0, each time.
#[harness::test(
    rows = [
        (
            "pipe.drain-before-eof",
            ["notes:pipe.read-eof-after-writers-close", "behaviours:pipe.read-drains-before-eof"],
            PIPE,
        ),
        ("fifo.drain-before-eof", ["behaviours:fifo.same-io-semantics"], FIFO),
        ("unix-socket.drain-before-eof", ["behaviours:unix.peer-close-eof"], SOCKET_PAIR),
    ],
    cite = [posix("read.3p", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs"), man("unix.7", "DESCRIPTION")],
    layers = [libc, nix, raw],
)]
fn reads_return_the_remaining_bytes_and_then_0(channel: Channel) -> TestResult {
    let (reader, writer) = channel.open()?;
    write_all(&writer, b"abc")?;
    drop(writer);
    assert_eq!(read_bytes(&reader, 2), Ok("ab".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("c".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    Ok(())
}

/// A write after the last reader has closed its end raises SIGPIPE (signal 13), which terminates the process by default.
#[harness::test(
    rows = [
        (
            "pipe.sigpipe-kills",
            [
                "notes:pipe.sigpipe-on-write-without-reader",
                "notes:signal.table-13-sigpipe",
                "behaviours:pipe.sigpipe-default-kills",
            ],
            PIPE,
        ),
        (
            "fifo.sigpipe",
            ["behaviours:fifo.writer-sigpipe-no-reader", "behaviours:fifo.same-io-semantics"],
            FIFO,
        ),
        ("unix-socket.sigpipe-kills", ["behaviours:unix.write-after-close-epipe"], SOCKET_PAIR),
    ],
    cite = [
        man("signal.7", "Signal numbering for standard signals"),
        man("pipe.7", "I/O on pipes and FIFOs"),
        man("fifo.7", "NOTES"),
        man("signal.7", "Standard signals"),
        posix("write.3p", "ERRORS", "EPIPE"),
        posix("signal.h.0p", "DESCRIPTION"),
    ],
    layers = [libc, nix, raw],
)]
fn a_write_without_readers_kills_by_default(channel: Channel) -> TestResult {
    let (reader, writer) = channel.open()?;
    assert_eq!(write(&writer, b"x"), Ok(1));
    assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
    drop(reader);
    let child = fork(|| assert_matches!(write(&writer, b"x"), Err(_)))?;
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(13), core: false });
    Ok(())
}
