//! A stream of bytes: order, borders, pieces, and who gets what.

use kit::prelude::*;
use kit::property::show;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicU32, Ordering};

/// No borders are kept between writes: one read returns the bytes of several, joined.
#[harness::test(
    id = "pipe.byte-stream",
    cite = "pipe(7), I/O on pipes and FIFOs: no concept of message boundaries",
    covers = ["behaviours:pipe.byte-stream", "notes:pipe.byte-stream"],
    layers = [libc, nix, raw],
)]
fn one_read_returns_several_writes() -> Scene {
    let (reader, writer) = pipe()?;
    assert_eq!(write(&writer, b"abc"), Ok(3));
    assert_eq!(write(&writer, b"de"), Ok(2));
    let joined = read_bytes(&reader, 100);
    assert_eq!(joined, Ok("abcde".into()));
    observe("bytes of two writes, of 3 and 2, that one read returned", joined?.0.len());
    Ok(())
}

/// A pipe that was made with O_DIRECT is no stream: each read returns the bytes of one write.
#[harness::test(
    id = "pipe.stream-but-for-packets",
    cite = "pipe(2), O_DIRECT; pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:pipe.byte-stream"],
    layers = [libc, nix, raw],
)]
fn packet_mode_keeps_the_borders_of_writes() -> Scene {
    let (reader, writer) = pipe2(libc::O_DIRECT)?;
    assert_eq!(write(&writer, b"abc"), Ok(3));
    assert_eq!(write(&writer, b"de"), Ok(2));
    let packet = read_bytes(&reader, 100);
    assert_eq!(packet, Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 100), Ok("de".into()));
    observe("bytes of two writes, of 3 and 2, that one read returned in packet mode", packet?.0.len());
    Ok(())
}

/// A reader takes what pieces it likes, whatever pieces were written.
#[harness::test(
    id = "pipe.any-pieces",
    cite = "pipe(7), I/O on pipes and FIFOs; POSIX.1-2024 read()",
    covers = ["notes:pipe.reader-any-chunk"],
    layers = [libc, nix, raw],
)]
fn a_reader_takes_any_pieces() -> Scene {
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

proptest! {
    #![proptest_config(kit::property::cases(64))]

    /// Whatever the pieces in which bytes are written and read, the pipe is a queue of bytes: nothing is lost, doubled or moved.
    #[harness::test(
        id = "pipe.queue-of-bytes",
        cite = "pipe(7), I/O on pipes and FIFOs: a byte stream; POSIX.1-2024 pipe(): first-in-first-out",
        covers = ["behaviours:pipe.fifo-order", "notes:pipe.reader-any-chunk"],
    )]
    fn a_pipe_is_a_queue_of_bytes(pieces in prop::collection::vec((1..300_usize, 1..400_usize), 1..12)) {
        show(is_a_queue(&pieces));
    }
}

/// Each piece is one write and then one read; what the reads leave is read at the end.
fn is_a_queue(pieces: &[(usize, usize)]) -> Scene {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let mut to_write = Bytes::sequence(12 * 300).0.into_iter();
    let mut queue = VecDeque::new();
    for (written, wanted) in pieces {
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

/// Bytes come out in exactly the order in which they went in, many times the capacity too.
#[harness::test(
    id = "pipe.order",
    cite = "pipe(7), I/O on pipes and FIFOs: a byte stream; POSIX.1-2024 pipe(): first-in-first-out",
    covers = ["notes:pipe.order-preserved", "behaviours:pipe.fifo-order"],
    layers = [libc, nix, raw],
)]
fn a_mebibyte_comes_out_in_order() -> Scene {
    const COUNT: usize = 1 << 20;
    const ODD_PIECE: usize = 4999;
    let (reader, writer) = pipe()?;
    let sent = Bytes::sequence(COUNT);
    let child = fork(|| assert_eq!(write(&writer, &sent.0), Ok(COUNT)))?;
    drop(writer);
    let mut received = Vec::new();
    while received.len() < COUNT {
        let piece = read_bytes(&reader, ODD_PIECE);
        assert_matches!(&piece, Ok(Bytes(piece)) if (1..=ODD_PIECE).contains(&piece.len()));
        received.extend(piece?.0);
    }
    assert_eq!(Bytes(received), sent);
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    child.join()
}

