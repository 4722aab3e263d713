//! PIPE_BUF: which writes are atomic.

use crate::needs::PIPE_PAGES;
use kit::prelude::*;
use kit::property;
use libc::PIPE_BUF;
use std::io::IoSlice;

/// A nonblocking write of at most PIPE_BUF bytes writes all of them if there is free space for all, and otherwise fails
/// with EAGAIN and writes none.
#[harness::test(
    id = "pipe.nonblocking-all-or-nothing",
    cite = [posix("write.3p", "DESCRIPTION"), man("pipe.7", "PIPE_BUF")],
    covers = ["behaviours:pipe.atomic-nonblock-small", "errors:pipe.write.EAGAIN"],
)]
fn a_small_nonblocking_write_writes_all_or_fails() -> TestResult {
    property::check(64, (1..=PIPE_BUF, 0..=PIPE_BUF), |(count, space)| all_or_nothing(count, space))
}

fn all_or_nothing(count: usize, space: usize) -> TestResult {
    use calls::for_layers::libc_nix_raw::{pipe2, write};
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let mut held = fill_leaving(&writer, space)?;
    let written = write(&writer, &vec![b'w'; count]);
    if count <= space {
        assert_eq!(written, Ok(count));
        held.0.extend(vec![b'w'; count]);
    } else {
        assert_errno!(written, EAGAIN);
    }
    assert_eq!(unread(&reader), Ok(held.0.len()));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

#[rstest]
#[case::space_for_all(PIPE_BUF)]
#[case::one_byte_short(PIPE_BUF - 1)]
#[case::space_for_one_byte(1)]
#[case::full(0)]
/// A nonblocking write of exactly PIPE_BUF bytes writes all of them if there is free space for all, and otherwise fails
/// with EAGAIN and writes none.
#[harness::test(
    id = "pipe.nonblocking-exactly-pipe-buf",
    cite = [posix("write.3p", "DESCRIPTION"), man("pipe.7", "PIPE_BUF")],
    covers = ["behaviours:pipe.boundary-exact-pipe-buf", "behaviours:pipe.atomic-nonblock-small"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_write_of_pipe_buf_bytes_writes_all_or_fails(#[case] space: usize) -> TestResult {
    all_or_nothing(PIPE_BUF, space)
}

#[rstest]
#[case::pipe_buf(WRITE, PIPE_BUF, 100)]
#[case::half_pipe_buf(WRITE, PIPE_BUF / 2, 100)]
#[case::pipe_buf_one_byte_short(WRITE, PIPE_BUF, PIPE_BUF - 1)]
#[case::below_pipe_buf_one_byte_short(WRITE, PIPE_BUF - 1, PIPE_BUF - 2)]
#[case::large_one_byte_short(WRITE, 3000, 2999)]
#[case::small_one_byte_short(WRITE, 1000, 999)]
#[case::writev_pipe_buf_one_byte_short(WRITEV, PIPE_BUF, PIPE_BUF - 1)]
#[case::writev_one_byte_short(WRITEV, 1000, 999)]
#[case::writev_space_for_first_element(WRITEV, 3000, 1500)]
/// A blocking write or writev of at most PIPE_BUF bytes to a pipe with too little free space, be it one byte, blocks with none of
/// its bytes in the pipe until all of them fit; another writer's bytes are not interleaved with them.
#[harness::test(
    id = "pipe.small-write-blocks-until-all-fits",
    cite = [
        posix("write.3p", "DESCRIPTION"),
        posix("write.3p", "RATIONALE"),
        posix("writev.3p", "DESCRIPTION"),
        man("pipe.7", "PIPE_BUF"),
    ],
    covers = [
        "behaviours:pipe.atomic-block-small",
        "behaviours:pipe.block-small-waits-with-some-room",
        "behaviours:pipe.boundary-exact-pipe-buf",
        "behaviours:pipe.writev-atomic-total",
    ],
    layers = [libc, nix, raw],
)]
fn a_small_write_blocks_until_all_its_bytes_fit(
    #[case] by: SmallWrite,
    #[case] count: usize,
    #[case] space: usize,
) -> TestResult {
    let (small_write, call) = by;
    let (reader, writer) = pipe()?;
    let held = fill_leaving(&writer, space)?;
    let small = Bytes::sequence(count).0;
    let child = fork(|| assert_eq!(small_write(&writer, &small), Ok(count)))?;
    child.assert_blocked_in(call);
    assert_eq!(unread(&reader), Ok(held.0.len()));
    assert_eq!(write(&writer, &vec![b'b'; space]), Ok(space));
    child.assert_blocked_in(call);
    drop(writer);
    let bytes = read_exactly(&reader, held.0.len() + space + count)?;
    assert_eq!(bytes, Bytes([held.0, vec![b'b'; space], small].concat()));
    child.join()?;
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// A call that writes all bytes to a pipe, and its name: writev has them in two iovec elements.
type SmallWrite = (fn(&Fd, &[u8]) -> Result<usize>, &'static Call);

const WRITE: SmallWrite = (|writer, bytes| calls::for_layers::libc_nix_raw::write(writer, bytes), calls::WRITE);
const WRITEV: SmallWrite = (
    |writer, bytes| {
        let (first, second) = bytes.split_at(bytes.len() / 2);
        calls::for_layers::libc_nix_raw::writev(writer, &[IoSlice::new(first), IoSlice::new(second)])
    },
    calls::WRITEV,
);

/// Writes of PIPE_BUF bytes, and of fewer, by four concurrent processes are not interleaved.
#[harness::test(
    id = "pipe.small-writes-atomic",
    cite = [posix("write.3p", "DESCRIPTION"), man("pipe.7", "PIPE_BUF")],
    covers = ["behaviours:pipe.atomic-block-small", "notes:pipe.internal-synchronisation"],
)]
fn concurrent_small_writes_are_not_interleaved() -> TestResult {
    [1000, 3000, PIPE_BUF - 1, PIPE_BUF].into_iter().try_for_each(are_not_interleaved)
}

