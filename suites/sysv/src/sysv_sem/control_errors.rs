//! The errors of semctl that are neither about permissions nor about a slot.

use super::by;
use calls::sysv::Permissions;
use harness::raw::{Argument as _, arguments};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::SemaphoreSet;
use libc::{GETALL, IPC_INFO, IPC_PRIVATE, IPC_SET, IPC_STAT, SEM_INFO, SETALL};

/// semctl with this command, through the kernel.
fn control(id: i32, semnum: i32, command: i32, argument: usize) -> Result<i64> {
    let call = arguments([id.register(), semnum.register(), command.register(), argument]);
    // SAFETY: these specs give no address but one outside the address space.
    unsafe { syscall("semctl", Sysno::semctl, call) }
}

#[harness::errors(
    family = "bad-address",
    rows = [
        ("sysv-sem.bad-buffer/ipc-stat", "errors:sysv-sem.semctl.EFAULT", IPC_STAT),
        ("sysv-sem.bad-buffer/ipc-set", "errors:sysv-sem.semctl.EFAULT", IPC_SET),
        ("sysv-sem.bad-buffer/getall", "errors:sysv-sem.semctl.EFAULT", GETALL),
        ("sysv-sem.bad-buffer/setall", "errors:sysv-sem.semctl.EFAULT", SETALL),
        ("sysv-sem.bad-buffer/ipc-info", "errors:sysv-sem.semctl.EFAULT", IPC_INFO),
        ("sysv-sem.bad-buffer/sem-info", "errors:sysv-sem.semctl.EFAULT", SEM_INFO),
    ],
    needs = [SYSV],
)]
fn the_buffer_is_outside_the_address_space(command: i32) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1, 2])?;
    let before = set.status()?;
    assert_errno!(control(set.id(), 0, command, BAD_ADDRESS), EFAULT);
    assert_eq!((set.values(), set.status()), (Ok([1, 2]), Ok(before)));
    Ok(())
}

#[harness::errors(
    family = "invalid-command",
    rows = [
        ("sysv-sem.unknown-command/negative", "errors:sysv-sem.semctl.EINVAL", -1),
        ("sysv-sem.unknown-command/between", "errors:sysv-sem.semctl.EINVAL", 4),
        ("sysv-sem.unknown-command/above-all", "errors:sysv-sem.semctl.EINVAL", 21),
    ],
    needs = [SYSV],
)]
fn there_is_no_such_command(command: i32) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1, 2])?;
    let before = set.status()?;
    assert_errno!(control(set.id(), 0, command, 0), EINVAL);
    assert_eq!((set.values(), set.status()), (Ok([1, 2]), Ok(before)));
    Ok(())
}

/// A command of semctl on a set, and on its first semaphore.
pub(super) type Command = fn(i32) -> Result<()>;

pub(super) const GET_VALUE: Command = |id| by::semaphore_value(id, 0).map(drop);
pub(super) const GET_PID: Command = |id| by::last_operator(id, 0).map(drop);
pub(super) const GET_GROWTH: Command = |id| by::waiters_for_growth(id, 0).map(drop);
pub(super) const GET_ZERO: Command = |id| by::waiters_for_zero(id, 0).map(drop);
pub(super) const GET_ALL: Command = |id| by::all_semaphores(id).map(drop);
pub(super) const STATUS: Command = |id| by::semaphore_status(id).map(drop);
pub(super) const SET_VALUE: Command = |id| by::set_semaphore_value(id, 0, 1);
pub(super) const SET_ALL: Command = |id| by::set_all_semaphores(id, &[1]);
pub(super) const SET_PERMISSIONS: Command =
    |id| by::set_semaphore_permissions(id, Permissions { uid: 0, gid: 0, mode: 0o600 });
pub(super) const REMOVE: Command = |id| by::remove_semaphores(id);

