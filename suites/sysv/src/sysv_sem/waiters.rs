//! Which of several waiters go on: those whose operations can all be performed, and no others.

use super::{waiter, waiters};
use calls::sysv::operation;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::SemaphoreSet;
use libc::IPC_PRIVATE;

/// Of two processes that wait to decrease a semaphore by 3 and by 1, an increase to 1 lets the second go on, although it came
/// later; the first waits until the value is 3.
#[harness::test(
    id = "sysv-sem.smaller-need-goes-on",
    cite = [man("semop.2", "DESCRIPTION"), posix("semop.3p", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.wakes-those-satisfied", "behaviours:sysvsem.negative-waits", "behaviours:sysvsem.ncnt"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_waiter_goes_on_when_its_own_operation_can_be_performed() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0])?;
    let large = waiter(&set, &[operation(0, -3, 0)])?;
    let small = waiter(&set, &[operation(0, -1, 0)])?;
    assert_eq!(waiters(&set, 0), Ok((2, 0)));
    assert_eq!(semop(set.id(), &mut [operation(0, 1, 0)]), Ok(()));
    small.join()?;
    large.assert_blocked_in(calls::SEMOP);
    assert_eq!((set.values(), waiters(&set, 0)), (Ok([0]), Ok((1, 0))));
    assert_eq!(semop(set.id(), &mut [operation(0, 2, 0)]), Ok(()));
    large.assert_blocked_in(calls::SEMOP);
    assert_eq!((set.values(), waiters(&set, 0)), (Ok([2]), Ok((1, 0))));
    assert_eq!(semop(set.id(), &mut [operation(0, 1, 0)]), Ok(()));
    large.join()?;
    assert_eq!((set.values(), waiters(&set, 0)), (Ok([0]), Ok((0, 0))));
    Ok(())
}

/// Of two processes that wait for a semaphore of 2, one to be 0 and one for it to be 4, a decrease to 0 lets the first go on alone.
#[harness::test(
    id = "sysv-sem.zero-or-growth",
    cite = [man("semop.2", "DESCRIPTION"), posix("semop.3p", "DESCRIPTION")],
    covers = [
        "behaviours:sysvsem.wakes-those-satisfied", "behaviours:sysvsem.wait-zero-first", "behaviours:sysvsem.ncnt",
        "behaviours:sysvsem.zcnt",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_decrease_to_zero_wakes_who_waits_for_it() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[2])?;
    let for_growth = waiter(&set, &[operation(0, -4, 0)])?;
    let for_zero = waiter(&set, &[operation(0, 0, 0)])?;
    assert_eq!(waiters(&set, 0), Ok((1, 1)));
    assert_eq!(semop(set.id(), &mut [operation(0, -1, 0)]), Ok(()));
    for_zero.assert_blocked_in(calls::SEMOP);
    assert_eq!(semop(set.id(), &mut [operation(0, -1, 0)]), Ok(()));
    for_zero.join()?;
    for_growth.assert_blocked_in(calls::SEMOP);
    assert_eq!((set.values(), waiters(&set, 0)), (Ok([0]), Ok((1, 0))));
    assert_eq!(semop(set.id(), &mut [operation(0, 4, 0)]), Ok(()));
    for_growth.join()?;
    assert_eq!((set.values(), waiters(&set, 0)), (Ok([0]), Ok((0, 0))));
    Ok(())
}

/// A process that waits to decrease two semaphores takes neither while one is 0, so that another can take the first; it goes on
/// when both have grown. It is counted on the first semaphore that it cannot decrease, and on no other.
#[harness::test(
    id = "sysv-sem.waits-for-all",
    cite = [man("semop.2", "DESCRIPTION"), posix("semop.3p", "DESCRIPTION")],
    covers = [
        "behaviours:sysvsem.array-order-atomic", "behaviours:sysvsem.count-where-blocked",
        "behaviours:sysvsem.wakes-those-satisfied",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_waiter_for_two_semaphores_takes_neither_alone() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0, 0])?;
    let both = waiter(&set, &[operation(0, -1, 0), operation(1, -1, 0)])?;
    assert_eq!([waiters(&set, 0), waiters(&set, 1)], [Ok((1, 0)), Ok((0, 0))]);
    assert_eq!(semop(set.id(), &mut [operation(0, 1, 0)]), Ok(()));
    both.assert_blocked_in(calls::SEMOP);
    assert_eq!(set.values(), Ok([1, 0]));
    assert_eq!([waiters(&set, 0), waiters(&set, 1)], [Ok((0, 0)), Ok((1, 0))]);
    assert_eq!(semop(set.id(), &mut [operation(0, -1, libc::IPC_NOWAIT)]), Ok(()));
    assert_eq!(semop(set.id(), &mut [operation(1, 1, 0)]), Ok(()));
    both.assert_blocked_in(calls::SEMOP);
    assert_eq!(set.values(), Ok([0, 1]));
    assert_eq!(semop(set.id(), &mut [operation(0, 1, 0)]), Ok(()));
    both.join()?;
    assert_eq!(set.values(), Ok([0, 0]));
    assert_eq!([waiters(&set, 0), waiters(&set, 1)], [Ok((0, 0)); 2]);
    Ok(())
}