fn are_not_interleaved(size: usize) -> TestResult {
    use calls::for_layers::libc_nix_raw::{pipe, write};
    const BLOCKS: usize = 50;
    let (reader, writer) = pipe()?;
    let start = Latch::new()?;
    let writers = [b'a', b'b', b'c', b'd'].map(|letter| {
        fork(|| {
            start.wait_for(1);
            (0..BLOCKS).for_each(|_| assert_eq!(write(&writer, &vec![letter; size]), Ok(size)));
        })
    });
    let writers = writers.into_iter().collect::<TestResult<Vec<Child>>>()?;
    // So that read returns end-of-file, and does not block, if the four exit early.
    drop(writer);
    start.arrive();
    let mut blocks = [0; 4];
    for _ in 0..BLOCKS * writers.len() {
        let block = read_exactly(&reader, size)?;
        let letter = block.0[0];
        assert_eq!(block, Bytes::of(letter, size));
        blocks[usize::from(letter - b'a')] += 1;
    }
    assert_eq!(blocks, [BLOCKS; 4]);
    writers.into_iter().try_for_each(Child::join)
}

/// A blocking write of more than PIPE_BUF bytes returns only after all of them have been written to the pipe.
#[harness::test(
    id = "pipe.large-write-returns-when-done",
    cite = [posix("write.3p", "DESCRIPTION"), man("pipe.7", "PIPE_BUF")],
    covers = ["behaviours:pipe.block-large"],
    layers = [libc, nix, raw],
)]
fn a_large_write_returns_after_all_bytes_are_written() -> TestResult {
    let (reader, writer) = pipe()?;
    let (capacity, page) = (capacity_of(&writer)?, page_size());
    let bytes = Bytes::sequence(capacity + 2 * page);
    let child = fork(|| assert_eq!(write(&writer, &bytes.0), Ok(bytes.0.len())))?;
    child.assert_blocked_in(calls::WRITE);
    let first = read_exactly(&reader, page)?;
    child.assert_blocked_in(calls::WRITE);
    assert_eq!(unread(&reader), Ok(capacity));
    let second = read_exactly(&reader, page)?;
    child.join()?;
    let rest = read_exactly(&reader, capacity)?;
    assert_eq!(Bytes([first.0, second.0, rest.0].concat()), bytes);
    Ok(())
}

