//! Arrays of operations, and the largest and smallest numbers in them.

use calls::sysv::operation;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::property;
use kit::sysv::SemaphoreSet;
use libc::{IPC_NOWAIT, IPC_PRIVATE};
use models::Semaphores;
use proptest::collection::vec;

/// The largest value of a semaphore, SEMVMX (linux/sem.h).
const LARGEST: i16 = 32767;

/// The operations of one semop are performed in array order, on one semaphore too, and all or none: {-1, -1} fails on 1,
/// and {-1, +1} fails on 0, and leave the value, while {+2, -1} on 0 and {-1, -1} on 2 succeed.
#[harness::test(
    id = "sysv-sem.array-order",
    cite = [man("semop.2", "DESCRIPTION"), posix("semop.3p", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.array-order", "behaviours:sysvsem.array-order-atomic", "errors:sysv-sem.semop.EAGAIN"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn operations_are_performed_in_order_and_all_or_none() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    assert_errno!(semop(set.id(), &mut [operation(0, -1, 0), operation(0, -1, IPC_NOWAIT)]), EAGAIN);
    assert_eq!(set.values(), Ok([1]));
    set_semaphore_value(set.id(), 0, 0)?;
    assert_errno!(semop(set.id(), &mut [operation(0, -1, IPC_NOWAIT), operation(0, 1, 0)]), EAGAIN);
    assert_eq!(set.values(), Ok([0]));
    assert_eq!(semop(set.id(), &mut [operation(0, 2, 0), operation(0, -1, 0)]), Ok(()));
    assert_eq!(set.values(), Ok([1]));
    set_semaphore_value(set.id(), 0, 2)?;
    assert_eq!(semop(set.id(), &mut [operation(0, -1, 0), operation(0, -1, 0)]), Ok(()));
    assert_eq!(set.values(), Ok([0]));
    Ok(())
}

/// Whatever arrays of operations with IPC_NOWAIT semop is given: it performs each in its order and whole, or changes nothing and fails,
/// with EAGAIN where it would wait, and with ERANGE above SEMVMX.
#[harness::test(
    id = "sysv-sem.any-arrays",
    cite = [man("semop.2", "DESCRIPTION"), posix("semop.3p", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.array-order", "behaviours:sysvsem.array-order-atomic"],
    needs = [SYSV],
)]
fn arrays_are_performed_whole_or_not_at_all() -> TestResult {
    property::check(64, vec(vec((0..3_u16, -3..4_i16), 1..5), 1..20), |arrays| {
        let initial = [0, 2, i32::from(LARGEST) - 1];
        let (mut model, set) = (Semaphores(initial), SemaphoreSet::new(IPC_PRIVATE, &initial)?);
        for array in arrays {
            let of_array = array.into_iter().map(|(number, change)| operation(number, change, IPC_NOWAIT));
            let mut operations: Vec<_> = of_array.collect();
            let performed = model.operate(&operations);
            assert_eq!(semop(set.id(), &mut operations).map_err(|error| error.errno), performed);
            assert_eq!(set.values(), Ok(model.0));
        }
        Ok(())
    })
}

/// A semaphore can be raised to SEMVMX (32767) by SETVAL and by semop; one more fails with ERANGE, and the value stays.
#[harness::test(
    id = "sysv-sem.largest-value",
    cite = [man("semop.2", "ERRORS", "ERANGE"), man("semctl.2", "ERRORS", "ERANGE"), man("semop.2", "NOTES")],
    covers = ["behaviours:sysvsem.semvmx-32767", "errors:sysv-sem.semop.ERANGE", "errors:sysv-sem.semctl.ERANGE"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn values_go_up_to_semvmx() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0])?;
    assert_errno!(set_semaphore_value(set.id(), 0, i32::from(LARGEST) + 1), ERANGE);
    assert_errno!(set_semaphore_value(set.id(), 0, -1), ERANGE);
    assert_eq!(set.values(), Ok([0]));
    assert_eq!(semop(set.id(), &mut [operation(0, LARGEST, 0)]), Ok(()));
    assert_eq!(set.values(), Ok([i32::from(LARGEST)]));
    assert_errno!(semop(set.id(), &mut [operation(0, 1, 0)]), ERANGE);
    assert_errno!(semop(set.id(), &mut [operation(0, i16::MIN, IPC_NOWAIT)]), EAGAIN);
    assert_eq!(set.values(), Ok([i32::from(LARGEST)]));
    assert_eq!(semop(set.id(), &mut [operation(0, -LARGEST, 0)]), Ok(()));
    assert_eq!(set.values(), Ok([0]));
    assert_eq!(set_semaphore_value(set.id(), 0, LARGEST.into()), Ok(()));
    assert_eq!(set.values(), Ok([i32::from(LARGEST)]));
    Ok(())
}

/// A semop that would block fails, rather than block, with EFBIG for a semaphore that the set lacks, with EINVAL for no
/// operations, with E2BIG for more than SEMOPM, and with EFAULT for a bad address.
#[harness::test(
    id = "sysv-sem.errors-before-waiting",
    cite = [kernel("ipc/sem.c", "__do_semtimedop", "6.18"), man("semop.2", "ERRORS")],
    covers = ["errors:sysv-sem.semop.EFBIG", "errors:sysv-sem.semop.EINVAL.2", "errors:sysv-sem.semop.E2BIG", "errors:sysv-sem.semop.EFAULT"],
    needs = [SYSV],
)]
fn errors_come_before_waiting() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0])?;
    let settings = std::fs::read_to_string("/proc/sys/kernel/sem")?;
    let most: usize = settings.split_whitespace().nth(2).unwrap_or_default().parse()?;
    assert_errno!(semop(set.id(), &mut [operation(0, -1, 0), operation(1, -1, 0)]), EFBIG);
    assert_errno!(semop(set.id(), &mut []), EINVAL);
    assert_errno!(semop(set.id(), &mut vec![operation(0, -1, 0); most + 1]), E2BIG);
    // SAFETY: the address is outside the address space.
    let result = unsafe { syscall("semop", Sysno::semop, [set.id() as usize, BAD_ADDRESS, 1, 0, 0, 0]) };
    assert_errno!(result, EFAULT);
    assert_eq!(set.values(), Ok([0]));
    Ok(())
}
