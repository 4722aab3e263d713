//! What splice moves, from what to what, and how much.

use calls::splicing::splice;
use kit::file::{content, file_of};
use kit::prelude::*;
use libc::{O_RDONLY, O_RDWR};

/// Bytes spliced from a file into a pipe are those at the file's offset, which moves on by as many.
#[harness::test(
    id = "splice.file-to-pipe",
    cite = "splice(2)",
    covers = ["behaviours:splice.file-to-pipe"],
    layers = [libc, nix, raw],
)]
fn a_file_is_spliced_from_its_offset() -> Scene {
    let file = file_of(b"abcdef", O_RDONLY)?;
    let (reader, writer) = pipe()?;
    read_exactly(&file, 1)?;
    assert_eq!(splice(&file, None, &writer, None, 3, 0), Ok(3));
    assert_eq!(read_bytes(&reader, 9), Ok("bcd".into()));
    assert_eq!(read_bytes(&file, 9), Ok("ef".into()));
    Ok(())
}

/// Bytes spliced out of a pipe into a file are gone from the pipe, which keeps the others, and follow each other in the file.
#[harness::test(
    id = "splice.pipe-to-file",
    cite = "splice(2)",
    covers = ["behaviours:splice.consumes-source"],
    layers = [libc, nix, raw],
)]
fn bytes_leave_the_pipe_for_the_file() -> Scene {
    let file = file_of(b"", O_RDWR)?;
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abcdef")?;
    assert_eq!(splice(&reader, None, &file, None, 3, 0), Ok(3));
    assert_eq!(content(&file), Ok("abc".into()));
    assert_eq!(unread(&reader), Ok(3));
    assert_eq!(splice(&reader, None, &file, None, 2, 0), Ok(2));
    assert_eq!(content(&file), Ok("abcde".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("f".into()));
    Ok(())
}

/// Bytes can be spliced from one pipe into another: they are gone from the first and can be read from the second.
#[harness::test(
    id = "splice.pipe-to-pipe",
    cite = "splice(2), NOTES",
    covers = ["behaviours:splice.pipe-to-pipe", "behaviours:splice.consumes-source"],
    layers = [libc, nix, raw],
)]
fn bytes_go_from_pipe_to_pipe() -> Scene {
    let (reader, writer) = pipe()?;
    let (other_reader, other_writer) = pipe()?;
    write_all(&writer, b"abcdef")?;
    assert_eq!(splice(&reader, None, &other_writer, None, 4, 0), Ok(4));
    assert_eq!(read_bytes(&other_reader, 9), Ok("abcd".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("ef".into()));
    Ok(())
}

/// What is spliced from a pipe into a socket arrives at its peer, in order, and is gone from the pipe.
#[harness::test(
    id = "splice.pipe-to-socket",
    cite = "splice(2), SPLICE_F_MORE; Linux 5.10 net/socket.c, socket_file_ops",
    covers = ["behaviours:splice.pipe-to-socket"],
    layers = [libc, nix, raw],
)]
fn a_socket_takes_what_a_pipe_holds() -> Scene {
    let (reader, writer) = pipe()?;
    let (socket, peer) = stream_pair()?;
    let Bytes(sent) = Bytes::sequence(1000);
    write_all(&writer, &sent)?;
    assert_eq!(splice(&reader, None, &socket, None, 600, 0), Ok(600));
    assert_eq!(unread(&reader), Ok(400));
    assert_eq!(splice(&reader, None, &socket, None, 400, 0), Ok(400));
    assert_eq!(unread(&reader), Ok(0));
    assert_eq!(unread(&peer), Ok(1000));
    assert_eq!(read_exactly(&peer, 1000)?, Bytes(sent));
    Ok(())
}

/// A splice that asks for more than the pipe holds moves what there is, and returns how much that was.
#[harness::test(
    id = "splice.short-source",
    cite = "splice(2): up to len bytes",
    covers = ["behaviours:splice.short-count"],
    layers = [libc, nix, raw],
)]
fn no_more_is_moved_than_there_is() -> Scene {
    let (reader, writer) = pipe()?;
    let (other_reader, other_writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_eq!(splice(&reader, None, &other_writer, None, 100, 0), Ok(3));
    assert_eq!(read_bytes(&other_reader, 9), Ok("abc".into()));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// A splice of more than the pipe has room for moves some of it, and returns how much: so much is in the pipe, and the file's offset
/// is behind it.
#[harness::test(
    id = "splice.short-target",
    cite = "splice(2): up to len bytes",
    covers = ["behaviours:splice.short-count"],
    layers = [libc, nix, raw],
)]
fn no_more_is_moved_than_there_is_room_for() -> Scene {
    let Bytes(held) = Bytes::sequence(3 * page_size());
    let file = file_of(&held, O_RDONLY)?;
    let (reader, writer) = pipe()?;
    assert_eq!(set_capacity(&writer, page_size() as i32), Ok(page_size() as i32));
    let moved = splice(&file, None, &writer, None, held.len(), 0);
    assert_matches!(moved, Ok(count) if (1..=page_size()).contains(count));
    let (before, behind) = held.split_at(moved.unwrap_or_default());
    observe("bytes spliced from a file of three pages into a pipe of one", before.len());
    assert_eq!(read_bytes(&reader, held.len()), Ok(before.into()));
    assert_eq!(read_bytes(&file, held.len()), Ok(behind.into()));
    Ok(())
}