#[harness::errors(
    family = "invalid-id",
    rows = [
        ("sysv-sem.control-no-such-set/getval", "errors:sysv-sem.semctl.EINVAL.2", GET_VALUE),
        ("sysv-sem.control-no-such-set/getpid", "errors:sysv-sem.semctl.EINVAL.2", GET_PID),
        ("sysv-sem.control-no-such-set/getncnt", "errors:sysv-sem.semctl.EINVAL.2", GET_GROWTH),
        ("sysv-sem.control-no-such-set/getzcnt", "errors:sysv-sem.semctl.EINVAL.2", GET_ZERO),
        ("sysv-sem.control-no-such-set/getall", "errors:sysv-sem.semctl.EINVAL.2", GET_ALL),
        ("sysv-sem.control-no-such-set/setval", "errors:sysv-sem.semctl.EINVAL.2", SET_VALUE),
        ("sysv-sem.control-no-such-set/setall", "errors:sysv-sem.semctl.EINVAL.2", SET_ALL),
        ("sysv-sem.control-no-such-set/ipc-stat", "errors:sysv-sem.semctl.EINVAL.2", STATUS),
        ("sysv-sem.control-no-such-set/ipc-set", "errors:sysv-sem.semctl.EINVAL.2", SET_PERMISSIONS),
        ("sysv-sem.control-no-such-set/ipc-rmid", "errors:sysv-sem.semctl.EINVAL.2", REMOVE),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn there_is_no_set_with_the_identifier(command: Command) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    set.remove()?;
    for id in [set.id(), -1, i32::MIN] {
        assert_errno!(command(id), EINVAL);
    }
    Ok(())
}

/// A command of semctl on one semaphore of a set.
type OnSemaphore = fn(i32, i32) -> Result<()>;

#[harness::errors(
    family = "value-out-of-range",
    rows = [
        ("sysv-sem.control-no-such-semaphore/getval", "errors:sysv-sem.semctl.EINVAL.4", |id, number| by::semaphore_value(id, number).map(drop)),
        ("sysv-sem.control-no-such-semaphore/getpid", "errors:sysv-sem.semctl.EINVAL.4", |id, number| by::last_operator(id, number).map(drop)),
        ("sysv-sem.control-no-such-semaphore/getncnt", "errors:sysv-sem.semctl.EINVAL.4", |id, number| by::waiters_for_growth(id, number).map(drop)),
        ("sysv-sem.control-no-such-semaphore/getzcnt", "errors:sysv-sem.semctl.EINVAL.4", |id, number| by::waiters_for_zero(id, number).map(drop)),
        ("sysv-sem.control-no-such-semaphore/setval", "errors:sysv-sem.semctl.EINVAL.4", |id, number| by::set_semaphore_value(id, number, 1)),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_set_has_no_such_semaphore(command: OnSemaphore) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1, 1])?;
    for number in [2, 3, i32::MAX, -1, i32::MIN] {
        assert_errno!(command(set.id(), number), EINVAL);
    }
    assert_eq!(set.values(), Ok([1, 1]));
    Ok(())
}

#[harness::errors(
    family = "value-out-of-range",
    rows = [
        ("sysv-sem.setval-erange/above", "errors:sysv-sem.semctl.ERANGE", 32768),
        ("sysv-sem.setval-erange/far-above", "errors:sysv-sem.semctl.ERANGE", 65536),
        ("sysv-sem.setval-erange/negative", "errors:sysv-sem.semctl.ERANGE", -1),
        ("sysv-sem.setval-erange/smallest", "errors:sysv-sem.semctl.ERANGE", i32::MIN),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_value_of_setval_is_out_of_range(value: i32) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1, 2])?;
    assert_errno!(set_semaphore_value(set.id(), 1, value), ERANGE);
    assert_eq!(set.values(), Ok([1, 2]));
    Ok(())
}

#[harness::errors(
    family = "value-out-of-range",
    rows = [
        ("sysv-sem.setall-erange/above", "errors:sysv-sem.semctl.ERANGE.2", 32768),
        ("sysv-sem.setall-erange/largest", "errors:sysv-sem.semctl.ERANGE.2", u16::MAX),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_value_of_setall_is_out_of_range(value: u16) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1, 2])?;
    assert_errno!(set_all_semaphores(set.id(), &[7, value]), ERANGE);
    assert_errno!(set_all_semaphores(set.id(), &[value, 7]), ERANGE);
    assert_eq!(set.values(), Ok([1, 2]));
    assert_eq!(set_all_semaphores(set.id(), &[7, 32767]), Ok(()));
    assert_eq!(set.values(), Ok([7, 32767]));
    Ok(())
}
