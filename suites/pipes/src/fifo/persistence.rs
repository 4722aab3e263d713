//! What remains of a FIFO after the processes that use it have terminated.

use kit::name::unlink;
use kit::needs::UNIX_FILES;
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};

#[rstest]
#[case::exit(Ended::Exited(0))]
#[case::kill(Ended::Killed { by: Signal(libc::SIGKILL), core: false })]
/// When the last process that has a FIFO open terminates, normally or by a signal, the unread data is discarded and the
/// name of the FIFO remains.
#[harness::test(
    id = "persistence.fifo-data-lost-name-kept",
    cite = [
        posix("close.3p", "DESCRIPTION"),
        posix("_Exit.3p", "Consequences of Process Termination"),
        posix("unlink.3p", "DESCRIPTION"),
    ],
    covers = ["notes:persist.fifo-dies-with-process", "notes:fifo.data-lost-after-last-close"],
    needs = [UNIX_FILES],
    layers = [libc, nix, raw],
)]
fn data_is_lost_and_the_name_kept_when_the_last_process_terminates(#[case] end: Ended) -> TestResult {
    let fifo = Fifo::new()?;
    let created = object_at(&fifo)?;
    let child = fork(|| -> TestResult {
        let both = open(&fifo, O_RDWR)?;
        assert_eq!(write(&both, b"data"), Ok(4));
        assert_eq!(unread(&both), Ok(4));
        if let Ended::Killed { by, .. } = end {
            kill(own_pid(), by.0)?;
        }
        // The termination of the process closes the FIFO.
        exit(0)
    })?;
    assert_eq!(child.wait()?, end);
    assert_eq!(object_at(&fifo), Ok(created));
    let reader = assert_ok!(open(&fifo, O_RDONLY | O_NONBLOCK));
    assert_eq!(unread(&reader), Ok(0));
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    evidence("file type letter of a FIFO after its last process has terminated", fifo.node()?.kind);
    evidence("unread bytes of 4 after its last process has terminated", unread(&reader)?);
    Ok(())
}

/// Unread data remains in a FIFO while any descriptor refers to it, and is discarded when the last one is closed.
#[harness::test(
    id = "fifo.data-lost-at-last-close",
    cite = [posix("close.3p", "DESCRIPTION")],
    covers = ["behaviours:fifo.contents-vanish-on-last-close", "notes:fifo.data-lost-after-last-close"],
    layers = [libc, nix, raw],
)]
fn the_last_close_discards_unread_data() -> TestResult {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    assert_eq!(write(&writer, b"data"), Ok(4));
    drop(writer);
    let second = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    drop(reader);
    assert_eq!(unread(&second), Ok(4));
    drop(second);
    let reopened = assert_ok!(open(&fifo, O_RDONLY | O_NONBLOCK));
    assert_eq!(unread(&reopened), Ok(0));
    assert_eq!(read(&reopened, &mut [0; 1]), Ok(0));
    Ok(())
}

/// A FIFO remains in the file system after the processes that created and used it have terminated, so that others can
/// use it again, until it is unlinked.
#[harness::test(
    id = "fifo.node-stays",
    cite = [posix("unlink.3p", "DESCRIPTION"), man("unlink.2", "DESCRIPTION"), man("fifo.7", "DESCRIPTION")],
    covers = ["notes:fifo.survives-users", "behaviours:fifo.node-persists"],
    layers = [libc, nix, raw],
)]
fn a_fifo_remains_until_it_is_unlinked() -> TestResult {
    let name = Name::free("fifo");
    let creator = fork(|| assert_eq!(mkfifo(&name, 0o600), Ok(())))?;
    creator.join()?;
    let created = assert_ok!(object_at(&name));
    assert_eq!(created.0, Node::new("p0600"));
    // One reader and writer after another.
    for word in ["first", "second"] {
        let reader = fork(|| {
            let reader = assert_ok!(open(&name, O_RDONLY));
            assert_eq!(read_bytes(&reader, 9), Ok(word.into()));
        })?;
        reader.wait_until_blocked_in(calls::OPEN)?;
        let writer = fork(|| {
            let writer = assert_ok!(open(&name, O_WRONLY));
            assert_eq!(write(&writer, word.as_bytes()), Ok(word.len()));
        })?;
        writer.join()?;
        reader.join()?;
        assert_eq!(object_at(&name).as_ref(), Ok(&created));
    }
    unlink(&name)?;
    assert_errno!(open(&name, O_RDWR), ENOENT);
    Ok(())
}
