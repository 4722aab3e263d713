//! tee: a second pipe gets the same bytes.

use super::full_pipe;
use calls::splicing::{splice, tee};
use kit::file::{content, file_of};
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDWR, SPLICE_F_NONBLOCK};
use rstest::rstest;

/// tee puts the first bytes of one pipe into another and leaves all of them in the first.
#[harness::test(
    id = "splice.tee-keeps-source",
    cite = "tee(2)",
    covers = ["behaviours:splice.tee-does-not-consume"],
    layers = [libc, nix, raw],
)]
fn tee_consumes_nothing() -> Scene {
    let (reader, writer) = pipe()?;
    let (other_reader, other_writer) = pipe()?;
    write_all(&writer, b"abcdef")?;
    assert_eq!(tee(&reader, &other_writer, 4, 0), Ok(4));
    assert_eq!(read_bytes(&other_reader, 9), Ok("abcd".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abcdef".into()));
    Ok(())
}

/// tee and then a splice of as many bytes give a second pipe and a file the same bytes, and the first pipe is empty.
#[harness::test(
    id = "splice.tee-then-splice",
    cite = "tee(2), EXAMPLES",
    covers = ["behaviours:splice.tee-then-splice-duplicates"],
    layers = [libc, nix, raw],
)]
fn tee_and_splice_fill_two_sinks() -> Scene {
    let file = file_of(b"", O_RDWR)?;
    let (reader, writer) = pipe()?;
    let (other_reader, other_writer) = pipe()?;
    let sent = Bytes::sequence(1000);
    write_all(&writer, &sent.0)?;
    assert_eq!(tee(&reader, &other_writer, 1000, 0), Ok(1000));
    assert_eq!(splice(&reader, None, &file, None, 1000, 0), Ok(1000));
    assert_eq!(unread(&reader), Ok(0));
    assert_eq!(read_bytes(&other_reader, 2000), Ok(sent.clone()));
    assert_eq!(content(&file), Ok(sent));
    Ok(())
}

