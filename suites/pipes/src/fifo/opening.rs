//! Opening one end of a FIFO: waiting for the other.

use super::calls::*;
use kit::prelude::*;
use libc::{O_RDONLY, O_RDWR, O_WRONLY};
use rstest::rstest;

#[rstest]
#[case::write_only(OPEN, O_WRONLY)]
#[case::read_write(OPEN, O_RDWR)]
#[case::openat(OPENAT, O_WRONLY)]
/// An open for reading sleeps until another process opens the FIFO for writing, and then both have a working channel.
#[harness::test(
    id = "fifo.open-read-blocks",
    cite = "POSIX.1-2024 open(): O_NONBLOCK clear; fifo(7)",
    covers = [
        "notes:fifo.open-read-blocks",
        "behaviours:fifo.open-read-blocks",
        "behaviours:fifo.open-rendezvous-both",
    ],
    layers = [libc, nix, raw],
)]
fn a_reader_waits_for_a_writer(#[case] open: Open, #[case] other: i32) -> Scene {
    let fifo = Fifo::new()?;
    let child = fork(|| {
        let reader = assert_ok!(open(&fifo, O_RDONLY));
        assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    })?;
    child.assert_blocked_in(Syscall::OPEN);
    let writer = assert_ok!(open(&fifo, other));
    assert_eq!(write(&writer, b"hello"), Ok(5));
    child.join()
}

#[rstest]
#[case::read_only(OPEN, O_RDONLY)]
#[case::read_write(OPEN, O_RDWR)]
#[case::openat(OPENAT, O_RDONLY)]
/// An open for writing sleeps until another process opens the FIFO for reading, and then both have a working channel.
#[harness::test(
    id = "fifo.open-write-blocks",
    cite = "POSIX.1-2024 open(): O_NONBLOCK clear; fifo(7)",
    covers = [
        "notes:fifo.open-write-blocks",
        "behaviours:fifo.open-write-blocks",
        "behaviours:fifo.open-rendezvous-both",
    ],
    layers = [libc, nix, raw],
)]
fn a_writer_waits_for_a_reader(#[case] open: Open, #[case] other: i32) -> Scene {
    let fifo = Fifo::new()?;
    let child = fork(|| {
        let writer = assert_ok!(open(&fifo, O_WRONLY));
        assert_eq!(write(&writer, b"hello"), Ok(5));
    })?;
    child.assert_blocked_in(Syscall::OPEN);
    let reader = assert_ok!(open(&fifo, other));
    // Before the read, which would wait for ever for a child that has failed.
    child.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    Ok(())
}

#[rstest]
#[case::reading(O_RDONLY, O_WRONLY)]
#[case::writing(O_WRONLY, O_RDONLY)]
/// An open of one end is not completed by another open of the same end: both go on sleeping until the other end is opened.
#[harness::test(
    id = "fifo.open-waits-for-other-end",
    cite = "POSIX.1-2024 open(): O_NONBLOCK clear; fifo(7)",
    covers = ["notes:fifo.open-read-blocks", "notes:fifo.open-write-blocks"],
    layers = [libc, nix, raw],
)]
fn the_same_end_completes_no_open(#[case] end: i32, #[case] other: i32) -> Scene {
    let fifo = Fifo::new()?;
    let opener = || {
        fork(|| {
            let opened = assert_ok!(open(&fifo, end));
            assert_eq!(access_and_blocking(&opened), Ok(end));
        })
    };
    let first = opener()?;
    first.assert_blocked_in(Syscall::OPEN);
    let second = opener()?;
    second.assert_blocked_in(Syscall::OPEN);
    first.assert_blocked_in(Syscall::OPEN);
    let _other = assert_ok!(open(&fifo, other));
    first.join()?;
    second.join()
}

/// A FIFO that a crashed process left behind makes the next open for writing sleep, as any FIFO that nobody reads does.
#[harness::test(
    id = "fifo.stale-blocks-writer",
    cite = "POSIX.1-2024 open(): O_NONBLOCK clear; fifo(7)",
    covers = ["notes:fifo.long-lived-error-prone"],
)]
fn a_stale_fifo_makes_a_writer_sleep() -> Scene {
    let fifo = Name::free("fifo");
    let crashing = fork(|| -> Scene {
        mkfifo(&fifo, 0o600)?;
        let _reader = open(&fifo, O_RDONLY | libc::O_NONBLOCK)?;
        nix::sys::signal::raise(nix::sys::signal::SIGKILL)?;
        Ok(())
    })?;
    assert_eq!(crashing.wait()?, Ended::Killed { by: Signal(libc::SIGKILL), core: false });
    assert_eq!(fifo.node(), Ok(Node::new("p0600")));
    let writer = fork(|| drop(open(&fifo, O_WRONLY)))?;
    writer.assert_blocked_in(Syscall::OPEN);
    let state = harness::standing::state(writer.pid()).map(String::from);
    observe("state of a writer of a FIFO whose reader has crashed", state.unwrap_or_default());
    Ok(())
}
