//! Creating and opening FIFOs with a resource exhausted or on a read-only file system.

use super::calls::*;
use crate::needs::PIPE_HARD_LIMIT;
use crate::user_pages::{fill_descriptors, use_up_lower_limit};
use harness::need::{DISPOSABLE, MOUNTS, OWN_UID};
use kit::limits::limit;
use kit::mounted::Mounted;
use kit::name::unlink;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY};
use nix::sys::resource::Resource;

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// Creating a FIFO fails with ENOSPC if the file system has no free inode, and succeeds once an inode is freed.
#[harness::test(
    id = "fifo.make-enospc",
    cite = [
        posix("mkfifo.3p", "ERRORS", "ENOSPC"),
        posix("mknod.3p", "ERRORS", "ENOSPC"),
        man("mkfifo.3", "ERRORS", "ENOSPC"),
        man("mknod.2", "ERRORS", "ENOSPC"),
    ],
    covers = [
        "errors:fifo.mkfifo.ENOSPC",
        "errors:fifo.mkfifoat.ENOSPC",
        "errors:fifo.mknod.ENOSPC",
        "errors:fifo.mknodat.ENOSPC",
    ],
    needs = [MOUNTS],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_without_a_free_inode_fails(#[case] make: Make) -> TestResult {
    // The root directory takes the first inode.
    let mounted = Mounted::new("tmpfs", "nr_inodes=2")?;
    let (first, second) = (mounted.join("first"), mounted.join("second"));
    assert_eq!(make(&first, 0o600), Ok(()));
    assert_eq!(node_at(&first), Ok(Node::new("p0600")));
    assert_errno!(make(&second, 0o600), ENOSPC);
    assert_errno!(node_at(&second), ENOENT);
    unlink(&first)?;
    assert_eq!(make(&second, 0o600), Ok(()));
    assert_eq!(node_at(&second), Ok(Node::new("p0600")));
    Ok(())
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// Creating a FIFO on a read-only file system fails with EROFS.
#[harness::test(
    id = "fifo.make-erofs",
    cite = [
        posix("mkfifo.3p", "ERRORS", "EROFS"),
        posix("mknod.3p", "ERRORS", "EROFS"),
        man("mkfifo.3", "ERRORS", "EROFS"),
        man("mknod.2", "ERRORS", "EROFS"),
    ],
    covers = [
        "errors:fifo.mkfifo.EROFS",
        "errors:fifo.mkfifoat.EROFS",
        "errors:fifo.mknod.EROFS",
        "errors:fifo.mknodat.EROFS",
    ],
    needs = [MOUNTS],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_on_a_read_only_file_system_fails(#[case] make: Make) -> TestResult {
    let mounted = Mounted::read_only()?;
    assert_errno!(make(&mounted.join("fifo"), 0o600), EROFS);
    assert_errno!(node_at(mounted.join("fifo")), ENOENT);
    Ok(())
}

/// A FIFO on a read-only file system can be opened for writing and written to.
#[harness::test(
    id = "fifo.open-on-read-only",
    cite = [kernel("fs/namei.c", "sb_permission", "6.18"), man("pipe.7", "DESCRIPTION")],
    covers = [],
    needs = [MOUNTS],
    layers = [libc, nix, raw],
)]
fn a_fifo_on_a_read_only_file_system_can_be_written() -> TestResult {
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

#[rstest]
#[case::write_only(O_WRONLY)]
#[case::read_write(O_RDWR)]
#[case::truncate(O_RDONLY | O_TRUNC)]
#[case::create(O_RDONLY | O_CREAT)]
/// On a read-only file system, an open of a regular file fails with EROFS if it asks for write access or O_TRUNC, and so does one
/// with O_CREAT if the file does not exist.
#[harness::test(
    id = "fifo.open-erofs",
    cite = [posix("open.3p", "ERRORS", "EROFS"), man("open.2", "ERRORS", "EROFS")],
    covers = ["errors:fifo.open.EROFS"],
    needs = [MOUNTS],
    layers = [libc, nix, raw],
)]
fn an_open_that_would_change_a_read_only_file_system_fails(#[case] flags: i32) -> TestResult {
    let mounted = Mounted::new("tmpfs", "")?;
    let (file, nothing) = (mounted.join("file"), mounted.join("nothing"));
    std::fs::write(&file, "abc")?;
    mounted.make_read_only()?;
    let path = if flags & O_CREAT == 0 { &file } else { &nothing };
    assert_errno!(open_mode(path, flags, 0o600), EROFS);
    assert_errno!(node_at(&nothing), ENOENT);
    let reader = assert_ok!(open(&file, O_RDONLY));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// An open of a FIFO fails with ENFILE in a process without CAP_SYS_ADMIN if the system-wide limit on open files is reached.
#[harness::test(
    id = "fifo.open-enfile",
    cite = [posix("open.3p", "ERRORS", "ENFILE"), man("open.2", "ERRORS", "ENFILE")],
    covers = ["errors:fifo.open.ENFILE"],
    needs = [DISPOSABLE],
)]
fn an_open_beyond_the_limit_of_the_system_fails() -> TestResult {
    let fifo = Fifo::new()?;
    let limited = kit::setting::change("fs/file-max", 1)?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        // The kernel counts files per CPU, so slightly more than the limit may be open before a call fails.
        let mut opened = Vec::new();
        let refused = loop {
            match open(&fifo, O_RDWR) {
                Ok(both) => opened.push(both),
                refused => break refused,
            }
        };
        assert_errno!(refused, ENFILE);
        Ok(())
    })?;
    let ended = child.wait()?;
    drop(limited);
    assert_eq!(ended, Ended::Exited(0));
    drop(assert_ok!(open(&fifo, O_RDWR)));
    Ok(())
}

