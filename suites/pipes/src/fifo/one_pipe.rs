//! Everybody who opens a FIFO shares one pipe.

use kit::prelude::*;
use kit::unrelated::{PROGRAMS, Program, start};
use libc::{O_NONBLOCK, O_RDONLY, O_WRONLY};
use linkme::distributed_slice;
use nix::unistd::{Pid, getppid, getsid};
use std::ffi::OsString;

/// All that open a FIFO share a single pipe: bytes of any writer go to whichever reader comes first.
#[harness::test(
    id = "fifo.one-pipe",
    cite = "fifo(7): the kernel maintains exactly one pipe object for each FIFO special file; POSIX.1-2024 XBD, FIFO Special File",
    covers = ["behaviours:fifo.one-pipe-object"],
    layers = [libc, nix, raw],
)]
fn all_share_one_pipe() -> Scene {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    let (reader_2, writer_2) = fifo.connect()?;
    assert_eq!(write(&writer, b"one "), Ok(4));
    assert_eq!(write(&writer_2, b"two "), Ok(4));
    assert_eq!((unread(&reader), unread(&reader_2)), (Ok(8), Ok(8)));
    assert_eq!(read_bytes(&reader, 6), Ok("one tw".into()));
    assert_eq!(read_bytes(&reader_2, 6), Ok("o ".into()));
    assert_eq!((unread(&reader), unread(&reader_2)), (Ok(0), Ok(0)));
    Ok(())
}

/// A FIFO is tied to a path name: whoever opens that name, by whatever path, is connected.
#[harness::test(
    id = "fifo.reached-by-name",
    cite = "POSIX.1-2024 XBD, FIFO Special File; POSIX.1-2024 mkfifo(); fifo(7)",
    covers = ["notes:fifo.has-name"],
    layers = [libc, nix, raw],
)]
fn two_openers_of_a_name_are_connected() -> Scene {
    let name = Name::free("fifo");
    assert_eq!(mkfifo("fifo", 0o600), Ok(()));
    assert_eq!(name.node(), Ok(Node::new("p0600")));
    let reader = assert_ok!(open(&name, O_RDONLY | O_NONBLOCK));
    let writer = assert_ok!(open("./fifo", O_WRONLY | O_NONBLOCK));
    assert_eq!(write(&writer, b"hello"), Ok(5));
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    // Another name is another FIFO.
    let other = Fifo::named("other")?;
    assert_errno!(open(&other, O_WRONLY | O_NONBLOCK), ENXIO);
    Ok(())
}

/// Writes a word into the FIFO of the first argument; the second is the process that it must not be related to.
#[distributed_slice(PROGRAMS)]
static FIFO_WRITER: Program = Program {
    name: "that writes to a FIFO",
    body: |arguments| {
        let [path, spec] = arguments else { return Err(Stop::broken("the arguments are a path and a pid")) };
        let spec = Pid::from_raw(spec.to_string_lossy().parse()?);
        assert_ne!(getppid(), spec);
        assert_ne!(getsid(None)?, getsid(Some(spec))?);
        let writer = assert_ok!(open(path, O_WRONLY));
        assert_eq!(write(&writer, b"unrelated"), Ok(9));
        Ok(())
    },
};

/// Processes that are not related, and share nothing but the path, communicate through a FIFO.
#[harness::test(
    id = "fifo.unrelated-processes",
    cite = "POSIX.1-2024 open(), mkfifo(); mkfifo(3): any process can open it for reading or writing; fifo(7)",
    covers = ["notes:fifo.unrelated-processes"],
)]
fn unrelated_processes_communicate() -> Scene {
    let fifo = Fifo::new()?;
    let arguments = [fifo.as_os_str().into(), OsString::from(std::process::id().to_string())];
    // Without waiting for a writer that may not come.
    let reader = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    start(&FIFO_WRITER, &arguments)?.join()?;
    assert_eq!(read_bytes(&reader, 20), Ok("unrelated".into()));
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}
