//! The limits on semaphores, which are per IPC namespace: kernel.sem.

use super::assert_status;
use calls::sysv::{SemaphoreInfo, SemaphoreStatus, operation};
use harness::need::IPCNS;
use kit::needs::{SYSV, ipc_setting};
use kit::prelude::*;
use kit::setting::{self, Changed};
use kit::sysv::{SemaphoreSet, clock, unused_key};
use libc::{IPC_CREAT, IPC_EXCL, IPC_INFO, IPC_PRIVATE};

const SETTING: &str = "kernel/sem";
const NEW: i32 = IPC_CREAT | IPC_EXCL | 0o600;

/// SEMMSL, SEMMNS, SEMOPM and SEMMNI.
fn set_limits(limits: [usize; 4]) -> TestResult<Changed> {
    setting::change(SETTING, limits.map(|limit| limit.to_string()).join(" "))
}

/// In a new IPC namespace a set may have 32000 semaphores (SEMMSL), a semop 500 operations (SEMOPM), and there may be 32000 sets
/// (SEMMNI).
#[harness::test(
    id = "sysv-sem.default-limits",
    cite = [
        man("semget.2", "Semaphore limits", "SEMMSL"),
        man("semget.2", "Semaphore limits", "SEMMNI"),
        man("semop.2", "Semaphore limits", "SEMOPM"),
    ],
    covers = [
        "behaviours:sysvsem.semmsl-default", "behaviours:sysvsem.semopm-default", "behaviours:sysvsem.semmni-default",
    ],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn a_namespace_begins_with_the_default_limits() -> TestResult {
    let [semmsl, _, semopm, semmni] = setting::numbers(SETTING)?;
    let (key, since) = (unused_key()?, clock()?);
    assert_eq!((semmsl, semopm, semmni), (32000, 500, 32000));
    assert_errno!(semget(IPC_PRIVATE, 32001, NEW), EINVAL);
    let set = SemaphoreSet::adopt(assert_ok!(semget(key, 32000, NEW)), key);
    assert_status(&set, SemaphoreStatus::new(key, 32000, since))?;
    assert_eq!(set_semaphore_value(set.id(), 31999, 7), Ok(()));
    let values: Vec<u16> = [0; 31999].into_iter().chain([7]).collect();
    assert_eq!(all_semaphores(set.id()), Ok(values));
    assert_errno!(semop(set.id(), &mut [operation(0, 1, 0); 501]), E2BIG);
    assert_eq!(semop(set.id(), &mut [operation(0, 1, 0); 500]), Ok(()));
    assert_eq!(set.values(), Ok([500]));
    Ok(())
}

#[harness::errors(
    family = "limit-reached",
    rows = [
        ("sysv-sem.limit-of-sets", "errors:sysv-sem.semget.ENOSPC", [100, 100, 10, 2]),
        ("sysv-sem.limit-of-semaphores", "errors:sysv-sem.semget.ENOSPC.2", [100, 4, 10, 100]),
    ],
    covers = ["behaviours:sysvsem.semmns-limit"],
    needs = [SYSV, IPCNS, ipc_setting(SETTING)],
    layers = [libc, raw],
)]
fn a_new_set_would_pass_the_limit(limits: [usize; 4]) -> TestResult {
    let _changed = set_limits(limits)?;
    let key = unused_key()?;
    let (one, other) = (SemaphoreSet::new(IPC_PRIVATE, &[1, 1])?, SemaphoreSet::new(unused_key()?, &[2, 2])?);
    assert_errno!(semget(key, 1, NEW), ENOSPC);
    assert_errno!(semget(IPC_PRIVATE, 1, 0o600), ENOSPC);
    assert_errno!(semget(key, 1, 0), ENOENT);
    assert_eq!(semget(other.key(), 2, IPC_CREAT), Ok(other.id()));
    assert_eq!((one.values(), other.values()), (Ok([1, 1]), Ok([2, 2])));
    one.remove()?;
    let since = clock()?;
    let new = SemaphoreSet::adopt(assert_ok!(semget(key, 2, NEW)), key);
    assert_status(&new, SemaphoreStatus::new(key, 2, since))?;
    assert_errno!(semget(IPC_PRIVATE, 1, 0o600), ENOSPC);
    assert_eq!(new.values(), Ok([0, 0]));
    Ok(())
}

