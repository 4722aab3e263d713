//! Creating FIFOs: file type, mode, ownership, and the interpretation of the pathname.

use super::calls::*;
use harness::need::SECOND_ID;
use harness::need::SECOND_UID;
use kit::needs::program;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::program;
use libc::{AT_FDCWD, O_DIRECTORY, O_RDONLY};
use nix::sys::stat::{Mode, umask};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// An unprivileged process can create a FIFO with mkfifo, mkfifoat, mknod or mknodat; its permission bits are those of
/// mode with the bits set in the umask cleared.
#[harness::test(
    id = "fifo.make-mode",
    cite = [
        posix("mkfifo.3p", "DESCRIPTION"),
        posix("mknod.3p", "DESCRIPTION"),
        man("mkfifo.3", "DESCRIPTION"),
        man("mknod.2", "DESCRIPTION"),
    ],
    covers = ["behaviours:fifo.type-bits", "behaviours:fifo.mode-umask", "behaviours:fifo.mknod-equivalent"],
    layers = [libc, nix, raw],
)]
fn a_new_fifo_has_the_mode_without_the_umask_bits(#[case] make: Make) -> TestResult {
    let (masked, whole) = (Name::free("masked"), Name::free("whole"));
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        umask(Mode::from_bits_retain(0o027));
        assert_eq!(make(&masked, 0o777), Ok(()));
        umask(Mode::empty());
        assert_eq!(make(&whole, 0o777), Ok(()));
        Ok(())
    })?;
    child.join()?;
    assert_eq!(masked.node(), Ok(Node::new("p0750")));
    assert_eq!(whole.node(), Ok(Node::new("p0777")));
    Ok(())
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// A new FIFO has the set-user-ID, set-group-ID and sticky bits of mode, which the umask does not clear.
#[harness::test(
    id = "fifo.make-special-bits",
    cite = [kernel("fs/namei.c", "vfs_mknod", "6.18")],
    covers = ["behaviours:fifo.mode-umask", "behaviours:fifo.mknod-equivalent"],
    layers = [libc, nix, raw],
)]
fn a_new_fifo_has_the_special_bits_of_mode(#[case] make: Make) -> TestResult {
    let bits = [0o4000, 0o2000, 0o1000];
    let names = ["set-user-id", "set-group-id", "sticky"].map(Name::free);
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        umask(Mode::from_bits_retain(0o777));
        names.iter().zip(bits).for_each(|(name, bit)| assert_eq!(make(name, bit | 0o777), Ok(())));
        Ok(())
    })?;
    child.join()?;
    for (name, bit) in names.iter().zip(bits) {
        assert_eq!(name.node(), Ok(Node::new(&format!("p{bit:04o}"))));
    }
    Ok(())
}

/// mkfifo creates a FIFO special file, which has no contents in the file system: its size and block count are 0.
#[harness::test(
    id = "fifo.special-file",
    cite = [man("fifo.7", "DESCRIPTION"), posix("mkfifo.3p", "DESCRIPTION"), man("inode.7", "The file type and mode")],
    covers = ["notes:fifo.special-file"],
    layers = [libc, nix, raw],
)]
fn mkfifo_creates_a_fifo_special_file() -> TestResult {
    let name = Name::free("fifo");
    assert_eq!(mkfifo(&name, 0o600), Ok(()));
    assert_eq!(lstat(&name).map(|found| (Node::from(&found), found.st_blocks)), Ok((Node::new("p0600"), 0)));
    Ok(())
}

