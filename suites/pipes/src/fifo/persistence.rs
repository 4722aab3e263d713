//! What is left of a FIFO when the processes that use it have ended.

use calls::signals::kill;
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};
use rstest::rstest;

#[rstest]
#[case::exit(Ended::Exited(0))]
#[case::kill(Ended::Killed { by: Signal(libc::SIGKILL), core: false })]
/// The bytes in a FIFO are gone once the last process that has it open ends, in whatever way, while its name stays.
#[harness::test(
    id = "persistence.fifo-data-ends-name-stays",
    cite = "POSIX.1-2024 close(): the last close of a FIFO discards its data; fifo(7)",
    covers = ["notes:persist.fifo-dies-with-process", "notes:fifo.data-lost-after-last-close"],
    layers = [libc, nix, raw],
)]
fn the_data_ends_with_the_last_process_and_the_name_stays(#[case] end: Ended) -> Scene {
    let fifo = Fifo::new()?;
    let child = fork(|| -> Scene {
        let both = open(&fifo, O_RDWR)?;
        assert_eq!(write(&both, b"data"), Ok(4));
        assert_eq!(unread(&both), Ok(4));
        if let Ended::Killed { by, .. } = end {
            kill(own_pid(), by.0)?;
        }
        // It is the end of the process that closes the FIFO.
        exit(0)
    })?;
    assert_eq!(child.wait()?, end);
    assert_eq!(fifo.node(), Ok(Node::new("p0600")));
    let reader = assert_ok!(open(&fifo, O_RDONLY | O_NONBLOCK));
    assert_eq!(unread(&reader), Ok(0));
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    observe("name of a FIFO after its last process", fifo.node()?.kind);
    observe("bytes of 4 that are left after its last process", unread(&reader)?);
    Ok(())
}

/// Unread bytes stay in a FIFO while one descriptor of it is open, and are lost when the last one is closed.
#[harness::test(
    id = "fifo.data-lost-at-last-close",
    cite = "POSIX.1-2024 close(): when all file descriptors associated with a pipe or FIFO special file are closed",
    covers = ["behaviours:fifo.contents-vanish-on-last-close", "notes:fifo.data-lost-after-last-close"],
    layers = [libc, nix, raw],
)]
fn the_last_close_loses_the_bytes() -> Scene {
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

/// A FIFO stays in the file system after the processes that used it have ended, later ones use it again, and it is gone only
/// when it is unlinked.
#[harness::test(
    id = "fifo.node-stays",
    cite = "POSIX.1-2024 unlink(); fifo(7); mkfifo(3)",
    covers = ["notes:fifo.survives-users", "behaviours:fifo.node-persists"],
    layers = [libc, nix, raw],
)]
fn the_node_stays_until_it_is_unlinked() -> Scene {
    let name = Name::free("fifo");
    let maker = fork(|| assert_eq!(mkfifo(&name, 0o600), Ok(())))?;
    maker.join()?;
    // One pair after the other.
    for word in ["first", "second"] {
        let reader = fork(|| {
            let reader = assert_ok!(open(&name, O_RDONLY));
            assert_eq!(read_bytes(&reader, 9), Ok(word.into()));
        })?;
        reader.wait_until_blocked_in(Syscall::OPEN)?;
        let writer = fork(|| {
            let writer = assert_ok!(open(&name, O_WRONLY));
            assert_eq!(write(&writer, word.as_bytes()), Ok(word.len()));
        })?;
        writer.join()?;
        reader.join()?;
        assert_eq!(name.node(), Ok(Node::new("p0600")));
    }
    std::fs::remove_file(&name)?;
    assert_errno!(open(&name, O_RDWR), ENOENT);
    Ok(())
}
