//! Opening for reading and writing at once, which POSIX leaves undefined and Linux allows.

use super::calls::*;
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};
use rstest::rstest;

#[rstest]
#[case::blocking(OPEN, O_RDWR)]
#[case::nonblocking(OPEN, O_RDWR | O_NONBLOCK)]
#[case::blocking_by_openat(OPENAT, O_RDWR)]
#[case::nonblocking_by_openat(OPENAT, O_RDWR | O_NONBLOCK)]
/// An open for reading and writing succeeds at once, blocking or not, although nobody else has the FIFO open.
#[harness::test(
    id = "fifo.open-read-write",
    cite = "fifo(7): opening a FIFO for read and write",
    covers = ["behaviours:fifo.open-rdwr-never-blocks"],
    layers = [libc, nix, raw],
)]
fn both_ends_open_at_once(#[case] open: Open, #[case] flags: i32) -> Scene {
    let fifo = Fifo::new()?;
    let both = assert_ok!(open(&fifo, flags));
    assert_eq!(access_and_blocking(&both), Ok(flags));
    Ok(())
}

/// A descriptor that is open for reading and writing reads the bytes that were written by it.
#[harness::test(
    id = "fifo.read-write-to-itself",
    cite = "fifo(7): a process that uses both ends of the connection in order to communicate with itself",
    covers = ["behaviours:fifo.open-rdwr-self-talk"],
    layers = [libc, nix, raw],
)]
fn one_descriptor_talks_to_itself() -> Scene {
    let fifo = Fifo::new()?;
    let both = open(&fifo, O_RDWR)?;
    assert_eq!(write(&both, b"hello"), Ok(5));
    assert_eq!(read_bytes(&both, 9), Ok("hello".into()));
    assert_eq!(unread(&both), Ok(0));
    Ok(())
}

/// A reader sees no end of file while a process has the FIFO open for reading and writing.
#[harness::test(
    id = "fifo.read-write-no-eof",
    cite = "fifo(7): opening a FIFO for read and write; POSIX.1-2024 read(): no process has the pipe open for writing",
    covers = ["behaviours:fifo.open-rdwr-no-eof"],
    layers = [libc, nix, raw],
)]
fn a_read_write_descriptor_keeps_end_of_file_away() -> Scene {
    let fifo = Fifo::new()?;
    let both = open(&fifo, O_RDWR)?;
    let reader = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    let writer = open(&fifo, O_WRONLY)?;
    assert_eq!(write(&writer, b"x"), Ok(1));
    assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
    drop(writer);
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN | EWOULDBLOCK);
    // Neither does the descriptor itself see one: a blocking read on it sleeps.
    let child = fork(|| {
        let _ = read(&both, &mut [0; 1]);
    })?;
    child.assert_blocked_in(Syscall::READ);
    child.kill()?;
    drop(both);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}
