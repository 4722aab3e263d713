//! Making FIFOs: type, permissions, owner, and where the name goes.

use super::calls::*;
use harness::need::SECOND_ID;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::program;
use libc::{AT_FDCWD, O_DIRECTORY, O_RDONLY};
use nix::sys::stat::{Mode, umask};
use rstest::rstest;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// A process without privilege makes a FIFO special file by mkfifo, mkfifoat, mknod or mknodat, and its permissions are the
/// mode without the bits of the umask.
#[harness::test(
    id = "fifo.made-with-mode",
    cite = "POSIX.1-2024 mkfifo(), mknod(); mkfifo(3); mknod(2): S_IFIFO",
    covers = ["behaviours:fifo.type-bits", "behaviours:fifo.mode-umask", "behaviours:fifo.mknod-equivalent"],
    layers = [libc, nix, raw],
)]
fn a_fifo_is_made_with_the_mode_less_the_umask(#[case] make: Make) -> Scene {
    let (masked, whole) = (Name::free("masked"), Name::free("whole"));
    let child = fork(|| -> Scene {
        drop_capabilities()?;
        umask(Mode::from_bits_retain(0o027));
        assert_eq!(make(&masked, 0o666), Ok(()));
        umask(Mode::empty());
        assert_eq!(make(&whole, 0o666), Ok(()));
        Ok(())
    })?;
    child.join()?;
    assert_eq!(masked.node(), Ok(Node::new("p0640")));
    assert_eq!(whole.node(), Ok(Node::new("p0666")));
    Ok(())
}

/// A FIFO stands in the file system as a special file that has no size and no blocks.
#[harness::test(
    id = "fifo.special-file",
    cite = "POSIX.1-2024 <sys/stat.h>: S_ISFIFO; fifo(7)",
    covers = ["notes:fifo.special-file"],
    layers = [libc, nix, raw],
)]
fn a_fifo_is_a_special_file() -> Scene {
    let name = Name::free("fifo");
    assert_eq!(mkfifo(&name, 0o600), Ok(()));
    assert_eq!(name.node(), Ok(Node::new("p0600")));
    assert_eq!(lstat(&name).map(|found| found.st_blocks), Ok(0));
    Ok(())
}

/// A FIFO is no device file: it is neither a character nor a block special file, and its device number is 0.
#[harness::test(
    id = "fifo.no-device",
    cite = "POSIX.1-2024 <sys/stat.h>: S_IFCHR, S_IFBLK, S_IFIFO; inode(7): st_rdev",
    covers = ["notes:fifo.is-device-file"],
    layers = [libc, nix, raw],
)]
fn a_fifo_is_no_device() -> Scene {
    let name = Name::free("fifo");
    // A device number that is given for a FIFO means nothing.
    assert_eq!(mknod(&name, libc::S_IFIFO | 0o600, libc::makedev(1, 3)), Ok(()));
    // Its letter would be c or b.
    assert_eq!(name.node(), Ok(Node::new("p0600")));
    let device = lstat(&name).map(|found| found.st_rdev);
    assert_eq!(device, Ok(0));
    observe("what a FIFO is listed as (p: FIFO, c or b: device)", name.node()?.kind);
    observe("device number of a FIFO", device?);
    Ok(())
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// A new FIFO belongs to the effective user, and the effective group, of the process that makes it.
#[harness::test(
    id = "fifo.owner",
    cite = "POSIX.1-2024 mkfifo(): user ID shall be set to the process' effective user ID; mknod(2) for the group",
    covers = ["behaviours:fifo.owner-effective-ids"],
    needs = [second_uid],
    layers = [libc, nix, raw],
)]
fn a_fifo_belongs_to_the_effective_user(#[case] make: Make) -> Scene {
    let folder = Name::folder("folder", 0o777)?;
    let path = folder.join("fifo");
    let child = fork(|| -> Scene {
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
/// Making a FIFO moves the modification time and the change time of the folder on.
#[harness::test(
    id = "fifo.folder-times",
    cite = "POSIX.1-2024 mkfifo(): the last data modification and last file status change timestamps of the directory",
    covers = ["behaviours:fifo.parent-times-updated"],
    layers = [libc, nix, raw],
)]
fn making_a_fifo_moves_the_times_of_its_folder_on(#[case] make: Make) -> Scene {
    let times = |folder: &Path| -> Scene<_> {
        let found = folder.metadata()?;
        Ok(((found.mtime(), found.mtime_nsec()), (found.ctime(), found.ctime_nsec())))
    };
    let folder = Name::folder("folder", 0o700)?;
    let (modified, changed) = times(&folder)?;
    // File times come from this clock, which moves by ticks.
    wait_until_file_clock_is_after(changed.max(modified))?;
    let now = file_clock()?;
    assert_eq!(make(&folder.join("fifo"), 0o600), Ok(()));
    let (modified, changed) = times(&folder)?;
    assert!(modified >= now, "modified at {modified:?}, not before the call at {now:?}");
    assert!(changed >= now, "changed at {changed:?}, not before the call at {now:?}");
    Ok(())
}

/// Seconds and nanoseconds of the clock that file times are taken from.
fn file_clock() -> Scene<(i64, i64)> {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_REALTIME_COARSE)?;
    Ok((now.tv_sec(), now.tv_nsec()))
}

