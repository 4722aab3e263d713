//! Reads and writes that wait.

use kit::prelude::*;
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// A read on an empty pipe sleeps while a write end is open, until a writer has written.
#[harness::test(
    id = "pipe.read-blocks-empty",
    cite = "POSIX.1-2024 read(); pipe(7), I/O on pipes and FIFOs",
    covers = ["behaviours:pipe.read-blocks-empty", "notes:pipe.slow-writer-reader-sleeps"],
    layers = [libc, nix, raw],
)]
fn a_read_waits_for_a_slow_writer() -> Scene {
    let (reader, writer) = pipe()?;
    let child = fork(|| assert_eq!(read_bytes(&reader, 9), Ok("x".into())))?;
    child.assert_blocked_in(Syscall::READ);
    assert_eq!(write(&writer, b"x"), Ok(1));
    child.join()
}

/// While a write end is open, a read waits only when the pipe is empty; bytes that are there are returned at once, even
/// when they are fewer than were asked for.
#[harness::test(
    id = "pipe.read-partial",
    cite = "POSIX.1-2024 read(); pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:pipe.read-blocks-while-writer-open", "behaviours:pipe.read-partial-return"],
    layers = [libc, nix, raw],
)]
fn a_read_returns_what_is_there_and_waits_only_for_the_first_byte() -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"ab")?;
    let bytes = read_bytes(&reader, 100);
    assert_eq!(bytes, Ok("ab".into()));
    observe("bytes that a read of 100 returned while a write end was open", bytes?.0.len());
    let child = fork(|| assert_eq!(read_bytes(&reader, 100), Ok("c".into())))?;
    child.assert_blocked_in(Syscall::READ);
    write_all(&writer, b"c")?;
    child.join()
}

/// A write to a full pipe sleeps, with none of its bytes in the pipe, until a reader has made room.
#[harness::test(
    id = "pipe.write-blocks-full",
    cite = "POSIX.1-2024 write(); pipe(7), I/O on pipes and FIFOs",
    covers = ["behaviours:pipe.write-blocks-full", "notes:pipe.write-blocks-when-full"],
    layers = [libc, nix, raw],
)]
fn a_write_waits_for_a_slow_reader() -> Scene {
    let (reader, writer) = pipe()?;
    let held = fill(&writer)?;
    let child = fork(|| assert_eq!(write(&writer, b"x"), Ok(1)))?;
    child.assert_blocked_in(Syscall::WRITE);
    assert_eq!(unread(&reader), Ok(held.0.len()));
    let first = read_exactly(&reader, page_size())?;
    child.join()?;
    let rest = read_exactly(&reader, held.0.len() - page_size() + 1)?;
    assert_eq!(Bytes([first.0, rest.0].concat()), Bytes([&held.0[..], b"x"].concat()));
    Ok(())
}

/// The ends of a new pipe do not have O_NONBLOCK: a read on the empty pipe and a write to the full one wait.
#[harness::test(
    id = "pipe.blocking-by-default",
    cite = "POSIX.1-2024 pipe(): O_NONBLOCK shall be clear on both descriptors",
    covers = ["notes:pipe.default-blocking"],
    layers = [libc, nix, raw],
)]
fn a_new_pipe_blocks() -> Scene {
    let (reader, writer) = pipe()?;
    for (end, access) in [(&reader, libc::O_RDONLY), (&writer, libc::O_WRONLY)] {
        assert_eq!(get_flags(end), Ok(access));
    }
    let taker = fork(|| assert_eq!(read_bytes(&reader, 1), Ok("a".into())))?;
    taker.assert_blocked_in(Syscall::READ);
    write_all(&writer, b"a")?;
    taker.join()?;
    let held = fill(&writer)?;
    let giver = fork(|| assert_eq!(write(&writer, b"b"), Ok(1)))?;
    giver.assert_blocked_in(Syscall::WRITE);
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    giver.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("b".into()));
    Ok(())
}

/// A writer may end before its bytes are read: they stay in the kernel's buffer, and are read after its end.
#[harness::test(
    id = "pipe.bytes-outlive-writer",
    cite = "pipe(7), I/O on pipes and FIFOs; pipe(7), Pipe capacity; POSIX.1-2024 write()",
    covers = ["notes:pipe.exit-needs-data-read", "notes:pipe.kernel-buffer"],
)]
fn a_writer_ends_without_its_bytes_being_read() -> Scene {
    let (reader, writer) = pipe()?;
    let child = fork(|| assert_eq!(write(&writer, b"hello"), Ok(5)))?;
    drop(writer);
    assert_eq!(child.wait()?, Ended::Exited(0));
    let left = unread(&reader);
    assert_eq!(left, Ok(5));
    observe("unread bytes in the pipe when the writer had exited with 0", left?);
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    Ok(())
}

/// A byte that goes to another process by one pipe comes back by a second one, two hundred times in a row.
#[harness::test(
    id = "pipe.round-trips",
    cite = "pipe(7), I/O on pipes and FIFOs; POSIX.1-2024 read(), write()",
    covers = ["notes:pipe.slow"],
)]
fn frequent_exchange_works() -> Scene {
    let (by_pipe, by_futex) = (round_trips_by_pipe()?, round_trips_by_futex()?);
    observe(
        "processor time of a round trip by two pipes, in that of one by futex",
        format!("{:.0}", by_pipe.div_duration_f64(by_futex)),
    );
    Ok(())
}

const TRIPS: u8 = 200;

fn round_trips_by_pipe() -> Scene<Duration> {
    let ((there, to_there), (back, to_back)) = (pipe()?, pipe()?);
    let echo = fork(|| (1..=TRIPS).for_each(|trip| assert_eq!(write(&to_back, &[echoed(&there, trip)]), Ok(1))))?;
    // The end of the child is the end of what comes back.
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

fn round_trips_by_futex() -> Scene<Duration> {
    let (ping, pong) = (Meeting::new()?, Meeting::new()?);
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

/// Sixty-four times what a pipe holds goes through it and comes out as it was.
#[harness::test(
    id = "pipe.throughput",
    cite = "pipe(7), I/O on pipes and FIFOs; POSIX.1-2024 read(), write()",
    covers = ["notes:pipe.slow"],
)]
fn bulk_exchange_works() -> Scene {
    const ROUNDS: usize = 64;
    let (reader, writer) = pipe()?;
    let sent = Bytes::sequence(capacity_of(&writer)?);
    let mut received = vec![0; sent.0.len()];
    let by_pipe = time_of(|| {
        for _ in 0..ROUNDS {
            received.fill(0);
            assert_eq!(write(&writer, &sent.0), Ok(sent.0.len()));
            assert_eq!(read(&reader, &mut received), Ok(sent.0.len()));
            assert!(received == sent.0, "what came out is what went in");
        }
    })?;
    let by_copy = time_of(|| {
        for _ in 0..ROUNDS {
            received.fill(0);
            received.copy_from_slice(&sent.0);
            assert!(received == sent.0, "the copy is what was copied");
        }
    })?;
    observe(
        "processor time of moving bytes by pipe, in that of a copy within memory",
        format!("{:.0}", by_pipe.div_duration_f64(by_copy)),
    );
    Ok(())
}

/// The byte of this round trip, as it came.
fn echoed(there: &Fd, trip: u8) -> u8 {
    assert_eq!(read_bytes(there, 2), Ok(Bytes::of(trip, 1)));
    trip
}

/// The processor time that this process spends on it: load on the machine does not count.
fn time_of(exchange: impl FnOnce()) -> Scene<Duration> {
    let start = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?;
    exchange();
    Ok((clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)? - start).into())
}
