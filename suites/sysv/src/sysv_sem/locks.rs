//! What semaphores are for: counting resources, keeping others out, taking turns.

use super::{by, waiter, waiters};
use calls::sysv::operation;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::SemaphoreSet;
use kit::thread::spawn;
use libc::{IPC_NOWAIT, IPC_PRIVATE};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// P: waits until the semaphore is above 0, and takes one.
fn take(id: i32, number: u16) -> Result<()> {
    by::semop(id, &mut [operation(number, -1, 0)])
}

/// V: gives one back.
fn give(id: i32, number: u16) -> Result<()> {
    by::semop(id, &mut [operation(number, 1, 0)])
}

/// A semaphore of 3 lets three processes take one each, and a fourth waits until one of them gives it back; the value is what is left.
#[harness::test(
    id = "sysv-sem.counts-resources",
    cite = [posix("semop.3p", "DESCRIPTION"), man("semop.2", "DESCRIPTION")],
    covers = ["notes:sem.counter", "notes:sem.value-is-resource-count", "behaviours:sysvsem.negative-waits"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_semaphore_counts_what_is_left() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[3])?;
    for left in [2, 1, 0] {
        fork(|| assert_eq!(take(set.id(), 0), Ok(())))?.join()?;
        assert_eq!(set.values(), Ok([left]));
    }
    assert_errno!(semop(set.id(), &mut [operation(0, -1, IPC_NOWAIT)]), EAGAIN);
    let fourth = waiter(&set, &[operation(0, -1, 0)])?;
    assert_eq!(set.values(), Ok([0]));
    assert_eq!(give(set.id(), 0), Ok(()));
    fourth.join()?;
    assert_eq!(set.values(), Ok([0]));
    Ok(())
}

/// All that a semaphore carries from one process to another is a number from 0 to 32767: SETVAL fails with ERANGE for -1 and 32768.
#[harness::test(
    id = "sysv-sem.carries-a-number",
    cite = [man("semctl.2", "ERRORS", "ERANGE"), man("semop.2", "Semaphore limits", "SEMVMX")],
    covers = ["notes:sem.not-for-data", "behaviours:sysvsem.semvmx-32767", "errors:sysv-sem.semctl.ERANGE"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_semaphore_carries_a_small_number() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    for number in [0, 12345, 32767] {
        fork(|| assert_eq!(set_semaphore_value(set.id(), 0, number), Ok(())))?.join()?;
        assert_eq!(set.values(), Ok([number]));
    }
    for number in [-1, 32768] {
        assert_errno!(set_semaphore_value(set.id(), 0, number), ERANGE);
    }
    assert_eq!(set.values(), Ok([32767]));
    Ok(())
}

