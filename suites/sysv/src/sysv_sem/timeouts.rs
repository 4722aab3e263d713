//! semtimedop: a wait with a limit.

use super::{long, waiter, waiters};
use calls::sysv::operation;
use kit::disposition::Runs;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::SemaphoreSet;
use libc::{IPC_PRIVATE, sembuf, timespec};
use nix::sys::signal::{SIGUSR1, SaFlags};
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_gettime};

/// The timeout of these specs.
fn short() -> timespec {
    timespec { tv_sec: 0, tv_nsec: 20_000_000 }
}

/// From which Linux 5.10 counts: it measures the timeout in ticks, and has seen the last one late on a machine that stalls.
fn last_tick() -> TestResult<TimeSpec> {
    Ok(clock_gettime(ClockId::CLOCK_MONOTONIC_COARSE)?)
}

fn numbers(time: timespec) -> (i64, i64) {
    (time.tv_sec, time.tv_nsec)
}

#[rstest]
#[case::growth(operation(1, -1, 0), 0)]
#[case::zero(operation(0, 0, 0), 1)]
/// semtimedop that would wait fails with EAGAIN when its timeout runs out, and not before. It has changed nothing and is no longer
/// counted; another waiter goes on waiting.
#[harness::test(
    id = "sysv-sem.timeout",
    cite = [man("semop.2", "semtimedop()"), man("semop.2", "ERRORS", "EAGAIN")],
    covers = ["behaviours:sysvsem.timeout-eagain", "errors:sysv-sem.semtimedop.EAGAIN.2"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_timeout_ends_the_wait(#[case] wait: sembuf, #[case] left: i32) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[3, 0])?;
    let (other, status) = (waiter(&set, &[wait])?, set.status()?);
    let (mut time, before) = (short(), last_tick()?);
    assert_errno!(semtimedop(set.id(), &mut [operation(0, -1, 0), wait], Some(&mut time)), EAGAIN);
    let waited = clock_gettime(ClockId::CLOCK_MONOTONIC)? - before;
    assert!(waited >= short().into(), "it timed out after {waited:?}");
    other.assert_blocked_in(calls::SEMOP);
    let counted = (waiters(&set, 0)?, waiters(&set, 1)?);
    assert!([((0, 0), (1, 0)), ((0, 1), (0, 0))].contains(&counted), "{counted:?}");
    assert_eq!((set.values(), set.status()), (Ok([3, 0]), Ok(status)));
    assert_eq!(semop(set.id(), &mut [operation(0, -3, 0), operation(1, 1, 0)]), Ok(()));
    other.join()?;
    assert_eq!(set.values(), Ok([0, left]));
    Ok(())
}

/// A timeout of 0 makes semtimedop fail with EAGAIN where it would wait, and makes no difference where it would not.
#[harness::test(
    id = "sysv-sem.timeout-of-zero",
    cite = [man("semop.2", "semtimedop()")],
    covers = ["behaviours:sysvsem.timeout-limits-sleep-only", "errors:sysv-sem.semtimedop.EAGAIN.2"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_timeout_of_zero_only_forbids_to_wait() -> TestResult {
    let (set, zero) = (SemaphoreSet::new(IPC_PRIVATE, &[1])?, timespec { tv_sec: 0, tv_nsec: 0 });
    assert_errno!(semtimedop(set.id(), &mut [operation(0, -2, 0)], Some(&mut { zero })), EAGAIN);
    assert_errno!(semtimedop(set.id(), &mut [operation(0, 0, 0)], Some(&mut { zero })), EAGAIN);
    assert_eq!(set.values(), Ok([1]));
    assert_eq!(semtimedop(set.id(), &mut [operation(0, -1, 0)], Some(&mut { zero })), Ok(()));
    assert_eq!(semtimedop(set.id(), &mut [operation(0, 0, 0), operation(0, 2, 0)], Some(&mut { zero })), Ok(()));
    assert_eq!(set.values(), Ok([2]));
    Ok(())
}

#[rstest]
#[case::negative(-1, 0)]
#[case::negative_nanoseconds(0, -1)]
#[case::too_many_nanoseconds(0, 1_000_000_000)]
/// semtimedop fails with EINVAL if its timeout is negative, or if its nanoseconds are not in the range 0 to 999999999, although it would
/// not have to wait. No page says so.
#[harness::test(
    id = "sysv-sem.timeout-einval",
    cite = [kernel("ipc/sem.c", "__do_semtimedop", "6.18")],
    covers = ["errors:sysv-sem.semtimedop.EINVAL.3"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_invalid_timeout_is_refused(#[case] tv_sec: i64, #[case] tv_nsec: i64) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    for change in [1, -1, -2] {
        let mut time = timespec { tv_sec, tv_nsec };
        assert_errno!(semtimedop(set.id(), &mut [operation(0, change, 0)], Some(&mut time)), EINVAL);
    }
    assert_eq!(set.values(), Ok([1]));
    let mut largest = timespec { tv_sec: 0, tv_nsec: 999_999_999 };
    assert_eq!(semtimedop(set.id(), &mut [operation(0, 1, 0)], Some(&mut largest)), Ok(()));
    assert_eq!(set.values(), Ok([2]));
    Ok(())
}

#[rstest]
#[case::without_timeout(|| None)]
#[case::with_timeout(|| Some(long()))]
/// Two processes that wait in semtimedop, without a timeout or with one that does not run out, both go on when the value has grown.
#[harness::test(
    id = "sysv-sem.timed-growth",
    cite = [man("semop.2", "semtimedop()"), man("semop.2", "DESCRIPTION")],
    covers = ["behaviours:sysvsem.timeout-null-forever"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn semtimedop_waits_as_semop(#[case] timeout: fn() -> Option<timespec>) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0])?;
    let start = || -> TestResult<Child> {
        let child = fork(|| assert_eq!(semtimedop(set.id(), &mut [operation(0, -1, 0)], timeout().as_mut()), Ok(())))?;
        child.wait_until_blocked_in(calls::SEMTIMEDOP)?;
        Ok(child)
    };
    let (one, other) = (start()?, start()?);
    assert_eq!(waiters(&set, 0), Ok((2, 0)));
    assert_eq!(semop(set.id(), &mut [operation(0, 2, 0)]), Ok(()));
    one.join()?;
    other.join()?;
    assert_eq!((set.values(), waiters(&set, 0)), (Ok([0]), Ok((0, 0))));
    Ok(())
}

#[rstest]
#[case::without_sa_restart(SaFlags::empty())]
#[case::with_sa_restart(SaFlags::SA_RESTART)]
/// semtimedop that waits fails with EINTR when a handler interrupts it, even one installed with SA_RESTART. Its timeout is unchanged,
/// and it is no longer counted, while another goes on waiting.
#[harness::test(
    id = "sysv-sem.timed-not-restarted",
    cite = [
        man("semop.2", "semtimedop()"),
        man("semop.2", "NOTES"),
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
    ],
    covers = [
        "behaviours:sysvsem.timeout-unchanged-eintr", "behaviours:sysvsem.count-drops-on-signal",
        "behaviours:norestart.semtimedop", "errors:sysv-sem.semtimedop.EINTR",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_handler_interrupts_semtimedop(#[case] flags: SaFlags) -> TestResult {
    let (set, runs) = (SemaphoreSet::new(IPC_PRIVATE, &[0])?, Runs::new()?);
    let interrupted = fork(|| -> TestResult {
        runs.handle(SIGUSR1, flags)?;
        let mut time = long();
        assert_errno!(semtimedop(set.id(), &mut [operation(0, -1, 0)], Some(&mut time)), EINTR);
        assert_eq!((numbers(time), runs.count()), (numbers(long()), 1));
        Ok(())
    })?;
    let other = waiter(&set, &[operation(0, -1, 0)])?;
    interrupted.wait_until_blocked_in(calls::SEMTIMEDOP)?;
    interrupted.signal(SIGUSR1)?;
    interrupted.join()?;
    assert_eq!(waiters(&set, 0), Ok((1, 0)));
    other.assert_blocked_in(calls::SEMOP);
    assert_eq!(semop(set.id(), &mut [operation(0, 1, 0)]), Ok(()));
    other.join()?;
    assert_eq!(set.values(), Ok([0]));
    Ok(())
}
