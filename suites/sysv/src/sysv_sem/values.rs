//! The values of a set, read and set by semctl.

use super::{assert_status, waiters};
use calls::sysv::{SemaphoreStatus, operation};
use harness::raw::{Argument as _, arguments};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::SemaphoreSet;
use libc::{GETALL, IPC_NOWAIT, IPC_PRIVATE, IPC_RMID, IPC_SET, IPC_STAT, SETALL};

/// The semaphores of a new set are 0, and nobody waits for them. POSIX leaves their values open.
#[harness::test(
    id = "sysv-sem.initially-zero",
    cite = [man("semget.2", "NOTES"), man("semget.2", "Semaphore initialization")],
    covers = ["behaviours:sysvsem.init-zero-linux"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn new_semaphores_are_zero() -> TestResult {
    let set = SemaphoreSet::unset(IPC_PRIVATE, 3)?;
    assert_eq!(set.values(), Ok([0; 3]));
    assert_eq!(all_semaphores(set.id()), Ok(vec![0; 3]));
    assert_eq!([0, 1, 2].map(|number| waiters(&set, number)), [Ok((0, 0)); 3]);
    assert_errno!(semop(set.id(), &mut [operation(2, -1, IPC_NOWAIT)]), EAGAIN);
    Ok(())
}

#[rstest]
#[case::of_one(vec![32767])]
#[case::of_four(vec![1, 0, 32767, 5])]
#[case::of_300((0..300).collect())]
/// SETALL sets every semaphore of a set to its element of the array, and GETALL returns them in the same order, which is that of
/// GETVAL.
#[harness::test(
    id = "sysv-sem.setall-getall",
    cite = [
        posix("semctl.3p", "DESCRIPTION", "SETALL"),
        posix("semctl.3p", "DESCRIPTION", "GETALL"),
        man("semctl.2", "DESCRIPTION", "SETALL"),
        man("semctl.2", "DESCRIPTION", "GETALL"),
    ],
    covers = ["behaviours:sysvsem.getall-setall"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn setall_and_getall_move_all_values(#[case] values: Vec<u16>) -> TestResult {
    let count = i32::try_from(values.len())?;
    let set = SemaphoreSet::unset(IPC_PRIVATE, count)?;
    assert_eq!(set_all_semaphores(set.id(), &values), Ok(()));
    assert_eq!(all_semaphores(set.id()).as_ref(), Ok(&values));
    assert_eq!(semaphore_value(set.id(), 0), Ok(values[0].into()));
    assert_eq!(semaphore_value(set.id(), count - 1), Ok(values[values.len() - 1].into()));
    Ok(())
}

/// SETVAL sets the one semaphore of the set that it names; GETVAL and GETALL return the value at once, and the others stay.
#[harness::test(
    id = "sysv-sem.setval-getval",
    cite = [
        posix("semctl.3p", "DESCRIPTION", "SETVAL"),
        posix("semctl.3p", "DESCRIPTION", "GETVAL"),
        man("semctl.2", "DESCRIPTION", "SETVAL"),
    ],
    covers = ["behaviours:sysvsem.getval-setval"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn setval_sets_one_semaphore() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1, 2, 3])?;
    for (value, number) in [(7, 1), (32767, 2), (0, 0), (1, 1)] {
        assert_eq!(set_semaphore_value(set.id(), number, value), Ok(()));
        assert_eq!(semaphore_value(set.id(), number), Ok(value));
    }
    assert_eq!(all_semaphores(set.id()), Ok(vec![0, 1, 32767]));
    Ok(())
}

/// semop decreases a semaphore as far as 0 and increases it, by more than 1 too; other semaphores of the set stay.
#[harness::test(
    id = "sysv-sem.adds-and-subtracts",
    cite = [posix("semop.3p", "DESCRIPTION"), man("semop.2", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.positive-adds", "behaviours:sysvsem.negative-waits"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn semop_adds_and_subtracts() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[3, 9])?;
    for (change, value) in [(-1, 2), (-2, 0), (1, 1), (299, 300), (-300, 0)] {
        assert_eq!(semop(set.id(), &mut [operation(0, change, IPC_NOWAIT)]), Ok(()));
        assert_eq!(set.values(), Ok([value, 9]));
    }
    Ok(())
}

/// IPC_STAT, IPC_SET, GETALL, SETALL and IPC_RMID ignore semnum: they do the same for a semaphore that the set lacks.
#[harness::test(
    id = "sysv-sem.semnum-ignored",
    cite = [
        man("semctl.2", "DESCRIPTION", "IPC_RMID"),
        man("semctl.2", "DESCRIPTION", "IPC_STAT"),
        man("semctl.2", "DESCRIPTION", "IPC_SET"),
        man("semctl.2", "DESCRIPTION", "GETALL"),
        man("semctl.2", "DESCRIPTION", "SETALL"),
    ],
    covers = ["behaviours:sysvsem.rmid-semnum-ignored"],
    needs = [SYSV],
)]
fn commands_on_the_whole_set_ignore_semnum() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1, 2])?;
    let before = set.status()?;
    // More than struct semid_ds (sys/sem.h) has.
    let (mut status, mut same, mut values, new) = ([0_u8; 256], [0_u8; 256], [9_u16; 2], [3_u16, 4]);
    let control = |semnum: i32, command: i32, argument: usize| {
        let call = arguments([set.id().register(), semnum.register(), command.register(), argument]);
        // SAFETY: the arrays are as large as what the commands write, or read, and outlive the calls.
        unsafe { syscall("semctl", Sysno::semctl, call) }
    };
    assert_eq!(control(0, IPC_STAT, status.as_mut_ptr().register()), Ok(0));
    assert_eq!(control(2, IPC_STAT, same.as_mut_ptr().register()), Ok(0));
    assert_eq!(status, same);
    // The mode in struct ipc64_perm (asm-generic/ipcbuf.h), which comes first.
    same[20..22].copy_from_slice(&0o640_u16.to_ne_bytes());
    assert_eq!(control(-1, IPC_SET, same.as_ptr().register()), Ok(0));
    assert_status(&set, SemaphoreStatus { mode: 0o640, ..before })?;
    assert_eq!(control(2, GETALL, values.as_mut_ptr().register()), Ok(0));
    assert_eq!(values, [1, 2]);
    assert_eq!(control(-1, SETALL, new.as_ptr().register()), Ok(0));
    assert_eq!(set.values(), Ok([3, 4]));
    assert_eq!(control(2, IPC_RMID, 0), Ok(0));
    assert_errno!(semaphore_value(set.id(), 0), EINVAL);
    Ok(())
}
