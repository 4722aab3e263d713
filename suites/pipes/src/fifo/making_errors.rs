//! Errors of creating a FIFO: a table for each family of conditions, with a row for each call.

use super::calls::*;
use harness::mark;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{O_RDONLY, PATH_MAX};
use std::path::PathBuf;

#[harness::errors(
    family = "path-search-denied",
    rows = [
        ("fifo.make-eacces/mkfifo", "errors:fifo.mkfifo.EACCES", MKFIFO),
        ("fifo.make-eacces/mkfifoat", "errors:fifo.mkfifoat.EACCES", MKFIFOAT),
        ("fifo.make-eacces/mknod", "errors:fifo.mknod.EACCES", MKNOD),
        ("fifo.make-eacces/mknodat", "errors:fifo.mknodat.EACCES", MKNODAT),
    ],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_without_permission_on_the_directory_fails(make: Make) -> TestResult {
    let directory = Name::directory("directory", 0o700)?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        directory.set_permissions(0o500)?;
        assert_errno!(make(&directory.join("unwritable"), 0o600), EACCES);
        directory.set_permissions(0o600)?;
        assert_errno!(make(&directory.join("unsearchable"), 0o600), EACCES);
        directory.set_permissions(0o300)?;
        assert_eq!(make(&directory.join("created"), 0o600), Ok(()));
        assert_eq!(node_at(directory.join("created")), Ok(Node::new("p0600")));
        Ok(())
    })?;
    child.join()?;
    // Where this process has no capabilities either, it could not list the directory.
    directory.set_permissions(0o700)?;
    assert_eq!(entries(&directory)?, ["created"]);
    Ok(())
}

#[harness::errors(
    family = "path-exists",
    rows = [
        ("fifo.make-eexist/mkfifo", "errors:fifo.mkfifo.EEXIST", MKFIFO),
        ("fifo.make-eexist/mkfifoat", "errors:fifo.mkfifoat.EEXIST", MKFIFOAT),
        ("fifo.make-eexist/mknod", "errors:fifo.mknod.EEXIST", MKNOD),
        ("fifo.make-eexist/mknodat", "errors:fifo.mknodat.EEXIST", MKNODAT),
    ],
    covers = ["behaviours:fifo.no-follow-existing-symlink"],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_at_an_existing_pathname_fails(make: Make) -> TestResult {
    let (fifo, nothing) = (Fifo::new()?, Name::free("nothing"));
    let (link, dangling) = (Name::symlink("link", &fifo)?, Name::symlink("dangling", &nothing)?);
    for existing in [&fifo, &link, &dangling] {
        let before = object_at(existing)?;
        assert_errno!(make(existing, 0o640), EEXIST);
        assert_eq!(object_at(existing), Ok(before));
    }
    assert_errno!(nothing.node(), ENOENT);
    Ok(())
}

#[harness::errors(
    family = "path-name-too-long",
    rows = [
        ("fifo.make-long-path/mkfifo", "errors:fifo.mkfifo.ENAMETOOLONG", MKFIFO),
        ("fifo.make-long-path/mkfifoat", "errors:fifo.mkfifoat.ENAMETOOLONG", MKFIFOAT),
        ("fifo.make-long-path/mknod", "errors:fifo.mknod.ENAMETOOLONG", MKNOD),
        ("fifo.make-long-path/mknodat", "errors:fifo.mknodat.ENAMETOOLONG", MKNODAT),
    ],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_at_a_pathname_longer_than_path_max_fails(make: Make) -> TestResult {
    let name = Name::free("fifo");
    assert_errno!(make(&path_of_length(PATH_MAX as usize), 0o600), ENAMETOOLONG);
    assert_errno!(name.node(), ENOENT);
    assert_eq!(make(&path_of_length(PATH_MAX as usize - 1), 0o600), Ok(()));
    assert_eq!(name.node(), Ok(Node::new("p0600")));
    Ok(())
}

#[harness::errors(
    family = "path-name-too-long",
    rows = [
        ("fifo.make-long-name/mkfifo", "errors:fifo.mkfifo.ENAMETOOLONG.2", MKFIFO),
        ("fifo.make-long-name/mkfifoat", "errors:fifo.mkfifoat.ENAMETOOLONG.2", MKFIFOAT),
        ("fifo.make-long-name/mknod", "errors:fifo.mknod.ENAMETOOLONG", MKNOD),
        ("fifo.make-long-name/mknodat", "errors:fifo.mknodat.ENAMETOOLONG", MKNODAT),
    ],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_with_a_name_longer_than_name_max_fails(make: Make) -> TestResult {
    let limit = nix::unistd::pathconf(".", nix::unistd::PathconfVar::NAME_MAX)?;
    let limit = limit.ok_or_else(|| Stop::broken("the file system has no NAME_MAX"))? as usize;
    let (longest, longer) = (Name::free(&"n".repeat(limit)), Name::free(&"n".repeat(limit + 1)));
    assert_errno!(make(&longer, 0o600), ENAMETOOLONG);
    assert_eq!(make(&longest, 0o600), Ok(()));
    assert_eq!(longest.node(), Ok(Node::new("p0600")));
    Ok(())
}

