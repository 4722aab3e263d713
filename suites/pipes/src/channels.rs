//! What holds for pipes and for FIFOs, and for socket pairs where POSIX says the same of them: one function for all, each a spec
//! of its own mechanism.

use kit::channel::{Channel, FIFO, PIPE, SOCKET_PAIR};
use kit::prelude::*;

/// Reads that find no data block while any process has the other end open, and all of them return 0 once the last one has closed
/// it.
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
    let reading = || {
        fork(|| {
            second.close();
            assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
        })
    };
    let readers = [reading()?, reading()?];
    readers.iter().for_each(|child| child.assert_blocked_in(calls::READ));
    second.close();
    readers.into_iter().try_for_each(Child::join)
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

/// Pipes, FIFOs and sockets are not seekable: lseek fails with ESPIPE whatever the offset and the whence, SEEK_DATA and SEEK_HOLE
/// included, and leaves the unread data in place.
#[harness::test(
    rows = [
        ("pipe.no-seek-for-data", ["notes:pipe.no-lseek", "behaviours:pipe.no-seek"], PIPE),
        ("fifo.no-seek", ["behaviours:fifo.same-io-semantics"], FIFO),
        ("unix-socket.no-seek", [], SOCKET_PAIR),
    ],
    cite = [man("lseek.2", "ERRORS", "ESPIPE"), posix("lseek.3p", "ERRORS", "ESPIPE")],
    layers = [libc, nix, raw],
)]
fn no_whence_makes_it_seekable(channel: Channel) -> TestResult {
    let (reader, writer) = channel.open()?;
    write_all(&writer, b"abc")?;
    for whence in [libc::SEEK_SET, libc::SEEK_CUR, libc::SEEK_END, libc::SEEK_DATA, libc::SEEK_HOLE] {
        for (end, offset) in [(&reader, 0), (&reader, 1), (&writer, 0), (&writer, 1)] {
            assert_errno!(lseek(end, offset, whence), ESPIPE);
        }
    }
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}
