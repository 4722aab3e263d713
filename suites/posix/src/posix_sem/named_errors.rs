//! Names and arguments that sem_open and sem_unlink refuse, and who is refused.

use crate::long_names::too_long;
use calls::for_layers::libc::sem_open;
use calls::semaphores::Semaphore;
use harness::need::SECOND_UID;
use kit::limits::while_limited;
use kit::needs::{DEV_SHM, GLIBC};
use kit::posix::NamedSemaphore;
use kit::prelude::*;
use kit::privilege::{become_second_user, drop_capabilities};
use libc::{O_CREAT, O_EXCL};
use nix::sys::resource::Resource;
use nix::sys::stat::{Mode, umask};
use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;

/// A name may have NAME_MAX - 4 (251) bytes after its slash.
#[harness::test(
    id = "posix-sem.longest-name",
    cite = [man("sem_overview.7", "DESCRIPTION", "Named")],
    covers = ["behaviours:psem.name-251"],
    needs = [DEV_SHM],
)]
fn a_name_has_up_to_251_bytes() -> TestResult {
    for length in [64, 250, 251] {
        let name = NamedSemaphore::of_length(length);
        drop(sem_open(name.name(), O_CREAT | O_EXCL, 0o600, 3)?);
        let there = sem_open(name.name(), 0, 0, 0)?;
        assert_eq!(sem_getvalue(&there), Ok(3));
        assert_eq!(sem_unlink(name.name()), Ok(()));
        assert_errno!(sem_open(name.name(), 0, 0, 0), ENOENT);
    }
    Ok(())
}

/// Opens the semaphore, with O_CREAT or without, or unlinks it.
type Ask = fn(&str) -> Result<()>;

const OPEN: Ask = |name| sem_open(name, 0, 0, 0).map(drop);
const CREATE: Ask = |name| sem_open(name, O_CREAT, 0o600, 1).map(drop);

#[harness::errors(
    family = "name-too-long",
    rows = [
        ("posix-sem.name-too-long/open", "errors:posix-sem.sem_open.ENAMETOOLONG", OPEN),
        ("posix-sem.name-too-long/create", "errors:posix-sem.sem_open.ENAMETOOLONG", CREATE),
        ("posix-sem.name-too-long/unlink", "errors:posix-sem.sem_unlink.ENAMETOOLONG", sem_unlink),
    ],
    needs = [DEV_SHM],
)]
fn a_longer_name_is_refused(ask: Ask) -> TestResult {
    for length in 252..=255 {
        assert_errno!(ask(&too_long(length)), ENAMETOOLONG);
    }
    // It is no valid name either, and no semaphore has it.
    let refused = ask(&too_long(256)).map_err(|error| error.errno);
    assert_matches!(refused, Err(Errno::ENAMETOOLONG | Errno::EINVAL | Errno::ENOENT));
    observe("a name longer than NAME_MAX", format!("{refused:?}"));
    Ok(())
}

#[harness::errors(
    family = "name-missing",
    rows = [
        ("posix-sem.no-such-semaphore/open", "errors:posix-sem.sem_open.ENOENT", OPEN),
        ("posix-sem.no-such-semaphore/unlink", "errors:posix-sem.sem_unlink.ENOENT", sem_unlink),
    ],
    needs = [DEV_SHM],
)]
fn a_name_of_no_semaphore_is_refused(ask: Ask) -> TestResult {
    let name = NamedSemaphore::new();
    assert_errno!(ask(name.name()), ENOENT);
    drop(name.create(1)?);
    sem_unlink(name.name())?;
    assert_errno!(ask(name.name()), ENOENT);
    assert_errno!(lstat(name.file()), ENOENT);
    Ok(())
}

#[harness::errors(
    family = "name-malformed",
    rows = [
        ("posix-sem.slash-alone/open", "errors:posix-sem.sem_open.EINVAL.2", OPEN),
        ("posix-sem.slash-alone/create", "errors:posix-sem.sem_open.EINVAL.2", CREATE),
    ],
    needs = [DEV_SHM],
)]
fn a_slash_alone_is_refused(ask: Ask) -> TestResult {
    let name = NamedSemaphore::new();
    drop(name.create(3)?);
    assert_errno!(ask("/"), EINVAL);
    let there = sem_open(name.name(), 0, 0, 0)?;
    assert_eq!(sem_getvalue(&there), Ok(3));
    Ok(())
}