/// Where the bytes of a write of more than PIPE_BUF bytes are interleaved with another process's write of PIPE_BUF bytes, its own
/// bytes stay in order, and the smaller write stays contiguous.
#[harness::test(
    id = "pipe.large-write-may-interleave",
    cite = [posix("write.3p", "DESCRIPTION"), man("pipe.7", "PIPE_BUF")],
    covers = ["behaviours:pipe.block-large", "notes:pipe.internal-synchronisation"],
)]
fn a_large_write_may_be_interleaved_with_a_small_one() -> TestResult {
    let (reader, writer) = pipe()?;
    let (capacity, page) = (capacity_of(&writer)?, page_size());
    let large = Bytes::sequence(capacity + 2 * page);
    let small = [b's'; PIPE_BUF];
    let first = fork(|| assert_eq!(write(&writer, &large.0), Ok(large.0.len())))?;
    first.wait_until_blocked_in(calls::WRITE)?;
    let second = fork(|| assert_eq!(write(&writer, &small), Ok(small.len())))?;
    second.wait_until_blocked_in(calls::WRITE)?;
    drop(writer);
    let mut bytes = read_exactly(&reader, page)?.0;
    // The first writer has written another page, and waits behind the second for space for its last page.
    first.wait_until_blocked_in(calls::WRITE)?;
    bytes.extend(read_exactly(&reader, large.0.len() + small.len() - page)?.0);
    let place = bytes.windows(small.len()).position(|window| window == small);
    assert!(place.is_some(), "the small write is contiguous");
    let place = place.unwrap_or_default();
    bytes.drain(place..place + small.len());
    assert_eq!(unread(&reader), Ok(0));
    assert_eq!(Bytes(bytes), large);
    observe("bytes of a large write that followed an interleaved small one", large.0.len() - place);
    first.join()?;
    second.join()
}

