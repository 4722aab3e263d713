//! SEM_UNDO: what is undone when a process ends.

use super::{End, Operator, waiter, waiters};
use calls::sysv::operation;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::SemaphoreSet;
use libc::{IPC_PRIVATE, SEM_UNDO};

#[rstest]
#[case::exit(End::Exit)]
#[case::kill(End::Kill)]
/// When a process ends, by exit or by SIGKILL, the sum of its operations with SEM_UNDO is undone on each semaphore, whatever
/// others did with it since; operations without SEM_UNDO stay.
#[harness::test(
    id = "sysv-sem.undo-at-end",
    cite = [
        posix("_Exit.3p", "Consequences of Process Termination"),
        man("semop.2", "NOTES"),
        man("semop.2", "DESCRIPTION"),
    ],
    covers = ["behaviours:sysvsem.undo-on-exit", "behaviours:sysvsem.undo-sum"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_sum_of_a_process_is_undone_at_its_end(#[case] end: End) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[5, 1, 0, 0])?;
    let operator = Operator::new(
        &set,
        &[
            operation(0, -3, SEM_UNDO),
            operation(0, 1, SEM_UNDO),
            operation(0, 2, 0),
            operation(1, -1, 0),
            operation(2, 4, SEM_UNDO),
            operation(3, 1, SEM_UNDO),
            operation(3, -1, SEM_UNDO),
        ],
    )?;
    assert_eq!(set.values(), Ok([5, 0, 4, 0]));
    assert_eq!(semop(set.id(), &mut [operation(0, -1, 0), operation(3, 7, 0)]), Ok(()));
    operator.end(end)?;
    assert_eq!(set.values(), Ok([6, 0, 0, 7]));
    Ok(())
}

#[rstest]
#[case::growth_by_exit(2, -2, -1, End::Exit)]
#[case::growth_by_kill(2, -2, -1, End::Kill)]
#[case::zero_by_exit(0, 1, 0, End::Exit)]
#[case::zero_by_kill(0, 1, 0, End::Kill)]
/// Two processes that wait for growth, or for 0, both go on when the end of another undoes what kept them waiting.
#[harness::test(
    id = "sysv-sem.undo-wakes-all",
    cite = [posix("semop.3p", "DESCRIPTION"), man("semop.2", "DESCRIPTION"), man("semop.2", "NOTES")],
    covers = ["behaviours:sysvsem.undo-wakes-waiters", "behaviours:sysvsem.undo-on-exit"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_undo_wakes_two(#[case] value: i32, #[case] done: i16, #[case] wanted: i16, #[case] end: End) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[value])?;
    let operator = Operator::new(&set, &[operation(0, done, SEM_UNDO)])?;
    assert_eq!(set.values(), Ok([value + i32::from(done)]));
    let waiting = [waiter(&set, &[operation(0, wanted, 0)])?, waiter(&set, &[operation(0, wanted, 0)])?];
    operator.end(end)?;
    waiting.into_iter().try_for_each(Child::join)?;
    assert_eq!(set.values(), Ok([0]));
    Ok(())
}

#[rstest]
#[case::exit(End::Exit)]
#[case::kill(End::Kill)]
/// An operation with SEM_UNDO that had to wait is undone at the end of the process that waited.
#[harness::test(
    id = "sysv-sem.undo-after-waiting",
    cite = [posix("semop.3p", "DESCRIPTION"), man("semop.2", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.undo-on-exit"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_operation_that_waited_is_undone(#[case] end: End) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0])?;
    let operator = Operator::start(&set, &[operation(0, -2, SEM_UNDO)])?;
    operator.child.wait_until_blocked_in(calls::SEMOP)?;
    assert_eq!(semop(set.id(), &mut [operation(0, 2, 0)]), Ok(()));
    operator.wait_until_done()?;
    assert_eq!(set.values(), Ok([0]));
    operator.end(end)?;
    assert_eq!(set.values(), Ok([2]));
    Ok(())
}

/// A process that is killed while it waits in operations with SEM_UNDO leaves nothing to undo, and is counted no longer.
#[harness::test(
    id = "sysv-sem.killed-while-waiting",
    cite = [posix("semop.3p", "DESCRIPTION"), man("semop.2", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.array-order-atomic", "behaviours:sysvsem.count-drops-on-signal"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_waiter_that_is_killed_leaves_nothing() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[5, 0])?;
    let array = [operation(0, -1, SEM_UNDO), operation(1, -1, SEM_UNDO)];
    let operator = Operator::start(&set, &array)?;
    operator.child.wait_until_blocked_in(calls::SEMOP)?;
    assert_eq!((set.values(), waiters(&set, 1)), (Ok([5, 0]), Ok((1, 0))));
    operator.end(End::Kill)?;
    assert_eq!((set.values(), waiters(&set, 1)), (Ok([5, 0]), Ok((0, 0))));
    assert_eq!(semop(set.id(), &mut [operation(1, 1, 0)]), Ok(()));
    assert_eq!(set.values(), Ok([5, 1]));
    Ok(())
}

/// An undo that would make a value negative stops at 0, and the process ends without waiting; its other adjustments are made in full.
#[harness::test(
    id = "sysv-sem.undo-stops-at-0",
    cite = [man("semop.2", "BUGS")],
    covers = ["behaviours:sysvsem.undo-clamps-zero"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_undo_stops_at_zero() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0, 0, 5])?;
    let array = [operation(0, 4, SEM_UNDO), operation(1, 4, SEM_UNDO), operation(2, -1, SEM_UNDO)];
    let operator = Operator::new(&set, &array)?;
    assert_eq!(semop(set.id(), &mut [operation(0, -3, 0), operation(1, -1, 0), operation(1, 2, 0)]), Ok(()));
    assert_eq!(set.values(), Ok([1, 5, 4]));
    operator.end(End::Exit)?;
    assert_eq!(set.values(), Ok([0, 1, 5]));
    Ok(())
}

/// An undo that would raise a value above SEMVMX (32767) stops there.
#[harness::test(
    id = "sysv-sem.undo-stops-at-semvmx",
    cite = [kernel("ipc/sem.c", "exit_sem", "6.18")],
    covers = ["behaviours:sysvsem.undo-clamps-max"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_undo_stops_at_semvmx() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[3])?;
    let operator = Operator::new(&set, &[operation(0, -2, SEM_UNDO)])?;
    assert_eq!(semop(set.id(), &mut [operation(0, 32765, 0)]), Ok(()));
    assert_eq!(set.values(), Ok([32766]));
    operator.end(End::Exit)?;
    assert_eq!(set.values(), Ok([32767]));
    Ok(())
}

#[rstest]
#[case::setval(|set: &SemaphoreSet| set_semaphore_value(set.id(), 0, 5), [5, 4])]
#[case::setall(|set: &SemaphoreSet| set_all_semaphores(set.id(), &[5, 6]), [5, 6])]
/// SETVAL clears the adjustments of its semaphore in all processes, and SETALL those of all semaphores: when the processes end, the
/// values stay, and only those of other semaphores are adjusted.
#[harness::test(
    id = "sysv-sem.undo-cleared",
    cite = [
        posix("semctl.3p", "DESCRIPTION", "SETVAL"),
        posix("semctl.3p", "DESCRIPTION", "SETALL"),
        man("semctl.2", "DESCRIPTION", "SETVAL"),
        man("semctl.2", "DESCRIPTION", "SETALL"),
    ],
    covers = ["behaviours:sysvsem.undo-cleared-by-setval"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn setting_clears_adjustments(
    #[case] set_values: fn(&SemaphoreSet) -> Result<()>,
    #[case] left: [i32; 2],
) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[4, 4])?;
    let array = [operation(1, -1, SEM_UNDO), operation(0, -1, SEM_UNDO)];
    let operators = [Operator::new(&set, &array)?, Operator::new(&set, &array)?];
    assert_eq!(set.values(), Ok([2, 2]));
    assert_eq!(set_values(&set), Ok(()));
    for operator in operators {
        operator.end(End::Exit)?;
    }
    assert_eq!(set.values(), Ok(left));
    Ok(())
}

