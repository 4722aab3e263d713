//! What there is: SEM_INFO, SEM_STAT, SEM_STAT_ANY, and /proc/sysvipc/sem. The sets of an IPC namespace of one's own are known.

use super::by;
use calls::sysv::{Permissions, SemaphoreStatus, operation};
use harness::need::IPCNS;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::sysv::{SemaphoreSet, unused_key};
use libc::{IPC_INFO, IPC_PRIVATE, SEM_INFO, SEM_STAT, SEM_STAT_ANY};

/// The highest index in use, how many sets there are, and how many semaphores they have together, by SEM_INFO.
fn in_use() -> Result<(i32, i32, i32)> {
    by::semaphore_info(SEM_INFO).map(|(highest, info)| (highest, info.semusz, info.semaem))
}

/// SEM_INFO counts the sets and the semaphores that exist, and returns the highest index in use.
#[harness::test(
    id = "sysv-sem.sem-info",
    cite = [man("semctl.2", "DESCRIPTION", "SEM_INFO"), man("semctl.2", "RETURN VALUE", "SEM_INFO")],
    covers = ["behaviours:sysvsem.sem-info"],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn sem_info_counts_what_is_in_use() -> TestResult {
    let first = SemaphoreSet::unset(IPC_PRIVATE, 3)?;
    assert_eq!(in_use(), Ok((0, 1, 3)));
    let second = SemaphoreSet::unset(IPC_PRIVATE, 500)?;
    assert_eq!(in_use(), Ok((1, 2, 503)));
    let third = SemaphoreSet::unset(IPC_PRIVATE, 1)?;
    assert_eq!(in_use(), Ok((2, 3, 504)));
    first.remove()?;
    assert_eq!(in_use(), Ok((2, 2, 501)));
    third.remove()?;
    assert_eq!(in_use(), Ok((1, 1, 500)));
    second.remove()?;
    Ok(())
}

#[rstest]
#[case::sem_stat(SEM_STAT)]
#[case::sem_stat_any(SEM_STAT_ANY)]
/// SEM_STAT and SEM_STAT_ANY return the identifier of the set with an index, and tell of it what IPC_STAT does.
#[harness::test(
    id = "sysv-sem.sem-stat",
    cite = [
        man("semctl.2", "DESCRIPTION", "SEM_STAT"),
        man("semctl.2", "RETURN VALUE", "SEM_STAT"),
        man("semctl.2", "DESCRIPTION", "SEM_STAT_ANY"),
        man("semctl.2", "RETURN VALUE", "SEM_STAT_ANY"),
    ],
    covers = ["behaviours:sysvsem.sem-stat-any", "errors:sysv-sem.semctl.EINVAL.3"],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn sets_are_found_by_their_index(#[case] command: i32) -> TestResult {
    let sets = [SemaphoreSet::new(unused_key()?, &[1])?, SemaphoreSet::new(IPC_PRIVATE, &[1, 2])?];
    semop(sets[0].id(), &mut [operation(0, 1, 0)])?;
    let (highest, _) = semaphore_info(SEM_INFO)?;
    let found: Vec<_> = (0..=highest).filter_map(|index| indexed_semaphores(command, index).ok()).collect();
    assert_eq!(found, [(sets[0].id(), sets[0].status()?), (sets[1].id(), sets[1].status()?)]);
    sets[0].remove()?;
    assert_errno!(indexed_semaphores(command, 0), EINVAL);
    assert_eq!(indexed_semaphores(command, 1), Ok((sets[1].id(), sets[1].status()?)));
    Ok(())
}

#[harness::errors(
    family = "invalid-id",
    rows = [
        ("sysv-sem.unused-index/sem-stat", "errors:sysv-sem.semctl.EINVAL.3", SEM_STAT),
        ("sysv-sem.unused-index/sem-stat-any", "errors:sysv-sem.semctl.EINVAL.3", SEM_STAT_ANY),
    ],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn no_set_has_the_index(command: i32) -> TestResult {
    assert_errno!(indexed_semaphores(command, 0), EINVAL);
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    assert_eq!(indexed_semaphores(command, 0), Ok((set.id(), set.status()?)));
    for index in [1, 2, 31999, -1] {
        assert_errno!(indexed_semaphores(command, index), EINVAL);
    }
    Ok(())
}

