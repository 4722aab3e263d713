//! How opening a FIFO fails.

use super::calls::*;
use super::making_errors::path_of_length;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{AT_FDCWD, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY, PATH_MAX};
use rstest::rstest;

#[rstest]
#[case::open(OPEN)]
#[case::openat(OPENAT)]
/// An open of a FIFO whose mode does not allow the access that is asked for fails with EACCES.
#[harness::test(
    id = "fifo.open-eacces",
    cite = "POSIX.1-2024 open(): EACCES; open(2): EACCES",
    covers = ["errors:fifo.open.EACCES", "errors:fifo.openat.EACCES"],
    layers = [libc, nix, raw],
)]
fn the_mode_decides_on_access(#[case] open: Open) -> Scene {
    let fifo = Fifo::new()?;
    let child = fork(|| -> Scene {
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

/// An open of a FIFO in a folder that may not be searched fails with EACCES.
#[harness::test(
    id = "fifo.open-eacces-folder",
    cite = "POSIX.1-2024 open(): EACCES; open(2): EACCES",
    covers = ["errors:fifo.open.EACCES.2"],
    layers = [libc, nix, raw],
)]
fn a_folder_that_may_not_be_searched_hides_a_fifo() -> Scene {
    let folder = Name::folder("folder", 0o700)?;
    let path = folder.join("fifo");
    mkfifo(&path, 0o600)?;
    let child = fork(|| -> Scene {
        drop_capabilities()?;
        folder.set_permissions(0o600)?;
        assert_errno!(open(&path, O_RDWR), EACCES);
        folder.set_permissions(0o100)?;
        drop(assert_ok!(open(&path, O_RDWR)));
        Ok(())
    })?;
    child.join()
}

/// An open that is to create a file, and nothing else, fails with EEXIST where a FIFO stands.
#[harness::test(
    id = "fifo.open-eexist",
    cite = "POSIX.1-2024 open(): EEXIST; open(2): EEXIST",
    covers = ["errors:fifo.open.EEXIST"],
    layers = [libc, nix, raw],
)]
fn a_fifo_is_not_created_by_open() -> Scene {
    let fifo = Fifo::new()?;
    assert_errno!(open_mode(&fifo, O_RDWR | O_CREAT | O_EXCL, 0o600), EEXIST);
    drop(assert_ok!(open_mode(&fifo, O_RDWR | O_CREAT, 0o644)));
    assert_eq!(fifo.node(), Ok(Node::new("p0600")));
    Ok(())
}

/// An open of a path that lies outside the address space fails with EFAULT.
#[harness::test(id = "fifo.open-efault", cite = "open(2): EFAULT", covers = ["errors:fifo.open.EFAULT"])]
fn a_bad_address_is_no_path() -> Scene {
    // Newer machines have only the calls that end in "at".
    #[cfg(target_arch = "x86_64")]
    let (number, arguments) = (libc::SYS_open, [BAD_ADDRESS, O_RDWR as usize, 0, 0, 0, 0]);
    #[cfg(not(target_arch = "x86_64"))]
    let (number, arguments) = (libc::SYS_openat, [AT_FDCWD as usize, BAD_ADDRESS, O_RDWR as usize, 0, 0, 0]);
    // SAFETY: the path, the only pointer, is outside the address space.
    assert_errno!(unsafe { syscall("open", number, arguments) }, EFAULT);
    Ok(())
}

/// An open of a FIFO with all bits of the access mode set, which is neither reading, writing nor both, fails with EINVAL.
#[harness::test(
    id = "fifo.open-einval",
    cite = "POSIX.1-2024 open(): EINVAL, the value of the oflag argument is not valid; Linux fs/pipe.c, fifo_open()",
    covers = ["errors:fifo.open.EINVAL"],
    layers = [libc, nix, raw],
)]
fn no_access_mode_is_invalid() -> Scene {
    let fifo = Fifo::new()?;
    // Not O_ACCMODE: musl counts O_PATH in.
    assert_errno!(open(&fifo, O_WRONLY | O_RDWR | O_NONBLOCK), EINVAL);
    // It is no reader.
    assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), ENXIO);
    Ok(())
}