/// A FIFO is not a device: its file type is neither character nor block special, and its st_rdev is 0 even if mknod was
/// given a device number.
#[harness::test(
    id = "fifo.not-a-device",
    cite = [
        kernel("fs/inode.c", "init_special_inode", "6.18"),
        man("mknod.2", "DESCRIPTION"),
        posix("sys_stat.h.0p", "DESCRIPTION"),
    ],
    covers = ["notes:fifo.is-device-file"],
    layers = [libc, nix, raw],
)]
fn a_fifo_is_not_a_device() -> TestResult {
    let name = Name::free("fifo");
    // The device number is ignored for a FIFO.
    assert_eq!(mknod(&name, libc::S_IFIFO | 0o600, libc::makedev(1, 3)), Ok(()));
    let (node, device) = assert_ok!(lstat(&name).map(|found| (Node::from(&found), found.st_rdev)));
    // A device would be listed as c or b.
    assert_eq!((&node, device), (&Node::new("p0600"), 0));
    evidence("file type letter of a FIFO (p: FIFO, c or b: device)", node.kind);
    evidence("device number of a FIFO", device);
    Ok(())
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// A FIFO created in a directory without the set-group-ID bit is owned by the effective user ID and the effective group
/// ID of the creating process.
#[harness::test(
    id = "fifo.owner",
    cite = [man("mknod.2", "DESCRIPTION"), posix("mkfifo.3p", "DESCRIPTION"), posix("mknod.3p", "DESCRIPTION")],
    covers = ["behaviours:fifo.owner-effective-ids"],
    needs = [SECOND_UID],
    layers = [libc, nix, raw],
)]
fn a_new_fifo_belongs_to_the_effective_ids(#[case] make: Make) -> TestResult {
    let directory = Name::directory("directory", 0o777)?;
    let path = directory.join("fifo");
    let child = fork(|| -> TestResult {
        nix::unistd::setegid(SECOND_ID.into())?;
        nix::unistd::seteuid(SECOND_ID.into())?;
        assert_eq!(make(&path, 0o600), Ok(()));
        Ok(())
    })?;
    child.join()?;
    assert_eq!(node_at(&path), Ok(Node { owner: (SECOND_ID, SECOND_ID), ..Node::new("p0600") }));
    Ok(())
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// Creating a FIFO updates the parent directory's mtime and ctime.
#[harness::test(
    id = "fifo.parent-times",
    cite = [posix("mkfifo.3p", "DESCRIPTION"), posix("mknod.3p", "DESCRIPTION")],
    covers = ["behaviours:fifo.parent-times-updated"],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_updates_the_times_of_the_parent_directory(#[case] make: Make) -> TestResult {
    let times = |directory: &Path| -> TestResult<_> {
        let found = directory.metadata()?;
        Ok(((found.mtime(), found.mtime_nsec()), (found.ctime(), found.ctime_nsec())))
    };
    let directory = Name::directory("directory", 0o700)?;
    let (modified, changed) = times(&directory)?;
    // File timestamps are taken from this clock, which advances in ticks.
    wait_until_file_clock_is_after(changed.max(modified))?;
    let now = file_clock()?;
    assert_eq!(make(&directory.join("fifo"), 0o600), Ok(()));
    assert_eq!(node_at(directory.join("fifo")), Ok(Node::new("p0600")));
    let (modified, changed) = times(&directory)?;
    assert!(modified >= now, "mtime is {modified:?}, which is before the call at {now:?}");
    assert!(changed >= now, "ctime is {changed:?}, which is before the call at {now:?}");
    Ok(())
}

/// Seconds and nanoseconds of the clock that file timestamps are taken from.
fn file_clock() -> TestResult<(i64, i64)> {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_REALTIME_COARSE)?;
    Ok((now.tv_sec(), now.tv_nsec()))
}

fn wait_until_file_clock_is_after(moment: (i64, i64)) -> TestResult {
    while file_clock()? <= moment {
        std::thread::yield_now();
    }
    Ok(())
}

#[rstest]
#[case::mkfifoat(MKFIFOAT_FROM)]
#[case::mknodat(MKNODAT_FROM)]
/// mkfifoat and mknodat interpret a relative pathname relative to the directory that the descriptor refers to, not to
/// the current working directory.
#[harness::test(
    id = "fifo.make-at-directory",
    cite = [
        posix("mkfifo.3p", "DESCRIPTION"),
        posix("mknod.3p", "DESCRIPTION"),
        man("mkfifo.3", "mkfifoat()"),
        man("mknod.2", "mknodat()"),
    ],
    covers = ["behaviours:fifo.mkfifoat-dirfd-relative"],
    layers = [libc, nix, raw],
)]
fn a_relative_pathname_starts_at_the_directory(#[case] make: MakeAt) -> TestResult {
    let (directory, name) = (Name::directory("directory", 0o700)?, Name::free("fifo"));
    let descriptor = open(&directory, O_RDONLY | O_DIRECTORY)?;
    assert_eq!(make(&descriptor, "fifo".as_ref()), Ok(()));
    assert_eq!(node_at(directory.join("fifo")), Ok(Node::new("p0600")));
    assert_errno!(name.node(), ENOENT);
    Ok(())
}

