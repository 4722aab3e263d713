//! PIPE_BUF: which writes are never divided.

use kit::prelude::*;
use kit::property::show;
use libc::PIPE_BUF;
use proptest::prelude::*;
use rstest::rstest;
use std::io::IoSlice;

proptest! {
    #![proptest_config(kit::property::cases(64))]

    /// A non-blocking write of up to PIPE_BUF bytes adds all of them where there is room for all, and else fails with EAGAIN
    /// and adds none.
    #[harness::test(
        id = "pipe.nonblocking-all-or-nothing",
        cite = "POSIX.1-2024 write(): O_NONBLOCK set, {PIPE_BUF} or fewer bytes; pipe(7), PIPE_BUF",
        covers = ["behaviours:pipe.atomic-nonblock-small", "errors:pipe.write.EAGAIN"],
    )]
    fn a_small_nonblocking_write_is_whole_or_refused(count in 1..=PIPE_BUF, room in 0..=PIPE_BUF) {
        show(all_or_nothing(count, room));
    }
}

fn all_or_nothing(count: usize, room: usize) -> Scene {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let mut held = fill_leaving(&writer, room)?;
    let added = write(&writer, &vec![b'w'; count]);
    if count <= room {
        assert_eq!(added, Ok(count));
        held.0.extend(vec![b'w'; count]);
    } else {
        assert_errno!(added, EAGAIN);
    }
    assert_eq!(unread(&reader), Ok(held.0.len()));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    Ok(())
}

#[rstest]
#[case::room_for_all(PIPE_BUF)]
#[case::room_for_one_less(PIPE_BUF - 1)]
#[case::room_for_one(1)]
#[case::full(0)]
/// A non-blocking write of exactly PIPE_BUF bytes is still whole or refused; with one byte less than that of room it adds
/// nothing.
#[harness::test(
    id = "pipe.nonblocking-exactly-pipe-buf",
    cite = "POSIX.1-2024 write(): O_NONBLOCK set, {PIPE_BUF} or fewer bytes; pipe(7), PIPE_BUF",
    covers = ["behaviours:pipe.boundary-exact-pipe-buf", "behaviours:pipe.atomic-nonblock-small"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_write_of_pipe_buf_is_whole_or_refused(#[case] room: usize) -> Scene {
    all_or_nothing(PIPE_BUF, room)
}

#[rstest]
#[case::pipe_buf(PIPE_BUF)]
#[case::less(PIPE_BUF / 2)]
/// A write of up to PIPE_BUF bytes sleeps, with none of them in the pipe, until there is room for all, and other writers'
/// bytes come before or after them.
#[harness::test(
    id = "pipe.small-write-waits-whole",
    cite = "POSIX.1-2024 write(): {PIPE_BUF} or fewer bytes shall not be interleaved; pipe(7), PIPE_BUF",
    covers = [
        "behaviours:pipe.atomic-block-small",
        "behaviours:pipe.block-small-waits-with-some-room",
        "behaviours:pipe.boundary-exact-pipe-buf",
    ],
    layers = [libc, nix, raw],
)]
fn a_small_write_waits_for_room_for_all(#[case] count: usize) -> Scene {
    const ROOM: usize = 100;
    let (reader, writer) = pipe()?;
    let held = fill_leaving(&writer, ROOM)?;
    let child = fork(|| assert_eq!(write(&writer, &vec![b'a'; count]), Ok(count)))?;
    child.assert_blocked_in(Syscall::WRITE);
    assert_eq!(unread(&reader), Ok(held.0.len()));
    assert_eq!(write(&writer, &[b'b'; ROOM]), Ok(ROOM));
    child.assert_blocked_in(Syscall::WRITE);
    drop(writer);
    let bytes = read_exactly(&reader, held.0.len() + ROOM + count)?;
    assert_eq!(bytes, Bytes([held.0, vec![b'b'; ROOM], vec![b'a'; count]].concat()));
    child.join()
}