fn wait_until_file_clock_is_after(moment: (i64, i64)) -> Scene {
    while file_clock()? <= moment {
        std::thread::yield_now();
    }
    Ok(())
}

#[rstest]
#[case::mkfifoat(MKFIFOAT_FROM)]
#[case::mknodat(MKNODAT_FROM)]
/// mkfifoat and mknodat start a relative path at the folder that the descriptor refers to.
#[harness::test(
    id = "fifo.made-at-folder",
    cite = "POSIX.1-2024 mkfifoat(), mknodat(); mkfifo(3): mkfifoat(); mknod(2): mknodat()",
    covers = ["behaviours:fifo.mkfifoat-dirfd-relative"],
    layers = [libc, nix, raw],
)]
fn a_relative_path_starts_at_the_folder(#[case] make: MakeAt) -> Scene {
    let (folder, name) = (Name::folder("folder", 0o700)?, Name::free("fifo"));
    let descriptor = open(&folder, O_RDONLY | O_DIRECTORY)?;
    assert_eq!(make(descriptor.number(), "fifo".as_ref()), Ok(()));
    assert_eq!(node_at(folder.join("fifo")), Ok(Node::new("p0600")));
    assert_errno!(name.node(), ENOENT);
    Ok(())
}

#[rstest]
#[case::mkfifoat(MKFIFOAT_FROM)]
#[case::mknodat(MKNODAT_FROM)]
/// mkfifoat and mknodat start a relative path at the current folder when the descriptor is AT_FDCWD.
#[harness::test(
    id = "fifo.made-at-current-folder",
    cite = "POSIX.1-2024 mkfifoat(), mknodat(): AT_FDCWD; mkfifo(3): mkfifoat()",
    covers = ["behaviours:fifo.mkfifoat-dirfd-relative"],
    layers = [libc, nix, raw],
)]
fn a_relative_path_starts_at_the_current_folder(#[case] make: MakeAt) -> Scene {
    let name = Name::free("fifo");
    assert_eq!(make(AT_FDCWD, "fifo".as_ref()), Ok(()));
    assert_eq!(name.node(), Ok(Node::new("p0600")));
    Ok(())
}

#[rstest]
#[case::mkfifoat(MKFIFOAT_FROM)]
#[case::mknodat(MKNODAT_FROM)]
/// mkfifoat and mknodat do not look at the descriptor when the path is absolute.
#[harness::test(
    id = "fifo.made-at-absolute-path",
    cite = "POSIX.1-2024 mkfifoat(), mknodat(); mkfifo(3): if pathname is absolute, then dirfd is ignored",
    covers = ["behaviours:fifo.mkfifoat-absolute-ignores-dirfd"],
    layers = [libc, nix, raw],
)]
fn an_absolute_path_needs_no_descriptor(#[case] make: MakeAt) -> Scene {
    let name = Name::free("fifo");
    assert_eq!(make(NOT_OPEN, &name), Ok(()));
    assert_eq!(name.node(), Ok(Node::new("p0600")));
    Ok(())
}

/// The mkfifo command makes a FIFO, and fails when the name is taken.
#[harness::test(
    id = "fifo.mkfifo-command",
    cite = "POSIX.1-2024 mkfifo; mkfifo(1)",
    covers = ["notes:fifo.mkfifo-command"],
    needs = [program("mkfifo")],
)]
fn the_command_makes_a_fifo() -> Scene {
    let name = Name::free("fifo");
    let mkfifo = || -> Scene<(Ended, String)> {
        let (errors, complaints) = pipe()?;
        let child = program::start(&["mkfifo", "-m", "640", "fifo"], [&0, &1, &complaints])?;
        drop(complaints);
        let words = program::read_to_end(&errors)?;
        Ok((child.wait()?, words))
    };
    assert_eq!(mkfifo()?, (Ended::Exited(0), String::new()));
    assert_eq!(name.node(), Ok(Node::new("p0640")));
    let (ended, words) = mkfifo()?;
    assert_matches!(ended, Ended::Exited(1..));
    assert!(words.contains("File exists"), "the second run said {words:?}");
    assert_eq!(name.node(), Ok(Node::new("p0640")));
    Ok(())
}
