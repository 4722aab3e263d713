//! O_NONBLOCK and O_ASYNC: calls fail instead of blocking, and input raises SIGIO.

use kit::disposition::{handle, handled};
use kit::prelude::*;
use nix::sys::signal::SaFlags;
use nix::sys::signal::Signal::SIGIO;
use std::io::{IoSlice, IoSliceMut};

#[rstest]
#[case::read(|reader: &Fd, byte: &mut [u8]| read(reader, byte))]
#[case::readv(|reader: &Fd, byte: &mut [u8]| readv(reader, &mut [IoSliceMut::new(byte)]))]
/// With O_NONBLOCK set, a read from an empty pipe that is open for writing fails with EAGAIN.
#[harness::test(
    id = "pipe.nonblocking-read-empty",
    cite = [posix("read.3p", "DESCRIPTION"), posix("readv.3p", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["behaviours:pipe.nonblock-read-empty", "errors:pipe.read.EAGAIN", "errors:pipe.readv.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_read_from_an_empty_pipe_fails(#[case] read: fn(&Fd, &mut [u8]) -> Result<usize>) -> TestResult {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let mut byte = *b"?";
    assert_errno!(read(&reader, &mut byte), EAGAIN);
    assert_eq!(byte, *b"?");
    write_all(&writer, b"x")?;
    assert_eq!(read(&reader, &mut byte), Ok(1));
    assert_eq!(byte, *b"x");
    assert_errno!(read(&reader, &mut byte), EAGAIN);
    Ok(())
}

#[rstest]
#[case::write(|writer: &Fd| write(writer, b"x"))]
#[case::writev(|writer: &Fd| writev(writer, &[IoSlice::new(b"x")]))]
/// With O_NONBLOCK set, a write of one byte to a full pipe fails with EAGAIN and writes nothing.
#[harness::test(
    id = "pipe.nonblocking-write-full",
    cite = [posix("write.3p", "DESCRIPTION"), posix("writev.3p", "DESCRIPTION"), man("pipe.7", "PIPE_BUF")],
    covers = ["errors:pipe.write.EAGAIN", "errors:pipe.writev.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_write_to_a_full_pipe_fails(#[case] write: fn(&Fd) -> Result<usize>) -> TestResult {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let held = fill(&writer)?;
    assert_errno!(write(&writer), EAGAIN);
    assert_eq!(unread(&reader), Ok(held.0.len()));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    assert_eq!(write(&writer), Ok(1));
    assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
    Ok(())
}

/// Setting O_NONBLOCK on the read end leaves the write end blocking.
#[harness::test(
    id = "pipe.nonblocking-read-end-only",
    cite = [
        posix("fcntl.3p", "DESCRIPTION", "F_SETFL"),
        posix("pipe.3p", "DESCRIPTION"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = ["behaviours:pipe.nonblock-per-description"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_read_end_leaves_the_write_end_blocking() -> TestResult {
    let (reader, writer) = pipe()?;
    assert_eq!(set_flags(&reader, libc::O_NONBLOCK), Ok(0));
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    assert_eq!(get_flags(&reader), Ok(libc::O_RDONLY | libc::O_NONBLOCK));
    assert_eq!(get_flags(&writer), Ok(libc::O_WRONLY));
    let held = fill(&writer)?;
    let child = fork(|| assert_eq!(write(&writer, b"x"), Ok(1)))?;
    child.assert_blocked_in(calls::WRITE);
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    child.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
    Ok(())
}

/// Setting O_NONBLOCK on the write end leaves the read end blocking.
#[harness::test(
    id = "pipe.nonblocking-write-end-only",
    cite = [
        posix("fcntl.3p", "DESCRIPTION", "F_SETFL"),
        posix("pipe.3p", "DESCRIPTION"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = ["behaviours:pipe.nonblock-per-description"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_write_end_leaves_the_read_end_blocking() -> TestResult {
    let (reader, writer) = pipe()?;
    assert_eq!(set_flags(&writer, libc::O_NONBLOCK), Ok(0));
    assert_eq!(get_flags(&writer), Ok(libc::O_WRONLY | libc::O_NONBLOCK));
    assert_eq!(get_flags(&reader), Ok(libc::O_RDONLY));
    let child = fork(|| assert_eq!(read_bytes(&reader, 9), Ok("x".into())))?;
    child.assert_blocked_in(calls::READ);
    assert_eq!(write(&writer, b"x"), Ok(1));
    child.join()?;
    fill(&writer)?;
    assert_errno!(write(&writer, b"x"), EAGAIN);
    Ok(())
}

/// O_NONBLOCK set through a duplicate descriptor takes effect on the original, in this process and in a child forked
/// before.
#[harness::test(
    id = "pipe.nonblocking-shared-by-dup",
    cite = [
        posix("fcntl.3p", "DESCRIPTION", "F_SETFL"),
        posix("dup.3p", "DESCRIPTION"),
        posix("fork.3p", "DESCRIPTION"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = ["behaviours:pipe.nonblock-shared-by-dup"],
    layers = [libc, nix, raw],
)]
fn duplicates_and_a_child_share_o_nonblock() -> TestResult {
    let (reader, _writer) = pipe()?;
    let duplicate = dup(&reader)?;
    let set = Latch::new()?;
    let child = fork(|| {
        assert_eq!(get_flags(&reader), Ok(libc::O_RDONLY));
        set.wait_for(1);
        assert_eq!(get_flags(&reader), Ok(libc::O_RDONLY | libc::O_NONBLOCK));
        assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    assert_eq!(set_flags(&duplicate, libc::O_NONBLOCK), Ok(0));
    set.arrive();
    assert_eq!(get_flags(&reader), Ok(libc::O_RDONLY | libc::O_NONBLOCK));
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    child.join()
}

/// F_SETFL sets and clears O_NONBLOCK on the read end: a read from the empty pipe fails with EAGAIN while it is set,
/// and blocks once it is cleared.
#[harness::test(
    id = "pipe.nonblocking-read-toggled",
    cite = [
        posix("fcntl.3p", "DESCRIPTION", "F_SETFL"),
        posix("read.3p", "DESCRIPTION"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = ["behaviours:pipe.nonblock-toggle-fcntl"],
    layers = [libc, nix, raw],
)]
fn f_setfl_turns_blocking_reads_off_and_on() -> TestResult {
    let (reader, writer) = pipe()?;
    assert_eq!(set_flags(&reader, libc::O_NONBLOCK), Ok(0));
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    assert_eq!(set_flags(&reader, 0), Ok(0));
    let child = fork(|| assert_eq!(read_bytes(&reader, 9), Ok("x".into())))?;
    child.assert_blocked_in(calls::READ);
    write_all(&writer, b"x")?;
    child.join()
}

/// F_SETFL sets and clears O_NONBLOCK on the write end: a write to the full pipe fails with EAGAIN while it is set, and
/// blocks once it is cleared.
#[harness::test(
    id = "pipe.nonblocking-write-toggled",
    cite = [
        posix("fcntl.3p", "DESCRIPTION", "F_SETFL"),
        posix("write.3p", "DESCRIPTION"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = ["behaviours:pipe.nonblock-toggle-fcntl"],
    layers = [libc, nix, raw],
)]
fn f_setfl_turns_blocking_writes_off_and_on() -> TestResult {
    let (reader, writer) = pipe()?;
    let held = fill(&writer)?;
    assert_eq!(set_flags(&writer, libc::O_NONBLOCK), Ok(0));
    assert_errno!(write(&writer, b"x"), EAGAIN);
    assert_eq!(set_flags(&writer, 0), Ok(0));
    let child = fork(|| assert_eq!(write(&writer, b"y"), Ok(1)))?;
    child.assert_blocked_in(calls::WRITE);
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    child.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("y".into()));
    Ok(())
}

/// With O_ASYNC set on the read end, SIGIO is sent to the process set with F_SETOWN when data arrives; without O_ASYNC
/// it is not.
#[harness::test(
    id = "pipe.sigio-on-input",
    cite = [man("pipe.7", "Open file status flags"), man("fcntl.2", "Managing signals", "F_SETOWN")],
    covers = ["behaviours:pipe.async-sigio-read-end"],
    layers = [libc, nix, raw],
)]
fn input_sends_sigio_to_the_owner() -> TestResult {
    handle(SIGIO, SaFlags::empty())?;
    let (reader, writer) = pipe()?;
    assert_eq!(set_owner(&reader, own_pid()), Ok(0));
    assert_eq!(write(&writer, b"a"), Ok(1));
    assert_eq!(handled(SIGIO), 0);
    assert_eq!(read_bytes(&reader, 9), Ok("a".into()));
    assert_eq!(set_flags(&reader, libc::O_ASYNC), Ok(0));
    assert_eq!(write(&writer, b"b"), Ok(1));
    assert_eq!(handled(SIGIO), 1);
    assert_eq!(read_bytes(&reader, 9), Ok("b".into()));
    // Without the flag nothing is told, neither this nor the close of the writer.
    assert_eq!(set_flags(&reader, 0), Ok(0));
    assert_eq!(write(&writer, b"c"), Ok(1));
    assert_eq!(handled(SIGIO), 1);
    assert_eq!(read_bytes(&reader, 9), Ok("c".into()));
    Ok(())
}
