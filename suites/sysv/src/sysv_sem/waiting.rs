//! What ends the waiting of semop: two processes wait for the same semaphore, and both go on.

use super::{Operate, SEMOP, SEMTIMEDOP, waiters};
use calls::sysv::operation;
use kit::disposition::{handle, handled};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::{SemaphoreSet, unused_key};
use libc::IPC_PRIVATE;
use nix::sys::signal::{SIGUSR1, SaFlags};

/// Two children that wait in semop for the first semaphore to allow this change.
fn two_waiters(set: &SemaphoreSet, change: i16, check: fn(Result<()>)) -> TestResult<[Child; 2]> {
    two_waiters_in(SEMOP, set, change, check)
}

fn two_waiters_in(operate: Operate, set: &SemaphoreSet, change: i16, check: fn(Result<()>)) -> TestResult<[Child; 2]> {
    let [one, other] = [(); 2].map(|()| -> TestResult<Child> {
        let child = fork(|| check(operate(set.id(), &mut [operation(0, change, 0)])))?;
        child.wait_until_blocked_in(calls::SEMOP)?;
        Ok(child)
    });
    Ok([one?, other?])
}

#[rstest]
#[case::semop(|set: &SemaphoreSet| semop(set.id(), &mut [operation(0, 2, 0)]))]
#[case::setval(|set: &SemaphoreSet| set_semaphore_value(set.id(), 0, 2))]
#[case::setall(|set: &SemaphoreSet| set_all_semaphores(set.id(), &[2]))]
/// Two processes that wait to decrease a semaphore of 0 by 1, which GETNCNT counts, both go on once it becomes 2.
#[harness::test(
    id = "sysv-sem.growth-wakes-all",
    cite = [
        man("semop.2", "DESCRIPTION"),
        man("semctl.2", "DESCRIPTION", "SETVAL"),
        man("semctl.2", "DESCRIPTION", "SETALL"),
        man("semctl.2", "DESCRIPTION", "GETNCNT"),
    ],
    covers = [
        "behaviours:sysvsem.negative-waits", "behaviours:sysvsem.positive-adds", "behaviours:sysvsem.setval-wakes",
        "behaviours:sysvsem.setall-wakes", "behaviours:sysvsem.ncnt",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn growth_wakes_two(#[case] grow: fn(&SemaphoreSet) -> Result<()>) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0])?;
    assert_eq!(waiters(&set, 0), Ok((0, 0)));
    let waiting = two_waiters(&set, -1, |returned| assert_eq!(returned, Ok(())))?;
    assert_eq!(waiters(&set, 0), Ok((2, 0)));
    assert_eq!(grow(&set), Ok(()));
    waiting.into_iter().try_for_each(Child::join)?;
    assert_eq!((waiters(&set, 0), set.values()), (Ok((0, 0)), Ok([0])));
    Ok(())
}

#[rstest]
#[case::semop(|set: &SemaphoreSet| semop(set.id(), &mut [operation(0, -1, 0)]))]
#[case::setval(|set: &SemaphoreSet| set_semaphore_value(set.id(), 0, 0))]
#[case::setall(|set: &SemaphoreSet| set_all_semaphores(set.id(), &[0]))]
/// Two processes that wait for a semaphore to be 0, which GETZCNT counts, both go on once it is.
#[harness::test(
    id = "sysv-sem.zero-wakes-all",
    cite = [
        man("semop.2", "DESCRIPTION"),
        man("semctl.2", "DESCRIPTION", "SETVAL"),
        man("semctl.2", "DESCRIPTION", "SETALL"),
        man("semctl.2", "DESCRIPTION", "GETZCNT"),
    ],
    covers = [
        "behaviours:sysvsem.zero-waits", "behaviours:sysvsem.setval-wakes", "behaviours:sysvsem.setall-wakes",
        "behaviours:sysvsem.zcnt",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn zero_wakes_two(#[case] clear: fn(&SemaphoreSet) -> Result<()>) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    assert_eq!(waiters(&set, 0), Ok((0, 0)));
    let waiting = two_waiters(&set, 0, |returned| assert_eq!(returned, Ok(())))?;
    assert_eq!(waiters(&set, 0), Ok((0, 2)));
    assert_eq!(clear(&set), Ok(()));
    waiting.into_iter().try_for_each(Child::join)?;
    assert_eq!((waiters(&set, 0), set.values()), (Ok((0, 0)), Ok([0])));
    Ok(())
}

#[rstest]
#[case::growth(0, -1)]
#[case::zero(1, 0)]
/// Two processes that wait in semop for growth, or for 0, both fail with EIDRM once the set is removed.
#[harness::test(
    id = "sysv-sem.removal-wakes-all",
    cite = [
        posix("semop.3p", "ERRORS", "EIDRM"),
        man("semop.2", "ERRORS", "EIDRM"),
        man("semctl.2", "DESCRIPTION", "IPC_RMID"),
    ],
    covers = ["behaviours:sysvsem.rmid-wakes-eidrm", "errors:sysv-sem.semop.EIDRM"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn removal_wakes_two(#[case] value: i32, #[case] change: i16) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[value])?;
    let waiting = two_waiters(&set, change, |returned| assert_errno!(returned, EIDRM))?;
    assert_eq!(set.remove(), Ok(()));
    waiting.into_iter().try_for_each(Child::join)
}

#[harness::errors(
    family = "removed-while-blocked",
    rows = [("sysv-sem.timed-removed", "errors:sysv-sem.semtimedop.EIDRM", SEMTIMEDOP)],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn removal_wakes_two_with_timeouts(operate: Operate) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0])?;
    let waiting = two_waiters_in(operate, &set, -1, |returned| assert_errno!(returned, EIDRM))?;
    assert_eq!(set.remove(), Ok(()));
    waiting.into_iter().try_for_each(Child::join)
}

