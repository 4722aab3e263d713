//! Opening and reading a FIFO with O_NONBLOCK.

use super::calls::*;
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDONLY, O_WRONLY};

#[rstest]
#[case::open(OPEN)]
#[case::openat(OPENAT)]
/// An open of a FIFO with O_RDONLY and O_NONBLOCK succeeds at once, even if no process has it open for writing.
#[harness::test(
    id = "fifo.open-read-nonblocking",
    cite = [posix("open.3p", "DESCRIPTION", "O_NONBLOCK"), man("fifo.7", "DESCRIPTION")],
    covers = ["notes:fifo.open-read-blocks", "behaviours:fifo.open-nonblock-read-ok"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_open_for_reading_does_not_block(#[case] open: Open) -> TestResult {
    let fifo = Fifo::new()?;
    let reader = assert_ok!(open(&fifo, O_RDONLY | O_NONBLOCK));
    assert_eq!(access_and_status(&reader), Ok(O_RDONLY | O_NONBLOCK));
    // The descriptor counts as a reader: a writer can now open the FIFO.
    let writer = assert_ok!(open(&fifo, O_WRONLY | O_NONBLOCK));
    assert_eq!(access_and_status(&writer), Ok(O_WRONLY | O_NONBLOCK));
    assert_eq!(write(&writer, b"hello"), Ok(5));
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    Ok(())
}

#[rstest]
#[case::open(OPEN)]
#[case::openat(OPENAT)]
/// An open of a FIFO with O_WRONLY and O_NONBLOCK fails with ENXIO if no process has it open for reading, and leaves
/// the FIFO unopened.
#[harness::test(
    id = "fifo.open-write-nonblocking-enxio",
    cite = [
        posix("open.3p", "ERRORS", "ENXIO"),
        posix("open.3p", "RETURN VALUE"),
        man("open.2", "ERRORS", "ENXIO"),
        man("fifo.7", "DESCRIPTION"),
    ],
    covers = [
        "notes:fifo.open-write-blocks",
        "behaviours:fifo.open-nonblock-write-enxio",
        "errors:fifo.open.ENXIO",
        "errors:fifo.openat.ENXIO",
    ],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_open_for_writing_without_a_reader_fails(#[case] open: Open) -> TestResult {
    let fifo = Fifo::new()?;
    assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), ENXIO);
    let reader = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    drop(reader);
    // A reader that has closed the FIFO does not count.
    assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), ENXIO);
    Ok(())
}

#[rstest]
#[case::open(OPEN)]
#[case::openat(OPENAT)]
/// An open of a FIFO with O_WRONLY and O_NONBLOCK succeeds if a process has it open for reading.
#[harness::test(
    id = "fifo.open-write-nonblocking-with-reader",
    cite = [posix("open.3p", "DESCRIPTION", "O_NONBLOCK"), man("fifo.7", "DESCRIPTION")],
    covers = ["behaviours:fifo.open-nonblock-write-ok-with-reader"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_open_for_writing_with_a_reader_succeeds(#[case] open: Open) -> TestResult {
    let fifo = Fifo::new()?;
    let reader = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    let writer = assert_ok!(open(&fifo, O_WRONLY | O_NONBLOCK));
    assert_eq!(access_and_status(&writer), Ok(O_WRONLY | O_NONBLOCK));
    assert_eq!(write(&writer, b"hello"), Ok(5));
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    Ok(())
}

/// A non-blocking read from an empty FIFO returns 0 while no process has it open for writing, and fails with EAGAIN
/// once a process has.
#[harness::test(
    id = "fifo.read-before-writer",
    cite = [posix("read.3p", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["behaviours:fifo.read-before-any-writer-eof"],
    layers = [libc, nix, raw],
)]
fn a_read_without_a_writer_returns_0() -> TestResult {
    let fifo = Fifo::new()?;
    let reader = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    let _writer = open(&fifo, O_WRONLY)?;
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN | EWOULDBLOCK);
    Ok(())
}

/// Each open of a FIFO creates an open file description with an O_NONBLOCK flag of its own.
#[harness::test(
    id = "fifo.separate-flags",
    cite = [
        posix("fcntl.3p", "DESCRIPTION", "F_GETFL"),
        posix("open.3p", "DESCRIPTION"),
        man("open.2", "Open file descriptions"),
    ],
    covers = ["behaviours:fifo.separate-open-flags"],
    layers = [libc, nix, raw],
)]
fn each_open_has_its_own_file_status_flags() -> TestResult {
    let fifo = Fifo::new()?;
    let (blocking, writer) = fifo.connect()?;
    let nonblocking = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    assert_eq!(access_and_status(&blocking), Ok(O_RDONLY));
    assert_errno!(read(&nonblocking, &mut [0; 1]), EAGAIN | EWOULDBLOCK);
    let child = fork(|| assert_eq!(read_bytes(&blocking, 9), Ok("x".into())))?;
    child.assert_blocked_in(calls::READ);
    assert_eq!(write(&writer, b"x"), Ok(1));
    child.join()?;
    assert_eq!(set_flags(&nonblocking, 0), Ok(0));
    assert_eq!(set_flags(&blocking, O_NONBLOCK), Ok(0));
    assert_eq!(access_and_status(&nonblocking), Ok(O_RDONLY));
    assert_eq!(access_and_status(&blocking), Ok(O_RDONLY | O_NONBLOCK));
    Ok(())
}