/// Writes of PIPE_BUF bytes that four processes make at the same time come out undivided.
#[harness::test(
    id = "pipe.small-writes-unmixed",
    cite = "POSIX.1-2024 write(): {PIPE_BUF} or fewer bytes shall not be interleaved; pipe(7), PIPE_BUF",
    covers = ["behaviours:pipe.atomic-block-small", "notes:pipe.internal-synchronisation"],
)]
fn small_writes_of_several_writers_do_not_mix() -> Scene {
    const BLOCKS: usize = 100;
    let (reader, writer) = pipe()?;
    let start = Meeting::new()?;
    let writers = [b'a', b'b', b'c', b'd'].map(|letter| {
        fork(|| {
            start.wait_for(1);
            (0..BLOCKS).for_each(|_| assert_eq!(write(&writer, &[letter; PIPE_BUF]), Ok(PIPE_BUF)));
        })
    });
    let writers = writers.into_iter().collect::<Scene<Vec<Child>>>()?;
    // The end of the four is the end of file.
    drop(writer);
    start.arrive();
    let mut blocks = [0; 4];
    for _ in 0..BLOCKS * writers.len() {
        let block = read_exactly(&reader, PIPE_BUF)?;
        let letter = block.0[0];
        assert_eq!(block, Bytes::of(letter, PIPE_BUF));
        blocks[usize::from(letter - b'a')] += 1;
    }
    assert_eq!(blocks, [BLOCKS; 4]);
    observe("blocks of PIPE_BUF bytes of four writers that came undivided", blocks.iter().sum::<usize>());
    writers.into_iter().try_for_each(Child::join)
}

/// A blocking write of more than PIPE_BUF bytes returns only after all of them went in.
#[harness::test(
    id = "pipe.large-write-returns-when-done",
    cite = "POSIX.1-2024 write(): O_NONBLOCK clear, on normal completion it shall return nbyte; pipe(7), PIPE_BUF",
    covers = ["behaviours:pipe.block-large"],
    layers = [libc, nix, raw],
)]
fn a_large_write_returns_when_all_is_in() -> Scene {
    let (reader, writer) = pipe()?;
    let (capacity, page) = (capacity_of(&writer)?, page_size());
    let bytes = Bytes::sequence(capacity + 2 * page);
    let child = fork(|| assert_eq!(write(&writer, &bytes.0), Ok(bytes.0.len())))?;
    child.assert_blocked_in(Syscall::WRITE);
    let first = read_exactly(&reader, page)?;
    child.assert_blocked_in(Syscall::WRITE);
    assert_eq!(unread(&reader), Ok(capacity));
    let second = read_exactly(&reader, page)?;
    child.join()?;
    let rest = read_exactly(&reader, capacity)?;
    assert_eq!(Bytes([first.0, second.0, rest.0].concat()), bytes);
    Ok(())
}

/// A write of more than PIPE_BUF bytes may have the bytes of another writer in its midst; its own stay in order, and a small
/// write stays whole.
#[harness::test(
    id = "pipe.large-write-may-mix",
    cite = "POSIX.1-2024 write(): writes of greater than {PIPE_BUF} bytes may have data interleaved; pipe(7), PIPE_BUF",
    covers = ["behaviours:pipe.block-large", "notes:pipe.internal-synchronisation"],
)]
fn a_large_write_may_be_divided_by_a_small_one() -> Scene {
    let (reader, writer) = pipe()?;
    let (capacity, page) = (capacity_of(&writer)?, page_size());
    let large = Bytes::sequence(capacity + 2 * page);
    let small = [b's'; PIPE_BUF];
    let first = fork(|| assert_eq!(write(&writer, &large.0), Ok(large.0.len())))?;
    first.wait_until_blocked_in(Syscall::WRITE)?;
    let second = fork(|| assert_eq!(write(&writer, &small), Ok(small.len())))?;
    second.wait_until_blocked_in(Syscall::WRITE)?;
    drop(writer);
    let mut bytes = read_exactly(&reader, page)?.0;
    // The first writer has put a page in, and waits behind the second one for room for its last.
    first.wait_until_blocked_in(Syscall::WRITE)?;
    bytes.extend(read_exactly(&reader, large.0.len() + small.len() - page)?.0);
    let place = bytes.windows(small.len()).position(|window| window == small);
    assert!(place.is_some(), "the small write is there, undivided");
    let place = place.unwrap_or_default();
    bytes.drain(place..place + small.len());
    assert_eq!(Bytes(bytes), large);
    observe("bytes of a large write that came after a small one in its midst", large.0.len() - place);
    first.join()?;
    second.join()
}

/// A non-blocking write of more than PIPE_BUF bytes to a full pipe fails with EAGAIN and adds nothing.
#[harness::test(
    id = "pipe.nonblocking-large-full",
    cite = "POSIX.1-2024 write(): O_NONBLOCK set, more than {PIPE_BUF} bytes; pipe(7), PIPE_BUF",
    covers = ["behaviours:pipe.nonblock-large-full", "errors:pipe.write.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn a_large_nonblocking_write_to_a_full_pipe_fails() -> Scene {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let held = fill(&writer)?;
    assert_errno!(write(&writer, &[b'x'; PIPE_BUF + 1]), EAGAIN);
    assert_eq!(unread(&reader), Ok(held.0.len()));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    Ok(())
}

