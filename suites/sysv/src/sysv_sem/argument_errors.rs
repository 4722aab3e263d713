//! The errors of semop and of semtimedop, which are the same. Each leaves the values of the set.

use super::{Operate, SEMOP, SEMTIMEDOP};
use calls::sysv::operation;
use harness::raw::{Argument as _, arguments};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::setting;
use kit::sysv::SemaphoreSet;
use libc::{IPC_NOWAIT, IPC_PRIVATE, SEM_UNDO, sembuf};

#[harness::errors(
    family = "value-out-of-range",
    rows = [
        ("sysv-sem.too-many-operations/semop", "errors:sysv-sem.semop.E2BIG", SEMOP),
        ("sysv-sem.too-many-operations/semtimedop", "errors:sysv-sem.semtimedop.E2BIG", SEMTIMEDOP),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn there_are_more_operations_than_semopm(operate: Operate) -> TestResult {
    let [_, _, most, _] = setting::numbers("kernel/sem")?;
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0])?;
    let mut operations = vec![operation(0, 1, 0); most + 1];
    assert_errno!(operate(set.id(), &mut operations), E2BIG);
    assert_eq!(set.values(), Ok([0]));
    assert_eq!(operate(set.id(), &mut operations[..most]), Ok(()));
    assert_eq!(set.values(), Ok([i32::try_from(most)?]));
    Ok(())
}

#[harness::errors(
    family = "value-out-of-range",
    rows = [
        ("sysv-sem.no-such-semaphore/semop", "errors:sysv-sem.semop.EFBIG", SEMOP),
        ("sysv-sem.no-such-semaphore/semtimedop", "errors:sysv-sem.semtimedop.EFBIG", SEMTIMEDOP),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_set_has_no_such_semaphore(operate: Operate) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1, 1])?;
    for number in [2, 3, 255, u16::MAX] {
        for change in [-1, 0, 1] {
            assert_errno!(operate(set.id(), &mut [operation(0, 1, 0), operation(number, change, 0)]), EFBIG);
        }
    }
    assert_eq!(set.values(), Ok([1, 1]));
    assert_eq!(operate(set.id(), &mut [operation(1, 1, 0)]), Ok(()));
    assert_eq!(set.values(), Ok([1, 2]));
    Ok(())
}

#[harness::errors(
    family = "invalid-id",
    rows = [
        ("sysv-sem.no-such-set/semop", "errors:sysv-sem.semop.EINVAL", SEMOP),
        ("sysv-sem.no-such-set/semtimedop", "errors:sysv-sem.semtimedop.EINVAL", SEMTIMEDOP),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn there_is_no_such_set(operate: Operate) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    set.remove()?;
    for id in [set.id(), -1, i32::MIN] {
        for change in [-1, 0, 1] {
            assert_errno!(operate(id, &mut [operation(0, change, 0)]), EINVAL);
        }
    }
    Ok(())
}

#[harness::errors(
    family = "invalid-length",
    rows = [
        ("sysv-sem.no-operations/semop", "errors:sysv-sem.semop.EINVAL.2", SEMOP),
        ("sysv-sem.no-operations/semtimedop", "errors:sysv-sem.semtimedop.EINVAL.2", SEMTIMEDOP),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn there_are_no_operations(operate: Operate) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    let before = set.status()?;
    assert_errno!(operate(set.id(), &mut []), EINVAL);
    assert_eq!((set.values(), set.status()), (Ok([1]), Ok(before)));
    Ok(())
}

#[harness::errors(
    family = "would-block",
    rows = [
        ("sysv-sem.would-wait/semop", "errors:sysv-sem.semop.EAGAIN", SEMOP),
        ("sysv-sem.would-wait/semtimedop", "errors:sysv-sem.semtimedop.EAGAIN", SEMTIMEDOP),
    ],
    covers = [
        "behaviours:sysvsem.nowait-eagain", "behaviours:sysvsem.nowait-only-flagged",
        "behaviours:sysvsem.array-order-atomic",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_operation_would_wait(operate: Operate) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1, 2])?;
    for (number, change) in [(0, 0), (0, -2), (1, 0), (1, -3)] {
        let blocked = operation(number, change, IPC_NOWAIT);
        assert_errno!(operate(set.id(), &mut [blocked]), EAGAIN);
        let other = operation(1 - number, -1, SEM_UNDO);
        assert_errno!(operate(set.id(), &mut [other, blocked]), EAGAIN);
        assert_errno!(operate(set.id(), &mut [blocked, other]), EAGAIN);
    }
    assert_eq!(set.values(), Ok([1, 2]));
    // The flag of an operation that can proceed makes no difference to another.
    let waiter = fork(|| {
        let mut array = [operation(0, -1, IPC_NOWAIT), operation(1, -3, 0)];
        assert_eq!(operate(set.id(), &mut array), Ok(()));
    })?;
    waiter.wait_until_blocked_in(calls::SEMOP)?;
    assert_eq!(operate(set.id(), &mut [operation(1, 1, 0)]), Ok(()));
    waiter.join()?;
    assert_eq!(set.values(), Ok([0, 0]));
    Ok(())
}

