//! Reads and writes that block.

use kit::prelude::*;
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// A read on an empty pipe with an open write end blocks until a writer writes.
#[harness::test(
    id = "pipe.read-blocks-empty",
    cite = [posix("read.3p", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["behaviours:pipe.read-blocks-empty", "notes:pipe.slow-writer-reader-sleeps"],
    layers = [libc, nix, raw],
)]
fn a_read_blocks_until_data_is_written() -> TestResult {
    let (reader, writer) = pipe()?;
    let child = fork(|| assert_eq!(read_bytes(&reader, 9), Ok("x".into())))?;
    child.assert_blocked_in(calls::READ);
    assert_eq!(write(&writer, b"x"), Ok(1));
    child.join()
}

/// While a write end is open, a read blocks only if the pipe is empty; otherwise it immediately returns the available
/// bytes, even if fewer than requested.
#[harness::test(
    id = "pipe.read-partial",
    cite = [posix("read.3p", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["notes:pipe.read-blocks-while-writer-open", "behaviours:pipe.read-partial-return"],
    layers = [libc, nix, raw],
)]
fn a_read_returns_what_is_available_and_blocks_only_on_an_empty_pipe() -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"ab")?;
    let bytes = read_bytes(&reader, 100);
    assert_eq!(bytes, Ok("ab".into()));
    evidence("bytes returned by a read of 100 while a write end was open", bytes?.0.len());
    let child = fork(|| assert_eq!(read_bytes(&reader, 100), Ok("c".into())))?;
    child.assert_blocked_in(calls::READ);
    write_all(&writer, b"c")?;
    child.join()
}

/// A blocking write to a full pipe blocks, with none of its bytes in the pipe, until a reader frees space.
#[harness::test(
    id = "pipe.write-blocks-full",
    cite = [posix("write.3p", "DESCRIPTION"), posix("write.3p", "RATIONALE"), man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["behaviours:pipe.write-blocks-full", "notes:pipe.write-blocks-when-full"],
    layers = [libc, nix, raw],
)]
fn a_write_blocks_until_a_reader_frees_space() -> TestResult {
    let (reader, writer) = pipe()?;
    let held = fill(&writer)?;
    let child = fork(|| assert_eq!(write(&writer, b"x"), Ok(1)))?;
    child.assert_blocked_in(calls::WRITE);
    assert_eq!(unread(&reader), Ok(held.0.len()));
    let first = read_exactly(&reader, page_size())?;
    child.join()?;
    let rest = read_exactly(&reader, held.0.len() - page_size() + 1)?;
    assert_eq!(Bytes([first.0, rest.0].concat()), Bytes([&held.0[..], b"x"].concat()));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// O_NONBLOCK is clear on both ends of a new pipe: a read blocks while the pipe is empty, and a write while it is full.
#[harness::test(
    id = "pipe.blocking-by-default",
    cite = [posix("pipe.3p", "DESCRIPTION"), posix("read.3p", "DESCRIPTION"), posix("write.3p", "DESCRIPTION")],
    covers = ["notes:pipe.default-blocking"],
    layers = [libc, nix, raw],
)]
fn a_new_pipe_blocks() -> TestResult {
    let (reader, writer) = pipe()?;
    for (end, access) in [(&reader, libc::O_RDONLY), (&writer, libc::O_WRONLY)] {
        assert_eq!(get_flags(end), Ok(access));
    }
    let reading = fork(|| assert_eq!(read_bytes(&reader, 1), Ok("a".into())))?;
    reading.assert_blocked_in(calls::READ);
    write_all(&writer, b"a")?;
    reading.join()?;
    let held = fill(&writer)?;
    let writing = fork(|| assert_eq!(write(&writer, b"b"), Ok(1)))?;
    writing.assert_blocked_in(calls::WRITE);
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    writing.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("b".into()));
    Ok(())
}