#[harness::errors(
    family = "name-exists",
    rows = [("posix-sem.exists", "errors:posix-sem.sem_open.EEXIST", O_CREAT | O_EXCL)],
    needs = [DEV_SHM],
)]
fn an_exclusive_open_refuses_a_semaphore_that_exists(exclusive: i32) -> TestResult {
    let name = NamedSemaphore::new();
    let semaphore = name.create(3)?;
    let before = object_at(name.file())?;
    assert_errno!(sem_open(name.name(), exclusive, 0o666, 9), EEXIST);
    assert_eq!((sem_getvalue(&semaphore), object_at(name.file())), (Ok(3), Ok(before)));
    Ok(())
}

/// O_CREAT with O_EXCL makes a semaphore if none has the name, and fails with EEXIST if one has, be it open or not.
#[harness::test(
    id = "posix-sem.exclusive",
    cite = [posix("sem_open.3p", "DESCRIPTION", "O_EXCL"), man("sem_open.3", "DESCRIPTION")],
    covers = ["behaviours:psem.excl-fails", "errors:posix-sem.sem_open.EEXIST"],
    needs = [DEV_SHM],
)]
fn an_exclusive_open_makes_a_semaphore() -> TestResult {
    let name = NamedSemaphore::new();
    for value in [3, 5] {
        let semaphore = sem_open(name.name(), O_CREAT | O_EXCL, 0o600, value)?;
        assert_errno!(sem_open(name.name(), O_CREAT | O_EXCL, 0o600, 9), EEXIST);
        assert_eq!(sem_getvalue(&semaphore), Ok(value as i32));
        drop(semaphore);
        assert_errno!(sem_open(name.name(), O_CREAT | O_EXCL, 0o600, 9), EEXIST);
        sem_unlink(name.name())?;
    }
    Ok(())
}

#[harness::errors(
    family = "value-out-of-range",
    rows = [("posix-sem.open-value", "errors:posix-sem.sem_open.EINVAL", [1 << 31, u32::MAX])],
    needs = [DEV_SHM],
)]
fn sem_open_refuses_a_value_beyond_the_maximum(invalid: [u32; 2]) -> TestResult {
    let name = NamedSemaphore::new();
    for value in invalid {
        assert_errno!(sem_open(name.name(), O_CREAT, 0o600, value), EINVAL);
        assert_errno!(sem_open(name.name(), O_CREAT | O_EXCL, 0o600, value), EINVAL);
        assert_errno!(lstat(name.file()), ENOENT);
    }
    Ok(())
}

#[harness::errors(
    family = "descriptors-exhausted",
    rows = [
        ("posix-sem.no-descriptor/open", "errors:posix-sem.sem_open.EMFILE", false),
        ("posix-sem.no-descriptor/create", "errors:posix-sem.sem_open.EMFILE", true),
    ],
    needs = [DEV_SHM],
)]
fn opening_needs_a_descriptor(new: bool) -> TestResult {
    let (name, unused) = (NamedSemaphore::new(), NamedSemaphore::new());
    drop(name.create(3)?);
    let asked = if new { unused.name() } else { name.name() };
    let lowest_free = pipe2(0)?.0.number();
    while_limited(Resource::RLIMIT_NOFILE, lowest_free as u64, || {
        assert_errno!(sem_open(asked, O_CREAT, 0o600, 9), EMFILE);
    })?;
    assert_errno!(lstat(unused.file()), ENOENT);
    let there = sem_open(name.name(), 0, 0, 0)?;
    assert_eq!(sem_getvalue(&there), Ok(3));
    Ok(())
}