#[harness::errors(
    family = "value-out-of-range",
    rows = [
        ("sysv-sem.above-semvmx/semop", "errors:sysv-sem.semop.ERANGE", SEMOP),
        ("sysv-sem.above-semvmx/semtimedop", "errors:sysv-sem.semtimedop.ERANGE", SEMTIMEDOP),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_value_would_exceed_semvmx(operate: Operate) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[3, 32766])?;
    assert_errno!(operate(set.id(), &mut [operation(0, 1, 0), operation(1, 2, 0)]), ERANGE);
    assert_errno!(operate(set.id(), &mut [operation(1, 1, 0), operation(1, 1, 0), operation(1, -1, 0)]), ERANGE);
    assert_errno!(operate(set.id(), &mut [operation(0, 32765, 0)]), ERANGE);
    assert_eq!(set.values(), Ok([3, 32766]));
    assert_eq!(operate(set.id(), &mut [operation(0, 32764, 0), operation(1, 1, 0)]), Ok(()));
    assert_eq!(set.values(), Ok([32767, 32767]));
    Ok(())
}

/// semtimedop with SEM_UNDO fails with ERANGE when what is undone would leave the range -32768 to 32767 (SEMAEM), and changes nothing.
#[harness::test(
    id = "sysv-sem.timed-undo-range",
    cite = [kernel("ipc/sem.c", "perform_atomic_semop", "6.18")],
    covers = ["errors:sysv-sem.semtimedop.ERANGE.2"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_adjustment_would_leave_its_range() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[32767])?;
    let operate = |change, flags| SEMTIMEDOP(set.id(), &mut [operation(0, change, flags)]);
    operate(-32767, SEM_UNDO)?;
    operate(2, 0)?;
    assert_errno!(operate(-1, SEM_UNDO), ERANGE);
    assert_eq!(set.values(), Ok([2]));
    assert_eq!(operate(-1, 0), Ok(()));
    assert_eq!(set.values(), Ok([1]));
    Ok(())
}

/// The arguments after the identifier.
type Arguments = fn(&mut sembuf) -> (Sysno, [usize; 3]);

#[harness::errors(
    family = "bad-address",
    rows = [
        ("sysv-sem.bad-operations/semop", "errors:sysv-sem.semop.EFAULT", ("semop", |_| (Sysno::semop, [BAD_ADDRESS, 1, 0]))),
        (
            "sysv-sem.bad-operations/semtimedop",
            "errors:sysv-sem.semtimedop.EFAULT",
            ("semtimedop", |_| (Sysno::semtimedop, [BAD_ADDRESS, 1, 0])),
        ),
        (
            "sysv-sem.bad-timeout",
            "errors:sysv-sem.semtimedop.EFAULT.2",
            ("semtimedop", |take| (Sysno::semtimedop, [std::ptr::from_mut(take).register(), 1, BAD_ADDRESS])),
        ),
    ],
    needs = [SYSV],
)]
fn an_address_is_bad(call: (&'static str, Arguments)) -> TestResult {
    let (name, given) = call;
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    let (before, mut take) = (set.status()?, operation(0, -1, 0));
    let (number, [operations, count, timeout]) = given(&mut take);
    // SAFETY: the call reads one operation, which outlives it; the other address is outside the address space.
    let refused = unsafe { syscall(name, number, arguments([set.id().register(), operations, count, timeout])) };
    assert_errno!(refused, EFAULT);
    assert_eq!((set.values(), set.status()), (Ok([1]), Ok(before)));
    Ok(())
}
