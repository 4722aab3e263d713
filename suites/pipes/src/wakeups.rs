//! A change of state wakes all that wait for it: two processes blocked in each of the calls that block.

use crate::needs::PIPE_PAGES;
use crate::waiters::*;
use kit::channel::{Channel, FIFO, PIPE};
use kit::disposition::ignore;
use kit::needs::UNIX_FILES;
use kit::prelude::*;
use nix::sys::signal::Signal::SIGPIPE;

/// What waits on what.
type On = (Channel, Waiter);

/// Two reads blocked on an empty pipe or FIFO both return once two bytes are written; two writes blocked on a full one
/// both return once it is drained.
#[harness::test(
    rows = [
        ("pipe.all-waiters-wake/read", ["behaviours:pipe.read-blocks-empty"], (PIPE, READ)),
        ("pipe.all-waiters-wake/readv", ["behaviours:pipe.read-blocks-empty"], (PIPE, READV)),
        ("pipe.all-waiters-wake/write", ["behaviours:pipe.write-blocks-full"], (PIPE, WRITE)),
        ("pipe.all-waiters-wake/writev", ["behaviours:pipe.write-blocks-full"], (PIPE, WRITEV)),
        ("fifo.all-waiters-wake/read", ["behaviours:fifo.same-io-semantics"], (FIFO, READ)),
        ("fifo.all-waiters-wake/readv", ["behaviours:fifo.same-io-semantics"], (FIFO, READV)),
        ("fifo.all-waiters-wake/write", ["behaviours:fifo.same-io-semantics"], (FIFO, WRITE)),
        ("fifo.all-waiters-wake/writev", ["behaviours:fifo.same-io-semantics"], (FIFO, WRITEV)),
    ],
    cite = [
        man("pipe.7", "I/O on pipes and FIFOs"),
        posix("read.3p", "DESCRIPTION"),
        posix("write.3p", "DESCRIPTION"),
    ],
    needs = [PIPE_PAGES],
)]
fn two_reads_or_writes_wake(on: On) -> TestResult {
    two_wake(on)
}

/// Two processes blocked in the same of splice, tee, vmsplice and ppoll on an empty pipe or FIFO both go on once two
/// bytes are written, and on a full one once it is drained.
#[harness::test(
    rows = [
        ("splice.all-waiters-wake/splice-from", ["behaviours:splice.blocks-empty-pipe"], (PIPE, SPLICE_FROM)),
        ("splice.all-waiters-wake/tee-from", ["behaviours:splice.tee-blocks-empty"], (PIPE, TEE_FROM)),
        (
            "splice.all-waiters-wake/vmsplice-from", ["behaviours:splice.vmsplice-read-end-copies"],
            (PIPE, VMSPLICE_FROM),
        ),
        ("splice.all-waiters-wake/splice-into", [], (PIPE, SPLICE_INTO)),
        ("splice.all-waiters-wake/tee-into", [], (PIPE, TEE_INTO)),
        ("splice.all-waiters-wake/vmsplice-into", ["behaviours:splice.vmsplice-to-pipe"], (PIPE, VMSPLICE_INTO)),
        ("splice.all-waiters-wake/splice-from-fifo", ["behaviours:splice.blocks-empty-pipe"], (FIFO, SPLICE_FROM)),
        ("splice.all-waiters-wake/splice-into-fifo", [], (FIFO, SPLICE_INTO)),
        ("poll.all-waiters-wake/read-end", ["behaviours:poll.pipe-data-pollin"], (PIPE, POLL_FROM)),
        ("poll.all-waiters-wake/write-end", ["behaviours:poll.pipe-room-pollout"], (PIPE, POLL_INTO)),
        ("poll.all-waiters-wake/read-end-of-fifo", ["behaviours:poll.pipe-data-pollin"], (FIFO, POLL_FROM)),
        ("poll.all-waiters-wake/write-end-of-fifo", ["behaviours:poll.pipe-room-pollout"], (FIFO, POLL_INTO)),
    ],
    cite = [
        kernel("fs/pipe.c", "pipe_write", "6.18"),
        kernel("fs/pipe.c", "pipe_read", "6.18"),
        man("splice.2", "DESCRIPTION"),
        man("tee.2", "DESCRIPTION"),
    ],
    needs = [PIPE_PAGES, UNIX_FILES],
)]
fn two_others_wake(on: On) -> TestResult {
    two_wake(on)
}