/// The owner of a named semaphore, without privileges, needs both read and write permission to open it: otherwise sem_open fails with
/// EACCES, with O_CREAT as well. Who has it open needs none.
#[harness::test(
    id = "posix-sem.owner-access",
    cite = [posix("sem_open.3p", "ERRORS", "EACCES"), man("sem_open.3", "ERRORS", "EACCES"), man("sem_open.3", "DESCRIPTION")],
    covers = ["behaviours:psem.rw-permission-needed", "errors:posix-sem.sem_open.EACCES"],
    needs = [DEV_SHM],
)]
fn the_owner_needs_both_permissions() -> TestResult {
    let name = NamedSemaphore::new();
    drop(name.create(3)?);
    for (mode, is_enough) in [(0o600, true), (0o466, false), (0o266, false), (0o066, false), (0o600, true)] {
        set_permissions(name.file(), Permissions::from_mode(mode))?;
        let child = fork(|| -> TestResult {
            drop_capabilities()?;
            for flags in [0, O_CREAT] {
                assert_opened(sem_open(name.name(), flags, 0o666, 9), is_enough);
            }
            Ok(())
        })?;
        child.join()?;
    }
    Ok(())
}

/// Asserts that a semaphore with the value 3 was opened, if the permissions are enough.
#[track_caller]
fn assert_opened(opened: Result<Semaphore>, is_enough: bool) {
    if is_enough {
        assert_eq!(calls::for_layers::libc::sem_getvalue(&assert_ok!(opened)), Ok(3));
    } else {
        assert_errno!(opened, EACCES);
    }
}

/// Users other than the owner of a named semaphore need both permissions as well, by the bits of their own.
#[harness::test(
    id = "posix-sem.others-access",
    cite = [posix("sem_open.3p", "ERRORS", "EACCES"), man("sem_open.3", "DESCRIPTION")],
    covers = ["behaviours:psem.rw-permission-needed", "errors:posix-sem.sem_open.EACCES"],
    needs = [DEV_SHM, SECOND_UID],
)]
fn others_need_both_permissions() -> TestResult {
    let name = NamedSemaphore::new();
    drop(name.create(3)?);
    for (mode, is_enough) in [(0o606, true), (0o664, false), (0o662, false), (0o660, false)] {
        set_permissions(name.file(), Permissions::from_mode(mode))?;
        let child = fork(|| -> TestResult {
            become_second_user()?;
            assert_opened(sem_open(name.name(), 0, 0, 0), is_enough);
            Ok(())
        })?;
        child.join()?;
    }
    Ok(())
}

/// sem_unlink fails with EACCES if the caller is neither privileged nor the owner of the semaphore, whatever its mode, and it stays.
#[harness::test(
    id = "posix-sem.unlink-not-owner",
    cite = [posix("sem_unlink.3p", "ERRORS", "EACCES"), man("sem_unlink.3", "ERRORS", "EACCES")],
    covers = ["errors:posix-sem.sem_unlink.EACCES"],
    needs = [DEV_SHM, SECOND_UID],
)]
fn only_the_owner_unlinks() -> TestResult {
    let name = NamedSemaphore::new();
    umask(Mode::empty());
    drop(sem_open(name.name(), O_CREAT | O_EXCL, 0o666, 3)?);
    let before = object_at(name.file())?;
    let child = fork(|| -> TestResult {
        become_second_user()?;
        assert_errno!(sem_unlink(name.name()), EACCES);
        let there = sem_open(name.name(), 0, 0, 0)?;
        assert_eq!(sem_getvalue(&there), Ok(3));
        Ok(())
    })?;
    child.join()?;
    assert_eq!(object_at(name.file()), Ok(before));
    Ok(())
}

#[harness::errors(
    family = "invalid-object",
    rows = [("posix-sem.close-unnamed", "errors:posix-sem.sem_close.EINVAL", [0, 1])],
    needs = [GLIBC],
)]
fn an_unnamed_semaphore_is_not_closed(values: [u32; 2]) -> TestResult {
    let memory = calls::semaphores::SemaphoreMemory::shared()?;
    for value in values {
        let semaphore = sem_init(&memory, true, value)?;
        assert_errno!(sem_close(semaphore), EINVAL);
        let again = Semaphore::made_in(&memory);
        super::post_elsewhere(&again)?;
        assert_eq!(sem_getvalue(&again), Ok(value as i32 + 1));
    }
    Ok(())
}
