//! The byte stream: order, boundaries, and which reader gets the data.

use crate::needs::PIPE_PAGES;
use kit::prelude::*;
use kit::property;
use proptest::collection::vec;
use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicU32, Ordering};

/// Write boundaries are not preserved: one read returns the data of several writes.
#[harness::test(
    id = "pipe.byte-stream",
    cite = [man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["behaviours:pipe.byte-stream", "notes:pipe.byte-stream"],
    layers = [libc, nix, raw],
)]
fn one_read_returns_several_writes() -> TestResult {
    let (reader, writer) = pipe()?;
    assert_eq!(write(&writer, b"abc"), Ok(3));
    assert_eq!(write(&writer, b"de"), Ok(2));
    let joined = read_bytes(&reader, 100);
    assert_eq!(joined, Ok("abcde".into()));
    evidence("bytes of two writes, of 3 and 2, that one read returned", joined?.0.len());
    Ok(())
}

/// A pipe created with O_DIRECT preserves write boundaries: each read returns the data of one write.
#[harness::test(
    id = "pipe.packet-mode-preserves-boundaries",
    cite = [man("pipe.2", "DESCRIPTION", "O_DIRECT")],
    covers = ["notes:pipe.byte-stream"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn packet_mode_preserves_write_boundaries() -> TestResult {
    let (reader, writer) = pipe2(libc::O_DIRECT)?;
    assert_eq!(write(&writer, b"abc"), Ok(3));
    assert_eq!(write(&writer, b"de"), Ok(2));
    let packet = read_bytes(&reader, 100);
    assert_eq!(packet, Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 100), Ok("de".into()));
    evidence("bytes of two writes, of 3 and 2, that one read returned in packet mode", packet?.0.len());
    Ok(())
}

/// Data can be read in pieces of any size, whatever the sizes of the writes.
#[harness::test(
    id = "pipe.any-read-size",
    cite = [man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["notes:pipe.reader-any-chunk"],
    layers = [libc, nix, raw],
)]
fn reads_may_have_any_size() -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"hello")?;
    assert_eq!(read_bytes(&reader, 2), Ok("he".into()));
    assert_eq!(read_bytes(&reader, 1), Ok("l".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("lo".into()));
    write_all(&writer, b"abc")?;
    write_all(&writer, b"de")?;
    assert_eq!(read_bytes(&reader, 5), Ok("abcde".into()));
    Ok(())
}

/// Whatever the sizes of the writes and reads, data is read first in, first out: no byte is lost, duplicated or reordered.
#[harness::test(
    id = "pipe.queue-of-bytes",
    cite = [posix("pipe.3p", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["behaviours:pipe.fifo-order", "notes:pipe.reader-any-chunk"],
)]
fn a_pipe_is_a_queue_of_bytes() -> TestResult {
    property::check(64, vec((1..300_usize, 1..400_usize), 1..12), |sizes| is_a_queue(&sizes))
}

/// Each pair is the size of a write and of the read after it; the remaining data is read at the end.
fn is_a_queue(sizes: &[(usize, usize)]) -> TestResult {
    use calls::for_layers::libc_nix_raw::{pipe2, write};
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let mut to_write = Bytes::sequence(12 * 300).0.into_iter();
    let mut queue = VecDeque::new();
    for (written, wanted) in sizes {
        let piece: Vec<u8> = to_write.by_ref().take(*written).collect();
        assert_eq!(write(&writer, &piece), Ok(piece.len()));
        queue.extend(piece);
        let front: Vec<u8> = queue.drain(..queue.len().min(*wanted)).collect();
        assert_eq!(read_bytes(&reader, *wanted), Ok(Bytes(front)));
        assert_eq!(unread(&reader), Ok(queue.len()));
    }
    drop(writer);
    assert_eq!(read_exactly(&reader, queue.len())?, Bytes(queue.into()));
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    Ok(())
}

