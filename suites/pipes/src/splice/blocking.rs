//! When splice waits, and when it fails with EAGAIN instead.

use super::full_pipe;
use calls::splicing::splice;
use kit::file::{content, file_of};
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDWR, SPLICE_F_NONBLOCK};
use rstest::rstest;

/// A splice from an empty pipe that has writers fails with EAGAIN when SPLICE_F_NONBLOCK is given; without it, it sleeps until there
/// are bytes, and moves them.
#[harness::test(
    id = "splice.blocks-empty",
    cite = "splice(2), SPLICE_F_NONBLOCK: EAGAIN",
    covers = ["behaviours:splice.blocks-empty-pipe", "errors:splice.splice.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn an_empty_pipe_is_waited_for() -> Scene {
    let (reader, writer) = pipe()?;
    let (other_reader, other_writer) = pipe()?;
    assert_errno!(splice(&reader, None, &other_writer, None, 9, SPLICE_F_NONBLOCK), EAGAIN);
    let child = fork(|| assert_eq!(splice(&reader, None, &other_writer, None, 9, 0), Ok(3)))?;
    child.assert_blocked_in(Syscall::SPLICE);
    write_all(&writer, b"abc")?;
    child.join()?;
    assert_eq!(read_bytes(&other_reader, 9), Ok("abc".into()));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// A splice into a full pipe fails with EAGAIN when SPLICE_F_NONBLOCK is given; without it, it sleeps until there is room, and then
/// moves the bytes behind those that were there.
#[harness::test(
    id = "splice.blocks-full",
    cite = "splice(2), SPLICE_F_NONBLOCK: EAGAIN",
    covers = ["errors:splice.splice.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn room_in_a_full_pipe_is_waited_for() -> Scene {
    let file = file_of(b"abc", O_RDWR)?;
    let (reader, writer, held) = full_pipe(0)?;
    assert_errno!(splice(&file, None, &writer, None, 3, SPLICE_F_NONBLOCK), EAGAIN);
    let child = fork(|| assert_eq!(splice(&file, None, &writer, None, 3, 0), Ok(3)))?;
    child.assert_blocked_in(Syscall::SPLICE);
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    child.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// A splice into a file from an empty pipe whose read end is non-blocking fails with EAGAIN, without SPLICE_F_NONBLOCK.
#[harness::test(
    id = "splice.nonblocking-source-to-file",
    cite = "splice(2): EAGAIN, one of the file descriptors had been marked as nonblocking",
    covers = ["errors:splice.splice.EAGAIN.2"],
    layers = [libc, nix, raw],
)]
fn an_empty_nonblocking_pipe_gives_a_file_nothing() -> Scene {
    let file = file_of(b"", O_RDWR)?;
    let (reader, writer) = pipe2(O_NONBLOCK)?;
    assert_errno!(splice(&reader, None, &file, None, 3, 0), EAGAIN);
    assert_eq!(content(&file), Ok("".into()));
    write_all(&writer, b"abc")?;
    assert_eq!(splice(&reader, None, &file, None, 3, 0), Ok(3));
    assert_eq!(content(&file), Ok("abc".into()));
    Ok(())
}

#[rstest]
#[case::source(O_NONBLOCK, 0)]
#[case::target(0, O_NONBLOCK)]
/// A splice from an empty pipe into another fails with EAGAIN when either is non-blocking, without SPLICE_F_NONBLOCK.
#[harness::test(
    id = "splice.nonblocking-pipes-empty",
    cite = "splice(2): EAGAIN, one of the file descriptors had been marked as nonblocking",
    covers = ["errors:splice.splice.EAGAIN.2"],
    layers = [libc, nix, raw],
)]
fn one_nonblocking_pipe_is_enough_when_empty(#[case] source_flags: i32, #[case] target_flags: i32) -> Scene {
    let (reader, writer) = pipe2(source_flags)?;
    let (other_reader, other_writer) = pipe2(target_flags)?;
    assert_errno!(splice(&reader, None, &other_writer, None, 3, 0), EAGAIN);
    write_all(&writer, b"abc")?;
    assert_eq!(splice(&reader, None, &other_writer, None, 3, 0), Ok(3));
    assert_eq!(read_bytes(&other_reader, 9), Ok("abc".into()));
    Ok(())
}

/// A splice into a full pipe whose write end is non-blocking fails with EAGAIN, without SPLICE_F_NONBLOCK, from a pipe and from a
/// file, and both keep their bytes.
#[harness::test(
    id = "splice.nonblocking-target-full",
    cite = "splice(2): EAGAIN, one of the file descriptors had been marked as nonblocking",
    covers = ["errors:splice.splice.EAGAIN.2"],
    layers = [libc, nix, raw],
)]
fn a_full_nonblocking_pipe_takes_nothing() -> Scene {
    let file = file_of(b"abc", O_RDWR)?;
    let (reader, writer) = pipe()?;
    write_all(&writer, b"def")?;
    let (full, to_full, held) = full_pipe(O_NONBLOCK)?;
    assert_errno!(splice(&file, None, &to_full, None, 3, 0), EAGAIN);
    assert_errno!(splice(&reader, None, &to_full, None, 3, 0), EAGAIN);
    assert_eq!(read_bytes(&file, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("def".into()));
    assert_eq!(read_bytes(&full, 2 * held.0.len()), Ok(held));
    Ok(())
}
