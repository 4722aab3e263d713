//! vmsplice: from memory into a pipe, and from a pipe into memory.

use super::full_pipe;
use crate::needs::PIPE_PAGES;
use kit::file::{content, file_of};
use kit::memory::Pages;
use kit::prelude::*;
use libc::{O_RDWR, SPLICE_F_NONBLOCK, UIO_MAXIOV};
use std::io::{IoSlice, IoSliceMut};

/// vmsplice on the write end of a pipe puts the bytes of all iovec elements into the pipe, in order.
#[harness::test(
    id = "splice.vmsplice-into-pipe",
    cite = [man("vmsplice.2", "DESCRIPTION")],
    covers = ["behaviours:splice.vmsplice-to-pipe"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn reader_receives_the_bytes_of_all_iovec_elements() -> TestResult {
    let (reader, writer) = pipe()?;
    let (first, second) = (Pages::holding(b"abc")?, Pages::holding(b"de")?);
    assert_eq!(vmsplice(&writer, &[first.source(), second.source()], 0), Ok(5));
    assert_eq!(unread(&reader), Ok(5));
    assert_eq!(read_exactly(&reader, 5)?, "abcde".into());
    Ok(())
}

/// vmsplice does not copy the data: a later change to the memory is visible to a process that reads the pipe after the
/// change.
#[harness::test(
    id = "splice.vmsplice-not-copied",
    cite = [kernel("fs/splice.c", "iter_to_pipe", "6.18"), man("vmsplice.2", "DESCRIPTION"), man("splice.2", "NOTES")],
    covers = ["behaviours:splice.vmsplice-later-change-visible"],
    layers = [libc, nix, raw],
)]
fn changes_after_vmsplice_are_visible_to_the_reader() -> TestResult {
    let (reader, writer) = pipe()?;
    let mut memory = Pages::holding(b"before")?;
    assert_eq!(vmsplice(&writer, &[memory.source()], 0), Ok(6));
    memory.change(b"after!");
    assert_eq!(read_bytes(&reader, 9), Ok("after!".into()));
    Ok(())
}

/// vmsplice into a full pipe blocks until the pipe has free space; with SPLICE_F_NONBLOCK, it fails with EAGAIN.
#[harness::test(
    id = "splice.vmsplice-nonblock",
    cite = [man("vmsplice.2", "ERRORS", "EAGAIN"), man("vmsplice.2", "DESCRIPTION", "SPLICE_F_NONBLOCK")],
    covers = ["behaviours:splice.vmsplice-nonblock", "errors:splice.vmsplice.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn vmsplice_into_a_full_pipe_blocks_unless_nonblocking() -> TestResult {
    let (reader, writer, held) = full_pipe(0)?;
    let memory = Pages::holding(b"abc")?;
    assert_errno!(vmsplice(&writer, &[memory.source()], SPLICE_F_NONBLOCK), EAGAIN);
    let child = fork(|| assert_eq!(vmsplice(&writer, &[memory.source()], 0), Ok(3)))?;
    child.assert_blocked_in(calls::VMSPLICE);
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    child.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// vmsplice on the read end of a pipe fills the iovec elements in order with bytes from the pipe and removes these
/// bytes.
#[harness::test(
    id = "splice.vmsplice-out-of-pipe",
    cite = [man("vmsplice.2", "DESCRIPTION"), man("vmsplice.2", "NOTES")],
    covers = ["behaviours:splice.vmsplice-read-end-copies"],
    layers = [libc, raw],
)]
fn vmsplice_fills_iovec_elements_from_a_pipe() -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abcdef")?;
    let (mut first, mut second) = ([0; 2], [0; 3]);
    let filled = vmsplice_out(&reader, &mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)], 0);
    assert_eq!(filled, Ok(5));
    assert_eq!((&first, &second), (b"ab", b"cde"));
    assert_eq!(read_bytes(&reader, 9), Ok("f".into()));
    Ok(())
}

/// vmsplice fails with EBADF if the descriptor is not open or refers to a file or a socket; no data is transferred.
#[harness::test(
    id = "splice.vmsplice-not-a-pipe",
    cite = [man("vmsplice.2", "ERRORS", "EBADF")],
    covers = ["errors:splice.vmsplice.EBADF"],
    layers = [libc, raw],
)]
fn vmsplice_requires_a_pipe() -> TestResult {
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

/// vmsplice accepts IOV_MAX iovec elements; with one more, it fails with EINVAL and transfers no data.
#[harness::test(
    id = "splice.vmsplice-iov-max",
    cite = [man("vmsplice.2", "ERRORS", "EINVAL"), man("vmsplice.2", "NOTES")],
    covers = ["errors:splice.vmsplice.EINVAL"],
    layers = [libc, nix, raw],
)]
fn more_than_iov_max_iovec_elements_are_rejected() -> TestResult {
    let (reader, writer) = pipe()?;
    let memory = Pages::holding(b"abc")?;
    // All but the last are empty: each nonempty element would occupy a page of the pipe.
    let mut elements = vec![IoSlice::new(&[]); UIO_MAXIOV as usize];
    elements.push(memory.source());
    assert_errno!(vmsplice(&writer, &elements, 0), EINVAL);
    assert_eq!(unread(&reader), Ok(0));
    assert_eq!(vmsplice(&writer, &elements[1..], 0), Ok(3));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}
