//! How making a FIFO fails.

use super::calls::*;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{O_RDONLY, PATH_MAX};
use rstest::rstest;
use std::path::PathBuf;

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// A FIFO cannot be made in a folder that the process may not write to or may not search: the call fails with EACCES.
#[harness::test(
    id = "fifo.make-eacces",
    cite = "POSIX.1-2024 mkfifo(), mknod(): EACCES; mkfifo(3); mknod(2)",
    covers = [
        "errors:fifo.mkfifo.EACCES",
        "errors:fifo.mkfifoat.EACCES",
        "errors:fifo.mknod.EACCES",
        "errors:fifo.mknodat.EACCES",
    ],
    layers = [libc, nix, raw],
)]
fn a_folder_without_permission_takes_no_fifo(#[case] make: Make) -> Scene {
    let folder = Name::folder("folder", 0o700)?;
    let child = fork(|| -> Scene {
        drop_capabilities()?;
        folder.set_permissions(0o500)?;
        assert_errno!(make(&folder.join("unwritable"), 0o600), EACCES);
        folder.set_permissions(0o600)?;
        assert_errno!(make(&folder.join("unsearchable"), 0o600), EACCES);
        folder.set_permissions(0o300)?;
        assert_eq!(make(&folder.join("made"), 0o600), Ok(()));
        Ok(())
    })?;
    child.join()?;
    assert_eq!(entries(&folder)?, ["made"]);
    Ok(())
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// A FIFO cannot be made where something stands already, be it a FIFO or a symbolic link, which is not followed: the call
/// fails with EEXIST.
#[harness::test(
    id = "fifo.make-eexist",
    cite = "POSIX.1-2024 mkfifo(), mknod(): EEXIST; mkfifo(3); mknod(2)",
    covers = [
        "behaviours:fifo.no-follow-existing-symlink",
        "errors:fifo.mkfifo.EEXIST",
        "errors:fifo.mkfifoat.EEXIST",
        "errors:fifo.mknod.EEXIST",
        "errors:fifo.mknodat.EEXIST",
    ],
    layers = [libc, nix, raw],
)]
fn a_taken_name_is_not_taken_again(#[case] make: Make) -> Scene {
    let (fifo, nothing) = (Fifo::new()?, Name::free("nothing"));
    let (link, dangling) = (Name::symlink("link", &fifo)?, Name::symlink("dangling", &nothing)?);
    for taken in [&fifo, &link, &dangling] {
        let before = taken.node()?;
        assert_errno!(make(taken, 0o640), EEXIST);
        assert_eq!(taken.node(), Ok(before));
    }
    assert_errno!(nothing.node(), ENOENT);
    Ok(())
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// A path of PATH_MAX bytes, its end not counted, is too long to make a FIFO at, and one byte less is not: the call fails
/// with ENAMETOOLONG.
#[harness::test(
    id = "fifo.make-long-path",
    cite = "POSIX.1-2024 mkfifo(), mknod(): ENAMETOOLONG, <limits.h>: {PATH_MAX}; mkfifo(3); mknod(2)",
    covers = [
        "errors:fifo.mkfifo.ENAMETOOLONG",
        "errors:fifo.mkfifoat.ENAMETOOLONG",
        "errors:fifo.mknod.ENAMETOOLONG",
        "errors:fifo.mknodat.ENAMETOOLONG",
    ],
    layers = [libc, nix, raw],
)]
fn a_path_has_a_greatest_length(#[case] make: Make) -> Scene {
    let name = Name::free("fifo");
    assert_errno!(make(&path_of_length(PATH_MAX as usize), 0o600), ENAMETOOLONG);
    assert_errno!(name.node(), ENOENT);
    assert_eq!(make(&path_of_length(PATH_MAX as usize - 1), 0o600), Ok(()));
    assert_eq!(name.node(), Ok(Node::new("p0600")));
    Ok(())
}

