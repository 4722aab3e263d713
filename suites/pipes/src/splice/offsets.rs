//! Explicit offsets passed to splice.

use kit::file::{content, file_of};
use kit::prelude::*;
use libc::{O_RDONLY, O_RDWR};

/// A splice from a file with an explicit offset reads at that offset and advances it; the file offset is unchanged.
#[harness::test(
    id = "splice.source-offset",
    cite = [kernel("fs/splice.c", "do_splice", "6.18"), man("splice.2", "DESCRIPTION")],
    covers = ["behaviours:splice.explicit-offset-updates"],
    layers = [libc, nix, raw],
)]
fn explicit_source_offset_is_used_and_advanced() -> TestResult {
    let file = file_of(b"abcdef", O_RDONLY)?;
    let (reader, writer) = pipe()?;
    read_exactly(&file, 1)?;
    let mut offset = 2;
    assert_eq!(splice(&file, Some(&mut offset), &writer, None, 3, 0), Ok(3));
    assert_eq!(offset, 5);
    assert_eq!(read_bytes(&reader, 9), Ok("cde".into()));
    assert_eq!(read_bytes(&file, 9), Ok("bcdef".into()));
    Ok(())
}

/// A splice into a file with an explicit offset writes at that offset and advances it; the file offset is unchanged.
#[harness::test(
    id = "splice.target-offset",
    cite = [kernel("fs/splice.c", "do_splice", "6.18"), man("splice.2", "DESCRIPTION")],
    covers = ["behaviours:splice.explicit-offset-updates"],
    layers = [libc, nix, raw],
)]
fn explicit_target_offset_is_used_and_advanced() -> TestResult {
    let file = file_of(b"abcdef", O_RDWR)?;
    let (reader, writer) = pipe()?;
    read_exactly(&file, 1)?;
    write_all(&writer, b"XYZ")?;
    let mut offset = 2;
    assert_eq!(splice(&reader, None, &file, Some(&mut offset), 3, 0), Ok(3));
    assert_eq!(offset, 5);
    assert_eq!(unread(&reader), Ok(0));
    assert_eq!(content(&file), Ok("abXYZf".into()));
    assert_eq!(read_bytes(&file, 9), Ok("bXYZf".into()));
    Ok(())
}

/// A splice with an offset for a descriptor that refers to a pipe fails with ESPIPE; no data is moved.
#[harness::test(
    id = "splice.pipe-offset",
    cite = [man("splice.2", "ERRORS", "ESPIPE")],
    covers = ["errors:splice.splice.ESPIPE"],
    layers = [libc, nix, raw],
)]
fn offset_for_a_pipe_is_rejected() -> TestResult {
    let file = file_of(b"abcdef", O_RDWR)?;
    let (reader, writer) = pipe()?;
    write_all(&writer, b"XYZ")?;
    let mut offset = 1;
    assert_errno!(splice(&reader, Some(&mut offset), &file, None, 3, 0), ESPIPE);
    assert_errno!(splice(&file, None, &writer, Some(&mut offset), 3, 0), ESPIPE);
    assert_eq!(offset, 1);
    assert_eq!(read_bytes(&reader, 9), Ok("XYZ".into()));
    assert_eq!(read_bytes(&file, 9), Ok("abcdef".into()));
    Ok(())
}

/// A splice with an offset for a socket, source or target, fails with EINVAL, as a socket is not seekable; no data is
/// moved.
#[harness::test(
    id = "splice.socket-offset",
    cite = [man("splice.2", "ERRORS", "EINVAL")],
    covers = ["errors:splice.splice.EINVAL.4"],
    layers = [libc, nix, raw],
)]
fn offset_for_a_socket_is_rejected() -> TestResult {
    let (socket, peer) = stream_pair()?;
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    write_all(&peer, b"XYZ")?;
    let mut offset = 1;
    assert_errno!(splice(&reader, None, &socket, Some(&mut offset), 3, 0), EINVAL);
    assert_errno!(splice(&socket, Some(&mut offset), &writer, None, 3, 0), EINVAL);
    assert_eq!(offset, 1);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&socket, 9), Ok("XYZ".into()));
    assert_eq!(unread(&peer), Ok(0));
    Ok(())
}
