//! semget: new sets, and those that are found by their key.

use super::assert_status;
use calls::sysv::{Permissions, SemaphoreStatus, operation};
use harness::need::{SECOND_ID, SECOND_UID};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::setting;
use kit::sysv::{SemaphoreSet, clock, unused_key};
use libc::{IPC_CREAT, IPC_EXCL, IPC_PRIVATE};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{setegid, seteuid};

/// The flags of a new set of its owner.
const NEW: i32 = IPC_CREAT | IPC_EXCL | 0o600;

#[rstest]
#[case::mode_0400(0o400)]
#[case::mode_0664(0o664)]
#[case::mode_0777(0o777)]
/// A new set has its key, the effective user and group as owner and creator, the 9 permission bits of semflg, whatever the file mode
/// creation mask is, as many semaphores as asked for, sem_otime 0, and the current time as sem_ctime.
#[harness::test(
    id = "sysv-sem.status-of-new",
    cite = [posix("semget.3p", "DESCRIPTION"), man("semget.2", "DESCRIPTION")],
    covers = [
        "behaviours:sysvsem.mode-9-bits", "behaviours:sysvsem.nsems-recorded", "behaviours:sysvsem.otime-zero",
        "behaviours:sysvsem.owner-ids",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_new_set_has_what_was_asked_for(#[case] mode: u16) -> TestResult {
    umask(Mode::from_bits_truncate(0o777));
    let (key, before) = (unused_key()?, clock()?);
    let set = SemaphoreSet::adopt(assert_ok!(semget(key, 3, IPC_CREAT | IPC_EXCL | i32::from(mode))), key);
    assert_status(&set, SemaphoreStatus { mode: mode.into(), ..SemaphoreStatus::new(key, 3, before) })
}

/// Owner and creator of a new set are the effective user and group, not the real ones.
#[harness::test(
    id = "sysv-sem.effective-owner",
    cite = [posix("semget.3p", "DESCRIPTION"), man("semget.2", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.owner-ids"],
    needs = [SYSV, SECOND_UID],
    layers = [libc, raw],
)]
fn a_new_set_belongs_to_the_effective_ids() -> TestResult {
    let child = fork(|| -> TestResult {
        setegid(SECOND_ID.into())?;
        seteuid(SECOND_ID.into())?;
        let (key, since) = (unused_key()?, clock()?);
        let set = SemaphoreSet::adopt(assert_ok!(semget(key, 1, NEW)), key);
        let (uid, gid, cuid, cgid) = (SECOND_ID, SECOND_ID, SECOND_ID, SECOND_ID);
        assert_status(&set, SemaphoreStatus { uid, gid, cuid, cgid, ..SemaphoreStatus::new(key, 1, since) })
    })?;
    child.join()
}

/// IPC_PRIVATE makes a new set each time, without IPC_CREAT, and whatever IPC_EXCL says.
#[harness::test(
    id = "sysv-sem.private-is-new",
    cite = [man("semget.2", "NOTES"), man("semget.2", "DESCRIPTION"), posix("semget.3p", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.private-always-new"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn ipc_private_makes_a_new_set() -> TestResult {
    let (mut sets, since): (Vec<SemaphoreSet>, _) = (Vec::new(), clock()?);
    for flags in [0, IPC_CREAT, IPC_EXCL, IPC_CREAT | IPC_EXCL] {
        let set = SemaphoreSet::adopt(assert_ok!(semget(IPC_PRIVATE, 1, flags | 0o600)), IPC_PRIVATE);
        assert!(sets.iter().all(|other| other.id() != set.id()), "{} is that of another set", set.id());
        assert_status(&set, SemaphoreStatus::new(IPC_PRIVATE, 1, since))?;
        assert_eq!(semop(set.id(), &mut [operation(0, 1, 0)]), Ok(()));
        sets.push(set);
    }
    for set in &sets {
        assert_eq!(set.values(), Ok([1]));
    }
    Ok(())
}

#[rstest]
#[case::nothing_asked(0, 0)]
#[case::fewer(1, 0)]
#[case::as_many(3, 0)]
#[case::with_ipc_creat(3, IPC_CREAT)]
#[case::with_another_mode(0, IPC_CREAT | 0o400)]
/// semget with the key of a set returns its identifier, for as many semaphores as it has, for fewer, and for 0, with IPC_CREAT or
/// without; the set stays as it is.
#[harness::test(
    id = "sysv-sem.found-by-key",
    cite = [posix("semget.3p", "DESCRIPTION"), man("semget.2", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.nsems-smaller-ok", "behaviours:sysvsem.nsems-zero-existing"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_set_is_found_by_its_key(#[case] count: i32, #[case] flags: i32) -> TestResult {
    let set = SemaphoreSet::new(unused_key()?, &[1, 2, 3])?;
    let before = set.status()?;
    assert_eq!(semget(set.key(), count, flags), Ok(set.id()));
    assert_eq!((set.status(), set.values()), (Ok(before), Ok([1, 2, 3])));
    Ok(())
}

#[harness::errors(
    family = "invalid-length",
    rows = [
        ("sysv-sem.larger-than-existing/one-more", "errors:sysv-sem.semget.EINVAL.2", 3),
        ("sysv-sem.larger-than-existing/many-more", "errors:sysv-sem.semget.EINVAL.2", 250),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_existing_set_is_smaller(count: i32) -> TestResult {
    let set = SemaphoreSet::new(unused_key()?, &[1, 2])?;
    let before = set.status()?;
    assert_errno!(semget(set.key(), count, 0), EINVAL);
    assert_errno!(semget(set.key(), count, IPC_CREAT | 0o600), EINVAL);
    assert_eq!((semget(set.key(), 0, 0), set.status()), (Ok(set.id()), Ok(before)));
    Ok(())
}

#[harness::errors(
    family = "invalid-length",
    rows = [
        ("sysv-sem.count-out-of-range/negative", "errors:sysv-sem.semget.EINVAL", |_| -1),
        ("sysv-sem.count-out-of-range/smallest", "errors:sysv-sem.semget.EINVAL", |_| i32::MIN),
        ("sysv-sem.count-out-of-range/above-semmsl", "errors:sysv-sem.semget.EINVAL", |most| most + 1),
        ("sysv-sem.count-out-of-range/none", "errors:sysv-sem.semget.EINVAL.3", |_| 0),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_new_set_cannot_have_so_many(count: fn(i32) -> i32) -> TestResult {
    let [most, ..] = setting::numbers::<4>("kernel/sem")?;
    let (key, count) = (unused_key()?, count(most.try_into()?));
    assert_errno!(semget(key, count, NEW), EINVAL);
    assert_errno!(semget(IPC_PRIVATE, count, 0o600), EINVAL);
    assert_errno!(semget(key, 0, 0), ENOENT);
    Ok(())
}

#[harness::errors(
    family = "key-exists",
    rows = [
        ("sysv-sem.exclusive/as-many", "errors:sysv-sem.semget.EEXIST", 2),
        ("sysv-sem.exclusive/more", "errors:sysv-sem.semget.EEXIST", 3),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_key_has_a_set(count: i32) -> TestResult {
    let set = SemaphoreSet::new(unused_key()?, &[1, 2])?;
    let before = set.status()?;
    assert_errno!(semget(set.key(), count, NEW), EEXIST);
    assert_eq!((semget(set.key(), 0, 0), set.status()), (Ok(set.id()), Ok(before)));
    Ok(())
}

#[harness::errors(
    family = "key-missing",
    rows = [("sysv-sem.no-such-key", "errors:sysv-sem.semget.ENOENT", unused_key)],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_key_has_no_set(key: fn() -> TestResult<i32>) -> TestResult {
    let key = key()?;
    for flags in [0, 0o600, IPC_EXCL | 0o600] {
        assert_errno!(semget(key, 1, flags), ENOENT);
    }
    let since = clock()?;
    let set = SemaphoreSet::adopt(assert_ok!(semget(key, 1, NEW)), key);
    assert_status(&set, SemaphoreStatus::new(key, 1, since))?;
    assert_eq!(semget(key, 1, 0), Ok(set.id()));
    set.remove()?;
    assert_errno!(semget(key, 1, 0), ENOENT);
    Ok(())
}

#[harness::errors(
    family = "mode-denied",
    rows = [
        ("sysv-sem.key-denied/alter", "errors:sysv-sem.semget.EACCES", (0o400, 0o200)),
        ("sysv-sem.key-denied/read", "errors:sysv-sem.semget.EACCES", (0o200, 0o400)),
        ("sysv-sem.key-denied/both", "errors:sysv-sem.semget.EACCES", (0o200, 0o600)),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_mode_denies_what_semget_asks_for(modes: (u32, i32)) -> TestResult {
    let (mode, asked) = modes;
    let set = SemaphoreSet::unset(unused_key()?, 1)?;
    let permissions = set.status()?.permissions();
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        set_semaphore_permissions(set.id(), Permissions { mode, ..permissions })?;
        assert_errno!(semget(set.key(), 1, asked), EACCES);
        assert_errno!(semget(set.key(), 1, IPC_CREAT | asked), EACCES);
        assert_eq!(semget(set.key(), 1, mode as i32), Ok(set.id()));
        assert_eq!(semget(set.key(), 1, 0), Ok(set.id()));
        Ok(())
    })?;
    child.join()
}

/// After IPC_RMID the identifier of a set is invalid, and stays so when a set is made with the same key, which has another.
#[harness::test(
    id = "sysv-sem.id-not-reused",
    cite = [kernel("ipc/util.c", "ipc_addid", "6.18")],
    covers = ["behaviours:sysvsem.id-not-reused"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_new_set_has_another_identifier() -> TestResult {
    let key = unused_key()?;
    let mut removed = Vec::new();
    for _ in 0..3 {
        let set = SemaphoreSet::new(key, &[1])?;
        assert!(!removed.contains(&set.id()), "{} was that of a removed set", set.id());
        for id in &removed {
            assert_errno!(semaphore_value(*id, 0), EINVAL);
        }
        assert_eq!(set.values(), Ok([1]));
        set.remove()?;
        removed.push(set.id());
    }
    Ok(())
}