/// One semop that increases two semaphores lets the waiters of both go on, and leaves one that waits for a third.
#[harness::test(
    id = "sysv-sem.one-array-wakes-many",
    cite = [man("semop.2", "DESCRIPTION"), posix("semop.3p", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.multi-sem-wakeup-all", "behaviours:sysvsem.wakes-those-satisfied"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn one_array_wakes_the_waiters_of_each_semaphore() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0, 0, 0])?;
    let first = waiter(&set, &[operation(0, -1, 0)])?;
    let second = waiter(&set, &[operation(1, -2, 0)])?;
    let third = waiter(&set, &[operation(2, -1, 0)])?;
    assert_eq!(semop(set.id(), &mut [operation(0, 2, 0), operation(1, 2, 0)]), Ok(()));
    first.join()?;
    second.join()?;
    third.assert_blocked_in(calls::SEMOP);
    assert_eq!(set.values(), Ok([1, 0, 0]));
    assert_eq!([0, 1, 2].map(|number| waiters(&set, number)), [Ok((0, 0)), Ok((0, 0)), Ok((1, 0))]);
    assert_eq!(semop(set.id(), &mut [operation(2, 1, 0)]), Ok(()));
    third.join()?;
    assert_eq!(set.values(), Ok([1, 0, 0]));
    Ok(())
}

/// Of two processes that wait in semop for a semaphore to be 0 and add 1 to it in the same array, one goes on each time that the
/// value falls to 0, and the other goes on waiting.
#[harness::test(
    id = "sysv-sem.wait-and-take",
    cite = [man("semop.2", "DESCRIPTION"), man("semop.2", "EXAMPLES"), posix("semop.3p", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.wait-and-take", "behaviours:sysvsem.array-order-atomic"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn waiting_for_zero_and_adding_is_one_step() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1, 0])?;
    // The second semaphore counts who went on.
    let take = [operation(0, 0, 0), operation(0, 1, 0), operation(1, 1, 0)];
    let (one, other) = (waiter(&set, &take)?, waiter(&set, &take)?);
    assert_eq!(waiters(&set, 0), Ok((0, 2)));
    assert_eq!(semop(set.id(), &mut [operation(0, -1, 0)]), Ok(()));
    assert_eq!(semop(set.id(), &mut [operation(1, -1, 0)]), Ok(()));
    assert_eq!((set.values(), waiters(&set, 0)), (Ok([1, 0]), Ok((0, 1))));
    assert_eq!(semop(set.id(), &mut [operation(0, -1, 0)]), Ok(()));
    one.join()?;
    other.join()?;
    assert_eq!((set.values(), waiters(&set, 0)), (Ok([1, 1]), Ok((0, 0))));
    Ok(())
}

/// Three processes that wait to decrease a semaphore of 0 by 1 go on in the order in which they came, as it is increased by 1 three
/// times.
#[harness::test(
    id = "sysv-sem.oldest-first",
    cite = [kernel("ipc/sem.c", "update_queue", "6.18")],
    covers = ["behaviours:sysvsem.waiters-order-fifo"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_oldest_waiter_goes_on_first() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0])?;
    let [first, second, third] = [(); 3].map(|()| waiter(&set, &[operation(0, -1, 0)]));
    let (first, second, third) = (first?, second?, third?);
    assert_eq!(semop(set.id(), &mut [operation(0, 1, 0)]), Ok(()));
    first.join()?;
    second.assert_blocked_in(calls::SEMOP);
    third.assert_blocked_in(calls::SEMOP);
    assert_eq!((set.values(), waiters(&set, 0)), (Ok([0]), Ok((2, 0))));
    assert_eq!(semop(set.id(), &mut [operation(0, 1, 0)]), Ok(()));
    second.join()?;
    third.assert_blocked_in(calls::SEMOP);
    assert_eq!(semop(set.id(), &mut [operation(0, 1, 0)]), Ok(()));
    third.join()?;
    assert_eq!((set.values(), waiters(&set, 0)), (Ok([0]), Ok((0, 0))));
    Ok(())
}