/// A writer can exit before its bytes are read; they stay in the pipe and can still be read.
#[harness::test(
    id = "pipe.bytes-outlive-writer",
    cite = [posix("pipe.3p", "DESCRIPTION"), posix("close.3p", "DESCRIPTION"), man("pipe.2", "DESCRIPTION")],
    covers = ["notes:pipe.exit-needs-data-read", "notes:pipe.kernel-buffer"],
)]
fn a_writer_can_exit_before_its_bytes_are_read() -> TestResult {
    let (reader, writer) = pipe()?;
    let child = fork(|| assert_eq!(write(&writer, b"hello"), Ok(5)))?;
    drop(writer);
    assert_eq!(child.wait()?, Ended::Exited(0));
    let left = unread(&reader);
    assert_eq!(left, Ok(5));
    evidence("unread bytes in the pipe after the writer exited with 0", left?);
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    Ok(())
}

/// A byte sent to another process through one pipe comes back through a second, 200 times in a row.
#[harness::test(
    id = "pipe.round-trips",
    cite = [posix("pipe.3p", "DESCRIPTION"), posix("read.3p", "DESCRIPTION")],
    covers = ["notes:pipe.slow"],
)]
fn frequent_round_trips_work() -> TestResult {
    let (by_pipe, by_futex) = (round_trips_by_pipe()?, round_trips_by_futex()?);
    observe(
        "CPU time of a round trip through two pipes, as a multiple of one through futexes",
        format!("{:.0}", by_pipe.div_duration_f64(by_futex)),
    );
    Ok(())
}

const TRIPS: u8 = 200;

fn round_trips_by_pipe() -> TestResult<Duration> {
    use calls::for_layers::libc_nix_raw::{pipe, write};
    let ((there, to_there), (back, to_back)) = (pipe()?, pipe()?);
    let echo = fork(|| (1..=TRIPS).for_each(|trip| assert_eq!(write(&to_back, &[echoed(&there, trip)]), Ok(1))))?;
    // So that read returns end-of-file, and does not block, if the child exits early.
    drop(to_back);
    let time = time_of(|| {
        for trip in 1..=TRIPS {
            assert_eq!(write(&to_there, &[trip]), Ok(1));
            assert_eq!(read_bytes(&back, 2), Ok(Bytes::of(trip, 1)));
        }
    })?;
    echo.join()?;
    Ok(time)
}

fn round_trips_by_futex() -> TestResult<Duration> {
    let (ping, pong) = (Latch::new()?, Latch::new()?);
    let answer = fork(|| {
        for trip in 1..=TRIPS {
            ping.wait_for(trip.into());
            pong.arrive();
        }
    })?;
    let time = time_of(|| {
        for trip in 1..=TRIPS {
            ping.arrive();
            pong.wait_for(trip.into());
        }
    })?;
    answer.join()?;
    Ok(time)
}

/// A pipe carries 64 writes of its full capacity; each is read back unchanged before the next.
#[harness::test(
    id = "pipe.throughput",
    cite = [man("pipe.7", "Pipe capacity"), posix("pipe.3p", "DESCRIPTION")],
    covers = ["notes:pipe.slow"],
)]
fn bulk_transfer_works() -> TestResult {
    const ROUNDS: usize = 64;
    let (reader, writer) = pipe()?;
    let sent = Bytes::sequence(capacity_of(&writer)?);
    let mut received = vec![0; sent.0.len()];
    let by_pipe = time_of(|| {
        for _ in 0..ROUNDS {
            received.fill(0);
            assert_eq!(write(&writer, &sent.0), Ok(sent.0.len()));
            assert_eq!(read(&reader, &mut received), Ok(sent.0.len()));
            assert!(received == sent.0, "the bytes read are the bytes written");
        }
    })?;
    let by_copy = time_of(|| {
        for _ in 0..ROUNDS {
            received.fill(0);
            received.copy_from_slice(&sent.0);
            assert!(received == sent.0, "the copy equals the original");
        }
    })?;
    observe(
        "CPU time of a transfer through a pipe, as a multiple of a copy in memory",
        format!("{:.0}", by_pipe.div_duration_f64(by_copy)),
    );
    Ok(())
}

/// Reads the byte of this round trip and returns it.
fn echoed(there: &Fd, trip: u8) -> u8 {
    assert_eq!(read_bytes(there, 2), Ok(Bytes::of(trip, 1)));
    trip
}

/// The CPU time that this process spends in `exchange`: independent of the load on the machine.
fn time_of(exchange: impl FnOnce()) -> TestResult<Duration> {
    let start = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?;
    exchange();
    Ok((clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)? - start).into())
}
