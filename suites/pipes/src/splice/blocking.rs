//! When splice blocks, and when it fails with EAGAIN instead.

use super::full_pipe;
use kit::file::{content, file_of};
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDWR, SPLICE_F_NONBLOCK};

/// A splice from an empty pipe with a writer blocks until data is written; with SPLICE_F_NONBLOCK, it fails with
/// EAGAIN.
#[harness::test(
    id = "splice.blocks-empty",
    cite = [
        man("splice.2", "ERRORS", "EAGAIN"),
        man("splice.2", "RETURN VALUE"),
        man("splice.2", "DESCRIPTION", "SPLICE_F_NONBLOCK"),
    ],
    covers = ["behaviours:splice.blocks-empty-pipe", "errors:splice.splice.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn splice_from_an_empty_pipe_blocks_until_data_is_written() -> TestResult {
    let (reader, writer) = pipe()?;
    let (other_reader, other_writer) = pipe()?;
    assert_errno!(splice(&reader, None, &other_writer, None, 9, SPLICE_F_NONBLOCK), EAGAIN);
    let child = fork(|| assert_eq!(splice(&reader, None, &other_writer, None, 9, 0), Ok(3)))?;
    child.assert_blocked_in(calls::SPLICE);
    write_all(&writer, b"abc")?;
    child.join()?;
    assert_eq!(read_bytes(&other_reader, 9), Ok("abc".into()));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// A splice into a full pipe blocks until the pipe has free space; with SPLICE_F_NONBLOCK, it fails with EAGAIN.
#[harness::test(
    id = "splice.blocks-full",
    cite = [man("splice.2", "ERRORS", "EAGAIN"), man("splice.2", "DESCRIPTION", "SPLICE_F_NONBLOCK")],
    covers = ["errors:splice.splice.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn splice_into_a_full_pipe_blocks_until_there_is_free_space() -> TestResult {
    let file = file_of(b"abc", O_RDWR)?;
    let (reader, writer, held) = full_pipe(0)?;
    assert_errno!(splice(&file, None, &writer, None, 3, SPLICE_F_NONBLOCK), EAGAIN);
    let child = fork(|| assert_eq!(splice(&file, None, &writer, None, 3, 0), Ok(3)))?;
    child.assert_blocked_in(calls::SPLICE);
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    child.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// A splice from an empty pipe into a file fails with EAGAIN if the read end has O_NONBLOCK set; SPLICE_F_NONBLOCK is
/// not required.
#[harness::test(
    id = "splice.nonblocking-source-to-file",
    cite = [man("splice.2", "ERRORS", "EAGAIN")],
    covers = ["errors:splice.splice.EAGAIN.2"],
    layers = [libc, nix, raw],
)]
fn splice_from_an_empty_nonblocking_pipe_to_a_file_fails() -> TestResult {
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
/// A splice from an empty pipe into another pipe fails with EAGAIN if either descriptor has O_NONBLOCK set;
/// SPLICE_F_NONBLOCK is not required.
#[harness::test(
    id = "splice.nonblocking-pipes-empty",
    cite = [man("splice.2", "ERRORS", "EAGAIN")],
    covers = ["errors:splice.splice.EAGAIN.2"],
    layers = [libc, nix, raw],
)]
fn one_nonblocking_pipe_makes_a_splice_from_an_empty_pipe_fail(
    #[case] source_flags: i32,
    #[case] target_flags: i32,
) -> TestResult {
    let (reader, writer) = pipe2(source_flags)?;
    let (other_reader, other_writer) = pipe2(target_flags)?;
    assert_errno!(splice(&reader, None, &other_writer, None, 3, 0), EAGAIN);
    write_all(&writer, b"abc")?;
    assert_eq!(splice(&reader, None, &other_writer, None, 3, 0), Ok(3));
    assert_eq!(read_bytes(&other_reader, 9), Ok("abc".into()));
    Ok(())
}

/// A splice from a pipe or a file into a full pipe fails with EAGAIN if the write end has O_NONBLOCK set; no data is
/// moved.
#[harness::test(
    id = "splice.nonblocking-target-full",
    cite = [man("splice.2", "ERRORS", "EAGAIN")],
    covers = ["errors:splice.splice.EAGAIN.2"],
    layers = [libc, nix, raw],
)]
fn splice_into_a_full_nonblocking_pipe_fails() -> TestResult {
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
