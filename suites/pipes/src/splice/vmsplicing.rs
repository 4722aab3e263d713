//! vmsplice: memory into a pipe, and a pipe into memory.

use super::full_pipe;
use calls::splicing::{vmsplice, vmsplice_out};
use kit::file::{content, file_of};
use kit::memory::Pages;
use kit::prelude::*;
use libc::{O_RDWR, SPLICE_F_NONBLOCK, UIO_MAXIOV};
use std::io::{IoSlice, IoSliceMut};

/// vmsplice into a pipe gives its reader the bytes of all ranges of memory, one after the other.
#[harness::test(
    id = "splice.vmsplice-into-pipe",
    cite = "vmsplice(2)",
    covers = ["behaviours:splice.vmsplice-to-pipe"],
    layers = [libc, nix, raw],
)]
fn the_reader_gets_the_bytes_of_memory() -> Scene {
    let (reader, writer) = pipe()?;
    let (first, second) = (Pages::holding(b"abc")?, Pages::holding(b"de")?);
    assert_eq!(vmsplice(&writer, &[first.source(), second.source()], 0), Ok(5));
    assert_eq!(unread(&reader), Ok(5));
    assert_eq!(read_exactly(&reader, 5)?, "abcde".into());
    Ok(())
}

/// Memory that is changed after vmsplice, and before it is read from the pipe, is read as it is then: it was not copied.
#[harness::test(
    id = "splice.vmsplice-not-copied",
    cite = "vmsplice(2): maps ranges of user memory into a pipe; vmsplice(2), SPLICE_F_GIFT",
    covers = ["behaviours:splice.vmsplice-later-change-visible"],
    layers = [libc, nix, raw],
)]
fn later_changes_are_read() -> Scene {
    let (reader, writer) = pipe()?;
    let mut memory = Pages::holding(b"before")?;
    assert_eq!(vmsplice(&writer, &[memory.source()], 0), Ok(6));
    memory.change(b"after!");
    assert_eq!(read_bytes(&reader, 9), Ok("after!".into()));
    Ok(())
}

/// vmsplice into a full pipe fails with EAGAIN when SPLICE_F_NONBLOCK is given; without it, it sleeps until there is room, and the bytes
/// come behind those that were there.
#[harness::test(
    id = "splice.vmsplice-nonblock",
    cite = "vmsplice(2), SPLICE_F_NONBLOCK: EAGAIN",
    covers = ["behaviours:splice.vmsplice-nonblock", "errors:splice.vmsplice.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn room_is_not_waited_for_if_told_so() -> Scene {
    let (reader, writer, held) = full_pipe(0)?;
    let memory = Pages::holding(b"abc")?;
    assert_errno!(vmsplice(&writer, &[memory.source()], SPLICE_F_NONBLOCK), EAGAIN);
    let child = fork(|| assert_eq!(vmsplice(&writer, &[memory.source()], 0), Ok(3)))?;
    child.assert_blocked_in(Syscall::VMSPLICE);
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    child.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// vmsplice on the read end of a pipe fills the ranges of memory, one after the other, with bytes that are gone from the pipe then.
#[harness::test(
    id = "splice.vmsplice-out-of-pipe",
    cite = "vmsplice(2), NOTES",
    covers = ["behaviours:splice.vmsplice-read-end-copies"],
    layers = [libc, raw],
)]
fn memory_gets_the_bytes_of_the_pipe() -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abcdef")?;
    let (mut first, mut second) = ([0; 2], [0; 3]);
    let filled = vmsplice_out(&reader, &mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)], 0);
    assert_eq!(filled, Ok(5));
    assert_eq!((&first, &second), (b"ab", b"cde"));
    assert_eq!(read_bytes(&reader, 9), Ok("f".into()));
    Ok(())
}

/// vmsplice on a descriptor that is not open, or that is of a file or a socket, fails with EBADF and transfers nothing.
#[harness::test(
    id = "splice.vmsplice-no-pipe",
    cite = "vmsplice(2): EBADF",
    covers = ["errors:splice.vmsplice.EBADF"],
    layers = [libc, nix, raw],
)]
fn vmsplice_wants_a_pipe() -> Scene {
    let memory = Pages::holding(b"abc")?;
    let file = file_of(b"def", O_RDWR)?;
    let (socket, peer) = stream_pair()?;
    assert_errno!(vmsplice(NOT_OPEN, &[memory.source()], 0), EBADF);
    assert_errno!(vmsplice(&file, &[memory.source()], 0), EBADF);
    assert_errno!(vmsplice(&socket, &[memory.source()], 0), EBADF);
    assert_eq!(content(&file), Ok("def".into()));
    assert_eq!(unread(&peer), Ok(0));
    Ok(())
}

/// vmsplice takes IOV_MAX ranges of memory; one more fails with EINVAL, and nothing is in the pipe.
#[harness::test(
    id = "splice.vmsplice-iov-max",
    cite = "vmsplice(2): EINVAL; vmsplice(2), NOTES",
    covers = ["errors:splice.vmsplice.EINVAL"],
    layers = [libc, nix, raw],
)]
fn ranges_end_at_iov_max() -> Scene {
    let (reader, writer) = pipe()?;
    let memory = Pages::holding(b"abc")?;
    // Empty but for the last, since each of the others would take a page of the pipe.
    let mut ranges = vec![IoSlice::new(&[]); UIO_MAXIOV as usize];
    ranges.push(memory.source());
    assert_errno!(vmsplice(&writer, &ranges, 0), EINVAL);
    assert_eq!(unread(&reader), Ok(0));
    assert_eq!(vmsplice(&writer, &ranges[1..], 0), Ok(3));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}
