//! tee: duplicating the data of a pipe.

use super::full_pipe;
use kit::channel::{FIFO, PIPE};
use kit::file::{content, file_of};
use kit::needs::UNIX_FILES;
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDWR, SPLICE_F_NONBLOCK};

/// tee duplicates bytes from one pipe to another and does not consume them.
#[harness::test(
    id = "splice.tee-keeps-source",
    cite = [man("tee.2", "DESCRIPTION")],
    covers = ["behaviours:splice.tee-does-not-consume"],
    layers = [libc, nix, raw],
)]
fn tee_does_not_consume_its_input() -> TestResult {
    let (reader, writer) = pipe()?;
    let (other_reader, other_writer) = pipe()?;
    write_all(&writer, b"abcdef")?;
    assert_eq!(tee(&reader, &other_writer, 4, 0), Ok(4));
    assert_eq!(read_bytes(&other_reader, 9), Ok("abcd".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abcdef".into()));
    Ok(())
}

/// tee followed by a splice of the same length gives a second pipe and a file the same bytes and empties the source
/// pipe.
#[harness::test(
    id = "splice.tee-then-splice",
    cite = [man("tee.2", "DESCRIPTION"), man("tee.2", "EXAMPLES")],
    covers = ["behaviours:splice.tee-then-splice-duplicates"],
    layers = [libc, nix, raw],
)]
fn tee_then_splice_feeds_two_targets() -> TestResult {
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

/// tee from a pipe without writers duplicates the remaining data; once the pipe is empty, it returns 0.
#[harness::test(
    id = "splice.tee-eof",
    cite = [man("tee.2", "RETURN VALUE")],
    covers = ["behaviours:splice.tee-zero-no-writers"],
    layers = [libc, nix, raw],
)]
fn tee_from_an_empty_pipe_without_writers_returns_0() -> TestResult {
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

/// tee from an empty pipe with a writer blocks until data is written; with SPLICE_F_NONBLOCK, it fails with EAGAIN.
#[harness::test(
    id = "splice.tee-blocks-empty",
    cite = [
        man("tee.2", "ERRORS", "EAGAIN"),
        man("tee.2", "RETURN VALUE"),
        man("tee.2", "DESCRIPTION", "SPLICE_F_NONBLOCK"),
    ],
    covers = ["behaviours:splice.tee-blocks-empty", "errors:splice.tee.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn tee_from_an_empty_pipe_blocks_until_data_is_written() -> TestResult {
    let (reader, writer) = pipe()?;
    let (other_reader, other_writer) = pipe()?;
    assert_errno!(tee(&reader, &other_writer, 9, SPLICE_F_NONBLOCK), EAGAIN);
    let child = fork(|| assert_eq!(tee(&reader, &other_writer, 9, 0), Ok(3)))?;
    child.assert_blocked_in(calls::TEE);
    write_all(&writer, b"abc")?;
    child.join()?;
    assert_eq!(read_bytes(&other_reader, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// tee into a full pipe blocks until the pipe has free space; with SPLICE_F_NONBLOCK, it fails with EAGAIN.
#[harness::test(
    id = "splice.tee-blocks-full",
    cite = [man("tee.2", "ERRORS", "EAGAIN"), man("tee.2", "DESCRIPTION", "SPLICE_F_NONBLOCK")],
    covers = ["errors:splice.tee.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn tee_into_a_full_pipe_blocks_until_there_is_free_space() -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    let (full, to_full, held) = full_pipe(0)?;
    assert_errno!(tee(&reader, &to_full, 3, SPLICE_F_NONBLOCK), EAGAIN);
    let child = fork(|| assert_eq!(tee(&reader, &to_full, 3, 0), Ok(3)))?;
    child.assert_blocked_in(calls::TEE);
    assert_eq!(read_exactly(&full, held.0.len())?, held);
    child.join()?;
    assert_eq!(read_bytes(&full, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

#[rstest]
#[case::source(O_NONBLOCK, 0)]
#[case::target(0, O_NONBLOCK)]
/// tee from an empty pipe with a writer fails with EAGAIN if either descriptor has O_NONBLOCK set; SPLICE_F_NONBLOCK is
/// not required.
#[harness::test(
    id = "splice.tee-nonblocking-empty",
    cite = [man("tee.2", "ERRORS", "EAGAIN")],
    covers = ["errors:splice.tee.EAGAIN.2"],
    layers = [libc, nix, raw],
)]
fn one_nonblocking_pipe_makes_tee_from_an_empty_pipe_fail(
    #[case] source_flags: i32,
    #[case] target_flags: i32,
) -> TestResult {
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
/// tee into a full pipe fails with EAGAIN if either descriptor has O_NONBLOCK set; SPLICE_F_NONBLOCK is not required.
/// Both pipes keep their data.
#[harness::test(
    id = "splice.tee-nonblocking-full",
    cite = [man("tee.2", "ERRORS", "EAGAIN")],
    covers = ["errors:splice.tee.EAGAIN.2"],
    layers = [libc, nix, raw],
)]
fn one_nonblocking_pipe_makes_tee_into_a_full_pipe_fail(
    #[case] source_flags: i32,
    #[case] target_flags: i32,
) -> TestResult {
    let (reader, writer) = pipe2(source_flags)?;
    write_all(&writer, b"abc")?;
    let (full, to_full, held) = full_pipe(target_flags)?;
    assert_errno!(tee(&reader, &to_full, 3, 0), EAGAIN);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&full, 2 * held.0.len()), Ok(held));
    Ok(())
}

/// tee fails with EINVAL if either descriptor refers to a file or a socket instead of a pipe; no data is duplicated.
#[harness::test(
    id = "splice.tee-not-a-pipe",
    cite = [man("tee.2", "ERRORS", "EINVAL")],
    covers = ["errors:splice.tee.EINVAL"],
    layers = [libc, nix, raw],
)]
fn tee_requires_two_pipes() -> TestResult {
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

/// tee whose descriptors refer to the same pipe, or to the same FIFO opened twice, fails with EINVAL; the data in it is unchanged.
#[harness::test(
    id = "splice.tee-same-pipe",
    cite = [man("tee.2", "ERRORS", "EINVAL")],
    covers = ["errors:splice.tee.EINVAL.2"],
    needs = [UNIX_FILES],
    layers = [libc, nix, raw],
)]
fn tee_of_a_pipe_into_itself_is_rejected() -> TestResult {
    for (reader, writer) in [PIPE.open()?, FIFO.open()?] {
        write_all(&writer, b"abc")?;
        assert_errno!(tee(&reader, &writer, 3, 0), EINVAL);
        assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
        assert_eq!(unread(&reader), Ok(0));
    }
    Ok(())
}