/// A nonblocking write of more than PIPE_BUF bytes to a full pipe fails with EAGAIN and writes nothing.
#[harness::test(
    id = "pipe.nonblocking-large-full",
    cite = [posix("write.3p", "DESCRIPTION"), man("pipe.7", "PIPE_BUF")],
    covers = ["behaviours:pipe.nonblock-large-full", "errors:pipe.write.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn a_large_nonblocking_write_to_a_full_pipe_fails() -> TestResult {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let held = fill(&writer)?;
    assert_errno!(write(&writer, &[b'x'; PIPE_BUF + 1]), EAGAIN);
    assert_eq!(unread(&reader), Ok(held.0.len()));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

#[rstest]
#[case::space_for_one_page(page_size())]
#[case::space_for_two_pages(2 * page_size())]
/// A nonblocking write of more than PIPE_BUF bytes to a pipe with free space for only some of them writes its leading
/// bytes, at least one, and returns their number.
#[harness::test(
    id = "pipe.nonblocking-large-partial",
    cite = [posix("write.3p", "DESCRIPTION"), man("pipe.7", "PIPE_BUF")],
    covers = ["behaviours:pipe.nonblock-large-partial"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_large_nonblocking_write_writes_what_fits(#[case] space: usize) -> TestResult {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let held = fill_leaving(&writer, space)?;
    let bytes = Bytes::sequence(capacity_of(&writer)? + 1);
    let written = assert_ok!(write(&writer, &bytes.0));
    assert!((1..=space).contains(&written), "{written} bytes were written into {space} bytes of free space");
    observe("bytes written", written);
    assert_eq!(unread(&reader), Ok(held.0.len() + written));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    assert_eq!(read_exactly(&reader, written)?, bytes.0[..written].into());
    Ok(())
}

#[rstest]
#[case::space_for_all(60, 60 + 60)]
#[case::one_byte_short(60, 60 + 60 - 1)]
#[case::space_for_first_element(60, 60)]
#[case::thousand_bytes_one_byte_short(500, 500 + 500 - 1)]
#[case::thousand_bytes_space_for_first_element(500, 500)]
#[case::pipe_buf_space_for_all(PIPE_BUF / 2, PIPE_BUF)]
#[case::pipe_buf_one_byte_short(PIPE_BUF / 2, PIPE_BUF - 1)]
#[case::pipe_buf_space_for_first_element(PIPE_BUF / 2, PIPE_BUF / 2)]
/// A nonblocking writev of at most PIPE_BUF bytes in total writes all of them or fails with EAGAIN and writes none,
/// even if there is free space for the first iovec element alone.
#[harness::test(
    id = "pipe.writev-atomic",
    cite = [posix("writev.3p", "DESCRIPTION"), posix("write.3p", "DESCRIPTION"), man("pipe.7", "PIPE_BUF")],
    covers = ["behaviours:pipe.writev-atomic-total", "errors:pipe.writev.EAGAIN"],
    layers = [libc, nix, raw],
)]
fn a_small_nonblocking_writev_writes_all_elements_or_fails(#[case] element: usize, #[case] space: usize) -> TestResult {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let mut held = fill_leaving(&writer, space)?;
    let elements = [vec![b'a'; element], vec![b'b'; element]];
    let written = writev(&writer, &elements.each_ref().map(|bytes| IoSlice::new(bytes)));
    if space >= 2 * element {
        assert_eq!(written, Ok(2 * element));
        held.0.extend(elements.concat());
    } else {
        assert_errno!(written, EAGAIN);
    }
    assert_eq!(unread(&reader), Ok(held.0.len()));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// A nonblocking writev of more than PIPE_BUF bytes in total to a pipe with free space for only some of them writes its
/// leading bytes, at least one, and returns their number.
#[harness::test(
    id = "pipe.writev-large-total",
    cite = [posix("writev.3p", "DESCRIPTION"), posix("write.3p", "DESCRIPTION"), man("pipe.7", "PIPE_BUF")],
    covers = ["behaviours:pipe.writev-atomic-total"],
    layers = [libc, nix, raw],
)]
fn a_large_nonblocking_writev_writes_what_fits() -> TestResult {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let held = fill_leaving(&writer, page_size())?;
    let elements = [vec![b'a'; PIPE_BUF], vec![b'b'; page_size()]];
    let written = assert_ok!(writev(&writer, &elements.each_ref().map(|element| IoSlice::new(element))));
    assert!((1..=page_size()).contains(&written), "{written} bytes were written into one page of free space");
    assert_eq!(unread(&reader), Ok(held.0.len() + written));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    assert_eq!(read_exactly(&reader, written)?, elements.concat()[..written].into());
    Ok(())
}

/// PIPE_BUF is 4096, fpathconf returns the same for both ends of a pipe, and a nonblocking write of that size to a pipe
/// with one byte less free space fails with EAGAIN.
#[harness::test(
    id = "pipe.pipe-buf",
    cite = [
        man("pipe.7", "PIPE_BUF"),
        man("fpathconf.3", "DESCRIPTION", "_PC_PIPE_BUF"),
        posix("limits.h.0p", "Pathname Variable Values", "{PIPE_BUF}"),
    ],
    covers = ["behaviours:pipe.pipe-buf-constant", "behaviours:pipe.pipe-buf-fpathconf"],
)]
fn pipe_buf_is_4096() -> TestResult {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    assert_eq!(PIPE_BUF, 4096);
    for end in [&reader, &writer] {
        assert_eq!(pipe_buf_of(end), Ok(4096));
    }
    fill_leaving(&writer, PIPE_BUF - 1)?;
    assert_errno!(write(&writer, &[b'x'; PIPE_BUF]), EAGAIN);
    Ok(())
}