/// A semaphore of 1 keeps three processes out of each other's way, and no update is lost. It does so only while all keep to it: an
/// increase by anyone lets two in.
#[harness::test(
    id = "sysv-sem.lock",
    cite = [posix("semop.3p", "DESCRIPTION"), man("semop.2", "DESCRIPTION")],
    covers = ["notes:sem.lock-mechanism"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_semaphore_is_a_lock() -> TestResult {
    const ROUNDS: u32 = 8;
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    let shared = Shared::new([const { AtomicU32::new(0) }; 2])?;
    let [inside, total] = &*shared;
    let worker = || {
        for _ in 0..ROUNDS {
            assert_eq!(take(set.id(), 0), Ok(()));
            assert_eq!(inside.fetch_add(1, SeqCst), 0);
            let before = total.load(SeqCst);
            std::thread::yield_now();
            total.store(before + 1, SeqCst);
            inside.fetch_sub(1, SeqCst);
            assert_eq!(give(set.id(), 0), Ok(()));
        }
    };
    let workers = [fork(worker)?, fork(worker)?, fork(worker)?];
    workers.into_iter().try_for_each(Child::join)?;
    assert_eq!((total.load(SeqCst), set.values()), (3 * ROUNDS, Ok([1])));
    assert_eq!(give(set.id(), 0), Ok(()));
    assert_eq!(take(set.id(), 0), Ok(()));
    assert_eq!(semop(set.id(), &mut [operation(0, -1, IPC_NOWAIT)]), Ok(()));
    assert_errno!(semop(set.id(), &mut [operation(0, -1, IPC_NOWAIT)]), EAGAIN);
    Ok(())
}

/// Additions and subtractions of four processes at once are atomic: none is lost, and no more is taken than was given.
#[harness::test(
    id = "sysv-sem.atomic-totals",
    cite = [posix("semop.3p", "DESCRIPTION"), man("semop.2", "DESCRIPTION")],
    covers = ["notes:sem.p-v-atomic", "behaviours:sysvsem.array-order-atomic"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn nothing_is_lost_or_taken_twice() -> TestResult {
    const ROUNDS: u32 = 12;
    let (set, taken) = (SemaphoreSet::new(IPC_PRIVATE, &[0])?, Shared::new(AtomicU32::new(0))?);
    let together = |work: &dyn Fn()| -> TestResult {
        let workers = [fork(work)?, fork(work)?, fork(work)?, fork(work)?];
        workers.into_iter().try_for_each(Child::join)
    };
    together(&|| {
        for _ in 0..ROUNDS {
            assert_eq!(give(set.id(), 0), Ok(()));
        }
    })?;
    assert_eq!(set.values(), Ok([4 * ROUNDS as i32]));
    together(&|| {
        while semop(set.id(), &mut [operation(0, -1, IPC_NOWAIT)]).is_ok() {
            taken.fetch_add(1, SeqCst);
        }
    })?;
    assert_eq!((taken.load(SeqCst), set.values()), (4 * ROUNDS, Ok([0])));
    Ok(())
}

/// Plays its part: on each of its turns it finds that the other has had one.
fn take_turns(id: i32, own: u16, turns: &AtomicU32) {
    for round in 0..4 {
        assert_eq!(take(id, own), Ok(()));
        assert_eq!(turns.fetch_add(1, SeqCst), 2 * round + u32::from(own));
        assert_eq!(give(id, 1 - own), Ok(()));
    }
}

/// Two processes take turns by two semaphores.
#[harness::test(
    id = "sysv-sem.processes-take-turns",
    cite = [posix("semop.3p", "DESCRIPTION"), man("semop.2", "DESCRIPTION"), man("sysvipc.7", "Semaphore sets")],
    covers = ["notes:sem.process-and-thread-sync"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn two_processes_take_turns() -> TestResult {
    let (set, turns) = (SemaphoreSet::new(IPC_PRIVATE, &[0, 0])?, Shared::new(AtomicU32::new(0))?);
    let players = [fork(|| take_turns(set.id(), 0, &turns))?, fork(|| take_turns(set.id(), 1, &turns))?];
    for player in &players {
        player.wait_until_blocked_in(calls::SEMOP)?;
    }
    assert_eq!(give(set.id(), 0), Ok(()));
    players.into_iter().try_for_each(Child::join)?;
    assert_eq!((turns.load(SeqCst), set.values()), (8, Ok([1, 0])));
    Ok(())
}

/// Two threads of one process take turns by two semaphores: semop blocks the thread that calls it, not its process.
#[harness::test(
    id = "sysv-sem.threads-take-turns",
    cite = [posix("semop.3p", "DESCRIPTION"), man("semop.2", "DESCRIPTION"), man("sysvipc.7", "Semaphore sets")],
    covers = ["notes:sem.process-and-thread-sync"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn two_threads_take_turns() -> TestResult {
    let (set, turns) = (SemaphoreSet::new(IPC_PRIVATE, &[0, 0])?, Arc::new(AtomicU32::new(0)));
    let player = |own: u16| {
        let (id, turns) = (set.id(), Arc::clone(&turns));
        spawn(move || take_turns(id, own, &turns))
    };
    let players = [player(0)?, player(1)?];
    for player in &players {
        player.wait_until_blocked_in(calls::SEMOP)?;
    }
    assert_eq!(give(set.id(), 0), Ok(()));
    players.into_iter().try_for_each(kit::thread::Thread::join)?;
    assert_eq!((turns.load(SeqCst), set.values()), (8, Ok([1, 0])));
    Ok(())
}

/// Three processes that wait to decrease a semaphore of 0 leave its value 0, and are counted apart by GETNCNT; one that may not wait
/// fails with EAGAIN. The value does not become negative.
#[harness::test(
    id = "sysv-sem.never-negative",
    cite = [posix("semop.3p", "DESCRIPTION"), man("semop.2", "DESCRIPTION"), man("semctl.2", "DESCRIPTION", "GETNCNT")],
    covers = ["notes:sem.p-decrement-block", "behaviours:sysvsem.negative-waits", "behaviours:sysvsem.ncnt"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn waiting_does_not_decrease() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0])?;
    let waiting = [(); 3].map(|()| waiter(&set, &[operation(0, -1, 0)]));
    let (value, count) = (semaphore_value(set.id(), 0), waiters(&set, 0));
    evidence("GETVAL with three waiters", format!("{value:?}"));
    evidence("GETNCNT and GETZCNT with three waiters", format!("{count:?}"));
    assert_eq!((value, count), (Ok(0), Ok((3, 0))));
    assert_errno!(semop(set.id(), &mut [operation(0, -1, IPC_NOWAIT)]), EAGAIN);
    assert_eq!((set.values(), waiters(&set, 0)), (Ok([0]), Ok((3, 0))));
    assert_eq!(semop(set.id(), &mut [operation(0, 3, 0)]), Ok(()));
    for child in waiting {
        child?.join()?;
    }
    assert_eq!(set.values(), Ok([0]));
    Ok(())
}

/// An increase by 1 while three processes wait to decrease a semaphore by 1 lets one of them go on, and leaves the value 0; without
/// waiters it leaves 1. So the value does not tell whether there are waiters.
#[harness::test(
    id = "sysv-sem.increase-wakes-one",
    cite = [posix("semop.3p", "DESCRIPTION"), man("semop.2", "DESCRIPTION")],
    covers = ["notes:sem.v-increment-wake", "behaviours:sysvsem.wakes-those-satisfied"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_increase_by_one_wakes_one() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0, 0])?;
    // The second semaphore counts who went on.
    let waiting = [(); 3].map(|()| waiter(&set, &[operation(0, -1, 0), operation(1, 1, 0)]));
    for left in [2, 1, 0] {
        assert_eq!(give(set.id(), 0), Ok(()));
        assert_eq!(take(set.id(), 1), Ok(()));
        let (value, count) = (set.values(), waiters(&set, 0));
        let name = format!("GETVAL of both, GETNCNT and GETZCNT, with {left} waiters left");
        evidence(&name, format!("{value:?}, {count:?}"));
        assert_eq!((value, count), (Ok([0, 0]), Ok((left, 0))));
    }
    for child in waiting {
        child?.join()?;
    }
    assert_eq!(give(set.id(), 0), Ok(()));
    let alone = semaphore_value(set.id(), 0);
    evidence("GETVAL after an increase without waiters", format!("{alone:?}"));
    assert_eq!(alone, Ok(1));
    Ok(())
}
