//! GETPID: which process was the last to change a semaphore.

use super::{End, Operator, by, waiter};
use calls::sysv::operation;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::SemaphoreSet;
use libc::{IPC_NOWAIT, IPC_PRIVATE, SEM_UNDO};

/// GETPID of the three semaphores of a set.
fn operators(set: &SemaphoreSet) -> Result<[i32; 3]> {
    Ok([by::last_operator(set.id(), 0)?, by::last_operator(set.id(), 1)?, by::last_operator(set.id(), 2)?])
}

/// GETPID of a semaphore that nobody has operated on or set is 0.
#[harness::test(
    id = "sysv-sem.pid-unset",
    cite = [kernel("ipc/sem.c", "newary", "6.18")],
    covers = ["behaviours:sysvsem.getpid-unset"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_new_semaphore_has_no_last_operator() -> TestResult {
    let set = SemaphoreSet::unset(IPC_PRIVATE, 3)?;
    assert_eq!(operators(&set), Ok([0; 3]));
    assert_eq!(semop(set.id(), &mut [operation(1, 1, 0)]), Ok(()));
    assert_eq!((operators(&set), set.values()), (Ok([0, own_pid(), 0]), Ok([0, 1, 0])));
    Ok(())
}

/// A successful semop sets sempid of each semaphore in its array to the process, of those that it only compares with 0 too, and of
/// no other. GETPID returns it even when the process has ended.
#[harness::test(
    id = "sysv-sem.pid-by-semop",
    cite = [
        posix("semop.3p", "DESCRIPTION"),
        man("semop.2", "DESCRIPTION"),
        man("semctl.2", "DESCRIPTION", "GETPID"),
    ],
    covers = ["behaviours:sysvsem.sempid-set", "behaviours:sysvsem.getpid"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn semop_sets_the_pid_of_each_semaphore_in_its_array() -> TestResult {
    let set = SemaphoreSet::unset(IPC_PRIVATE, 3)?;
    assert_eq!(semop(set.id(), &mut [0, 1, 2].map(|number| operation(number, 0, 0))), Ok(()));
    assert_eq!(operators(&set), Ok([own_pid(); 3]));
    let child = fork(|| {
        assert_eq!(semop(set.id(), &mut [operation(2, 1, 0), operation(0, 0, 0)]), Ok(()));
    })?;
    let pid = child.pid();
    child.join()?;
    assert_eq!((operators(&set), set.values()), (Ok([pid, own_pid(), pid]), Ok([0, 0, 1])));
    assert_eq!(semop(set.id(), &mut [operation(2, -1, 0)]), Ok(()));
    assert_eq!(operators(&set), Ok([pid, own_pid(), own_pid()]));
    Ok(())
}

/// When a semop lets two waiters go on, sempid is that of the waiter whose operation was performed last, not of the process that woke it.
#[harness::test(
    id = "sysv-sem.pid-of-waiter",
    cite = [posix("semop.3p", "DESCRIPTION"), man("semop.2", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.sempid-set", "behaviours:sysvsem.getpid"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_pid_is_that_of_the_waiter() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0, 0, 0])?;
    let first = waiter(&set, &[operation(0, -1, 0)])?;
    let second = waiter(&set, &[operation(1, -1, 0)])?;
    let pids = [first.pid(), second.pid(), own_pid()];
    assert_eq!(semop(set.id(), &mut [0, 1, 2].map(|number| operation(number, 1, 0))), Ok(()));
    first.join()?;
    second.join()?;
    assert_eq!((operators(&set), set.values()), (Ok(pids), Ok([0, 0, 1])));
    Ok(())
}

/// SETVAL sets sempid of its semaphore, and SETALL those of all semaphores, to the process that calls semctl. POSIX does not say so.
#[harness::test(
    id = "sysv-sem.pid-by-semctl",
    cite = [man("semctl.2", "The sempid value")],
    covers = ["behaviours:sysvsem.setval-pid", "behaviours:sysvsem.setall-pid"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn setval_and_setall_set_the_pid() -> TestResult {
    let set = SemaphoreSet::unset(IPC_PRIVATE, 3)?;
    assert_eq!(semop(set.id(), &mut [0, 1, 2].map(|number| operation(number, 1, 0))), Ok(()));
    let one = fork(|| assert_eq!(set_semaphore_value(set.id(), 1, 5), Ok(())))?;
    let pid = one.pid();
    one.join()?;
    assert_eq!((operators(&set), set.values()), (Ok([own_pid(), pid, own_pid()]), Ok([1, 5, 1])));
    let all = fork(|| assert_eq!(set_all_semaphores(set.id(), &[5, 6, 7]), Ok(())))?;
    let pid = all.pid();
    all.join()?;
    assert_eq!((operators(&set), set.values()), (Ok([pid; 3]), Ok([5, 6, 7])));
    Ok(())
}

#[rstest]
#[case::exit(End::Exit)]
#[case::kill(End::Kill)]
/// An adjustment that is undone when a process ends sets sempid of its semaphore to that process. POSIX does not say so.
#[harness::test(
    id = "sysv-sem.pid-by-undo",
    cite = [man("semctl.2", "The sempid value")],
    covers = ["behaviours:sysvsem.undo-pid"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_undo_sets_the_pid(#[case] end: End) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1, 1, 1])?;
    let operator = Operator::new(&set, &[operation(0, -1, SEM_UNDO), operation(1, -1, 0)])?;
    let pid = operator.pid();
    assert_eq!(operators(&set), Ok([pid, pid, own_pid()]));
    assert_eq!(semop(set.id(), &mut [operation(0, 1, 0), operation(1, 1, 0)]), Ok(()));
    assert_eq!(operators(&set), Ok([own_pid(); 3]));
    operator.end(end)?;
    assert_eq!((operators(&set), set.values()), (Ok([pid, own_pid(), own_pid()]), Ok([2, 1, 1])));
    Ok(())
}

#[rstest]
#[case::would_wait(operation(2, -9, IPC_NOWAIT | SEM_UNDO), Errno::EAGAIN)]
#[case::out_of_range(operation(2, 32767, SEM_UNDO), Errno::ERANGE)]
#[case::no_such_semaphore(operation(3, 1, SEM_UNDO), Errno::EFBIG)]
/// A semop that fails at its last operation changes no value, no sempid, not sem_otime, and no adjustment that is undone when the
/// process exits.
#[harness::test(
    id = "sysv-sem.failed-changes-nothing",
    cite = [posix("semop.3p", "DESCRIPTION"), man("semop.2", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.failed-changes-nothing", "behaviours:sysvsem.array-order-atomic"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_semop_that_fails_changes_nothing(#[case] last: libc::sembuf, #[case] errno: Errno) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1, 2, 3])?;
    let (before, parent) = (set.status()?, own_pid());
    let child = fork(|| {
        let first = [operation(0, -1, SEM_UNDO), operation(1, 1, SEM_UNDO)];
        assert_eq!(semop(set.id(), &mut [first[0], first[1], last]), Err(CallError::new("semop", errno)));
        // Here, because Linux sets sem_otime at the end of a process that asked for SEM_UNDO, in vain too.
        assert_eq!((set.values(), operators(&set), set.status()), (Ok([1, 2, 3]), Ok([parent; 3]), Ok(before)));
    })?;
    child.join()?;
    assert_eq!((set.values(), operators(&set)), (Ok([1, 2, 3]), Ok([parent; 3])));
    assert_eq!(before.otime, 0);
    Ok(())
}
