//! What flows through an open FIFO, and where it is on the way.

use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDONLY, O_WRONLY};
use nix::sys::stat::FileStat;
use std::time::Instant;

/// Bytes leave a FIFO in the order in which they were written, also when there are more than it holds.
#[harness::test(
    id = "fifo.order",
    cite = "POSIX.1-2024 XBD, FIFO Special File: data is read on a first-in-first-out basis; fifo(7)",
    covers = ["notes:fifo.fifo-order"],
    layers = [libc, nix, raw],
)]
fn bytes_leave_in_order() -> Scene {
    // Neither a part of the capacity nor of a page, and written at once.
    const PIECE: usize = 1001;
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    let sent = Bytes::sequence(3 * get_capacity(&reader)? as usize);
    let child = fork(|| {
        for piece in sent.0.chunks(PIECE) {
            assert_eq!(write(&writer, piece), Ok(piece.len()));
        }
    })?;
    drop(writer);
    for piece in sent.0.chunks(PIECE) {
        assert_eq!(read_bytes(&reader, PIECE), Ok(piece.into()));
    }
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    child.join()
}

/// A FIFO has a read end, which cannot be written to, and a write end, which cannot be read.
#[harness::test(
    id = "fifo.two-ends",
    cite = "POSIX.1-2024 read(), write(): EBADF; fifo(7)",
    covers = ["notes:fifo.two-ends"],
    layers = [libc, nix, raw],
)]
fn each_end_has_one_direction() -> Scene {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    assert_errno!(write(&reader, b"x"), EBADF);
    assert_errno!(read(&writer, &mut [0; 1]), EBADF);
    assert_eq!(write(&writer, b"hello"), Ok(5));
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    Ok(())
}

/// Bytes in a FIFO are in memory only: its file has no size and no blocks while the reader finds all of them.
#[harness::test(
    id = "fifo.data-not-in-file-system",
    cite = "fifo(7): the kernel passes all data internally without writing it to the filesystem",
    covers = ["notes:fifo.content-in-memory", "behaviours:fifo.data-not-on-disk"],
    layers = [libc, nix, raw],
)]
fn bytes_are_not_in_the_file_system() -> Scene {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    let held = fill(&writer)?;
    assert_eq!(unread(&reader), Ok(held.0.len()));
    assert_eq!((fifo.node(), node_of(&reader)), (Ok(Node::new("p0600")), Ok(Node::new("p0600"))));
    let blocks = |found: FileStat| found.st_blocks;
    assert_eq!((lstat(&fifo).map(blocks), fstat(&reader).map(blocks)), (Ok(0), Ok(0)));
    assert_eq!(read_bytes(&reader, held.0.len()), Ok(held));
    Ok(())
}

/// After end of file a writer that comes later revives a FIFO: the same reader gets bytes again, as no pipe lets it.
#[harness::test(
    id = "fifo.revived-by-new-writer",
    cite = "POSIX.1-2024 read(), open(); fifo(7): it can be opened by multiple processes",
    covers = ["notes:fifo.has-pipe-functions", "behaviours:fifo.eof-then-new-writer"],
    layers = [libc, nix, raw],
)]
fn a_new_writer_revives_a_fifo() -> Scene {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    drop(writer);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    let writer = assert_ok!(open(&fifo, O_WRONLY | O_NONBLOCK));
    assert_eq!(write(&writer, b"again"), Ok(5));
    let revived = read_bytes(&reader, 9);
    assert_eq!(revived, Ok("again".into()));
    drop(writer);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    observe("bytes read on the same descriptor after end of file", revived.map_or(0, |bytes| bytes.0.len()));
    Ok(())
}

/// A FIFO is opened by the same call as a regular file, but it wants a peer and cannot seek.
#[harness::test(
    id = "fifo.opened-unlike-regular-file",
    cite = "POSIX.1-2024 open(): ENXIO, lseek(): ESPIPE; fifo(7)",
    covers = ["notes:fifo.opened-like-regular-file"],
    layers = [libc, nix, raw],
)]
fn a_fifo_is_no_regular_file_to_its_openers() -> Scene {
    let (fifo, file) = (Fifo::new()?, Name::file("file")?);
    let written = assert_ok!(open(&file, O_WRONLY | O_NONBLOCK));
    assert_eq!(lseek(&written, 3, libc::SEEK_SET), Ok(3));
    assert_eq!(lseek(&written, 0, libc::SEEK_CUR), Ok(3));
    let refused = open(&fifo, O_WRONLY | O_NONBLOCK);
    assert_errno!(refused.as_ref().map(drop).map_err(|error| *error), ENXIO);
    let reader = assert_ok!(open(&fifo, O_RDONLY | O_NONBLOCK));
    let sought = lseek(&reader, 3, libc::SEEK_SET);
    assert_errno!(sought, ESPIPE);
    let error = |error: Option<CallError>| error.map_or_else(String::new, |error| format!("{:?}", error.errno));
    observe("open of a FIFO for writing, where a regular file opens", error(refused.err()));
    observe("lseek on a FIFO, where a regular file seeks", error(sought.err()));
    Ok(())
}

/// A FIFO and a pipe each carry a mebibyte whole, in writes of one page.
#[harness::test(
    id = "fifo.speed",
    cite = "fifo(7): a FIFO is similar to a pipe; pipe(7) for the semantics of I/O",
    covers = ["notes:fifo.slow"],
)]
fn a_fifo_carries_as_much_as_a_pipe() -> Scene {
    let fifo = Fifo::new()?;
    for (what, (reader, writer)) in [("FIFO", fifo.connect()?), ("pipe", pipe()?)] {
        let sent = Bytes::sequence(1 << 20);
        let started = Instant::now();
        let child = fork(|| {
            for piece in sent.0.chunks(page_size()) {
                assert_eq!(write(&writer, piece), Ok(piece.len()));
            }
        })?;
        // The child's end is the end of file.
        drop(writer);
        let received = read_exactly(&reader, sent.0.len())?;
        let rate = received.0.len() as u128 / started.elapsed().as_micros().max(1);
        assert!(received == sent, "the {what} gave back what was written");
        child.join()?;
        observe(&format!("bytes per microsecond through a {what}"), rate);
    }
    Ok(())
}
