//! Ends with O_NONBLOCK: calls that would wait fail instead.

use kit::disposition::{handle, handled};
use kit::prelude::*;
use nix::sys::signal::SaFlags;
use nix::sys::signal::Signal::SIGIO;
use rstest::rstest;
use std::io::{IoSlice, IoSliceMut};

#[rstest]
#[case::read(|reader: &Fd, byte: &mut [u8]| read(reader, byte))]
#[case::readv(|reader: &Fd, byte: &mut [u8]| readv(reader, &mut [IoSliceMut::new(byte)]))]
/// A read on an empty pipe that has writers fails with EAGAIN at once when O_NONBLOCK is set.
#[harness::test(
    id = "pipe.nonblocking-read-empty",
    cite = "POSIX.1-2024 read(), readv(); pipe(7), I/O on pipes and FIFOs",
    covers = ["behaviours:pipe.nonblock-read-empty", "errors:pipe.read.EAGAIN", "errors:pipe.readv.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn a_read_on_an_empty_pipe_fails(#[case] read: fn(&Fd, &mut [u8]) -> Result<usize>) -> Scene {
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
/// A write to a full pipe fails with EAGAIN, and adds nothing, when O_NONBLOCK is set.
#[harness::test(
    id = "pipe.nonblocking-write-full",
    cite = "POSIX.1-2024 write(), writev(); pipe(7), PIPE_BUF",
    covers = ["errors:pipe.write.EAGAIN", "errors:pipe.writev.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn a_write_to_a_full_pipe_fails(#[case] write: fn(&Fd) -> Result<usize>) -> Scene {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let held = fill(&writer)?;
    assert_errno!(write(&writer), EAGAIN);
    assert_eq!(unread(&reader), Ok(held.0.len()));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    assert_eq!(write(&writer), Ok(1));
    assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
    Ok(())
}

/// O_NONBLOCK that is set on the read end leaves the write end blocking.
#[harness::test(
    id = "pipe.nonblocking-read-end-alone",
    cite = "pipe(7), I/O on pipes and FIFOs; POSIX.1-2024 fcntl(): F_SETFL acts on the open file description",
    covers = ["behaviours:pipe.nonblock-per-description"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_read_end_leaves_the_write_end_blocking() -> Scene {
    let (reader, writer) = pipe()?;
    assert_eq!(set_flags(&reader, libc::O_NONBLOCK), Ok(0));
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    assert_eq!(get_flags(&writer), Ok(libc::O_WRONLY));
    let held = fill(&writer)?;
    let child = fork(|| assert_eq!(write(&writer, b"x"), Ok(1)))?;
    child.assert_blocked_in(Syscall::WRITE);
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    child.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
    Ok(())
}

/// O_NONBLOCK that is set on the write end leaves the read end blocking.
#[harness::test(
    id = "pipe.nonblocking-write-end-alone",
    cite = "pipe(7), I/O on pipes and FIFOs; POSIX.1-2024 fcntl(): F_SETFL acts on the open file description",
    covers = ["behaviours:pipe.nonblock-per-description"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_write_end_leaves_the_read_end_blocking() -> Scene {
    let (reader, writer) = pipe()?;
    assert_eq!(set_flags(&writer, libc::O_NONBLOCK), Ok(0));
    assert_eq!(get_flags(&reader), Ok(libc::O_RDONLY));
    let child = fork(|| assert_eq!(read_bytes(&reader, 9), Ok("x".into())))?;
    child.assert_blocked_in(Syscall::READ);
    assert_eq!(write(&writer, b"x"), Ok(1));
    child.join()?;
    fill(&writer)?;
    assert_errno!(write(&writer, b"x"), EAGAIN);
    Ok(())
}

/// O_NONBLOCK that is set through a duplicate shows on the original, in this process and in one forked before.
#[harness::test(
    id = "pipe.nonblocking-shared-by-dup",
    cite = "pipe(7), I/O on pipes and FIFOs; POSIX.1-2024 dup(), fork(): one open file description",
    covers = ["behaviours:pipe.nonblock-shared-by-dup"],
    layers = [libc, nix, raw],
)]
fn duplicates_and_forked_copies_share_nonblocking() -> Scene {
    let (reader, _writer) = pipe()?;
    let duplicate = dup(&reader)?;
    let set = Meeting::new()?;
    let child = fork(|| {
        assert_eq!(get_flags(&reader), Ok(libc::O_RDONLY));
        set.wait_for(1);
        assert_eq!(get_flags(&reader), Ok(libc::O_RDONLY | libc::O_NONBLOCK));
        assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    })?;
    child.wait_until_blocked_in(Syscall::FUTEX)?;
    assert_eq!(set_flags(&duplicate, libc::O_NONBLOCK), Ok(0));
    set.arrive();
    assert_eq!(get_flags(&reader), Ok(libc::O_RDONLY | libc::O_NONBLOCK));
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    child.join()
}

/// F_SETFL turns O_NONBLOCK of an end on and off: reads on the empty pipe fail, and wait again.
#[harness::test(
    id = "pipe.nonblocking-read-toggled",
    cite = "pipe(7), I/O on pipes and FIFOs; POSIX.1-2024 fcntl(): F_SETFL",
    covers = ["behaviours:pipe.nonblock-toggle-fcntl"],
    layers = [libc, nix, raw],
)]
fn reads_stop_waiting_and_wait_again() -> Scene {
    let (reader, writer) = pipe()?;
    assert_eq!(set_flags(&reader, libc::O_NONBLOCK), Ok(0));
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    assert_eq!(set_flags(&reader, 0), Ok(0));
    let child = fork(|| assert_eq!(read_bytes(&reader, 9), Ok("x".into())))?;
    child.assert_blocked_in(Syscall::READ);
    write_all(&writer, b"x")?;
    child.join()
}

/// F_SETFL turns O_NONBLOCK of an end on and off: writes to the full pipe fail, and wait again.
#[harness::test(
    id = "pipe.nonblocking-write-toggled",
    cite = "pipe(7), I/O on pipes and FIFOs; POSIX.1-2024 fcntl(): F_SETFL",
    covers = ["behaviours:pipe.nonblock-toggle-fcntl"],
    layers = [libc, nix, raw],
)]
fn writes_stop_waiting_and_wait_again() -> Scene {
    let (reader, writer) = pipe()?;
    let held = fill(&writer)?;
    assert_eq!(set_flags(&writer, libc::O_NONBLOCK), Ok(0));
    assert_errno!(write(&writer, b"x"), EAGAIN);
    assert_eq!(set_flags(&writer, 0), Ok(0));
    let child = fork(|| assert_eq!(write(&writer, b"y"), Ok(1)))?;
    child.assert_blocked_in(Syscall::WRITE);
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    child.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("y".into()));
    Ok(())
}

/// A read end with O_ASYNC sends SIGIO to its owner when bytes arrive, and without O_ASYNC it sends none.
#[harness::test(
    id = "pipe.sigio-on-input",
    cite = "pipe(7), Open file status flags; fcntl(2), F_SETOWN",
    covers = ["behaviours:pipe.async-sigio-read-end"],
    layers = [libc, nix, raw],
)]
fn input_sends_sigio_to_the_owner() -> Scene {
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
    Ok(())
}
