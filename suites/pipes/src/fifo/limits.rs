//! Making and opening FIFOs where something has run out, or nothing may be written.

use super::calls::*;
use kit::mounted::Mounted;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::setting;
use libc::{O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rstest::rstest;

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// A FIFO cannot be made on a file system without room for another node, ENOSPC, until a node is removed.
#[harness::test(
    id = "fifo.make-enospc",
    cite = "POSIX.1-2024 mkfifo(), mknod(): ENOSPC; mkfifo(3); mknod(2)",
    covers = [
        "errors:fifo.mkfifo.ENOSPC",
        "errors:fifo.mkfifoat.ENOSPC",
        "errors:fifo.mknod.ENOSPC",
        "errors:fifo.mknodat.ENOSPC",
    ],
    needs = [mounts],
    layers = [libc, nix, raw],
)]
fn a_full_file_system_takes_no_fifo(#[case] make: Make) -> Scene {
    // The root folder is the first node.
    let mounted = Mounted::new("tmpfs", "nr_inodes=2")?;
    let (first, second) = (mounted.join("first"), mounted.join("second"));
    assert_eq!(make(&first, 0o600), Ok(()));
    assert_errno!(make(&second, 0o600), ENOSPC);
    assert_errno!(node_at(&second), ENOENT);
    std::fs::remove_file(&first)?;
    assert_eq!(make(&second, 0o600), Ok(()));
    assert_eq!(node_at(&second), Ok(Node::new("p0600")));
    Ok(())
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// A FIFO cannot be made on a read-only file system: the call fails with EROFS.
#[harness::test(
    id = "fifo.make-erofs",
    cite = "POSIX.1-2024 mkfifo(), mknod(): EROFS; mkfifo(3); mknod(2)",
    covers = [
        "errors:fifo.mkfifo.EROFS",
        "errors:fifo.mkfifoat.EROFS",
        "errors:fifo.mknod.EROFS",
        "errors:fifo.mknodat.EROFS",
    ],
    needs = [mounts],
    layers = [libc, nix, raw],
)]
fn a_read_only_file_system_takes_no_fifo(#[case] make: Make) -> Scene {
    let mounted = Mounted::read_only()?;
    assert_errno!(make(&mounted.join("fifo"), 0o600), EROFS);
    assert_errno!(node_at(mounted.join("fifo")), ENOENT);
    Ok(())
}

/// A FIFO on a read-only file system can be opened for writing, since what is written goes to no file system.
#[harness::test(
    id = "fifo.open-on-read-only",
    cite = "Linux 6.18 fs/namei.c, sb_permission(): only regular files, folders and links are refused; fifo(7)",
    covers = [],
    needs = [mounts],
    layers = [libc, nix, raw],
)]
fn a_fifo_on_a_read_only_file_system_is_written_to() -> Scene {
    let mounted = Mounted::new("tmpfs", "")?;
    let path = mounted.join("fifo");
    mkfifo(&path, 0o600)?;
    mounted.make_read_only()?;
    assert_errno!(mkfifo(mounted.join("other"), 0o600), EROFS);
    let reader = assert_ok!(open(&path, O_RDONLY | O_NONBLOCK));
    let writer = assert_ok!(open(&path, O_WRONLY | O_NONBLOCK));
    assert_eq!(write(&writer, b"hello"), Ok(5));
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    Ok(())
}

/// An open of a FIFO fails with EMFILE when the process has as many descriptors as RLIMIT_NOFILE lets it, until it closes one.
#[harness::test(
    id = "fifo.open-emfile",
    cite = "POSIX.1-2024 open(): EMFILE; open(2): EMFILE; getrlimit(2): RLIMIT_NOFILE",
    covers = ["errors:fifo.open.EMFILE"],
    layers = [libc, nix, raw],
)]
fn an_open_beyond_the_limit_fails() -> Scene {
    let fifo = Fifo::new()?;
    // The lowest number that was free, so that none below it is.
    let last = open(&fifo, O_RDWR)?;
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, last.number() as u64 + 1, hard)?;
    assert_errno!(open(&fifo, O_RDWR), EMFILE);
    let number = last.number();
    drop(last);
    let again = assert_ok!(open(&fifo, O_RDWR));
    assert_eq!(again.number(), number);
    Ok(())
}

/// An open that needs memory for a FIFO beyond its unprivileged user's hard limit of pipe pages fails with ENOMEM, and
/// succeeds once pipes of that user were closed.
#[harness::test(
    id = "fifo.open-enomem",
    cite = "open(2): ENOMEM; pipe(7), /proc/sys/fs/pipe-user-pages-hard",
    covers = ["errors:fifo.open.ENOMEM"],
    needs = [pipe_hard_limit, own_uid],
    layers = [libc, nix, raw],
)]
fn an_open_beyond_the_page_limit_fails() -> Scene {
    let fifo = Fifo::new()?;
    let child = fork(|| -> Scene {
        drop_capabilities()?;
        let largest = setting::number("fs/pipe-max-size")? as i32;
        let mut pipes = Vec::new();
        let refused = loop {
            match pipe() {
                Ok(ends) => {
                    // As many pages with as few descriptors as it may; one that may not grow still counts.
                    let _ = set_capacity(&ends.0, largest);
                    pipes.push(ends);
                }
                Err(error) => break error.errno,
            }
        };
        if refused != Errno::ENFILE {
            return Err(Stop::broken(format!("no pipe to be had for another reason than its pages: {refused}")));
        }
        assert_errno!(open(&fifo, O_RDWR), ENOMEM);
        drop(pipes);
        drop(assert_ok!(open(&fifo, O_RDWR)));
        Ok(())
    })?;
    child.join()
}
