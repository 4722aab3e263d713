//! What splice moves, between which kinds of file, and how much.

use kit::file::{content, file_of};
use kit::prelude::*;
use libc::{O_RDONLY, O_RDWR};

/// A splice from a file into a pipe starts at the file offset and advances it by the number of bytes moved.
#[harness::test(
    id = "splice.file-to-pipe",
    cite = [man("splice.2", "DESCRIPTION")],
    covers = ["behaviours:splice.file-to-pipe"],
    layers = [libc, nix, raw],
)]
fn splice_reads_a_file_from_its_offset() -> TestResult {
    let file = file_of(b"abcdef", O_RDONLY)?;
    let (reader, writer) = pipe()?;
    read_exactly(&file, 1)?;
    assert_eq!(splice(&file, None, &writer, None, 3, 0), Ok(3));
    assert_eq!(read_bytes(&reader, 9), Ok("bcd".into()));
    assert_eq!(read_bytes(&file, 9), Ok("ef".into()));
    Ok(())
}

/// A splice from a pipe into a file removes the bytes from the pipe and writes them at the file offset, which it
/// advances.
#[harness::test(
    id = "splice.pipe-to-file",
    cite = [man("splice.2", "DESCRIPTION")],
    covers = ["behaviours:splice.consumes-source"],
    layers = [libc, nix, raw],
)]
fn splice_moves_bytes_from_a_pipe_to_a_file() -> TestResult {
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

/// A splice from one pipe into another removes the bytes from the first and makes them readable from the second.
#[harness::test(
    id = "splice.pipe-to-pipe",
    cite = [man("splice.2", "DESCRIPTION"), man("splice.2", "HISTORY"), man("splice.2", "NOTES")],
    covers = ["behaviours:splice.pipe-to-pipe", "behaviours:splice.consumes-source"],
    layers = [libc, nix, raw],
)]
fn splice_moves_bytes_from_pipe_to_pipe() -> TestResult {
    let (reader, writer) = pipe()?;
    let (other_reader, other_writer) = pipe()?;
    write_all(&writer, b"abcdef")?;
    assert_eq!(splice(&reader, None, &other_writer, None, 4, 0), Ok(4));
    assert_eq!(read_bytes(&other_reader, 9), Ok("abcd".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("ef".into()));
    Ok(())
}

/// Bytes spliced from a pipe into a stream socket are removed from the pipe and arrive at the peer in order.
#[harness::test(
    id = "splice.pipe-to-socket",
    cite = [man("splice.2", "NOTES"), man("splice.2", "DESCRIPTION", "SPLICE_F_MORE")],
    covers = ["behaviours:splice.pipe-to-socket"],
    layers = [libc, nix, raw],
)]
fn splice_moves_bytes_from_a_pipe_to_a_socket() -> TestResult {
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

/// A splice of more bytes than the source pipe holds moves those it holds and returns their number.
#[harness::test(
    id = "splice.short-source",
    cite = [man("splice.2", "DESCRIPTION"), man("splice.2", "RETURN VALUE")],
    covers = ["behaviours:splice.short-count"],
    layers = [libc, nix, raw],
)]
fn splice_of_more_than_the_source_holds_is_short() -> TestResult {
    let (reader, writer) = pipe()?;
    let (other_reader, other_writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_eq!(splice(&reader, None, &other_writer, None, 100, 0), Ok(3));
    assert_eq!(read_bytes(&other_reader, 9), Ok("abc".into()));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// A splice from a file of more bytes than the target pipe has free space for moves some of them and returns their
/// number; the file offset advances by it.
#[harness::test(
    id = "splice.short-target",
    cite = [man("splice.2", "DESCRIPTION"), man("splice.2", "RETURN VALUE")],
    covers = ["behaviours:splice.short-count"],
    layers = [libc, nix, raw],
)]
fn splice_of_more_than_the_target_has_free_space_for_is_short() -> TestResult {
    let Bytes(text) = Bytes::sequence(3 * page_size());
    let file = file_of(&text, O_RDONLY)?;
    let (reader, writer) = pipe()?;
    assert_eq!(set_capacity(&writer, page_size() as i32), Ok(page_size() as i32));
    let moved = splice(&file, None, &writer, None, text.len(), 0);
    assert_matches!(moved, Ok(count) if (1..=page_size()).contains(count));
    let (moved_bytes, rest) = text.split_at(moved.unwrap_or_default());
    observe("bytes spliced from a file of three pages into a pipe of one", moved_bytes.len());
    assert_eq!(read_bytes(&reader, text.len()), Ok(moved_bytes.into()));
    assert_eq!(read_bytes(&file, text.len()), Ok(rest.into()));
    Ok(())
}