/// What is undone is kept between -32768 and 32767 (SEMAEM): a semop with SEM_UNDO that would go beyond either fails with ERANGE and
/// changes nothing, while the same without SEM_UNDO succeeds. semop(2) says that there is no limit.
#[harness::test(
    id = "sysv-sem.undo-range",
    cite = [kernel("ipc/sem.c", "perform_atomic_semop", "6.18"), posix("semop.3p", "ERRORS", "ERANGE")],
    covers = ["behaviours:sysvsem.undo-range", "errors:sysv-sem.semop.ERANGE.2"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn adjustments_have_a_range() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0, 32767])?;
    semop(set.id(), &mut [operation(0, 32767, SEM_UNDO), operation(1, -32767, SEM_UNDO)])?;
    semop(set.id(), &mut [operation(0, -32767, 0), operation(1, 5, 0)])?;
    assert_eq!(semop(set.id(), &mut [operation(0, 1, SEM_UNDO)]), Ok(()));
    assert_errno!(semop(set.id(), &mut [operation(0, 1, SEM_UNDO)]), ERANGE);
    assert_errno!(semop(set.id(), &mut [operation(1, -1, SEM_UNDO)]), ERANGE);
    assert_eq!(set.values(), Ok([1, 5]));
    assert_eq!(semop(set.id(), &mut [operation(0, 1, 0), operation(1, -1, 0)]), Ok(()));
    assert_eq!(set.values(), Ok([2, 4]));
    Ok(())
}