/// An open fails with ELOOP when the symbolic links on the way to a FIFO come to no end.
#[harness::test(
    id = "fifo.open-eloop",
    cite = "POSIX.1-2024 open(): ELOOP; open(2): ELOOP",
    covers = ["errors:fifo.open.ELOOP"],
    layers = [libc, nix, raw],
)]
fn a_loop_of_links_leads_to_no_fifo() -> Scene {
    let _back = Name::symlink("back", "forth")?;
    let forth = Name::symlink("forth", "back")?;
    assert_errno!(open(&forth, O_RDWR), ELOOP);
    assert_errno!(open(forth.join("fifo"), O_RDWR), ELOOP);
    Ok(())
}

/// An open with O_NOFOLLOW fails with ELOOP at a symbolic link to a FIFO, which an open without the flag follows.
#[harness::test(
    id = "fifo.open-nofollow",
    cite = "POSIX.1-2024 open(): O_NOFOLLOW, ELOOP; open(2): ELOOP",
    covers = ["errors:fifo.open.ELOOP.2"],
    layers = [libc, nix, raw],
)]
fn a_link_is_not_followed_when_asked() -> Scene {
    let fifo = Fifo::new()?;
    let link = Name::symlink("link", &fifo)?;
    assert_errno!(open(&link, O_RDWR | O_NOFOLLOW), ELOOP);
    let _both = assert_ok!(open(&link, O_RDWR));
    drop(assert_ok!(open(&fifo, O_WRONLY | O_NONBLOCK | O_NOFOLLOW)));
    Ok(())
}

/// An open of a FIFO by a path of PATH_MAX bytes, its end not counted, or by a name of more than NAME_MAX, fails with
/// ENAMETOOLONG.
#[harness::test(
    id = "fifo.open-long-path",
    cite = "POSIX.1-2024 open(): ENAMETOOLONG, <limits.h>: {PATH_MAX}, {NAME_MAX}; open(2): ENAMETOOLONG",
    covers = ["errors:fifo.open.ENAMETOOLONG"],
    layers = [libc, nix, raw],
)]
fn a_path_has_a_greatest_length() -> Scene {
    let _fifo = Fifo::new()?;
    assert_errno!(open(path_of_length(PATH_MAX as usize), O_RDWR), ENAMETOOLONG);
    drop(assert_ok!(open(path_of_length(PATH_MAX as usize - 1), O_RDWR)));
    let limit = nix::unistd::pathconf(".", nix::unistd::PathconfVar::NAME_MAX)?;
    let limit = limit.ok_or_else(|| Stop::broken("names have no greatest length here"))? as usize;
    assert_errno!(open("n".repeat(limit), O_RDWR), ENOENT);
    assert_errno!(open("n".repeat(limit + 1), O_RDWR), ENAMETOOLONG);
    Ok(())
}

#[rstest]
#[case::open(OPEN)]
#[case::openat(OPENAT)]
/// An open of a name at which nothing stands fails with ENOENT, and makes nothing, unless O_CREAT is given.
#[harness::test(
    id = "fifo.open-enoent",
    cite = "POSIX.1-2024 open(): ENOENT; open(2): ENOENT",
    covers = ["errors:fifo.open.ENOENT", "errors:fifo.openat.ENOENT"],
    layers = [libc, nix, raw],
)]
fn no_name_is_not_opened(#[case] open: Open) -> Scene {
    let name = Name::free("fifo");
    for flags in [O_RDONLY | O_NONBLOCK, O_WRONLY | O_NONBLOCK, O_RDWR] {
        assert_errno!(open(&name, flags), ENOENT);
    }
    assert_errno!(name.node(), ENOENT);
    Ok(())
}

