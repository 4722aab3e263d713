//! What a pipe got by splice, tee or vmsplice belongs to others as well: a later write to the pipe must not reach them.

use crate::needs::PIPE_PAGES;
use kit::channel::{Channel, FIFO, PIPE};
use kit::file::{content, file_of};
use kit::memory::Pages;
use kit::needs::UNIX_FILES;
use kit::prelude::*;
use libc::{O_RDONLY, O_RDWR};

/// Fills and drains a channel, so that each of its buffers was one that a write could have added to.
fn used(channel: Channel) -> TestResult<(Fd, Fd)> {
    let (reader, writer) = channel.open()?;
    let held = fill(&writer)?;
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    Ok((reader, writer))
}

/// A write to a pipe or FIFO after a splice from a file follows the spliced bytes and leaves the file unchanged.
#[harness::test(
    rows = [
        ("splice.file-unchanged/pipe", ["behaviours:splice.source-not-written"], PIPE),
        ("splice.file-unchanged/fifo", ["behaviours:splice.source-not-written"], FIFO),
    ],
    cite = [kernel("mm/filemap.c", "splice_folio_into_pipe", "6.18"), kernel("fs/pipe.c", "pipe_write", "6.18")],
    needs = [PIPE_PAGES, UNIX_FILES],
    layers = [libc, nix, raw],
)]
fn a_write_after_a_splice_leaves_the_file_unchanged(channel: Channel) -> TestResult {
    let name = Name::file("file")?;
    std::fs::write(&name, "abcdef")?;
    let file = open(&name, O_RDONLY)?;
    let (reader, writer) = used(channel)?;
    assert_eq!(splice(&file, None, &writer, None, 2, 0), Ok(2));
    assert_eq!(write(&writer, b"XY"), Ok(2));
    assert_eq!(read_bytes(&reader, 9), Ok("abXY".into()));
    assert_eq!(content(&file), Ok("abcdef".into()));
    assert_eq!(open(&name, O_RDONLY).and_then(content), Ok("abcdef".into()));
    Ok(())
}

/// A write to a pipe after a sendfile from a file follows the bytes of the file and leaves the file unchanged.
#[harness::test(
    id = "splice.file-unchanged-by-sendfile",
    cite = [kernel("mm/filemap.c", "splice_folio_into_pipe", "6.18"), kernel("fs/pipe.c", "pipe_write", "6.18")],
    covers = ["behaviours:splice.source-not-written"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_write_after_a_sendfile_leaves_the_file_unchanged() -> TestResult {
    let file = file_of(b"abcdef", O_RDWR)?;
    let (reader, writer) = used(PIPE)?;
    assert_eq!(sendfile(&writer, &file, None, 2), Ok(2));
    assert_eq!(write(&writer, b"XY"), Ok(2));
    assert_eq!(read_bytes(&reader, 9), Ok("abXY".into()));
    assert_eq!(content(&file), Ok("abcdef".into()));
    Ok(())
}

#[rstest]
#[case::all(6, "abcdef")]
#[case::part(4, "abcd")]
/// A write to either of two pipes after a tee of all or part of the bytes of one into the other is read from that pipe alone.
#[harness::test(
    id = "splice.tee-unchanged",
    cite = [kernel("fs/splice.c", "link_pipe", "6.18"), kernel("fs/pipe.c", "pipe_write", "6.18"), man("tee.2", "DESCRIPTION")],
    covers = ["behaviours:splice.source-not-written"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_write_after_a_tee_is_in_one_pipe(#[case] length: usize, #[case] copied: &str) -> TestResult {
    let ((reader, writer), (copy, to_copy)) = (used(PIPE)?, used(PIPE)?);
    write_all(&writer, b"abcdef")?;
    assert_eq!(tee(&reader, &to_copy, length, 0), Ok(length));
    assert_eq!(write(&to_copy, b"XY"), Ok(2));
    assert_eq!(write(&writer, b"gh"), Ok(2));
    assert_eq!(write(&to_copy, b"Z"), Ok(1));
    assert_eq!(read_bytes(&reader, 99), Ok("abcdefgh".into()));
    assert_eq!(read_bytes(&copy, 99), Ok(format!("{copied}XYZ").as_str().into()));
    Ok(())
}

/// A write to either of two pipes after a splice of part of the bytes of one into the other is read from that pipe alone.
#[harness::test(
    id = "splice.rest-unchanged",
    cite = [kernel("fs/splice.c", "splice_pipe_to_pipe", "6.18"), kernel("fs/pipe.c", "pipe_write", "6.18")],
    covers = ["behaviours:splice.source-not-written"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_write_after_a_partial_splice_is_in_one_pipe() -> TestResult {
    let ((reader, writer), (target, to_target)) = (used(PIPE)?, used(PIPE)?);
    write_all(&writer, b"abcdef")?;
    assert_eq!(splice(&reader, None, &to_target, None, 4, 0), Ok(4));
    assert_eq!(write(&to_target, b"XY"), Ok(2));
    assert_eq!(write(&writer, b"gh"), Ok(2));
    assert_eq!(read_bytes(&target, 99), Ok("abcdXY".into()));
    assert_eq!(read_bytes(&reader, 99), Ok("efgh".into()));
    Ok(())
}

/// A write to a pipe after a vmsplice follows the bytes of the memory and leaves the memory unchanged.
#[harness::test(
    id = "splice.memory-unchanged",
    cite = [kernel("fs/splice.c", "iter_to_pipe", "6.18"), kernel("fs/pipe.c", "pipe_write", "6.18")],
    covers = ["behaviours:splice.source-not-written"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_write_after_a_vmsplice_leaves_the_memory_unchanged() -> TestResult {
    let pages = Pages::holding(b"ab......")?;
    let (reader, writer) = used(PIPE)?;
    assert_eq!(vmsplice(&writer, &[std::io::IoSlice::new(&pages.source()[..2])], 0), Ok(2));
    assert_eq!(write(&writer, b"XY"), Ok(2));
    assert_eq!(read_bytes(&reader, 9), Ok("abXY".into()));
    assert_eq!(&*pages.source(), b"ab......");
    Ok(())
}
