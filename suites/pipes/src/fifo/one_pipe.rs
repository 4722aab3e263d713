//! All opens of a FIFO share one pipe.

use kit::prelude::*;
use kit::unrelated::{PROGRAMS, Program, start};
use libc::{O_NONBLOCK, O_RDONLY, O_WRONLY};
use linkme::distributed_slice;
use nix::unistd::{Pid, getppid, getsid};
use std::ffi::OsString;

/// All opens of a FIFO share a single pipe: the bytes of all writers are queued in the order written, and each byte is
/// returned to the reader that reads first.
#[harness::test(
    id = "fifo.one-pipe",
    cite = [
        man("fifo.7", "DESCRIPTION"),
        posix("XBD", "3.163 FIFO Special File (or FIFO)"),
        posix("write.3p", "DESCRIPTION"),
    ],
    covers = ["behaviours:fifo.one-pipe-object"],
    layers = [libc, nix, raw],
)]
fn all_opens_share_one_pipe() -> TestResult {
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

/// A FIFO is reached by its name in the file system: opens through an absolute and a relative pathname of the same file
/// are connected, and a FIFO with another name is a separate one.
#[harness::test(
    id = "fifo.reached-by-name",
    cite = [posix("mkfifo.3p", "DESCRIPTION"), posix("open.3p", "DESCRIPTION"), man("fifo.7", "DESCRIPTION")],
    covers = ["notes:fifo.has-name"],
    layers = [libc, nix, raw],
)]
fn opens_of_the_same_name_are_connected() -> TestResult {
    let name = Name::free("fifo");
    assert_eq!(mkfifo("fifo", 0o600), Ok(()));
    assert_eq!(name.node(), Ok(Node::new("p0600")));
    let reader = assert_ok!(open(&name, O_RDONLY | O_NONBLOCK));
    let writer = assert_ok!(open("./fifo", O_WRONLY | O_NONBLOCK));
    assert_eq!(write(&writer, b"hello"), Ok(5));
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    // A FIFO with another name has no reader.
    let other = Fifo::named("other")?;
    assert_errno!(open(&other, O_WRONLY | O_NONBLOCK), ENXIO);
    Ok(())
}

/// Writes to the FIFO named by the first argument; the second is the ID of a process that it must not be related to.
#[distributed_slice(PROGRAMS)]
static FIFO_WRITER: Program = Program {
    name: "that writes to a FIFO",
    body: |arguments| {
        use calls::for_layers::libc_nix_raw::{open, write};
        let [path, spec] = arguments else { return Err(Stop::broken("the arguments are a pathname and a process ID")) };
        let spec = Pid::from_raw(spec.to_string_lossy().parse()?);
        if getppid() == spec || getsid(None)? == getsid(Some(spec))? {
            return Err(Stop::broken("the process that writes is related to the spec"));
        }
        let writer = assert_ok!(open(path, O_WRONLY));
        assert_eq!(write(&writer, b"unrelated"), Ok(9));
        Ok(())
    },
};

/// Unrelated processes can communicate through a FIFO by opening its pathname.
#[harness::test(
    id = "fifo.unrelated-processes",
    cite = [man("pipe.7", "DESCRIPTION"), man("mkfifo.3", "DESCRIPTION"), man("fifo.7", "DESCRIPTION")],
    covers = ["notes:fifo.unrelated-processes"],
)]
fn unrelated_processes_communicate_through_a_fifo() -> TestResult {
    let fifo = Fifo::new()?;
    let arguments = [fifo.as_os_str().into(), OsString::from(std::process::id().to_string())];
    // Does not block if the writer never opens the FIFO.
    let reader = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    start(&FIFO_WRITER, &arguments)?.join()?;
    assert_eq!(read_bytes(&reader, 20), Ok("unrelated".into()));
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}