/// An open by a path with a folder that is missing, or that is a symbolic link to nothing, fails with ENOENT, O_CREAT or not.
#[harness::test(
    id = "fifo.open-missing-folder",
    cite = "POSIX.1-2024 open(): ENOENT; open(2): ENOENT",
    covers = ["errors:fifo.open.ENOENT.2"],
    layers = [libc, nix, raw],
)]
fn a_missing_folder_leads_to_no_fifo() -> Scene {
    let nothing = Name::free("nothing");
    let dangling = Name::symlink("dangling", &nothing)?;
    for folder in [&nothing, &dangling] {
        assert_errno!(open(folder.join("fifo"), O_RDWR), ENOENT);
        assert_errno!(open_mode(folder.join("fifo"), O_RDWR | O_CREAT, 0o600), ENOENT);
    }
    assert_errno!(open(&dangling, O_RDWR), ENOENT);
    assert_errno!(nothing.node(), ENOENT);
    Ok(())
}

/// An open by a path below something that is no folder, and one with O_DIRECTORY of a FIFO, fail with ENOTDIR.
#[harness::test(
    id = "fifo.open-enotdir",
    cite = "POSIX.1-2024 open(): ENOTDIR, O_DIRECTORY; open(2): ENOTDIR",
    covers = ["errors:fifo.open.ENOTDIR"],
    layers = [libc, nix, raw],
)]
fn a_fifo_is_no_folder() -> Scene {
    let fifo = Fifo::new()?;
    assert_errno!(open(fifo.join("below"), O_RDWR), ENOTDIR);
    assert_errno!(open(&fifo, O_RDONLY | O_NONBLOCK | O_DIRECTORY), ENOTDIR);
    // Neither has come to be a reader.
    assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), ENXIO);
    Ok(())
}

/// An open of the name of a socket fails with ENXIO.
#[harness::test(
    id = "fifo.open-socket",
    cite = "open(2): ENXIO, the file is a UNIX domain socket",
    covers = ["errors:fifo.open.ENXIO.2"],
    layers = [libc, nix, raw],
)]
fn a_socket_is_not_opened_like_a_fifo() -> Scene {
    let socket = Name::socket("socket")?;
    for flags in [O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_NONBLOCK] {
        assert_errno!(open(&socket, flags), ENXIO);
    }
    Ok(())
}

/// A relative path cannot start at a descriptor that is not open: openat fails with EBADF, unless the path is absolute.
#[harness::test(
    id = "fifo.openat-ebadf",
    cite = "POSIX.1-2024 openat(): EBADF; open(2): EBADF",
    covers = ["errors:fifo.openat.EBADF"],
    layers = [libc, nix, raw],
)]
fn no_descriptor_is_no_start_of_a_path() -> Scene {
    let fifo = Fifo::new()?;
    assert_errno!(openat(NOT_OPEN, "fifo", O_RDWR), EBADF);
    drop(assert_ok!(openat(AT_FDCWD, "fifo", O_RDWR)));
    drop(assert_ok!(openat(NOT_OPEN, &fifo, O_RDWR)));
    Ok(())
}

/// A relative path cannot start at a descriptor of something that is no folder: openat fails with ENOTDIR.
#[harness::test(
    id = "fifo.openat-enotdir",
    cite = "POSIX.1-2024 openat(): ENOTDIR; open(2): ENOTDIR",
    covers = ["errors:fifo.openat.ENOTDIR"],
    layers = [libc, nix, raw],
)]
fn a_fifo_is_no_start_of_a_path() -> Scene {
    let fifo = Fifo::new()?;
    let both = open(&fifo, O_RDWR)?;
    assert_errno!(openat(&both, "fifo", O_RDWR), ENOTDIR);
    let folder = open(scratch(), O_RDONLY | O_DIRECTORY)?;
    drop(assert_ok!(openat(&folder, "fifo", O_RDWR)));
    Ok(())
}
