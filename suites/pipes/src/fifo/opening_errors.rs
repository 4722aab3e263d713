//! Errors of opening a FIFO.

use super::calls::*;
use super::making_errors::path_of_length;
use kit::file::content;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{
    AT_FDCWD, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, PATH_MAX,
};

#[rstest]
#[case::open(OPEN)]
#[case::openat(OPENAT)]
/// An open of a FIFO fails with EACCES if the FIFO's mode denies the requested access.
#[harness::test(
    id = "fifo.open-eacces",
    cite = [posix("open.3p", "ERRORS", "EACCES"), man("open.2", "ERRORS", "EACCES")],
    covers = ["errors:fifo.open.EACCES", "errors:fifo.openat.EACCES"],
    layers = [libc, nix, raw],
)]
fn an_open_denied_by_the_mode_fails(#[case] open: Open) -> TestResult {
    let fifo = Fifo::new()?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        fifo.set_permissions(0o200)?;
        assert_errno!(open(&fifo, O_RDONLY | O_NONBLOCK), EACCES);
        assert_errno!(open(&fifo, O_RDWR), EACCES);
        fifo.set_permissions(0o400)?;
        let reader = assert_ok!(open(&fifo, O_RDONLY | O_NONBLOCK));
        assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), EACCES);
        assert_errno!(open(&fifo, O_RDWR), EACCES);
        assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
        Ok(())
    })?;
    child.join()
}

/// An open of a FIFO fails with EACCES if search permission is denied on its directory.
#[harness::test(
    id = "fifo.open-eacces-directory",
    cite = [posix("open.3p", "ERRORS", "EACCES"), man("open.2", "ERRORS", "EACCES")],
    covers = ["errors:fifo.open.EACCES.2"],
    layers = [libc, nix, raw],
)]
fn an_open_without_search_permission_fails() -> TestResult {
    let directory = Name::directory("directory", 0o700)?;
    let path = directory.join("fifo");
    mkfifo(&path, 0o600)?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        directory.set_permissions(0o600)?;
        assert_errno!(open(&path, O_RDWR), EACCES);
        directory.set_permissions(0o100)?;
        drop(assert_ok!(open(&path, O_RDWR)));
        Ok(())
    })?;
    child.join()
}

/// An open with O_CREAT and O_EXCL fails with EEXIST if the pathname is an existing FIFO; with O_CREAT alone, it opens
/// the FIFO and leaves its mode unchanged.
#[harness::test(
    id = "fifo.open-eexist",
    cite = [
        posix("open.3p", "ERRORS", "EEXIST"),
        posix("open.3p", "DESCRIPTION", "O_CREAT"),
        man("open.2", "ERRORS", "EEXIST"),
    ],
    covers = ["errors:fifo.open.EEXIST"],
    layers = [libc, nix, raw],
)]
fn an_exclusive_create_of_an_existing_fifo_fails() -> TestResult {
    let fifo = Fifo::new()?;
    let created = object_at(&fifo)?;
    assert_errno!(open_mode(&fifo, O_RDWR | O_CREAT | O_EXCL, 0o600), EEXIST);
    drop(assert_ok!(open_mode(&fifo, O_RDWR | O_CREAT, 0o644)));
    assert_eq!(object_at(&fifo), Ok(created));
    Ok(())
}

/// An open fails with EFAULT if the pathname is outside the accessible address space.
#[harness::test(
    id = "fifo.open-efault",
    cite = [man("open.2", "ERRORS", "EFAULT")],
    covers = ["errors:fifo.open.EFAULT"],
)]
fn an_open_with_a_bad_address_fails() -> TestResult {
    // Newer architectures have only the *at() calls.
    #[cfg(target_arch = "x86_64")]
    let (number, arguments) = (Sysno::open, [BAD_ADDRESS, O_RDWR as usize, 0, 0, 0, 0]);
    #[cfg(not(target_arch = "x86_64"))]
    let (number, arguments) = (Sysno::openat, [AT_FDCWD as usize, BAD_ADDRESS, O_RDWR as usize, 0, 0, 0]);
    // SAFETY: the path, the only pointer, is outside the address space.
    assert_errno!(unsafe { syscall("open", number, arguments) }, EFAULT);
    Ok(())
}

/// An open of a FIFO fails with EINVAL if both bits of the access mode are set (O_WRONLY | O_RDWR).
#[harness::test(
    id = "fifo.open-einval",
    cite = [
        kernel("fs/pipe.c", "fifo_open", "6.18"),
        man("open.2", "ERRORS", "EINVAL"),
        posix("open.3p", "ERRORS", "EINVAL"),
    ],
    covers = ["errors:fifo.open.EINVAL"],
    layers = [libc, nix, raw],
)]
fn an_open_with_an_invalid_access_mode_fails() -> TestResult {
    let fifo = Fifo::new()?;
    // Not O_ACCMODE, which includes O_PATH in musl.
    assert_errno!(open(&fifo, O_WRONLY | O_RDWR | O_NONBLOCK), EINVAL);
    // The failed open does not count as a reader.
    assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), ENXIO);
    Ok(())
}