#[harness::errors(
    family = "path-missing",
    rows = [
        ("fifo.make-enoent/mkfifo", "errors:fifo.mkfifo.ENOENT", MKFIFO),
        ("fifo.make-enoent/mkfifoat", "errors:fifo.mkfifoat.ENOENT", MKFIFOAT),
        ("fifo.make-enoent/mknod", "errors:fifo.mknod.ENOENT", MKNOD),
        ("fifo.make-enoent/mknodat", "errors:fifo.mknodat.ENOENT", MKNODAT),
    ],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_in_a_missing_directory_fails(make: Make) -> TestResult {
    let nothing = Name::free("nothing");
    let dangling = Name::symlink("dangling", &nothing)?;
    assert_errno!(make(&nothing.join("fifo"), 0o600), ENOENT);
    assert_errno!(make(&dangling.join("fifo"), 0o600), ENOENT);
    assert_errno!(nothing.node(), ENOENT);
    Ok(())
}

#[harness::errors(
    family = "path-not-a-directory",
    rows = [
        ("fifo.make-enotdir/mkfifo", "errors:fifo.mkfifo.ENOTDIR", MKFIFO),
        ("fifo.make-enotdir/mkfifoat", "errors:fifo.mkfifoat.ENOTDIR", MKFIFOAT),
        ("fifo.make-enotdir/mknod", "errors:fifo.mknod.ENOTDIR", MKNOD),
        ("fifo.make-enotdir/mknodat", "errors:fifo.mknodat.ENOTDIR", MKNODAT),
    ],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_below_a_non_directory_fails(make: Make) -> TestResult {
    let (file, fifo) = (Name::file("file")?, Fifo::new()?);
    for existing in [&file, &fifo] {
        let before = object_at(existing)?;
        assert_errno!(make(&existing.join("below"), 0o600), ENOTDIR);
        assert_eq!(object_at(existing), Ok(before));
    }
    Ok(())
}

#[harness::errors(
    family = "path-loop",
    rows = [
        ("fifo.make-eloop/mkfifo", "errors:fifo.mkfifo.ELOOP", MKFIFO),
        ("fifo.make-eloop/mkfifoat", "errors:fifo.mkfifoat.ELOOP", MKFIFOAT),
        ("fifo.make-eloop/mknod", "errors:fifo.mknod.ELOOP", MKNOD),
        ("fifo.make-eloop/mknodat", "errors:fifo.mknodat.ELOOP", MKNODAT),
    ],
    layers = [libc, nix, raw],
)]
fn creating_a_fifo_through_a_loop_of_symbolic_links_fails(make: Make) -> TestResult {
    let _back = Name::symlink("back", "forth")?;
    let forth = Name::symlink("forth", "back")?;
    assert_errno!(make(&forth.join("fifo"), 0o600), ELOOP);
    assert_eq!(entries(scratch())?, ["back", "forth"]);
    Ok(())
}

#[harness::errors(
    family = "directory-descriptor-closed",
    rows = [
        ("fifo.make-ebadf/mkfifoat", "errors:fifo.mkfifoat.EBADF", MKFIFOAT_FROM),
        ("fifo.make-ebadf/mknodat", "errors:fifo.mknodat.EBADF", MKNODAT_FROM),
    ],
    layers = [libc, raw],
)]
fn a_relative_pathname_needs_an_open_descriptor(make: MakeAt) -> TestResult {
    let name = Name::free("fifo");
    assert_errno!(make(&NOT_OPEN, "fifo".as_ref()), EBADF);
    assert_errno!(name.node(), ENOENT);
    Ok(())
}

#[harness::errors(
    family = "directory-descriptor-wrong-type",
    rows = [
        ("fifo.make-at-enotdir/mkfifoat", "errors:fifo.mkfifoat.ENOTDIR.2", MKFIFOAT_FROM),
        ("fifo.make-at-enotdir/mknodat", "errors:fifo.mknodat.ENOTDIR.2", MKNODAT_FROM),
    ],
    layers = [libc, nix, raw],
)]
fn a_relative_pathname_needs_the_descriptor_of_a_directory(make: MakeAt) -> TestResult {
    let (file, name) = (Name::file("file")?, Name::free("fifo"));
    let descriptor = open(&file, O_RDONLY)?;
    assert_errno!(make(&descriptor, "fifo".as_ref()), ENOTDIR);
    assert_errno!(name.node(), ENOENT);
    Ok(())
}

/// A pathname of `fifo` in the current directory that is this many bytes long.
pub fn path_of_length(length: usize) -> PathBuf {
    format!(".{}fifo", "/".repeat(length - 5)).into()
}

/// The names in a directory, sorted. How the C library opens and reads it is not what is asked.
fn entries(directory: &std::path::Path) -> TestResult<Vec<String>> {
    let entries = mark::by_harness(|| std::fs::read_dir(directory)?.collect::<std::io::Result<Vec<_>>>())?;
    let mut names: Vec<_> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}
