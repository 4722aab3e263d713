//! Data transfer through a FIFO.

use crate::fifo::calls::access_and_status;
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDONLY, O_WRONLY};
use nix::sys::stat::FileStat;
use std::time::Instant;

/// Bytes are read from a FIFO in the order in which they were written, even if more are written than the FIFO can hold
/// at once.
#[harness::test(
    id = "fifo.order",
    cite = [posix("XBD", "3.163 FIFO Special File (or FIFO)"), posix("write.3p", "DESCRIPTION"), man("fifo.7", "DESCRIPTION")],
    covers = ["notes:fifo.fifo-order"],
    layers = [libc, nix, raw],
)]
fn bytes_are_read_in_the_order_written() -> TestResult {
    // Divides neither the capacity nor a page, and each write of this size is atomic.
    const CHUNK: usize = 1001;
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    let sent = Bytes::sequence(3 * get_capacity(&reader)? as usize);
    let child = fork(|| {
        for chunk in sent.0.chunks(CHUNK) {
            assert_eq!(write(&writer, chunk), Ok(chunk.len()));
        }
    })?;
    drop(writer);
    for chunk in sent.0.chunks(CHUNK) {
        assert_eq!(read_bytes(&reader, CHUNK), Ok(chunk.into()));
    }
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    child.join()
}

/// A FIFO has a read end and a write end: a write to the read end and a read from the write end fail with EBADF, and
/// data written to the write end is read from the read end.
#[harness::test(
    id = "fifo.two-ends",
    cite = [posix("write.3p", "ERRORS", "EBADF"), posix("read.3p", "ERRORS", "EBADF"), man("pipe.7", "DESCRIPTION")],
    covers = ["notes:fifo.two-ends"],
    layers = [libc, nix, raw],
)]
fn each_end_has_one_direction() -> TestResult {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    assert_errno!(write(&reader, b"x"), EBADF);
    assert_errno!(read(&writer, &mut [0; 1]), EBADF);
    assert_eq!(write(&writer, b"hello"), Ok(5));
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    Ok(())
}

/// Data in a FIFO is not stored in the file system: the size and the block count of the FIFO are 0 while it holds
/// unread data.
#[harness::test(
    id = "fifo.data-not-in-file-system",
    cite = [man("fifo.7", "DESCRIPTION"), man("pipe.7", "DESCRIPTION")],
    covers = ["notes:fifo.content-in-memory", "behaviours:fifo.data-not-on-disk"],
    layers = [libc, nix, raw],
)]
fn data_is_not_stored_in_the_file_system() -> TestResult {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    let held = fill(&writer)?;
    assert_eq!(unread(&reader), Ok(held.0.len()));
    let found = |found: FileStat| (Node::from(&found), found.st_blocks, found.st_ino);
    let (node, blocks, inode) = assert_ok!(lstat(&fifo).map(found));
    assert_eq!((&node, blocks), (&Node::new("p0600"), 0));
    assert_eq!(fstat(&reader).map(found), Ok((node, blocks, inode)));
    assert_eq!(read_bytes(&reader, held.0.len()), Ok(held));
    Ok(())
}

/// End of file on a FIFO is not final: after read has returned 0, a new writer can open the FIFO, and the same read
/// descriptor returns the data that it writes.
#[harness::test(
    id = "fifo.new-writer-after-eof",
    cite = [
        posix("read.3p", "DESCRIPTION"),
        posix("open.3p", "DESCRIPTION", "O_NONBLOCK"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = ["notes:fifo.has-pipe-functions", "behaviours:fifo.eof-then-new-writer"],
    layers = [libc, nix, raw],
)]
fn a_new_writer_ends_end_of_file() -> TestResult {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    drop(writer);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    let writer = assert_ok!(open(&fifo, O_WRONLY | O_NONBLOCK));
    assert_eq!(write(&writer, b"again"), Ok(5));
    let after_eof = read_bytes(&reader, 9);
    assert_eq!(after_eof, Ok("again".into()));
    drop(writer);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    evidence("bytes read on the same descriptor after end of file", after_eof.map_or(0, |bytes| bytes.0.len()));
    Ok(())
}

/// Unlike for a regular file, an open with O_WRONLY and O_NONBLOCK of a FIFO without readers fails with ENXIO, and
/// lseek on a FIFO fails with ESPIPE.
#[harness::test(
    id = "fifo.unlike-regular-file",
    cite = [
        posix("open.3p", "ERRORS", "ENXIO"),
        posix("lseek.3p", "ERRORS", "ESPIPE"),
        man("fifo.7", "DESCRIPTION"),
        man("lseek.2", "ERRORS", "ESPIPE"),
    ],
    covers = ["notes:fifo.opened-like-regular-file"],
    layers = [libc, nix, raw],
)]
fn a_fifo_needs_a_reader_and_cannot_seek() -> TestResult {
    let (fifo, file) = (Fifo::new()?, Name::file("file")?);
    let regular = assert_ok!(open(&file, O_WRONLY | O_NONBLOCK));
    assert_eq!(access_and_status(&regular), Ok(O_WRONLY | O_NONBLOCK));
    assert_eq!(lseek(&regular, 3, libc::SEEK_SET), Ok(3));
    assert_eq!(lseek(&regular, 0, libc::SEEK_CUR), Ok(3));
    let refused = open(&fifo, O_WRONLY | O_NONBLOCK);
    assert_errno!(refused.as_ref().map(drop).map_err(|error| *error), ENXIO);
    let reader = assert_ok!(open(&fifo, O_RDONLY | O_NONBLOCK));
    assert_eq!(access_and_status(&reader), Ok(O_RDONLY | O_NONBLOCK));
    let sought = lseek(&reader, 3, libc::SEEK_SET);
    assert_errno!(sought, ESPIPE);
    let error = |error: Option<CallError>| error.map_or_else(String::new, |error| format!("{:?}", error.errno));
    evidence("errno of a non-blocking open for writing of a FIFO without readers", error(refused.err()));
    evidence("errno of lseek on a FIFO", error(sought.err()));
    Ok(())
}

/// A FIFO and a pipe each deliver 1 MiB, written one page at a time, complete and in order.
#[harness::test(
    id = "fifo.bulk-transfer",
    cite = [
        posix("write.3p", "DESCRIPTION"),
        posix("XBD", "3.163 FIFO Special File (or FIFO)"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = ["notes:fifo.slow"],
)]
fn a_fifo_and_a_pipe_deliver_all_data() -> TestResult {
    let fifo = Fifo::new()?;
    for (what, (reader, writer)) in [("FIFO", fifo.connect()?), ("pipe", pipe()?)] {
        let sent = Bytes::sequence(1 << 20);
        let started = Instant::now();
        let child = fork(|| {
            for chunk in sent.0.chunks(page_size()) {
                assert_eq!(write(&writer, chunk), Ok(chunk.len()));
            }
        })?;
        // End of file follows when the child exits.
        drop(writer);
        let received = read_exactly(&reader, sent.0.len())?;
        let rate = received.0.len() as u128 / started.elapsed().as_micros().max(1);
        assert!(received == sent, "the {what} did not deliver the bytes that were written");
        child.join()?;
        observe(&format!("bytes per microsecond through a {what}"), rate);
    }
    Ok(())
}
