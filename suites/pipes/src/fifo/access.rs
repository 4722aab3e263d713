//! Access permissions of a FIFO.

use crate::needs::PROTECTED_FIFOS;
use harness::need::SECOND_UID;
use kit::prelude::*;
use kit::privilege::{become_second_user, drop_capabilities};
use libc::{O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};

/// The mode of a FIFO is checked when it is opened. Clearing its permission bits makes a later open by an unprivileged
/// process fail with EACCES, but does not affect reads and writes on descriptors that are already open.
#[harness::test(
    id = "fifo.mode-checked-at-open",
    cite = [
        posix("open.3p", "ERRORS", "EACCES"),
        posix("chmod.3p", "APPLICATION USAGE"),
        man("open.2", "ERRORS", "EACCES"),
    ],
    covers = ["behaviours:fifo.perm-checked-at-open"],
    layers = [libc, nix, raw],
)]
fn the_mode_is_checked_when_a_fifo_is_opened() -> TestResult {
    let fifo = Fifo::new()?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        let (reader, writer) = fifo.connect()?;
        fifo.set_permissions(0)?;
        assert_errno!(open(&fifo, O_RDONLY | O_NONBLOCK), EACCES);
        assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), EACCES);
        assert_eq!(write(&writer, b"hello"), Ok(5));
        assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
        Ok(())
    })?;
    child.join()
}

/// A process of another user can open a FIFO for reading or for writing if the FIFO's mode grants others that access;
/// otherwise the open fails with EACCES.
#[harness::test(
    id = "fifo.another-user",
    cite = [
        posix("XBD", "4.5 File Access Permissions"),
        posix("open.3p", "ERRORS", "EACCES"),
        man("pipe.7", "DESCRIPTION"),
        man("path_resolution.7", "Permissions"),
    ],
    covers = ["notes:fifo.any-process-with-path-access"],
    needs = [SECOND_UID],
    layers = [libc, nix, raw],
)]
fn another_user_needs_permission_by_the_mode() -> TestResult {
    let _directory = Name::directory("directory", 0o755)?;
    let fifo = Fifo::named("directory/fifo")?;
    let reader = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    let refused = fork(|| -> TestResult {
        become_second_user()?;
        assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), EACCES);
        assert_errno!(open(&fifo, O_RDONLY | O_NONBLOCK), EACCES);
        Ok(())
    })?;
    refused.join()?;
    fifo.set_permissions(0o602)?;
    let allowed = fork(|| -> TestResult {
        become_second_user()?;
        assert_errno!(open(&fifo, O_RDONLY | O_NONBLOCK), EACCES);
        let writer = assert_ok!(open(&fifo, O_WRONLY | O_NONBLOCK));
        assert_eq!(write(&writer, b"from another"), Ok(12));
        Ok(())
    })?;
    allowed.join()?;
    assert_eq!(read_bytes(&reader, 20), Ok("from another".into()));
    Ok(())
}

/// If fs.protected_fifos is nonzero, an open with O_CREAT of an existing FIFO in a world-writable sticky directory
/// fails with EACCES, unless the FIFO is owned by the caller or by the owner of the directory.
#[harness::test(
    id = "fifo.protected",
    cite = [
        man("open.2", "ERRORS", "EACCES"),
        man("proc_sys_fs.5", "DESCRIPTION", "/proc/sys/fs/protected_fifos"),
        kernel("fs/namei.c", "may_create_in_sticky", "6.18"),
    ],
    covers = ["behaviours:fifo.protected-fifos", "errors:fifo.open.EACCES.3"],
    needs = [PROTECTED_FIFOS, SECOND_UID],
    layers = [libc, nix, raw],
)]
fn o_creat_on_a_fifo_of_another_user_in_a_sticky_directory_fails() -> TestResult {
    // The directory and one of the FIFOs are owned by the first user.
    let directory = Name::directory("directory", 0o1777)?;
    let (directory_owners, another_users) =
        (Fifo::named("directory/directory-owners")?, directory.join("another-users"));
    directory_owners.set_permissions(0o666)?;
    let second_user = fork(|| -> TestResult {
        become_second_user()?;
        drop(assert_ok!(open_mode(&directory_owners, O_RDWR | O_CREAT, 0o600)));
        mkfifo(&another_users, 0o600)?;
        drop(assert_ok!(open_mode(&another_users, O_RDWR | O_CREAT, 0o600)));
        Ok(())
    })?;
    second_user.join()?;
    assert_errno!(open_mode(&another_users, O_RDWR | O_CREAT, 0o600), EACCES);
    // O_CREAT is refused, not the access.
    drop(assert_ok!(open(&another_users, O_RDWR)));
    Ok(())
}
