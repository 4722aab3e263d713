//! The offsets that are given to splice.

use calls::splicing::splice;
use kit::file::{content, file_of};
use kit::prelude::*;
use libc::{O_RDONLY, O_RDWR};

/// A splice from a file with an offset reads there and advances that offset; the file's own stays where it is.
#[harness::test(
    id = "splice.source-offset",
    cite = "splice(2)",
    covers = ["behaviours:splice.explicit-offset-updates"],
    layers = [libc, nix, raw],
)]
fn a_given_source_offset_is_used_and_advanced() -> Scene {
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

/// A splice into a file with an offset writes there and advances that offset; the file's own stays where it is.
#[harness::test(
    id = "splice.target-offset",
    cite = "splice(2)",
    covers = ["behaviours:splice.explicit-offset-updates"],
    layers = [libc, nix, raw],
)]
fn a_given_target_offset_is_used_and_advanced() -> Scene {
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

/// An offset for the side that is a pipe is refused with ESPIPE, whichever side that is, and nothing moves.
#[harness::test(
    id = "splice.pipe-offset",
    cite = "splice(2): ESPIPE",
    covers = ["errors:splice.splice.ESPIPE"],
    layers = [libc, nix, raw],
)]
fn a_pipe_has_no_offset() -> Scene {
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

/// An offset for a socket, which cannot seek, is refused with EINVAL as source and as target, and nothing moves.
#[harness::test(
    id = "splice.socket-offset",
    cite = "splice(2): EINVAL, an offset was given for nonseekable device",
    covers = ["errors:splice.splice.EINVAL.4"],
    layers = [libc, nix, raw],
)]
fn a_socket_has_no_offset() -> Scene {
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