fn two_wake((channel, waiter): On) -> TestResult {
    let obstacle = waiter.obstacle(channel)?;
    let waiting = obstacle.two(|| (), |returned| assert_eq!(returned, Ok(1)))?;
    obstacle.remove()?;
    waiting.into_iter().try_for_each(Child::join)?;
    obstacle.assert_left_by(2);
    Ok(())
}

/// Growth of a full pipe or FIFO by F_SETPIPE_SZ lets two blocked calls go on, though nothing was read.
#[harness::test(
    rows = [
        ("pipe.growth-wakes/write", ["behaviours:pipe.setpipe-sz-growth-wakes"], (PIPE, WRITE)),
        ("pipe.growth-wakes/writev", ["behaviours:pipe.setpipe-sz-growth-wakes"], (PIPE, WRITEV)),
        ("pipe.growth-wakes/splice", ["behaviours:pipe.setpipe-sz-growth-wakes"], (PIPE, SPLICE_INTO)),
        ("pipe.growth-wakes/tee", ["behaviours:pipe.setpipe-sz-growth-wakes"], (PIPE, TEE_INTO)),
        ("pipe.growth-wakes/vmsplice", ["behaviours:pipe.setpipe-sz-growth-wakes"], (PIPE, VMSPLICE_INTO)),
        ("pipe.growth-wakes/ppoll", ["behaviours:pipe.setpipe-sz-growth-wakes"], (PIPE, POLL_INTO)),
        ("fifo.growth-wakes/write", ["behaviours:pipe.setpipe-sz-growth-wakes"], (FIFO, WRITE)),
        ("fifo.growth-wakes/ppoll", ["behaviours:pipe.setpipe-sz-growth-wakes"], (FIFO, POLL_INTO)),
    ],
    cite = [kernel("fs/pipe.c", "pipe_resize_ring", "6.18")],
    needs = [PIPE_PAGES],
)]
fn growth_wakes_two(on: On) -> TestResult {
    let (channel, waiter) = on;
    let obstacle = waiter.obstacle(channel)?;
    let waiting = obstacle.two(|| (), |returned| assert_eq!(returned, Ok(1)))?;
    let capacity = obstacle.held.0.len() as i32;
    // It fails where other pipes of the user have taken the pages in the meantime.
    set_capacity(&obstacle.writer, 2 * capacity)?;
    waiting.into_iter().try_for_each(Child::join)?;
    obstacle.remove()?;
    obstacle.assert_left_by(2);
    Ok(())
}

/// Two processes blocked reading an empty pipe or FIFO both return 0 once its last write end is closed.
#[harness::test(
    rows = [
        ("pipe.last-writer-wakes/read", ["behaviours:pipe.read-eof"], (PIPE, READ)),
        ("pipe.last-writer-wakes/readv", ["behaviours:pipe.read-eof"], (PIPE, READV)),
        ("fifo.last-writer-wakes/read", ["behaviours:fifo.same-io-semantics"], (FIFO, READ)),
        ("fifo.last-writer-wakes/readv", ["behaviours:fifo.same-io-semantics"], (FIFO, READV)),
    ],
    cite = [posix("read.3p", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
)]
fn the_last_close_of_a_write_end_wakes_two_reads(on: On) -> TestResult {
    the_last_writer_wakes_two(on, 0)
}

/// Two processes blocked in the same of splice, tee and vmsplice from an empty pipe or FIFO both return 0 once its last
/// write end is closed.
#[harness::test(
    rows = [
        ("splice.last-writer-wakes/splice", ["behaviours:splice.returns-zero-eof"], (PIPE, SPLICE_FROM)),
        ("splice.last-writer-wakes/tee", ["behaviours:splice.tee-zero-no-writers"], (PIPE, TEE_FROM)),
        ("splice.last-writer-wakes/vmsplice", ["behaviours:splice.vmsplice-read-end-copies"], (PIPE, VMSPLICE_FROM)),
        ("splice.last-writer-wakes/splice-fifo", ["behaviours:splice.returns-zero-eof"], (FIFO, SPLICE_FROM)),
    ],
    cite = [kernel("fs/pipe.c", "pipe_release", "6.18"), man("splice.2", "RETURN VALUE"), man("tee.2", "RETURN VALUE")],
    needs = [UNIX_FILES],
)]
fn the_last_close_of_a_write_end_wakes_two_splices(on: On) -> TestResult {
    the_last_writer_wakes_two(on, 0)
}