/// SEM_STAT needs read permission; SEM_STAT_ANY needs none, and SEM_INFO and IPC_INFO are about no set.
#[harness::test(
    id = "sysv-sem.sem-stat-any",
    cite = [
        man("semctl.2", "DESCRIPTION", "SEM_STAT_ANY"),
        man("semctl.2", "ERRORS", "EACCES"),
    ],
    covers = ["behaviours:sysvsem.sem-stat-any", "errors:sysv-sem.semctl.EACCES"],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn sem_stat_any_needs_no_permission() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    let permissions = set.status()?.permissions();
    set_semaphore_permissions(set.id(), Permissions { mode: 0, ..permissions })?;
    let (status, info) = (set.status()?, semaphore_info(IPC_INFO)?);
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        assert_errno!(set.status(), EACCES);
        assert_errno!(indexed_semaphores(SEM_STAT, 0), EACCES);
        assert_eq!(indexed_semaphores(SEM_STAT_ANY, 0), Ok((set.id(), status)));
        assert_eq!(in_use(), Ok((0, 1, 1)));
        assert_eq!(semaphore_info(IPC_INFO), Ok(info));
        Ok(())
    })?;
    child.join()
}

#[harness::errors(
    family = "bad-address",
    rows = [
        ("sysv-sem.bad-index-buffer/sem-stat", "errors:sysv-sem.semctl.EFAULT", SEM_STAT),
        ("sysv-sem.bad-index-buffer/sem-stat-any", "errors:sysv-sem.semctl.EFAULT", SEM_STAT_ANY),
    ],
    needs = [SYSV, IPCNS],
)]
fn the_buffer_is_outside_the_address_space(command: i32) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    // SAFETY: the address is outside the address space.
    let refused = unsafe { syscall("semctl", Sysno::semctl, [0, 0, command as usize, BAD_ADDRESS, 0, 0]) };
    assert_errno!(refused, EFAULT);
    assert_eq!(set.values(), Ok([1]));
    Ok(())
}

/// The line of a set in /proc/sysvipc/sem, as IPC_STAT tells it.
fn listed(id: i32) -> TestResult<Option<SemaphoreStatus>> {
    let text = std::fs::read_to_string("/proc/sysvipc/sem")?;
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let Some(words) = lines.into_iter().find(|words| words.get(1) == Some(&&*id.to_string())) else { return Ok(None) };
    let [key, _, mode, nsems, uid, gid, cuid, cgid, otime, ctime] = words[..] else {
        return Err(Stop::broken(format!("/proc/sysvipc/sem has the line {words:?}")));
    };
    Ok(Some(SemaphoreStatus {
        key: key.parse()?,
        uid: uid.parse()?,
        gid: gid.parse()?,
        cuid: cuid.parse()?,
        cgid: cgid.parse()?,
        mode: u32::from_str_radix(mode, 8)?,
        nsems: nsems.parse()?,
        otime: otime.parse()?,
        ctime: ctime.parse()?,
    }))
}

/// /proc/sysvipc/sem has a line for each set, with what IPC_STAT tells of it, until it is removed; who may not read the set may read
/// the line.
#[harness::test(
    id = "sysv-sem.proc-sysvipc",
    cite = [man("proc_sysvipc.5", "DESCRIPTION", "/proc/sysvipc/"), man("semctl.2", "DESCRIPTION", "SEM_STAT_ANY")],
    covers = ["behaviours:sysvsem.proc-sysvipc-sem"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn proc_lists_sets() -> TestResult {
    let sets = [SemaphoreSet::new(unused_key()?, &[1, 2, 3])?, SemaphoreSet::new(IPC_PRIVATE, &[1])?];
    semop(sets[0].id(), &mut [operation(0, 1, 0)])?;
    for set in &sets {
        let found = listed(set.id())?;
        assert_eq!(found, Some(set.status()?));
    }
    let status = sets[1].status()?;
    let denied = Permissions { mode: 0, ..status.permissions() };
    set_semaphore_permissions(sets[1].id(), denied)?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        assert_errno!(sets[1].status(), EACCES);
        let found = listed(sets[1].id())?;
        assert_eq!(
            found.map(|found| SemaphoreStatus { ctime: status.ctime, ..found }),
            Some(SemaphoreStatus { mode: 0, ..status })
        );
        Ok(())
    })?;
    child.join()?;
    sets[0].remove()?;
    let (removed, other) = (listed(sets[0].id())?, listed(sets[1].id())?);
    assert_eq!((removed, other.is_some()), (None, true));
    Ok(())
}
