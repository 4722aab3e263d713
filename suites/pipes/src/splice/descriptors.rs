//! Descriptors that splice rejects.

use kit::channel::{FIFO, PIPE};
use kit::file::{content, file_of};
use kit::needs::UNIX_FILES;
use kit::prelude::*;
use libc::{O_APPEND, O_RDONLY, O_RDWR, O_WRONLY};

/// A splice fails with EBADF if either descriptor is not open.
#[harness::test(
    id = "splice.not-open",
    cite = [man("splice.2", "ERRORS", "EBADF")],
    covers = ["errors:splice.splice.EBADF"],
    layers = [libc, raw],
)]
fn both_descriptors_must_be_open() -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_errno!(splice(NOT_OPEN, None, &writer, None, 3, 0), EBADF);
    assert_errno!(splice(&reader, None, NOT_OPEN, None, 3, 0), EBADF);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// A splice fails with EBADF if the source is not open for reading or the target is not open for writing; no data is
/// moved.
#[harness::test(
    id = "splice.access-mode",
    cite = [man("splice.2", "ERRORS", "EBADF")],
    covers = ["errors:splice.splice.EBADF"],
    layers = [libc, nix, raw],
)]
fn source_must_be_readable_and_target_writable() -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    let (readable, writable) = (file_of(b"def", O_RDONLY)?, file_of(b"", O_WRONLY)?);
    assert_errno!(splice(&writer, None, &writable, None, 3, 0), EBADF);
    assert_errno!(splice(&writable, None, &writer, None, 3, 0), EBADF);
    assert_errno!(splice(&readable, None, &reader, None, 3, 0), EBADF);
    assert_errno!(splice(&reader, None, &readable, None, 3, 0), EBADF);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&readable, 9), Ok("def".into()));
    Ok(())
}

/// A splice into a file whose filesystem does not support splicing (here /proc/self/comm) fails with EINVAL; no data is
/// moved.
#[harness::test(
    id = "splice.unsupported-target",
    cite = [man("splice.2", "ERRORS", "EINVAL")],
    covers = ["errors:splice.splice.EINVAL"],
    layers = [libc, nix, raw],
)]
fn target_without_splice_support_is_rejected() -> TestResult {
    let comm = open("/proc/self/comm", O_RDWR)?;
    write_all(&comm, b"written")?;
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_errno!(splice(&reader, None, &comm, None, 3, 0), EINVAL);
    assert_eq!(content(&comm), Ok("written\n".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// A splice into a file opened with O_APPEND fails with EINVAL; no data is moved.
#[harness::test(
    id = "splice.append",
    cite = [man("splice.2", "ERRORS", "EINVAL")],
    covers = ["errors:splice.splice.EINVAL.2"],
    layers = [libc, nix, raw],
)]
fn target_in_append_mode_is_rejected() -> TestResult {
    let file = file_of(b"def", O_RDWR | O_APPEND)?;
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_errno!(splice(&reader, None, &file, None, 3, 0), EINVAL);
    assert_eq!(content(&file), Ok("def".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// A splice between two files fails with EINVAL, as neither descriptor refers to a pipe; no data is moved.
#[harness::test(
    id = "splice.no-pipe",
    cite = [man("splice.2", "ERRORS", "EINVAL")],
    covers = ["errors:splice.splice.EINVAL.3"],
    layers = [libc, nix, raw],
)]
fn one_descriptor_must_refer_to_a_pipe() -> TestResult {
    let (from, to) = (file_of(b"abc", O_RDONLY)?, file_of(b"def", O_RDWR)?);
    assert_errno!(splice(&from, None, &to, None, 3, 0), EINVAL);
    assert_eq!(content(&to), Ok("def".into()));
    assert_eq!(read_bytes(&from, 9), Ok("abc".into()));
    Ok(())
}

/// A splice whose descriptors refer to the same pipe, or to the same FIFO opened twice, fails with EINVAL; the data in it is
/// unchanged.
#[harness::test(
    id = "splice.same-pipe",
    cite = [man("splice.2", "ERRORS", "EINVAL")],
    covers = ["errors:splice.splice.EINVAL.5"],
    needs = [UNIX_FILES],
    layers = [libc, nix, raw],
)]
fn splice_of_a_pipe_into_itself_is_rejected() -> TestResult {
    for (reader, writer) in [PIPE.open()?, FIFO.open()?] {
        write_all(&writer, b"abc")?;
        assert_errno!(splice(&reader, None, &writer, None, 3, 0), EINVAL);
        assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
        assert_eq!(unread(&reader), Ok(0));
    }
    Ok(())
}