#[rstest]
#[case::room_for_a_page(page_size())]
#[case::room_for_two_pages(2 * page_size())]
/// A non-blocking write of more than PIPE_BUF bytes to a pipe with some room adds its first bytes, at least one, and returns
/// how many.
#[harness::test(
    id = "pipe.nonblocking-large-partial",
    cite = "POSIX.1-2024 write(): O_NONBLOCK set, more than {PIPE_BUF} bytes; pipe(7), PIPE_BUF",
    covers = ["behaviours:pipe.nonblock-large-partial"],
    layers = [libc, nix, raw],
)]
fn a_large_nonblocking_write_adds_what_fits(#[case] room: usize) -> Scene {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let held = fill_leaving(&writer, room)?;
    let bytes = Bytes::sequence(capacity_of(&writer)? + 1);
    let added = assert_ok!(write(&writer, &bytes.0));
    assert!((1..=room).contains(&added), "{added} bytes were added where there was room for {room}");
    observe("bytes added", added);
    assert_eq!(unread(&reader), Ok(held.0.len() + added));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    assert_eq!(read_exactly(&reader, added)?, bytes.0[..added].into());
    Ok(())
}

#[rstest]
#[case::room_for_all(60 + 60)]
#[case::room_for_one_less(60 + 60 - 1)]
#[case::room_for_the_first(60)]
/// For writev it is the sum of the segments that is compared with PIPE_BUF: up to it the call is whole or refused, also
/// where the first segment alone has room.
#[harness::test(
    id = "pipe.writev-whole",
    cite = "POSIX.1-2024 writev(): as write(), with the bytes of all iov members; pipe(7), PIPE_BUF",
    covers = ["behaviours:pipe.writev-atomic-total", "errors:pipe.writev.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn writev_is_whole_by_the_sum_of_its_segments(#[case] room: usize) -> Scene {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let mut held = fill_leaving(&writer, room)?;
    let added = writev(&writer, &[IoSlice::new(&[b'a'; 60]), IoSlice::new(&[b'b'; 60])]);
    if room >= 120 {
        assert_eq!(added, Ok(120));
        held.0.extend([[b'a'; 60], [b'b'; 60]].concat());
    } else {
        assert_errno!(added, EAGAIN);
    }
    assert_eq!(unread(&reader), Ok(held.0.len()));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    Ok(())
}

/// A non-blocking writev whose segments are small, but sum up to more than PIPE_BUF, counts as large: it adds what fits.
#[harness::test(
    id = "pipe.writev-large-sum",
    cite = "POSIX.1-2024 writev(): as write(), with the bytes of all iov members; pipe(7), PIPE_BUF",
    covers = ["behaviours:pipe.writev-atomic-total"],
    layers = [libc, nix, raw],
)]
fn writev_is_large_by_the_sum_of_its_segments() -> Scene {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let held = fill_leaving(&writer, page_size())?;
    let segments = [vec![b'a'; PIPE_BUF], vec![b'b'; page_size()]];
    let added = assert_ok!(writev(&writer, &segments.each_ref().map(|segment| IoSlice::new(segment))));
    assert!((1..=page_size()).contains(&added), "{added} bytes were added where there was room for a page");
    assert_eq!(unread(&reader), Ok(held.0.len() + added));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    assert_eq!(read_exactly(&reader, added)?, segments.concat()[..added].into());
    Ok(())
}

/// PIPE_BUF is 4096, and so large is what is never divided on a pipe by fpathconf too.
#[harness::test(
    id = "pipe.pipe-buf",
    cite = "POSIX.1-2024 <limits.h>: {PIPE_BUF} is at least 512; pipe(7), PIPE_BUF: on Linux, 4096; fpathconf(3)",
    covers = ["behaviours:pipe.pipe-buf-constant", "behaviours:pipe.pipe-buf-fpathconf"],
)]
fn pipe_buf_is_4096() -> Scene {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    assert_eq!(PIPE_BUF, 4096);
    for end in [&reader, &writer] {
        assert_eq!(pipe_buf_of(end), Ok(4096));
    }
    // Where there is room for a byte less.
    fill_leaving(&writer, PIPE_BUF - 1)?;
    assert_errno!(write(&writer, &[b'x'; PIPE_BUF]), EAGAIN);
    Ok(())
}