#[rstest]
#[case::mkfifoat(MKFIFOAT_FROM)]
#[case::mknodat(MKNODAT_FROM)]
/// mkfifoat and mknodat interpret a relative pathname relative to the current working directory if the descriptor is
/// AT_FDCWD.
#[harness::test(
    id = "fifo.make-at-fdcwd",
    cite = [
        posix("mkfifo.3p", "DESCRIPTION"),
        posix("mknod.3p", "DESCRIPTION"),
        man("mkfifo.3", "mkfifoat()"),
        man("mknod.2", "mknodat()"),
    ],
    covers = ["behaviours:fifo.mkfifoat-dirfd-relative"],
    layers = [libc, nix, raw],
)]
fn a_relative_pathname_with_at_fdcwd_starts_at_the_current_directory(#[case] make: MakeAt) -> TestResult {
    let name = Name::free("fifo");
    assert_eq!(make(&AT_FDCWD, "fifo".as_ref()), Ok(()));
    assert_eq!(name.node(), Ok(Node::new("p0600")));
    Ok(())
}

#[rstest]
#[case::mkfifoat(MKFIFOAT_FROM)]
#[case::mknodat(MKNODAT_FROM)]
/// mkfifoat and mknodat ignore the descriptor if the pathname is absolute.
#[harness::test(
    id = "fifo.make-at-absolute-path",
    cite = [
        posix("mkfifo.3p", "DESCRIPTION"),
        posix("mknod.3p", "DESCRIPTION"),
        man("mkfifo.3", "mkfifoat()"),
        man("mknod.2", "mknodat()"),
    ],
    covers = ["behaviours:fifo.mkfifoat-absolute-ignores-dirfd"],
    layers = [libc, nix, raw],
)]
fn the_descriptor_is_ignored_for_an_absolute_pathname(#[case] make: MakeAt) -> TestResult {
    let (file, name) = (Name::file("file")?, Name::free("fifo"));
    // With a relative pathname, this descriptor would fail with ENOTDIR.
    let descriptor = open(&file, O_RDONLY)?;
    assert_eq!(make(&descriptor, &name), Ok(()));
    assert_eq!(name.node(), Ok(Node::new("p0600")));
    Ok(())
}

/// The mkfifo command creates a FIFO with the mode given by -m, and fails if the pathname already exists.
#[harness::test(
    id = "fifo.mkfifo-command",
    cite = [
        posix("mkfifo.1p", "DESCRIPTION"),
        posix("mkfifo.1p", "OPTIONS", "-m"),
        posix("mkfifo.1p", "EXIT STATUS"),
        posix("mkfifo.3p", "ERRORS", "EEXIST"),
    ],
    covers = ["notes:fifo.mkfifo-command"],
    needs = [program("mkfifo")],
)]
fn the_mkfifo_command_creates_a_fifo() -> TestResult {
    let name = Name::free("fifo");
    let mkfifo = || -> TestResult<(Ended, String)> {
        let (reader, stderr) = pipe()?;
        let child = program::start(&["mkfifo", "-m", "640", "fifo"], [&0, &1, &stderr])?;
        drop(stderr);
        let message = program::read_to_end(&reader)?;
        Ok((child.wait()?, message))
    };
    assert_eq!(mkfifo()?, (Ended::Exited(0), String::new()));
    let created = assert_ok!(object_at(&name));
    assert_eq!(created.0, Node::new("p0640"));
    let (ended, message) = mkfifo()?;
    assert_matches!(ended, Ended::Exited(1..));
    assert!(message.contains("File exists"), "the second run printed {message:?}");
    assert_eq!(object_at(&name), Ok(created));
    Ok(())
}
