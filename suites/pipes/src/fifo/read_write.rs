//! Opening a FIFO with O_RDWR, which POSIX leaves undefined and Linux allows.

use super::calls::*;
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};

#[rstest]
#[case::blocking(OPEN, O_RDWR)]
#[case::nonblocking(OPEN, O_RDWR | O_NONBLOCK)]
#[case::blocking_by_openat(OPENAT, O_RDWR)]
#[case::nonblocking_by_openat(OPENAT, O_RDWR | O_NONBLOCK)]
/// An open of a FIFO with O_RDWR succeeds at once, with or without O_NONBLOCK, even if no other process has it open.
#[harness::test(
    id = "fifo.open-read-write",
    cite = [man("fifo.7", "DESCRIPTION")],
    covers = ["behaviours:fifo.open-rdwr-never-blocks"],
    layers = [libc, nix, raw],
)]
fn an_open_for_reading_and_writing_does_not_block(#[case] open: Open, #[case] flags: i32) -> TestResult {
    let fifo = Fifo::new()?;
    let both = assert_ok!(open(&fifo, flags));
    assert_eq!(access_and_status(&both), Ok(flags));
    Ok(())
}

/// A read from a FIFO descriptor opened with O_RDWR returns the data written to the same descriptor.
#[harness::test(
    id = "fifo.read-write-to-itself",
    cite = [man("fifo.7", "DESCRIPTION")],
    covers = ["behaviours:fifo.open-rdwr-self-talk"],
    layers = [libc, nix, raw],
)]
fn a_read_write_descriptor_reads_what_was_written_to_it() -> TestResult {
    let fifo = Fifo::new()?;
    let both = open(&fifo, O_RDWR)?;
    assert_eq!(write(&both, b"hello"), Ok(5));
    assert_eq!(read_bytes(&both, 9), Ok("hello".into()));
    assert_eq!(unread(&both), Ok(0));
    Ok(())
}

/// A read from an empty FIFO does not return 0 while a process has it open with O_RDWR: it fails with EAGAIN if it is
/// non-blocking, and otherwise blocks.
#[harness::test(
    id = "fifo.read-write-no-eof",
    cite = [man("pipe.7", "I/O on pipes and FIFOs"), man("fifo.7", "DESCRIPTION")],
    covers = ["behaviours:fifo.open-rdwr-no-eof"],
    layers = [libc, nix, raw],
)]
fn no_read_returns_0_while_a_read_write_descriptor_is_open() -> TestResult {
    let fifo = Fifo::new()?;
    let both = open(&fifo, O_RDWR)?;
    let reader = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    let writer = open(&fifo, O_WRONLY)?;
    assert_eq!(write(&writer, b"x"), Ok(1));
    assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
    drop(writer);
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN | EWOULDBLOCK);
    // A read from the O_RDWR descriptor itself does not return 0 either: it blocks.
    let child = fork(|| {
        let _ = read(&both, &mut [0; 1]);
    })?;
    child.assert_blocked_in(calls::READ);
    child.kill()?;
    drop(both);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}