/// IPC_RMID removes a set at once, although processes wait in it: neither its key nor its identifier leads to it any more.
#[harness::test(
    id = "sysv-sem.removal-immediate",
    cite = [
        posix("semctl.3p", "DESCRIPTION", "IPC_RMID"),
        man("semctl.2", "DESCRIPTION", "IPC_RMID"),
        man("semctl.2", "ERRORS", "EINVAL"),
    ],
    covers = [
        "behaviours:sysvsem.rmid-immediate", "behaviours:sysvsem.rmid-wakes-eidrm", "errors:sysv-sem.semget.ENOENT",
        "errors:sysv-sem.semctl.EINVAL.2", "errors:sysv-sem.semop.EINVAL",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn removal_does_not_wait_for_waiters() -> TestResult {
    let set = SemaphoreSet::new(unused_key()?, &[0])?;
    let waiting = two_waiters(&set, -1, |returned| assert_errno!(returned, EIDRM))?;
    assert_eq!(semget(set.key(), 0, 0), Ok(set.id()));
    assert_eq!(set.remove(), Ok(()));
    assert_errno!(semget(set.key(), 0, 0), ENOENT);
    assert_errno!(semaphore_value(set.id(), 0), EINVAL);
    assert_errno!(semop(set.id(), &mut [operation(0, 1, 0)]), EINVAL);
    assert_errno!(set.remove(), EINVAL);
    waiting.into_iter().try_for_each(Child::join)
}

#[rstest]
#[case::without_sa_restart(SaFlags::empty())]
#[case::with_sa_restart(SaFlags::SA_RESTART)]
/// A semop that waits fails with EINTR when a handler interrupts it, even one installed with SA_RESTART; it changes nothing
/// and is no longer counted, while another goes on waiting.
#[harness::test(
    id = "sysv-sem.not-restarted",
    cite = [
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
        man("semop.2", "ERRORS", "EINTR"),
    ],
    covers = [
        "behaviours:norestart.semop", "behaviours:sysvsem.eintr-no-restart", "behaviours:sysvsem.count-drops-on-signal",
        "errors:sysv-sem.semop.EINTR",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_handler_interrupts_semop_whatever_its_flags(#[case] flags: SaFlags) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0])?;
    let waiter = |returned: fn(Result<()>)| {
        fork(|| -> TestResult {
            handle(SIGUSR1, flags)?;
            returned(semop(set.id(), &mut [operation(0, -1, 0)]));
            Ok(())
        })
    };
    let interrupted = waiter(|returned| {
        assert_errno!(returned, EINTR);
        assert_eq!(handled(SIGUSR1), 1);
    })?;
    let other = waiter(|returned| assert_eq!(returned, Ok(())))?;
    interrupted.wait_until_blocked_in(calls::SEMOP)?;
    other.wait_until_blocked_in(calls::SEMOP)?;
    interrupted.signal(SIGUSR1)?;
    interrupted.join()?;
    assert_eq!(waiters(&set, 0), Ok((1, 0)));
    other.assert_blocked_in(calls::SEMOP);
    assert_eq!(semop(set.id(), &mut [operation(0, 1, 0)]), Ok(()));
    other.join()?;
    assert_eq!(semaphore_value(set.id(), 0), Ok(0));
    Ok(())
}