/// An open fails with ELOOP if the resolution of the pathname encounters a loop of symbolic links.
#[harness::test(
    id = "fifo.open-eloop",
    cite = [posix("open.3p", "ERRORS", "ELOOP"), man("open.2", "ERRORS", "ELOOP")],
    covers = ["errors:fifo.open.ELOOP"],
    layers = [libc, nix, raw],
)]
fn an_open_through_a_loop_of_symbolic_links_fails() -> TestResult {
    let _back = Name::symlink("back", "forth")?;
    let forth = Name::symlink("forth", "back")?;
    assert_errno!(open(&forth, O_RDWR), ELOOP);
    assert_errno!(open(forth.join("fifo"), O_RDWR), ELOOP);
    Ok(())
}

/// An open with O_NOFOLLOW fails with ELOOP if the pathname is a symbolic link to a FIFO; without the flag, the link is
/// followed.
#[harness::test(
    id = "fifo.open-nofollow",
    cite = [
        posix("open.3p", "DESCRIPTION", "O_NOFOLLOW"),
        posix("open.3p", "ERRORS", "ELOOP"),
        man("open.2", "DESCRIPTION", "O_NOFOLLOW"),
        man("open.2", "ERRORS", "ELOOP"),
    ],
    covers = ["errors:fifo.open.ELOOP.2"],
    layers = [libc, nix, raw],
)]
fn an_open_with_o_nofollow_of_a_symbolic_link_fails() -> TestResult {
    let fifo = Fifo::new()?;
    let link = Name::symlink("link", &fifo)?;
    assert_errno!(open(&link, O_RDWR | O_NOFOLLOW), ELOOP);
    let _both = assert_ok!(open(&link, O_RDWR));
    drop(assert_ok!(open(&fifo, O_WRONLY | O_NONBLOCK | O_NOFOLLOW)));
    Ok(())
}

/// An open fails with ENAMETOOLONG if the pathname with its terminating null byte is longer than PATH_MAX bytes, or if
/// a filename in it is longer than NAME_MAX bytes.
#[harness::test(
    id = "fifo.open-long-path",
    cite = [
        man("open.2", "ERRORS", "ENAMETOOLONG"),
        posix("limits.h.0p", "Pathname Variable Values", "{PATH_MAX}"),
        posix("limits.h.0p", "Pathname Variable Values", "{NAME_MAX}"),
        posix("open.3p", "ERRORS", "ENAMETOOLONG"),
    ],
    covers = ["errors:fifo.open.ENAMETOOLONG"],
    layers = [libc, nix, raw],
)]
fn an_open_of_a_too_long_pathname_fails() -> TestResult {
    let _fifo = Fifo::new()?;
    assert_errno!(open(path_of_length(PATH_MAX as usize), O_RDWR), ENAMETOOLONG);
    drop(assert_ok!(open(path_of_length(PATH_MAX as usize - 1), O_RDWR)));
    let limit = nix::unistd::pathconf(".", nix::unistd::PathconfVar::NAME_MAX)?;
    let limit = limit.ok_or_else(|| Stop::broken("the file system has no NAME_MAX"))? as usize;
    assert_errno!(open("n".repeat(limit), O_RDWR), ENOENT);
    assert_errno!(open("n".repeat(limit + 1), O_RDWR), ENAMETOOLONG);
    Ok(())
}

#[rstest]
#[case::open(OPEN)]
#[case::openat(OPENAT)]
/// An open without O_CREAT fails with ENOENT if the pathname does not exist, and creates nothing.
#[harness::test(
    id = "fifo.open-enoent",
    cite = [posix("open.3p", "ERRORS", "ENOENT"), posix("open.3p", "RETURN VALUE"), man("open.2", "ERRORS", "ENOENT")],
    covers = ["errors:fifo.open.ENOENT", "errors:fifo.openat.ENOENT"],
    layers = [libc, nix, raw],
)]
fn an_open_of_a_missing_file_fails(#[case] open: Open) -> TestResult {
    let name = Name::free("fifo");
    for flags in [O_RDONLY | O_NONBLOCK, O_WRONLY | O_NONBLOCK, O_RDWR] {
        assert_errno!(open(&name, flags), ENOENT);
    }
    assert_errno!(name.node(), ENOENT);
    Ok(())
}

/// An open fails with ENOENT, with or without O_CREAT, if a directory component of the pathname does not exist or is a
/// dangling symbolic link.
#[harness::test(
    id = "fifo.open-missing-directory",
    cite = [posix("open.3p", "ERRORS", "ENOENT"), man("open.2", "ERRORS", "ENOENT")],
    covers = ["errors:fifo.open.ENOENT.2"],
    layers = [libc, nix, raw],
)]
fn an_open_in_a_missing_directory_fails() -> TestResult {
    let nothing = Name::free("nothing");
    let dangling = Name::symlink("dangling", &nothing)?;
    for directory in [&nothing, &dangling] {
        assert_errno!(open(directory.join("fifo"), O_RDWR), ENOENT);
        assert_errno!(open_mode(directory.join("fifo"), O_RDWR | O_CREAT, 0o600), ENOENT);
    }
    assert_errno!(open(&dangling, O_RDWR), ENOENT);
    assert_errno!(nothing.node(), ENOENT);
    Ok(())
}

