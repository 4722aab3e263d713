//! What the founding notes say of semaphores.

use super::{going_on, shared};
use calls::sysv::operation;
use kit::needs::{DEV_SHM, SYSV};
use kit::posix::NamedSemaphore;
use kit::prelude::*;
use kit::sysv::SemaphoreSet;
use libc::IPC_PRIVATE;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// While processes wait for a semaphore sem_getvalue gives zero, and no negative number of them; each post lets one of them go on.
#[harness::test(
    id = "posix-sem.not-negative",
    cite = [man("sem_getvalue.3", "DESCRIPTION"), posix("sem_getvalue.3p", "DESCRIPTION")],
    covers = ["notes:psem.negative-value", "behaviours:psem.zero-with-waiters", "behaviours:psem.never-negative"],
)]
fn the_value_is_zero_while_processes_wait() -> TestResult {
    let semaphore = shared(0)?;
    let children = [going_on(&semaphore)?, going_on(&semaphore)?, going_on(&semaphore)?];
    let value = sem_getvalue(&semaphore);
    assert_eq!(value, Ok(0));
    evidence("sem_getvalue while three processes wait", value?);
    assert_eq!([(); 3].map(|()| sem_post(&semaphore)), [Ok(()), Ok(()), Ok(())]);
    children.into_iter().try_for_each(Child::join)?;
    assert_eq!(sem_getvalue(&semaphore), Ok(0));
    Ok(())
}

/// A semaphore of the initial value 1 lets one process at a time be where all wait before and post after; who does not wait is not kept
/// out.
#[harness::test(
    id = "posix-sem.mutual-exclusion",
    cite = [man("sem_wait.3", "DESCRIPTION"), posix("sem_wait.3p", "DESCRIPTION")],
    covers = ["notes:psem.init-1-mutex"],
)]
fn a_semaphore_of_one_excludes() -> TestResult {
    const ROUNDS: u32 = 500;
    let semaphore = shared(1)?;
    let (inside, total) = (Shared::new(AtomicU32::new(0))?, Shared::new(AtomicU32::new(0))?);
    let start = || {
        fork(|| {
            for _ in 0..ROUNDS {
                assert_eq!(sem_wait(&semaphore), Ok(()));
                assert_eq!(inside.fetch_add(1, SeqCst), 0);
                // No atomic addition: two at once would lose one.
                total.store(total.load(SeqCst) + 1, SeqCst);
                inside.fetch_sub(1, SeqCst);
                assert_eq!(sem_post(&semaphore), Ok(()));
            }
        })
    };
    let children = [start()?, start()?, start()?, start()?];
    children.into_iter().try_for_each(Child::join)?;
    assert_eq!((total.load(SeqCst), sem_getvalue(&semaphore)), (4 * ROUNDS, Ok(1)));
    // It holds for those alone who wait: the value does not keep another out.
    assert_eq!(sem_wait(&semaphore), Ok(()));
    fork(|| total.store(0, SeqCst))?.join()?;
    assert_eq!(total.load(SeqCst), 0);
    Ok(())
}

/// A semaphore of the initial value 0 makes one process go on after another: who waits first sees what the other has written before it
/// posts, in each round.
#[harness::test(
    id = "posix-sem.order",
    cite = [man("sem_wait.3", "DESCRIPTION"), posix("sem_post.3p", "DESCRIPTION")],
    covers = ["notes:psem.init-0-order"],
)]
fn a_semaphore_of_zero_orders() -> TestResult {
    const ROUNDS: u32 = 500;
    let (there, back, word) = (shared(0)?, shared(0)?, Shared::new(AtomicU32::new(0))?);
    let reader = fork(|| {
        for round in 1..=ROUNDS {
            assert_eq!(sem_wait(&there), Ok(()));
            assert_eq!(word.load(std::sync::atomic::Ordering::Relaxed), round);
            assert_eq!(sem_post(&back), Ok(()));
        }
    })?;
    reader.wait_until_blocked_in(calls::SEM_WAIT)?;
    for round in 1..=ROUNDS {
        word.store(round, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(sem_post(&there), Ok(()));
        assert_eq!(sem_wait(&back), Ok(()));
    }
    reader.join()
}

/// POSIX semaphores, named and unnamed, exist beside those of System V, and each counts for itself.
#[harness::test(
    id = "posix-sem.beside-system-v",
    cite = [man("sem_overview.7", "DESCRIPTION"), man("sysvipc.7", "DESCRIPTION")],
    covers = ["notes:psem.family-member"],
    needs = [DEV_SHM, SYSV],
)]
fn there_are_three_kinds_of_semaphores() -> TestResult {
    let name = NamedSemaphore::new();
    let (named, unnamed, set) = (name.create(1)?, shared(2)?, SemaphoreSet::new(IPC_PRIVATE, &[3])?);
    let values = || (sem_getvalue(&named), sem_getvalue(&unnamed), set.values());
    assert_eq!(values(), (Ok(1), Ok(2), Ok([3])));
    assert_eq!(sem_post(&named), Ok(()));
    assert_eq!(values(), (Ok(2), Ok(2), Ok([3])));
    assert_eq!(sem_wait(&unnamed), Ok(()));
    assert_eq!(values(), (Ok(2), Ok(1), Ok([3])));
    assert_eq!(semop(set.id(), &mut [operation(0, 4, 0)]), Ok(()));
    assert_eq!(values(), (Ok(2), Ok(1), Ok([7])));
    Ok(())
}