/// A path to `fifo` in the current folder that has so many bytes.
pub fn path_of_length(length: usize) -> PathBuf {
    format!(".{}fifo", "/".repeat(length - 5)).into()
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// A name of more than NAME_MAX bytes is too long for a FIFO, and one of NAME_MAX is not: the call fails with ENAMETOOLONG.
#[harness::test(
    id = "fifo.make-long-name",
    cite = "POSIX.1-2024 mkfifo(), mknod(): ENAMETOOLONG, <limits.h>: {NAME_MAX}; mkfifo(3); mknod(2)",
    covers = [
        "errors:fifo.mkfifo.ENAMETOOLONG.2",
        "errors:fifo.mkfifoat.ENAMETOOLONG.2",
        "errors:fifo.mknod.ENAMETOOLONG",
        "errors:fifo.mknodat.ENAMETOOLONG",
    ],
    layers = [libc, nix, raw],
)]
fn a_name_has_a_greatest_length(#[case] make: Make) -> Scene {
    let limit = nix::unistd::pathconf(".", nix::unistd::PathconfVar::NAME_MAX)?;
    let limit = limit.ok_or_else(|| Stop::broken("names have no greatest length here"))? as usize;
    let (longest, longer) = (Name::free(&"n".repeat(limit)), Name::free(&"n".repeat(limit + 1)));
    assert_errno!(make(&longer, 0o600), ENAMETOOLONG);
    assert_eq!(make(&longest, 0o600), Ok(()));
    assert_eq!(longest.node(), Ok(Node::new("p0600")));
    Ok(())
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// A FIFO cannot be made below a folder that is missing, or that is a symbolic link to nothing: the call fails with ENOENT.
#[harness::test(
    id = "fifo.make-enoent",
    cite = "POSIX.1-2024 mkfifo(), mknod(): ENOENT; mkfifo(3); mknod(2)",
    covers = [
        "errors:fifo.mkfifo.ENOENT",
        "errors:fifo.mkfifoat.ENOENT",
        "errors:fifo.mknod.ENOENT",
        "errors:fifo.mknodat.ENOENT",
    ],
    layers = [libc, nix, raw],
)]
fn a_missing_folder_takes_no_fifo(#[case] make: Make) -> Scene {
    let nothing = Name::free("nothing");
    let dangling = Name::symlink("dangling", &nothing)?;
    assert_errno!(make(&nothing.join("fifo"), 0o600), ENOENT);
    assert_errno!(make(&dangling.join("fifo"), 0o600), ENOENT);
    assert_errno!(nothing.node(), ENOENT);
    Ok(())
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// A FIFO cannot be made below something that is no folder: the call fails with ENOTDIR.
#[harness::test(
    id = "fifo.make-enotdir",
    cite = "POSIX.1-2024 mkfifo(), mknod(): ENOTDIR; mkfifo(3); mknod(2)",
    covers = [
        "errors:fifo.mkfifo.ENOTDIR",
        "errors:fifo.mkfifoat.ENOTDIR",
        "errors:fifo.mknod.ENOTDIR",
        "errors:fifo.mknodat.ENOTDIR",
    ],
    layers = [libc, nix, raw],
)]
fn a_file_takes_no_fifo(#[case] make: Make) -> Scene {
    let (file, fifo) = (Name::file("file")?, Fifo::new()?);
    assert_errno!(make(&file.join("below"), 0o600), ENOTDIR);
    assert_errno!(make(&fifo.join("below"), 0o600), ENOTDIR);
    assert_eq!(file.node(), Ok(Node::new("-0644")));
    assert_eq!(fifo.node(), Ok(Node::new("p0600")));
    Ok(())
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// A FIFO cannot be made at a path whose symbolic links come to no end: the call fails with ELOOP.
#[harness::test(
    id = "fifo.make-eloop",
    cite = "POSIX.1-2024 mkfifo(), mknod(): ELOOP; mknod(2)",
    covers = [
        "errors:fifo.mkfifo.ELOOP",
        "errors:fifo.mkfifoat.ELOOP",
        "errors:fifo.mknod.ELOOP",
        "errors:fifo.mknodat.ELOOP",
    ],
    layers = [libc, nix, raw],
)]
fn a_loop_of_links_takes_no_fifo(#[case] make: Make) -> Scene {
    let _back = Name::symlink("back", "forth")?;
    let forth = Name::symlink("forth", "back")?;
    assert_errno!(make(&forth.join("fifo"), 0o600), ELOOP);
    assert_eq!(entries(scratch())?, ["back", "forth"]);
    Ok(())
}

#[rstest]
#[case::mkfifoat(MKFIFOAT_FROM)]
#[case::mknodat(MKNODAT_FROM)]
/// A relative path cannot start at a descriptor that is not open: the call fails with EBADF.
#[harness::test(
    id = "fifo.make-ebadf",
    cite = "POSIX.1-2024 mkfifoat(), mknodat(): EBADF; mkfifo(3); mknod(2)",
    covers = ["errors:fifo.mkfifoat.EBADF", "errors:fifo.mknodat.EBADF"],
    layers = [libc, nix, raw],
)]
fn no_descriptor_is_no_start_of_a_path(#[case] make: MakeAt) -> Scene {
    let name = Name::free("fifo");
    assert_errno!(make(NOT_OPEN, "fifo".as_ref()), EBADF);
    assert_errno!(name.node(), ENOENT);
    Ok(())
}

#[rstest]
#[case::mkfifoat(MKFIFOAT_FROM)]
#[case::mknodat(MKNODAT_FROM)]
/// A relative path cannot start at a descriptor of something that is no folder: the call fails with ENOTDIR.
#[harness::test(
    id = "fifo.make-at-file",
    cite = "POSIX.1-2024 mkfifoat(), mknodat(): ENOTDIR; mkfifo(3); mknod(2)",
    covers = ["errors:fifo.mkfifoat.ENOTDIR.2", "errors:fifo.mknodat.ENOTDIR.2"],
    layers = [libc, nix, raw],
)]
fn a_file_is_no_start_of_a_path(#[case] make: MakeAt) -> Scene {
    let (file, name) = (Name::file("file")?, Name::free("fifo"));
    let descriptor = open(&file, O_RDONLY)?;
    assert_errno!(make(descriptor.number(), "fifo".as_ref()), ENOTDIR);
    assert_errno!(name.node(), ENOENT);
    Ok(())
}

/// The names in a folder, sorted.
fn entries(folder: &std::path::Path) -> Scene<Vec<String>> {
    let entries = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let mut names: Vec<_> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}