/// tee from a pipe without writers copies what is left, and returns 0 once nothing is.
#[harness::test(
    id = "splice.tee-eof",
    cite = "tee(2), RETURN VALUE",
    covers = ["behaviours:splice.tee-zero-no-writers"],
    layers = [libc, nix, raw],
)]
fn tee_of_an_empty_pipe_without_writers_gives_0() -> Scene {
    let (reader, writer) = pipe()?;
    let (other_reader, other_writer) = pipe()?;
    write_all(&writer, b"abc")?;
    drop(writer);
    assert_eq!(tee(&reader, &other_writer, 9, 0), Ok(3));
    assert_eq!(read_bytes(&other_reader, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(tee(&reader, &other_writer, 9, 0), Ok(0));
    assert_eq!(unread(&other_reader), Ok(0));
    Ok(())
}

/// tee from an empty pipe that has writers fails with EAGAIN when SPLICE_F_NONBLOCK is given; without it, it sleeps until there are
/// bytes, and copies them.
#[harness::test(
    id = "splice.tee-blocks-empty",
    cite = "tee(2), SPLICE_F_NONBLOCK: EAGAIN",
    covers = ["behaviours:splice.tee-blocks-empty", "errors:splice.tee.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn tee_waits_for_bytes() -> Scene {
    let (reader, writer) = pipe()?;
    let (other_reader, other_writer) = pipe()?;
    assert_errno!(tee(&reader, &other_writer, 9, SPLICE_F_NONBLOCK), EAGAIN);
    let child = fork(|| assert_eq!(tee(&reader, &other_writer, 9, 0), Ok(3)))?;
    child.assert_blocked_in(Syscall::TEE);
    write_all(&writer, b"abc")?;
    child.join()?;
    assert_eq!(read_bytes(&other_reader, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// tee into a full pipe fails with EAGAIN when SPLICE_F_NONBLOCK is given; without it, it sleeps until there is room, and then copies
/// the bytes behind those that were there.
#[harness::test(
    id = "splice.tee-blocks-full",
    cite = "tee(2), SPLICE_F_NONBLOCK: EAGAIN",
    covers = ["errors:splice.tee.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn tee_waits_for_room() -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    let (full, to_full, held) = full_pipe(0)?;
    assert_errno!(tee(&reader, &to_full, 3, SPLICE_F_NONBLOCK), EAGAIN);
    let child = fork(|| assert_eq!(tee(&reader, &to_full, 3, 0), Ok(3)))?;
    child.assert_blocked_in(Syscall::TEE);
    assert_eq!(read_exactly(&full, held.0.len())?, held);
    child.join()?;
    assert_eq!(read_bytes(&full, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

#[rstest]
#[case::source(O_NONBLOCK, 0)]
#[case::target(0, O_NONBLOCK)]
/// tee from an empty pipe that has writers fails with EAGAIN when either pipe is non-blocking, without SPLICE_F_NONBLOCK.
#[harness::test(
    id = "splice.tee-nonblocking-empty",
    cite = "tee(2): EAGAIN, one of the file descriptors had been marked as nonblocking",
    covers = ["errors:splice.tee.EAGAIN.2"],
    layers = [libc, nix, raw],
)]
fn one_nonblocking_pipe_is_enough_for_tee(#[case] source_flags: i32, #[case] target_flags: i32) -> Scene {
    let (reader, writer) = pipe2(source_flags)?;
    let (other_reader, other_writer) = pipe2(target_flags)?;
    assert_errno!(tee(&reader, &other_writer, 3, 0), EAGAIN);
    write_all(&writer, b"abc")?;
    assert_eq!(tee(&reader, &other_writer, 3, 0), Ok(3));
    assert_eq!(read_bytes(&other_reader, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

#[rstest]
#[case::source(O_NONBLOCK, 0)]
#[case::target(0, O_NONBLOCK)]
/// tee into a full pipe fails with EAGAIN when either pipe is non-blocking, without SPLICE_F_NONBLOCK, and both keep what they hold.
#[harness::test(
    id = "splice.tee-nonblocking-full",
    cite = "tee(2): EAGAIN, one of the file descriptors had been marked as nonblocking",
    covers = ["errors:splice.tee.EAGAIN.2"],
    layers = [libc, nix, raw],
)]
fn tee_does_not_wait_for_room_if_nonblocking(#[case] source_flags: i32, #[case] target_flags: i32) -> Scene {
    let (reader, writer) = pipe2(source_flags)?;
    write_all(&writer, b"abc")?;
    let (full, to_full, held) = full_pipe(target_flags)?;
    assert_errno!(tee(&reader, &to_full, 3, 0), EAGAIN);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&full, 2 * held.0.len()), Ok(held));
    Ok(())
}

/// tee fails with EINVAL when the source or the target is no pipe, but a file or a socket, and copies nothing.
#[harness::test(
    id = "splice.tee-no-pipe",
    cite = "tee(2): EINVAL, fd_in or fd_out does not refer to a pipe",
    covers = ["errors:splice.tee.EINVAL"],
    layers = [libc, nix, raw],
)]
fn tee_wants_two_pipes() -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    let (socket, peer) = stream_pair()?;
    write_all(&peer, b"def")?;
    let file = file_of(b"ghi", O_RDWR)?;
    assert_errno!(tee(&reader, &file, 3, 0), EINVAL);
    assert_errno!(tee(&file, &writer, 3, 0), EINVAL);
    assert_errno!(tee(&reader, &socket, 3, 0), EINVAL);
    assert_errno!(tee(&socket, &writer, 3, 0), EINVAL);
    assert_eq!(unread(&peer), Ok(0));
    assert_eq!(read_bytes(&socket, 9), Ok("def".into()));
    assert_eq!(read_bytes(&file, 9), Ok("ghi".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// tee from a pipe into itself fails with EINVAL, and the pipe holds what it held.
#[harness::test(
    id = "splice.tee-same-pipe",
    cite = "tee(2): EINVAL, fd_in and fd_out refer to the same pipe",
    covers = ["errors:splice.tee.EINVAL.2"],
    layers = [libc, nix, raw],
)]
fn a_pipe_is_not_copied_into_itself() -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_errno!(tee(&reader, &writer, 3, 0), EINVAL);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}