/// Data is read in the order in which it was written, even when it is many times the capacity of the pipe.
#[harness::test(
    id = "pipe.order",
    cite = [posix("pipe.3p", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["notes:pipe.order-preserved", "behaviours:pipe.fifo-order"],
    layers = [libc, nix, raw],
)]
fn a_mebibyte_is_read_in_order() -> TestResult {
    const COUNT: usize = 1 << 20;
    const ODD_SIZE: usize = 4999;
    let (reader, writer) = pipe()?;
    let sent = Bytes::sequence(COUNT);
    let child = fork(|| assert_eq!(write(&writer, &sent.0), Ok(COUNT)))?;
    drop(writer);
    let mut received = Vec::new();
    while received.len() < COUNT {
        let piece = read_bytes(&reader, ODD_SIZE);
        assert_matches!(&piece, Ok(Bytes(piece)) if (1..=ODD_SIZE).contains(&piece.len()));
        received.extend(piece?.0);
    }
    assert_eq!(Bytes(received), sent);
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    child.join()
}

/// Write boundaries are not preserved: the same bytes read the same however they were written, and records must carry
/// their own length.
#[harness::test(
    id = "pipe.records-need-parsing",
    cite = [man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["notes:pipe.structure-needs-parsing"],
)]
fn records_must_carry_their_own_length() -> TestResult {
    let (reader, writer) = pipe()?;
    let received_of = |pieces: &[&str]| -> TestResult<Result<Bytes>> {
        pieces.iter().try_for_each(|piece| write_all(&writer, piece.as_bytes()))?;
        Ok(read_bytes(&reader, 100))
    };
    assert_eq!(received_of(&["ab", "c"])?, Ok("abc".into()));
    assert_eq!(received_of(&["a", "bc"])?, Ok("abc".into()));
    let records = received_of(&["\x02ab", "\x01c"])?;
    assert_eq!(records, Ok("\x02ab\x01c".into()));
    assert_eq!(parsed(&records?.0), [&b"ab"[..], b"c"]);
    Ok(())
}

/// Splits records, each of which is preceded by its length in one byte.
fn parsed(bytes: &[u8]) -> Vec<&[u8]> {
    let mut records = Vec::new();
    let mut rest = bytes;
    while let [length, tail @ ..] = rest {
        let (record, more) = tail.split_at(usize::from(*length).min(tail.len()));
        records.push(record);
        rest = more;
    }
    records
}

/// A read removes the data from the pipe: its space is free for another write, and no other reader gets it.
#[harness::test(
    id = "pipe.read-consumes",
    cite = [man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["notes:pipe.read-consumes"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_read_removes_the_data() -> TestResult {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let (held, page) = (fill(&writer)?, page_size());
    let added = vec![b'x'; page];
    assert_errno!(write(&writer, &added), EAGAIN);
    assert_eq!(read_bytes(&reader, page), Ok(held.0[..page].into()));
    assert_eq!(unread(&reader), Ok(held.0.len() - page));
    assert_eq!(write(&writer, &added), Ok(page));
    let other = fork(|| assert_eq!(read_bytes(&reader, page), Ok(held.0[page..2 * page].into())))?;
    other.join()?;
    assert_eq!(read_exactly(&reader, held.0.len() - page)?, Bytes([&held.0[2 * page..], &added].concat()));
    Ok(())
}

/// When several readers are blocked on a pipe, each byte is read by exactly one of them.
#[harness::test(
    id = "pipe.each-byte-to-one-reader",
    cite = [kernel("fs/pipe.c", "anon_pipe_read", "6.18")],
    covers = ["behaviours:pipe.multiple-readers-split"],
    layers = [libc, nix, raw],
)]
fn each_byte_reaches_one_reader() -> TestResult {
    let (reader, writer) = pipe()?;
    let taken = Shared::new([const { AtomicU32::new(0) }; 3])?;
    let readers = [(); 3].map(|()| {
        fork(|| {
            let mut byte = [0];
            assert_eq!(read(&reader, &mut byte), Ok(1));
            assert_matches!(byte, [0..3]);
            taken[usize::from(byte[0])].fetch_add(1, Ordering::Relaxed);
        })
    });
    let readers = readers.into_iter().collect::<TestResult<Vec<Child>>>()?;
    readers.iter().try_for_each(|child| child.wait_until_blocked_in(calls::READ))?;
    write_all(&writer, &[0, 1, 2])?;
    readers.into_iter().try_for_each(Child::join)?;
    assert_eq!(taken.each_ref().map(|count| count.load(Ordering::Relaxed)), [1; 3]);
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// readv fills its buffers in array order, each one completely before the next, and returns the number of bytes read.
#[harness::test(
    id = "pipe.readv-order",
    cite = [posix("readv.3p", "DESCRIPTION"), man("readv.2", "DESCRIPTION")],
    covers = ["behaviours:pipe.readv-fills-in-order"],
    layers = [libc, nix, raw],
)]
fn readv_fills_its_buffers_in_order() -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abcdefg")?;
    let (mut first, mut second, mut third) = (*b"..", *b"...", *b"....");
    let mut buffers = [&mut first[..], &mut [], &mut second, &mut third].map(IoSliceMut::new);
    assert_eq!(readv(&reader, &mut buffers), Ok(7));
    assert_eq!((&first, &second, &third), (b"ab", b"cde", b"fg.."));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// writev writes its buffers in array order as one contiguous sequence of bytes.