/// The same bytes that different pieces were written as read the same; records that say how long they are can be told apart.
#[harness::test(
    id = "pipe.records-need-parsing",
    cite = "pipe(7), I/O on pipes and FIFOs: no concept of message boundaries",
    covers = ["notes:pipe.structure-needs-parsing"],
)]
fn structure_is_the_readers_to_find() -> Scene {
    let (reader, writer) = pipe()?;
    let received_of = |pieces: &[&str]| -> Scene<Result<Bytes>> {
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

/// Records, each after a byte that tells its length.
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

/// What is read is gone from the pipe: its room is free again, and no other reader sees it.
#[harness::test(
    id = "pipe.read-consumes",
    cite = "POSIX.1-2024 read(), write(); pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:pipe.read-consumes"],
    layers = [libc, nix, raw],
)]
fn a_read_takes_the_bytes_out() -> Scene {
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

/// Of several readers that wait, each takes bytes that no other gets.
#[harness::test(
    id = "pipe.readers-share",
    cite = "POSIX.1-2024 read(); pipe(7), I/O on pipes and FIFOs",
    covers = ["behaviours:pipe.multiple-readers-split"],
    layers = [libc, nix, raw],
)]
fn each_byte_reaches_one_reader() -> Scene {
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
    let readers = readers.into_iter().collect::<Scene<Vec<Child>>>()?;
    readers.iter().try_for_each(|child| child.wait_until_blocked_in(Syscall::READ))?;
    write_all(&writer, &[0, 1, 2])?;
    readers.into_iter().try_for_each(Child::join)?;
    assert_eq!(taken.each_ref().map(|count| count.load(Ordering::Relaxed)), [1; 3]);
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// readv fills its buffers in the order of the array, each before the next, with as many bytes as there are.
#[harness::test(
    id = "pipe.readv-order",
    cite = "POSIX.1-2024 readv(); readv(2)",
    covers = ["behaviours:pipe.readv-fills-in-order"],
    layers = [libc, nix, raw],
)]
fn readv_fills_its_buffers_in_order() -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abcdefg")?;
    let (mut first, mut second, mut third) = (*b"..", *b"...", *b"....");
    let mut buffers = [&mut first[..], &mut [], &mut second, &mut third].map(IoSliceMut::new);
    assert_eq!(readv(&reader, &mut buffers), Ok(7));
    assert_eq!((&first, &second, &third), (b"ab", b"cde", b"fg.."));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// writev adds its segments in the order of the array, as one stretch of bytes.
#[harness::test(
    id = "pipe.writev-order",
    cite = "POSIX.1-2024 writev(); readv(2)",
    covers = ["behaviours:pipe.writev-gathers-in-order"],
    layers = [libc, nix, raw],
)]
fn writev_gathers_its_segments_in_order() -> Scene {
    let (reader, writer) = pipe()?;
    let segments = [&b"ab"[..], b"", b"cde", b"f"].map(IoSlice::new);
    assert_eq!(writev(&writer, &segments), Ok(6));
    assert_eq!(read_bytes(&reader, 9), Ok("abcdef".into()));
    Ok(())
}

/// FIONREAD tells on either end how many bytes are unread.
#[harness::test(
    id = "pipe.unread-count",
    cite = "pipe(7), Pipe capacity: FIONREAD",
    covers = ["behaviours:pipe.fionread-count"],
)]
fn fionread_counts_unread_bytes() -> Scene {
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

/// A read of no bytes returns 0 without waiting, from an empty pipe too, and takes nothing.
#[harness::test(
    id = "pipe.zero-length-read",
    cite = "Linux fs/pipe.c, pipe_read(): null read succeeds (5.10 to 6.18); POSIX.1-2024 read(): nbyte is 0",
    covers = ["behaviours:pipe.zero-length-read"],
    layers = [libc, nix, raw],
)]
fn a_read_of_nothing_returns_at_once() -> Scene {
    let (reader, writer) = pipe()?;
    assert_eq!(read(&reader, &mut []), Ok(0));
    write_all(&writer, b"x")?;
    assert_eq!(read(&reader, &mut []), Ok(0));
    assert_eq!(unread(&reader), Ok(1));
    Ok(())
}

/// A write of no bytes returns 0 and adds nothing, to a full pipe and to one without a reader too, where it sends no SIGPIPE.
#[harness::test(
    id = "pipe.zero-length-write",
    cite = "Linux fs/pipe.c, pipe_write(): null write succeeds (5.10 to 6.18)",
    covers = ["behaviours:pipe.zero-length-write"],
    layers = [libc, nix, raw],
)]
fn a_write_of_nothing_adds_nothing() -> Scene {
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