/// Two processes blocked in ppoll on the read end of an empty pipe or FIFO both return once its last write end is closed.
#[harness::test(
    rows = [
        ("poll.last-writer-wakes/pipe", ["behaviours:poll.pipe-eof-pollhup"], (PIPE, POLL_FROM)),
        ("poll.last-writer-wakes/fifo", ["behaviours:poll.pipe-eof-pollhup"], (FIFO, POLL_FROM)),
    ],
    cite = [posix("poll.3p", "DESCRIPTION", "POLLHUP"), man("poll.2", "DESCRIPTION", "POLLHUP")],
    needs = [UNIX_FILES],
)]
fn the_last_close_of_a_write_end_wakes_two_polls(on: On) -> TestResult {
    the_last_writer_wakes_two(on, 1)
}

fn the_last_writer_wakes_two((channel, waiter): On, expected: usize) -> TestResult {
    let obstacle = waiter.obstacle(channel)?;
    let waiting = obstacle.two(|| obstacle.writer.close(), |returned| assert_eq!(returned, Ok(expected)))?;
    obstacle.writer.close();
    waiting.into_iter().try_for_each(Child::join)
}

/// Two writes blocked on a full pipe or FIFO both fail with EPIPE once its last read end is closed, if SIGPIPE is ignored.
#[harness::test(
    rows = [
        ("pipe.last-reader-wakes/write", ["behaviours:pipe.blocked-writer-wakes-epipe"], (PIPE, WRITE)),
        ("pipe.last-reader-wakes/writev", ["behaviours:pipe.blocked-writer-wakes-epipe"], (PIPE, WRITEV)),
        ("fifo.last-reader-wakes/write", ["behaviours:fifo.same-io-semantics"], (FIFO, WRITE)),
        ("fifo.last-reader-wakes/writev", ["behaviours:fifo.same-io-semantics"], (FIFO, WRITEV)),
    ],
    cite = [posix("write.3p", "ERRORS", "EPIPE"), man("write.2", "ERRORS", "EPIPE")],
)]
fn the_last_close_of_a_read_end_wakes_two_writes(on: On) -> TestResult {
    the_last_reader_wakes_two(on, |returned| assert_errno!(returned, EPIPE))
}

/// Two processes blocked in the same of splice, tee and vmsplice into a full pipe or FIFO both fail with EPIPE once its
/// last read end is closed, if SIGPIPE is ignored.
#[harness::test(
    rows = [
        ("splice.last-reader-wakes/splice", ["behaviours:splice.sigpipe-no-reader"], (PIPE, SPLICE_INTO)),
        ("splice.last-reader-wakes/tee", ["behaviours:splice.sigpipe-no-reader"], (PIPE, TEE_INTO)),
        ("splice.last-reader-wakes/vmsplice", ["behaviours:splice.sigpipe-no-reader"], (PIPE, VMSPLICE_INTO)),
        ("splice.last-reader-wakes/splice-fifo", ["behaviours:splice.sigpipe-no-reader"], (FIFO, SPLICE_INTO)),
    ],
    cite = [kernel("fs/splice.c", "opipe_prep", "6.18"), kernel("fs/splice.c", "wait_for_space", "6.18")],
    needs = [UNIX_FILES],
)]
fn the_last_close_of_a_read_end_wakes_two_splices(on: On) -> TestResult {
    the_last_reader_wakes_two(on, |returned| assert_errno!(returned, EPIPE))
}

/// Two processes blocked in ppoll on the write end of a full pipe or FIFO both return once its last read end is closed.
#[harness::test(
    rows = [
        ("poll.last-reader-wakes/pipe", ["behaviours:poll.pipe-no-readers-pollerr"], (PIPE, POLL_INTO)),
        ("poll.last-reader-wakes/fifo", ["behaviours:poll.pipe-no-readers-pollerr"], (FIFO, POLL_INTO)),
    ],
    cite = [man("poll.2", "DESCRIPTION", "POLLERR")],
    needs = [UNIX_FILES],
)]
fn the_last_close_of_a_read_end_wakes_two_polls(on: On) -> TestResult {
    the_last_reader_wakes_two(on, |returned| assert_eq!(returned, Ok(1)))
}

fn the_last_reader_wakes_two((channel, waiter): On, after: fn(Result<usize>)) -> TestResult {
    ignore(SIGPIPE)?;
    let obstacle = waiter.obstacle(channel)?;
    let waiting = obstacle.two(|| obstacle.reader.close(), after)?;
    obstacle.reader.close();
    waiting.into_iter().try_for_each(Child::join)
}
