//! An open of one end of a FIFO blocks until the other end is opened.

use super::calls::*;
use kit::prelude::*;
use libc::{O_RDONLY, O_RDWR, O_WRONLY};

#[rstest]
#[case::write_only(OPEN, O_WRONLY)]
#[case::read_write(OPEN, O_RDWR)]
#[case::openat(OPENAT, O_WRONLY)]
/// An open of a FIFO for reading blocks until another process opens the FIFO for writing; data then passes between the
/// two.
#[harness::test(
    id = "fifo.open-read-blocks",
    cite = [posix("open.3p", "DESCRIPTION", "O_NONBLOCK"), man("fifo.7", "DESCRIPTION"), man("open.2", "FIFOs")],
    covers = [
        "notes:fifo.open-read-blocks",
        "behaviours:fifo.open-read-blocks",
        "behaviours:fifo.open-rendezvous-both",
    ],
    layers = [libc, nix, raw],
)]
fn an_open_for_reading_blocks_until_a_writer_opens(#[case] open: Open, #[case] other: i32) -> TestResult {
    let fifo = Fifo::new()?;
    let child = fork(|| {
        let reader = assert_ok!(open(&fifo, O_RDONLY));
        assert_eq!(access_and_status(&reader), Ok(O_RDONLY));
        assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    })?;
    child.assert_blocked_in(calls::OPEN);
    let writer = assert_ok!(open(&fifo, other));
    assert_eq!(access_and_status(&writer), Ok(other));
    assert_eq!(write(&writer, b"hello"), Ok(5));
    child.join()
}

#[rstest]
#[case::read_only(OPEN, O_RDONLY)]
#[case::read_write(OPEN, O_RDWR)]
#[case::openat(OPENAT, O_RDONLY)]
/// An open of a FIFO for writing blocks until another process opens the FIFO for reading; data then passes between the
/// two.
#[harness::test(
    id = "fifo.open-write-blocks",
    cite = [posix("open.3p", "DESCRIPTION", "O_NONBLOCK"), man("fifo.7", "DESCRIPTION"), man("open.2", "FIFOs")],
    covers = [
        "notes:fifo.open-write-blocks",
        "behaviours:fifo.open-write-blocks",
        "behaviours:fifo.open-rendezvous-both",
    ],
    layers = [libc, nix, raw],
)]
fn an_open_for_writing_blocks_until_a_reader_opens(#[case] open: Open, #[case] other: i32) -> TestResult {
    let fifo = Fifo::new()?;
    let child = fork(|| {
        let writer = assert_ok!(open(&fifo, O_WRONLY));
        assert_eq!(access_and_status(&writer), Ok(O_WRONLY));
        assert_eq!(write(&writer, b"hello"), Ok(5));
    })?;
    child.assert_blocked_in(calls::OPEN);
    let reader = assert_ok!(open(&fifo, other));
    assert_eq!(access_and_status(&reader), Ok(other));
    // Before the read, which would block forever if the child has failed.
    child.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    Ok(())
}

#[rstest]
#[case::reading(O_RDONLY, O_WRONLY)]
#[case::writing(O_WRONLY, O_RDONLY)]
/// A blocked open of one end of a FIFO is not unblocked by another open of the same end: both block until the other end
/// is opened.
#[harness::test(
    id = "fifo.open-waits-for-other-end",
    cite = [posix("open.3p", "DESCRIPTION", "O_NONBLOCK"), man("fifo.7", "DESCRIPTION"), man("open.2", "FIFOs")],
    covers = ["notes:fifo.open-read-blocks", "notes:fifo.open-write-blocks"],
    layers = [libc, nix, raw],
)]
fn an_open_of_the_same_end_unblocks_no_open(#[case] end: i32, #[case] other: i32) -> TestResult {
    let fifo = Fifo::new()?;
    let opener = || {
        fork(|| {
            let opened = assert_ok!(open(&fifo, end));
            assert_eq!(access_and_status(&opened), Ok(end));
        })
    };
    let first = opener()?;
    first.assert_blocked_in(calls::OPEN);
    let second = opener()?;
    second.assert_blocked_in(calls::OPEN);
    first.assert_blocked_in(calls::OPEN);
    let opened = assert_ok!(open(&fifo, other));
    assert_eq!(access_and_status(&opened), Ok(other));
    first.join()?;
    second.join()
}

/// An open for writing blocks on a FIFO left behind by a killed process, as on any FIFO that no process has open for
/// reading.
#[harness::test(
    id = "fifo.stale-blocks-writer",
    cite = [posix("open.3p", "DESCRIPTION", "O_NONBLOCK"), man("fifo.7", "DESCRIPTION")],
    covers = ["notes:fifo.long-lived-error-prone"],
)]
fn an_open_for_writing_blocks_on_a_stale_fifo() -> TestResult {
    let fifo = Name::free("fifo");
    let crashing = fork(|| -> TestResult {
        mkfifo(&fifo, 0o600)?;
        let _reader = open(&fifo, O_RDONLY | libc::O_NONBLOCK)?;
        nix::sys::signal::raise(nix::sys::signal::SIGKILL)?;
        Ok(())
    })?;
    assert_eq!(crashing.wait()?, Ended::Killed { by: Signal(libc::SIGKILL), core: false });
    assert_eq!(fifo.node(), Ok(Node::new("p0600")));
    let writer = fork(|| drop(open(&fifo, O_WRONLY)))?;
    writer.assert_blocked_in(calls::OPEN);
    let state = harness::process_state::state(writer.pid()).map(String::from);
    evidence("process state of a writer opening a FIFO whose reader was killed", state.unwrap_or_default());
    Ok(())
}