/// An open fails with ENOTDIR if a FIFO is used as a directory in the pathname, or if O_DIRECTORY is set and the
/// pathname is a FIFO.
#[harness::test(
    id = "fifo.open-enotdir",
    cite = [
        posix("open.3p", "ERRORS", "ENOTDIR"),
        posix("open.3p", "DESCRIPTION", "O_DIRECTORY"),
        man("open.2", "ERRORS", "ENOTDIR"),
    ],
    covers = ["errors:fifo.open.ENOTDIR"],
    layers = [libc, nix, raw],
)]
fn a_fifo_is_not_a_directory() -> TestResult {
    let fifo = Fifo::new()?;
    assert_errno!(open(fifo.join("below"), O_RDWR), ENOTDIR);
    assert_errno!(open(&fifo, O_RDONLY | O_NONBLOCK | O_DIRECTORY), ENOTDIR);
    // Neither failed open counts as a reader.
    assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), ENXIO);
    Ok(())
}

/// An open of a UNIX domain socket fails with ENXIO.
#[harness::test(
    id = "fifo.open-socket",
    cite = [man("open.2", "ERRORS", "ENXIO")],
    covers = ["errors:fifo.open.ENXIO.2"],
    layers = [libc, nix, raw],
)]
fn an_open_of_a_socket_fails() -> TestResult {
    let socket = Name::socket("socket")?;
    for flags in [O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_NONBLOCK] {
        assert_errno!(open(&socket, flags), ENXIO);
    }
    Ok(())
}

/// openat fails with EBADF if the pathname is relative and the descriptor is neither open nor AT_FDCWD; the descriptor
/// is ignored if the pathname is absolute.
#[harness::test(
    id = "fifo.openat-ebadf",
    cite = [
        posix("open.3p", "ERRORS", "EBADF"),
        posix("open.3p", "DESCRIPTION"),
        man("open.2", "ERRORS", "EBADF"),
        man("open.2", "openat()"),
    ],
    covers = ["errors:fifo.openat.EBADF"],
    layers = [libc, raw],
)]
fn a_relative_pathname_needs_an_open_descriptor() -> TestResult {
    let fifo = Fifo::new()?;
    assert_errno!(openat(NOT_OPEN, "fifo", O_RDWR), EBADF);
    drop(assert_ok!(openat(AT_FDCWD, "fifo", O_RDWR)));
    drop(assert_ok!(openat(NOT_OPEN, &fifo, O_RDWR)));
    Ok(())
}

/// openat fails with ENOTDIR if the pathname is relative and the descriptor refers to a file other than a directory.
#[harness::test(
    id = "fifo.openat-enotdir",
    cite = [posix("open.3p", "ERRORS", "ENOTDIR"), man("open.2", "ERRORS", "ENOTDIR")],
    covers = ["errors:fifo.openat.ENOTDIR"],
    layers = [libc, nix, raw],
)]
fn a_relative_pathname_needs_the_descriptor_of_a_directory() -> TestResult {
    let fifo = Fifo::new()?;
    let both = open(&fifo, O_RDWR)?;
    assert_errno!(openat(&both, "fifo", O_RDWR), ENOTDIR);
    let directory = open(scratch(), O_RDONLY | O_DIRECTORY)?;
    drop(assert_ok!(openat(&directory, "fifo", O_RDWR)));
    Ok(())
}

/// An open with O_TRUNC of a memfd that is sealed against shrinking fails with EPERM and leaves its content unchanged; without the
/// flag, the open succeeds.
#[harness::test(
    id = "fifo.open-sealed",
    cite = [man("open.2", "ERRORS", "EPERM"), man("fcntl.2", "File Sealing", "F_SEAL_SHRINK")],
    covers = ["errors:fifo.open.EPERM"],
    layers = [libc, nix, raw],
)]
fn an_open_that_a_seal_prevents_fails() -> TestResult {
    let memory = memfd_create(c"sealed", libc::MFD_ALLOW_SEALING)?;
    write_all(&memory, b"abc")?;
    add_seals(&memory, libc::F_SEAL_SHRINK)?;
    let path = format!("/proc/self/fd/{}", memory.number());
    assert_errno!(open(&path, O_RDWR | O_TRUNC), EPERM);
    let reopened = assert_ok!(open(&path, O_RDWR));
    assert_eq!(content(&reopened), Ok("abc".into()));
    assert_eq!(write(&reopened, b"def"), Ok(3));
    assert_eq!(content(&memory), Ok("def".into()));
    Ok(())
}
