//! Errors of creating a FIFO.

use super::calls::*;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{O_RDONLY, PATH_MAX};
use std::path::PathBuf;

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// Creating a FIFO fails with EACCES if write or search permission on the parent directory is denied.
#[harness::test(
    id = "fifo.make-eacces",
    cite = [
        posix("mkfifo.3p", "ERRORS", "EACCES"),
        posix("mknod.3p", "ERRORS", "EACCES"),
        man("mknod.2", "ERRORS", "EACCES"),
    ],
    covers = [
        "errors:fifo.mkfifo.EACCES",
        "errors:fifo.mkfifoat.EACCES",
        "errors:fifo.mknod.EACCES",
        "errors:fifo.mknodat.EACCES",
    ],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_without_permission_on_the_directory_fails(#[case] make: Make) -> TestResult {
    let directory = Name::directory("directory", 0o700)?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        directory.set_permissions(0o500)?;
        assert_errno!(make(&directory.join("unwritable"), 0o600), EACCES);
        directory.set_permissions(0o600)?;
        assert_errno!(make(&directory.join("unsearchable"), 0o600), EACCES);
        directory.set_permissions(0o300)?;
        assert_eq!(make(&directory.join("created"), 0o600), Ok(()));
        Ok(())
    })?;
    child.join()?;
    assert_eq!(entries(&directory)?, ["created"]);
    Ok(())
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// Creating a FIFO fails with EEXIST if the pathname already exists, be it a FIFO or a symbolic link; the link is not
/// followed, even if it is dangling.
#[harness::test(
    id = "fifo.make-eexist",
    cite = [
        posix("mkfifo.3p", "ERRORS", "EEXIST"),
        posix("mknod.3p", "ERRORS", "EEXIST"),
        man("mkfifo.3", "ERRORS", "EEXIST"),
        man("mknod.2", "ERRORS", "EEXIST"),
    ],
    covers = [
        "behaviours:fifo.no-follow-existing-symlink",
        "errors:fifo.mkfifo.EEXIST",
        "errors:fifo.mkfifoat.EEXIST",
        "errors:fifo.mknod.EEXIST",
        "errors:fifo.mknodat.EEXIST",
    ],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_at_an_existing_pathname_fails(#[case] make: Make) -> TestResult {
    let (fifo, nothing) = (Fifo::new()?, Name::free("nothing"));
    let (link, dangling) = (Name::symlink("link", &fifo)?, Name::symlink("dangling", &nothing)?);
    for existing in [&fifo, &link, &dangling] {
        let before = existing.node()?;
        assert_errno!(make(existing, 0o640), EEXIST);
        assert_eq!(existing.node(), Ok(before));
    }
    assert_errno!(nothing.node(), ENOENT);
    Ok(())
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// Creating a FIFO fails with ENAMETOOLONG if the pathname with its terminating null byte is longer than PATH_MAX
/// bytes, and succeeds if it is exactly PATH_MAX bytes long.
#[harness::test(
    id = "fifo.make-long-path",
    cite = [
        man("mkfifo.3", "ERRORS", "ENAMETOOLONG"),
        man("mknod.2", "ERRORS", "ENAMETOOLONG"),
        posix("limits.h.0p", "Pathname Variable Values", "{PATH_MAX}"),
        posix("mkfifo.3p", "ERRORS", "ENAMETOOLONG"),
    ],
    covers = [
        "errors:fifo.mkfifo.ENAMETOOLONG",
        "errors:fifo.mkfifoat.ENAMETOOLONG",
        "errors:fifo.mknod.ENAMETOOLONG",
        "errors:fifo.mknodat.ENAMETOOLONG",
    ],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_at_a_pathname_longer_than_path_max_fails(#[case] make: Make) -> TestResult {
    let name = Name::free("fifo");
    assert_errno!(make(&path_of_length(PATH_MAX as usize), 0o600), ENAMETOOLONG);
    assert_errno!(name.node(), ENOENT);
    assert_eq!(make(&path_of_length(PATH_MAX as usize - 1), 0o600), Ok(()));
    assert_eq!(name.node(), Ok(Node::new("p0600")));
    Ok(())
}

/// A pathname of `fifo` in the current directory that is this many bytes long.
pub fn path_of_length(length: usize) -> PathBuf {
    format!(".{}fifo", "/".repeat(length - 5)).into()
}

#[rstest]
#[case::mkfifo(MKFIFO)]
#[case::mkfifoat(MKFIFOAT)]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// Creating a FIFO fails with ENAMETOOLONG if its filename is longer than NAME_MAX bytes, and succeeds if it is exactly
/// NAME_MAX bytes long.
#[harness::test(
    id = "fifo.make-long-name",
    cite = [
        posix("mkfifo.3p", "ERRORS", "ENAMETOOLONG"),
        posix("mknod.3p", "ERRORS", "ENAMETOOLONG"),
        posix("limits.h.0p", "Pathname Variable Values", "{NAME_MAX}"),
        man("mkfifo.3", "ERRORS", "ENAMETOOLONG"),
        man("mknod.2", "ERRORS", "ENAMETOOLONG"),
    ],
    covers = [
        "errors:fifo.mkfifo.ENAMETOOLONG.2",
        "errors:fifo.mkfifoat.ENAMETOOLONG.2",
        "errors:fifo.mknod.ENAMETOOLONG",
        "errors:fifo.mknodat.ENAMETOOLONG",
    ],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_with_a_name_longer_than_name_max_fails(#[case] make: Make) -> TestResult {
    let limit = nix::unistd::pathconf(".", nix::unistd::PathconfVar::NAME_MAX)?;
    let limit = limit.ok_or_else(|| Stop::broken("the file system has no NAME_MAX"))? as usize;
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
/// Creating a FIFO fails with ENOENT if a directory component of the pathname does not exist or is a dangling symbolic
/// link.
#[harness::test(
    id = "fifo.make-enoent",
    cite = [
        posix("mkfifo.3p", "ERRORS", "ENOENT"),
        posix("mknod.3p", "ERRORS", "ENOENT"),
        man("mkfifo.3", "ERRORS", "ENOENT"),
        man("mknod.2", "ERRORS", "ENOENT"),
    ],
    covers = [
        "errors:fifo.mkfifo.ENOENT",
        "errors:fifo.mkfifoat.ENOENT",
        "errors:fifo.mknod.ENOENT",
        "errors:fifo.mknodat.ENOENT",
    ],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_in_a_missing_directory_fails(#[case] make: Make) -> TestResult {
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
/// Creating a FIFO fails with ENOTDIR if a component used as a directory in the pathname is not a directory.
#[harness::test(
    id = "fifo.make-enotdir",
    cite = [
        posix("mkfifo.3p", "ERRORS", "ENOTDIR"),
        posix("mknod.3p", "ERRORS", "ENOTDIR"),
        man("mkfifo.3", "ERRORS", "ENOTDIR"),
        man("mknod.2", "ERRORS", "ENOTDIR"),
    ],
    covers = [
        "errors:fifo.mkfifo.ENOTDIR",
        "errors:fifo.mkfifoat.ENOTDIR",
        "errors:fifo.mknod.ENOTDIR",
        "errors:fifo.mknodat.ENOTDIR",
    ],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_below_a_non_directory_fails(#[case] make: Make) -> TestResult {
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
/// Creating a FIFO fails with ELOOP if the resolution of the pathname encounters a loop of symbolic links.
#[harness::test(
    id = "fifo.make-eloop",
    cite = [
        posix("mkfifo.3p", "ERRORS", "ELOOP"),
        posix("mknod.3p", "ERRORS", "ELOOP"),
        man("mknod.2", "ERRORS", "ELOOP"),
    ],
    covers = [
        "errors:fifo.mkfifo.ELOOP",
        "errors:fifo.mkfifoat.ELOOP",
        "errors:fifo.mknod.ELOOP",
        "errors:fifo.mknodat.ELOOP",
    ],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_through_a_loop_of_symbolic_links_fails(#[case] make: Make) -> TestResult {
    let _back = Name::symlink("back", "forth")?;
    let forth = Name::symlink("forth", "back")?;
    assert_errno!(make(&forth.join("fifo"), 0o600), ELOOP);
    assert_eq!(entries(scratch())?, ["back", "forth"]);
    Ok(())
}

#[rstest]
#[case::mkfifoat(MKFIFOAT_FROM)]
#[case::mknodat(MKNODAT_FROM)]
/// mkfifoat and mknodat fail with EBADF if the pathname is relative and the descriptor is not open.
#[harness::test(
    id = "fifo.make-ebadf",
    cite = [
        posix("mkfifo.3p", "ERRORS", "EBADF"),
        posix("mknod.3p", "ERRORS", "EBADF"),
        man("mkfifo.3", "ERRORS", "EBADF"),
        man("mknod.2", "ERRORS", "EBADF"),
    ],
    covers = ["errors:fifo.mkfifoat.EBADF", "errors:fifo.mknodat.EBADF"],
    layers = [libc, raw],
)]
fn a_relative_pathname_needs_an_open_descriptor(#[case] make: MakeAt) -> TestResult {
    let name = Name::free("fifo");
    assert_errno!(make(&NOT_OPEN, "fifo".as_ref()), EBADF);
    assert_errno!(name.node(), ENOENT);
    Ok(())
}

#[rstest]
#[case::mkfifoat(MKFIFOAT_FROM)]
#[case::mknodat(MKNODAT_FROM)]
/// mkfifoat and mknodat fail with ENOTDIR if the pathname is relative and the descriptor refers to a file other than a
/// directory.
#[harness::test(
    id = "fifo.make-at-enotdir",
    cite = [
        posix("mkfifo.3p", "ERRORS", "ENOTDIR"),
        posix("mknod.3p", "ERRORS", "ENOTDIR"),
        man("mkfifo.3", "ERRORS", "ENOTDIR"),
        man("mknod.2", "ERRORS", "ENOTDIR"),
    ],
    covers = ["errors:fifo.mkfifoat.ENOTDIR.2", "errors:fifo.mknodat.ENOTDIR.2"],
    layers = [libc, nix, raw],
)]
fn a_relative_pathname_needs_the_descriptor_of_a_directory(#[case] make: MakeAt) -> TestResult {
    let (file, name) = (Name::file("file")?, Name::free("fifo"));
    let descriptor = open(&file, O_RDONLY)?;
    assert_errno!(make(&descriptor, "fifo".as_ref()), ENOTDIR);
    assert_errno!(name.node(), ENOENT);
    Ok(())
}

/// The names in a directory, sorted.
fn entries(directory: &std::path::Path) -> TestResult<Vec<String>> {
    let entries = std::fs::read_dir(directory)?.collect::<std::io::Result<Vec<_>>>()?;
    let mut names: Vec<_> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}
