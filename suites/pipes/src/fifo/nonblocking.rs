//! Opening with O_NONBLOCK.

use super::calls::*;
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDONLY, O_WRONLY};
use rstest::rstest;

#[rstest]
#[case::open(OPEN)]
#[case::openat(OPENAT)]
/// A non-blocking open for reading succeeds at once although no process has the FIFO open for writing.
#[harness::test(
    id = "fifo.open-read-nonblocking",
    cite = "POSIX.1-2024 open(): O_NONBLOCK set, O_RDONLY; fifo(7)",
    covers = ["notes:fifo.open-read-blocks", "behaviours:fifo.open-nonblock-read-ok"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_reader_does_not_wait(#[case] open: Open) -> Scene {
    let fifo = Fifo::new()?;
    let reader = assert_ok!(open(&fifo, O_RDONLY | O_NONBLOCK));
    assert_eq!(access_and_blocking(&reader), Ok(O_RDONLY | O_NONBLOCK));
    // It is a read end: now there is one that a writer can open against.
    let writer = assert_ok!(open(&fifo, O_WRONLY | O_NONBLOCK));
    assert_eq!(write(&writer, b"hello"), Ok(5));
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    Ok(())
}

#[rstest]
#[case::open(OPEN)]
#[case::openat(OPENAT)]
/// A non-blocking open for writing fails with ENXIO when no process has the FIFO open for reading, and leaves nothing open.
#[harness::test(
    id = "fifo.open-write-nonblocking-enxio",
    cite = "POSIX.1-2024 open(): ENXIO; fifo(7); open(2): ENXIO",
    covers = [
        "notes:fifo.open-write-blocks",
        "behaviours:fifo.open-nonblock-write-enxio",
        "errors:fifo.open.ENXIO",
        "errors:fifo.openat.ENXIO",
    ],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_writer_without_reader_is_refused(#[case] open: Open) -> Scene {
    let fifo = Fifo::new()?;
    assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), ENXIO);
    let reader = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    drop(reader);
    // A reader that has gone again does not count.
    assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), ENXIO);
    Ok(())
}

#[rstest]
#[case::open(OPEN)]
#[case::openat(OPENAT)]
/// A non-blocking open for writing succeeds when a process has the FIFO open for reading.
#[harness::test(
    id = "fifo.open-write-nonblocking-with-reader",
    cite = "POSIX.1-2024 open(): O_NONBLOCK set, O_WRONLY; fifo(7)",
    covers = ["behaviours:fifo.open-nonblock-write-ok-with-reader"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_writer_with_a_reader_is_let_in(#[case] open: Open) -> Scene {
    let fifo = Fifo::new()?;
    let reader = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    let writer = assert_ok!(open(&fifo, O_WRONLY | O_NONBLOCK));
    assert_eq!(access_and_blocking(&writer), Ok(O_WRONLY | O_NONBLOCK));
    assert_eq!(write(&writer, b"hello"), Ok(5));
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    Ok(())
}

/// A non-blocking reader reads end of file until the first writer comes, and EAGAIN while a writer has written nothing.
#[harness::test(
    id = "fifo.read-before-writer",
    cite = "POSIX.1-2024 read(): attempting to read from an empty pipe or FIFO; fifo(7)",
    covers = ["behaviours:fifo.read-before-any-writer-eof"],
    layers = [libc, nix, raw],
)]
fn a_reader_without_writer_reads_end_of_file() -> Scene {
    let fifo = Fifo::new()?;
    let reader = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    let _writer = open(&fifo, O_WRONLY)?;
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN | EWOULDBLOCK);
    Ok(())
}

/// Two opens of one FIFO each have an O_NONBLOCK flag of their own.
#[harness::test(
    id = "fifo.separate-flags",
    cite = "POSIX.1-2024 open(): creates an open file description, O_NONBLOCK; fifo(7)",
    covers = ["behaviours:fifo.separate-open-flags"],
    layers = [libc, nix, raw],
)]
fn two_opens_have_flags_of_their_own() -> Scene {
    let fifo = Fifo::new()?;
    let (blocking, writer) = fifo.connect()?;
    let nonblocking = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    assert_eq!(access_and_blocking(&blocking), Ok(O_RDONLY));
    assert_errno!(read(&nonblocking, &mut [0; 1]), EAGAIN | EWOULDBLOCK);
    let child = fork(|| assert_eq!(read_bytes(&blocking, 9), Ok("x".into())))?;
    child.assert_blocked_in(Syscall::READ);
    assert_eq!(write(&writer, b"x"), Ok(1));
    child.join()?;
    assert_eq!(set_flags(&nonblocking, 0), Ok(0));
    assert_eq!(set_flags(&blocking, O_NONBLOCK), Ok(0));
    assert_eq!(access_and_blocking(&nonblocking), Ok(O_RDONLY));
    assert_eq!(access_and_blocking(&blocking), Ok(O_RDONLY | O_NONBLOCK));
    Ok(())
}