/// An open of a FIFO fails with EMFILE if all descriptors below the RLIMIT_NOFILE limit are in use, and succeeds once
/// one of them is closed.
#[harness::test(
    id = "fifo.open-emfile",
    cite = [
        posix("open.3p", "ERRORS", "EMFILE"),
        posix("getrlimit.3p", "DESCRIPTION", "RLIMIT_NOFILE"),
        man("open.2", "ERRORS", "EMFILE"),
        man("getrlimit.2", "DESCRIPTION", "RLIMIT_NOFILE"),
    ],
    covers = ["errors:fifo.open.EMFILE"],
    layers = [libc, nix, raw],
)]
fn an_open_beyond_the_descriptor_limit_fails() -> TestResult {
    let fifo = Fifo::new()?;
    // The lowest free descriptor number: all below it are in use.
    let last = open(&fifo, O_RDWR)?;
    limit(Resource::RLIMIT_NOFILE, last.number() as u64 + 1)?;
    assert_errno!(open(&fifo, O_RDWR), EMFILE);
    let number = last.number();
    drop(last);
    let again = assert_ok!(open(&fifo, O_RDWR));
    assert_eq!(again.number(), number);
    Ok(())
}

/// An open of a FIFO that needs a new pipe buffer fails with ENOMEM if its unprivileged user has reached the hard limit
/// on pipe pages, and succeeds once pipes of that user are closed.
#[harness::test(
    id = "fifo.open-enomem",
    cite = [man("open.2", "ERRORS", "ENOMEM"), man("pipe.7", "/proc files", "/proc/sys/fs/pipe-user-pages-hard")],
    covers = ["errors:fifo.open.ENOMEM"],
    needs = [PIPE_HARD_LIMIT, OWN_UID],
    layers = [libc, nix, raw],
)]
fn an_open_beyond_the_hard_limit_on_pipe_pages_fails() -> TestResult {
    let fifo = Fifo::new()?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        let mut pipes = use_up_lower_limit()?;
        assert_errno!(fill_descriptors(&mut pipes), ENFILE);
        assert_errno!(open(&fifo, O_RDWR), ENOMEM);
        drop(pipes);
        drop(assert_ok!(open(&fifo, O_RDWR)));
        Ok(())
    })?;
    child.join()
}
