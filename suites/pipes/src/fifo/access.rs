//! Who may use a FIFO.

use kit::prelude::*;
use kit::privilege::{become_second_user, drop_capabilities};
use libc::{O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};

/// The mode of a FIFO is looked at when it is opened, not when an open descriptor is read or written.
#[harness::test(
    id = "fifo.mode-checked-at-open",
    cite = "POSIX.1-2024 open(): EACCES, read(), write(); mkfifo(3)",
    covers = ["behaviours:fifo.perm-checked-at-open"],
    layers = [libc, nix, raw],
)]
fn a_mode_that_is_taken_away_binds_later_opens_only() -> Scene {
    let fifo = Fifo::new()?;
    let child = fork(|| -> Scene {
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

/// Another user's process can use a FIFO when its mode lets it, and is refused with EACCES when it does not.
#[harness::test(
    id = "fifo.another-user",
    cite = "POSIX.1-2024 open(): EACCES; mkfifo(3): any process can open it for reading or writing; path_resolution(7)",
    covers = ["notes:fifo.any-process-with-path-access"],
    needs = [second_uid],
    layers = [libc, nix, raw],
)]
fn another_user_needs_the_mode() -> Scene {
    let _folder = Name::folder("folder", 0o755)?;
    let fifo = Fifo::named("folder/fifo")?;
    let reader = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    let refused = fork(|| -> Scene {
        become_second_user()?;
        assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), EACCES);
        assert_errno!(open(&fifo, O_RDONLY | O_NONBLOCK), EACCES);
        Ok(())
    })?;
    refused.join()?;
    fifo.set_permissions(0o602)?;
    let allowed = fork(|| -> Scene {
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

/// With fs.protected_fifos on, an open with O_CREAT of a FIFO in a sticky folder that everybody may write to fails with
/// EACCES, also for root, unless the FIFO is the opener's own or the folder's owner's.
#[harness::test(
    id = "fifo.protected",
    cite = "proc(5), /proc/sys/fs/protected_fifos; open(2): EACCES; Linux 6.18 fs/namei.c, may_create_in_sticky()",
    covers = ["behaviours:fifo.protected-fifos", "errors:fifo.open.EACCES.3"],
    needs = [protected_fifos, second_uid],
    layers = [libc, nix, raw],
)]
fn a_foreign_fifo_in_a_sticky_folder_is_protected() -> Scene {
    // The folder, and one of the FIFOs, are the first user's.
    let folder = Name::folder("folder", 0o1777)?;
    let (of_folder_owner, foreign) = (Fifo::named("folder/of-folder-owner")?, folder.join("foreign"));
    of_folder_owner.set_permissions(0o666)?;
    let second_user = fork(|| -> Scene {
        become_second_user()?;
        drop(assert_ok!(open_mode(&of_folder_owner, O_RDWR | O_CREAT, 0o600)));
        mkfifo(&foreign, 0o600)?;
        drop(assert_ok!(open_mode(&foreign, O_RDWR | O_CREAT, 0o600)));
        Ok(())
    })?;
    second_user.join()?;
    assert_errno!(open_mode(&foreign, O_RDWR | O_CREAT, 0o600), EACCES);
    // It is the wish to create that is refused, not the access.
    drop(assert_ok!(open(&foreign, O_RDWR)));
    Ok(())
}