/// SEMMSL and SEMOPM hold as they are set: no new set may have more semaphores, and no semop more operations. A set that has more
/// stays.
#[harness::test(
    id = "sysv-sem.limits-of-one-call",
    cite = [
        man("semget.2", "Semaphore limits", "SEMMSL"),
        man("semop.2", "Semaphore limits", "SEMOPM"),
        man("proc_sys_kernel.5", "DESCRIPTION", "/proc/sys/kernel/sem"),
    ],
    covers = ["errors:sysv-sem.semget.EINVAL", "errors:sysv-sem.semop.E2BIG"],
    needs = [SYSV, IPCNS, ipc_setting(SETTING)],
    layers = [libc, raw],
)]
fn limits_hold_as_they_are_set() -> TestResult {
    let large = SemaphoreSet::new(IPC_PRIVATE, &[1, 2, 3])?;
    let lowered = set_limits([2, 100, 3, 100])?;
    assert_errno!(semget(IPC_PRIVATE, 3, NEW), EINVAL);
    let (key, since) = (unused_key()?, clock()?);
    let set = SemaphoreSet::adopt(assert_ok!(semget(key, 2, NEW)), key);
    assert_status(&set, SemaphoreStatus::new(key, 2, since))?;
    assert_errno!(semop(set.id(), &mut [operation(0, 1, 0); 4]), E2BIG);
    assert_eq!(semop(set.id(), &mut [operation(0, 1, 0); 3]), Ok(()));
    assert_eq!((set.values(), large.values()), (Ok([3, 0]), Ok([1, 2, 3])));
    drop(lowered);
    let _raised = set_limits([100, 100, 600, 100])?;
    assert_eq!(semop(set.id(), &mut [operation(1, 1, 0); 600]), Ok(()));
    assert_errno!(semop(set.id(), &mut [operation(1, 1, 0); 601]), E2BIG);
    assert_eq!(set.values(), Ok([3, 600]));
    Ok(())
}

/// IPC_INFO returns the limits that kernel.sem sets, SEMVMX and SEMAEM, and the highest index of a set, which is 0 for the first.
#[harness::test(
    id = "sysv-sem.ipc-info",
    cite = [
        man("semctl.2", "DESCRIPTION", "IPC_INFO"),
        man("semop.2", "Semaphore limits", "SEMVMX"),
        man("proc_sys_kernel.5", "DESCRIPTION", "/proc/sys/kernel/sem"),
    ],
    covers = ["behaviours:sysvsem.ipc-info"],
    needs = [SYSV, IPCNS, ipc_setting(SETTING)],
    layers = [libc, raw],
)]
fn ipc_info_tells_the_limits() -> TestResult {
    let _first = SemaphoreSet::unset(IPC_PRIVATE, 1)?;
    for [semmsl, semmns, semopm, semmni] in [[21, 22, 23, 24], [32000, 1_024_000_000, 500, 32000]] {
        let _changed = set_limits([semmsl, semmns, semopm, semmni])?;
        let (highest, found) = assert_ok!(semaphore_info(IPC_INFO));
        let [semmsl, semmns, semopm, semmni] = [semmsl, semmns, semopm, semmni].map(|limit| limit as i32);
        let expected = SemaphoreInfo { semmsl, semmns, semopm, semmni, semvmx: 32767, semaem: 32767, ..found };
        assert_eq!((highest, found), (0, expected));
    }
    Ok(())
}

/// kernel.sem_next_id chooses the identifier of the next set, and is -1 again after it.
#[harness::test(
    id = "sysv-sem.next-id",
    cite = [kernel("ipc/util.c", "ipc_idr_alloc", "6.18")],
    covers = ["behaviours:sysvsem.next-id-sysctl"],
    needs = [SYSV, IPCNS, ipc_setting(NEXT_ID)],
    layers = [libc, raw],
)]
fn the_next_identifier_can_be_chosen() -> TestResult {
    const CHOSEN: i32 = 5 << 15 | 9;
    let (key, since, _chosen) = (unused_key()?, clock()?, setting::change(NEXT_ID, CHOSEN)?);
    let set = SemaphoreSet::adopt(assert_ok!(semget(key, 1, NEW)), key);
    let next = setting::text(NEXT_ID)?;
    assert_eq!((set.id(), &*next), (CHOSEN, "-1"));
    assert_status(&set, SemaphoreStatus::new(key, 1, since))?;
    let other = SemaphoreSet::unset(IPC_PRIVATE, 1)?;
    assert_ne!(other.id(), set.id());
    Ok(())
}

const NEXT_ID: &str = "kernel/sem_next_id";
