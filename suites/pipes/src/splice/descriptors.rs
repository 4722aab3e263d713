//! Descriptors that splice refuses.

use calls::splicing::splice;
use kit::file::{content, file_of};
use kit::prelude::*;
use libc::{O_APPEND, O_RDONLY, O_RDWR, O_WRONLY};

/// A splice from or to a descriptor that is not open fails with EBADF.
#[harness::test(
    id = "splice.not-open",
    cite = "splice(2): EBADF",
    covers = ["errors:splice.splice.EBADF"],
    layers = [libc, nix, raw],
)]
fn both_descriptors_must_be_open() -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_errno!(splice(NOT_OPEN, None, &writer, None, 3, 0), EBADF);
    assert_errno!(splice(&reader, None, NOT_OPEN, None, 3, 0), EBADF);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// A splice from what is not open for reading, or to what is not open for writing, pipe or file, fails with EBADF and moves nothing.
#[harness::test(
    id = "splice.access-mode",
    cite = "splice(2): EBADF, do not have proper read-write mode",
    covers = ["errors:splice.splice.EBADF"],
    layers = [libc, nix, raw],
)]
fn the_source_is_read_and_the_target_written() -> Scene {
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

/// A splice into a file that can be written but whose file system cannot splice, as /proc/self/comm, fails with EINVAL; the pipe keeps
/// its bytes.
#[harness::test(
    id = "splice.unsupported-target",
    cite = "splice(2): EINVAL, the target filesystem doesn't support splicing",
    covers = ["errors:splice.splice.EINVAL"],
    layers = [libc, nix, raw],
)]
fn a_target_that_cannot_be_spliced_to_is_refused() -> Scene {
    let name = open("/proc/self/comm", O_RDWR)?;
    write_all(&name, b"written")?;
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_errno!(splice(&reader, None, &name, None, 3, 0), EINVAL);
    assert_eq!(content(&name), Ok("written\n".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// A splice into a file that is open for appending fails with EINVAL, and the pipe keeps its bytes.
#[harness::test(
    id = "splice.append",
    cite = "splice(2): EINVAL, the target file is opened in append mode",
    covers = ["errors:splice.splice.EINVAL.2"],
    layers = [libc, nix, raw],
)]
fn a_target_in_append_mode_is_refused() -> Scene {
    let file = file_of(b"def", O_RDWR | O_APPEND)?;
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_errno!(splice(&reader, None, &file, None, 3, 0), EINVAL);
    assert_eq!(content(&file), Ok("def".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// A splice from a file to a file, with no pipe on either side, fails with EINVAL and moves nothing.
#[harness::test(
    id = "splice.no-pipe",
    cite = "splice(2): EINVAL, neither of the file descriptors refers to a pipe",
    covers = ["errors:splice.splice.EINVAL.3"],
    layers = [libc, nix, raw],
)]
fn one_side_must_be_a_pipe() -> Scene {
    let (from, to) = (file_of(b"abc", O_RDONLY)?, file_of(b"def", O_RDWR)?);
    assert_errno!(splice(&from, None, &to, None, 3, 0), EINVAL);
    assert_eq!(content(&to), Ok("def".into()));
    assert_eq!(read_bytes(&from, 9), Ok("abc".into()));
    Ok(())
}

/// A splice from a pipe into itself fails with EINVAL, and the pipe holds what it held.
#[harness::test(
    id = "splice.same-pipe",
    cite = "splice(2): EINVAL, fd_in and fd_out refer to the same pipe",
    covers = ["errors:splice.splice.EINVAL.5"],
    layers = [libc, nix, raw],
)]
fn a_pipe_is_not_spliced_into_itself() -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_errno!(splice(&reader, None, &writer, None, 3, 0), EINVAL);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}