#[harness::test(
    id = "pipe.writev-order",
    cite = [posix("writev.3p", "DESCRIPTION"), man("readv.2", "DESCRIPTION")],
    covers = ["behaviours:pipe.writev-gathers-in-order"],
    layers = [libc, nix, raw],
)]
fn writev_writes_its_buffers_in_order() -> TestResult {
    let (reader, writer) = pipe()?;
    let buffers = [&b"ab"[..], b"", b"cde", b"f"].map(IoSlice::new);
    assert_eq!(writev(&writer, &buffers), Ok(6));
    assert_eq!(read_bytes(&reader, 9), Ok("abcdef".into()));
    Ok(())
}

/// FIONREAD on either end returns the number of unread bytes in the pipe.
#[harness::test(
    id = "pipe.unread-count",
    cite = [man("pipe.7", "Pipe capacity")],
    covers = ["behaviours:pipe.fionread-count"],
)]
fn fionread_counts_unread_bytes() -> TestResult {
    let (reader, writer) = pipe()?;
    let on_both_ends = || [unread(&reader), unread(&writer)];
    assert_eq!(on_both_ends(), [Ok(0); 2]);
    write_all(&writer, b"abc")?;
    write_all(&writer, b"defg")?;
    assert_eq!(on_both_ends(), [Ok(7); 2]);
    assert_eq!(read_bytes(&reader, 4), Ok("abcd".into()));
    assert_eq!(on_both_ends(), [Ok(3); 2]);
    assert_eq!(read_bytes(&reader, 9), Ok("efg".into()));
    assert_eq!(on_both_ends(), [Ok(0); 2]);
    Ok(())
}

/// A zero-length read returns 0 without blocking, even from an empty pipe, and consumes nothing.
#[harness::test(
    id = "pipe.zero-length-read",
    cite = [posix("read.3p", "DESCRIPTION"), man("read.2", "DESCRIPTION")],
    covers = ["behaviours:pipe.zero-length-read"],
    layers = [libc, nix, raw],
)]
fn a_zero_length_read_returns_at_once() -> TestResult {
    let (reader, writer) = pipe()?;
    assert_eq!(read(&reader, &mut []), Ok(0));
    write_all(&writer, b"x")?;
    assert_eq!(read(&reader, &mut []), Ok(0));
    assert_eq!(unread(&reader), Ok(1));
    Ok(())
}

/// A zero-length write returns 0 and adds nothing, even to a full pipe; on a pipe with no readers it raises no SIGPIPE.
#[harness::test(
    id = "pipe.zero-length-write",
    cite = [kernel("fs/pipe.c", "anon_pipe_write", "6.18")],
    covers = ["behaviours:pipe.zero-length-write"],
    layers = [libc, nix, raw],
)]
fn a_zero_length_write_adds_nothing() -> TestResult {
    let (reader, writer) = pipe()?;
    assert_eq!(write(&writer, b""), Ok(0));
    assert_eq!(unread(&reader), Ok(0));
    let held = fill(&writer)?;
    assert_eq!(write(&writer, b""), Ok(0));
    assert_eq!(unread(&reader), Ok(held.0.len()));
    drop(reader);
    let child = fork(|| assert_eq!(write(&writer, b""), Ok(0)))?;
    assert_eq!(child.wait()?, Ended::Exited(0));
    Ok(())
}
