//! sem_otime and sem_ctime: which call sets which. Both count in seconds, so these specs wait until one has passed.

use super::assert_status;
use calls::sysv::{Permissions, SemaphoreStatus, operation};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::{SemaphoreSet, clock, wait_until_clock_is_past};
use libc::{IPC_NOWAIT, IPC_PRIVATE, sembuf};

#[rstest]
#[case::change(operation(0, 1, 0), 2)]
#[case::zero(operation(1, 0, 0), 1)]
/// A successful semop sets sem_otime to the current time, one that only waits for zero too, and leaves sem_ctime. What fails, or only
/// queries, leaves both.
#[harness::test(
    id = "sysv-sem.otime-by-semop",
    cite = [
        posix("semop.3p", "DESCRIPTION"),
        man("semop.2", "DESCRIPTION"),
        man("semctl.2", "DESCRIPTION", "sem_otime"),
        man("semctl.2", "DESCRIPTION", "sem_ctime"),
    ],
    covers = ["behaviours:sysvsem.otime-set"],
    needs = [SYSV],
)]
fn semop_sets_the_operation_time(#[case] done: sembuf, #[case] value: i32) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1, 0])?;
    let made = set.status()?;
    let now = wait_until_clock_is_past(made.ctime)?;
    assert_errno!(semop(set.id(), &mut [operation(0, -2, IPC_NOWAIT)]), EAGAIN);
    assert_eq!((all_semaphores(set.id()), last_operator(set.id(), 1)), (Ok(vec![1, 0]), Ok(own_pid())));
    assert_eq!(set.status(), Ok(SemaphoreStatus { otime: 0, ..made }));
    assert_eq!(semop(set.id(), &mut [done]), Ok(()));
    let (status, after) = (assert_ok!(set.status()), clock()?);
    assert!((now..=after).contains(&status.otime), "sem_otime is {}, not in {now} to {after}", status.otime);
    assert_eq!(status, SemaphoreStatus { otime: status.otime, ..made });
    assert_eq!(set.values(), Ok([value, 0]));
    Ok(())
}

/// A change of a set of one semaphore.
type Change = fn(&SemaphoreSet, SemaphoreStatus) -> Result<()>;

#[rstest]
#[case::setval(|set: &SemaphoreSet, _| set_semaphore_value(set.id(), 0, 2), 0o600, 2)]
#[case::setall(|set: &SemaphoreSet, _| set_all_semaphores(set.id(), &[2]), 0o600, 2)]
#[case::ipc_set(|set: &SemaphoreSet, made: SemaphoreStatus| {
    set_semaphore_permissions(set.id(), Permissions { mode: 0o640, ..made.permissions() })
}, 0o640, 1)]
/// SETVAL, SETALL and IPC_SET set sem_ctime to the current time, and leave sem_otime.
#[harness::test(
    id = "sysv-sem.ctime-by-semctl",
    cite = [
        posix("semctl.3p", "DESCRIPTION", "SETVAL"),
        posix("semctl.3p", "DESCRIPTION", "SETALL"),
        posix("semctl.3p", "DESCRIPTION", "IPC_SET"),
        man("semctl.2", "DESCRIPTION", "sem_ctime"),
        man("semctl.2", "DESCRIPTION", "sem_otime"),
    ],
    covers = ["behaviours:sysvsem.setval-ctime", "behaviours:sysvsem.otime-vs-setval"],
    needs = [SYSV],
)]
fn semctl_sets_the_change_time(#[case] change: Change, #[case] mode: u32, #[case] value: i32) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    let made = set.status()?;
    let now = wait_until_clock_is_past(made.ctime)?;
    assert_eq!((change(&set, made), set.values()), (Ok(()), Ok([value])));
    assert_status(&set, SemaphoreStatus { mode, otime: 0, ctime: now, ..made })
}

#[rstest]
#[case::mode(0o640, 0o640)]
#[case::all_bits(0o777, 0o777)]
#[case::more_bits(0o7640, 0o640)]
/// IPC_SET changes the lowest 9 bits of the mode and the owner; key, creator, number of semaphores, sem_otime and the values stay.
#[harness::test(
    id = "sysv-sem.ipc-set",
    cite = [posix("semctl.3p", "DESCRIPTION", "IPC_SET"), man("semctl.2", "DESCRIPTION", "IPC_SET")],
    covers = ["behaviours:sysvsem.set-uid-gid-mode"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn ipc_set_changes_the_mode(#[case] asked: u32, #[case] mode: u32) -> TestResult {
    let set = SemaphoreSet::new(kit::sysv::unused_key()?, &[1, 2])?;
    semop(set.id(), &mut [operation(0, 1, 0)])?;
    let before = set.status()?;
    let permissions = Permissions { mode: asked, ..before.permissions() };
    assert_eq!(set_semaphore_permissions(set.id(), permissions), Ok(()));
    assert_status(&set, SemaphoreStatus { mode, ..before })?;
    assert_eq!((set.values(), semget(set.key(), 2, 0)), (Ok([2, 2]), Ok(set.id())));
    Ok(())
}

/// IPC_SET makes another user and another group the owner; the creator stays.
#[harness::test(
    id = "sysv-sem.ipc-set-owner",
    cite = [posix("semctl.3p", "DESCRIPTION", "IPC_SET"), man("semctl.2", "DESCRIPTION", "IPC_SET")],
    covers = ["behaviours:sysvsem.set-uid-gid-mode"],
    needs = [SYSV, harness::need::SECOND_UID],
    layers = [libc, raw],
)]
fn ipc_set_changes_the_owner() -> TestResult {
    let set = SemaphoreSet::new(kit::sysv::unused_key()?, &[1, 2])?;
    let before = set.status()?;
    let other = harness::need::SECOND_ID;
    for (uid, gid) in [(other, before.gid), (before.uid, other), (other, other)] {
        assert_eq!(set_semaphore_permissions(set.id(), Permissions { uid, gid, mode: 0o600 }), Ok(()));
        assert_status(&set, SemaphoreStatus { uid, gid, ..before })?;
    }
    Ok(())
}
