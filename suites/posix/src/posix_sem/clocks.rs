//! sem_clockwait of POSIX.1-2024: a wait until a time of the clock that is named.

use super::{going_on, post_elsewhere, shared};
use crate::deadlines::{MALFORMED, NEVER, PAST, SOON, after, assert_passed};
use kit::needs::GLIBC;
use kit::prelude::*;
use libc::{CLOCK_MONOTONIC, CLOCK_REALTIME, clockid_t};

#[rstest]
#[case::realtime(CLOCK_REALTIME)]
#[case::monotonic(CLOCK_MONOTONIC)]
/// sem_clockwait fails with ETIMEDOUT once its clock has reached its deadline and the value is still zero, and not before; another
/// process waits on.
#[harness::test(
    id = "posix-sem.clockwait",
    cite = [posix_2024("sem_clockwait.3p", "DESCRIPTION")],
    covers = ["behaviours:psem.clockwait-absolute", "errors:posix-sem.sem_clockwait.ETIMEDOUT"],
    needs = [GLIBC],
)]
fn sem_clockwait_gives_up_at_its_deadline(#[case] clock: clockid_t) -> TestResult {
    let semaphore = shared(0)?;
    let other = going_on(&semaphore)?;
    let deadline = after(clock, SOON)?;
    assert_errno!(sem_clockwait(&semaphore, clock, deadline), ETIMEDOUT);
    assert_passed(clock, deadline)?;
    other.assert_blocked_in(calls::SEM_WAIT);
    assert_eq!(sem_post(&semaphore), Ok(()));
    other.join()?;
    assert_eq!(sem_getvalue(&semaphore), Ok(0));
    Ok(())
}

#[rstest]
#[case::realtime(CLOCK_REALTIME)]
#[case::monotonic(CLOCK_MONOTONIC)]
/// A deadline that has passed makes sem_clockwait fail with ETIMEDOUT where it would wait, and makes no difference where the value is
/// above zero; one that waits goes on when it is posted.
#[harness::test(
    id = "posix-sem.clockwait-passed",
    cite = [posix_2024("sem_clockwait.3p", "DESCRIPTION")],
    covers = ["behaviours:psem.clockwait-available", "errors:posix-sem.sem_clockwait.ETIMEDOUT"],
    needs = [GLIBC],
)]
fn a_passed_deadline_only_forbids_to_wait(#[case] clock: clockid_t) -> TestResult {
    let semaphore = shared(0)?;
    assert_errno!(sem_clockwait(&semaphore, clock, PAST), ETIMEDOUT);
    assert_eq!(sem_post(&semaphore), Ok(()));
    assert_eq!((sem_clockwait(&semaphore, clock, PAST), sem_getvalue(&semaphore)), (Ok(()), Ok(0)));
    let child = fork(|| assert_eq!(sem_clockwait(&semaphore, clock, NEVER), Ok(())))?;
    child.assert_blocked_in(calls::SEM_CLOCKWAIT);
    assert_eq!(sem_post(&semaphore), Ok(()));
    child.join()?;
    assert_eq!(sem_getvalue(&semaphore), Ok(0));
    Ok(())
}

/// sem_clockwait fails with EINVAL if it would wait and the nanoseconds of its deadline are not from 0 to 999999999.
#[harness::test(
    id = "posix-sem.clockwait-malformed",
    cite = [posix_2024("sem_clockwait.3p", "ERRORS", "EINVAL")],
    covers = ["errors:posix-sem.sem_clockwait.EINVAL"],
    needs = [GLIBC],
)]
fn a_malformed_deadline_is_refused() -> TestResult {
    let semaphore = shared(0)?;
    for clock in [CLOCK_REALTIME, CLOCK_MONOTONIC] {
        for deadline in MALFORMED {
            assert_errno!(sem_clockwait(&semaphore, clock, deadline), EINVAL);
            assert_eq!(sem_getvalue(&semaphore), Ok(0));
        }
        post_elsewhere(&semaphore)?;
        assert_eq!(sem_clockwait(&semaphore, clock, PAST), Ok(()));
    }
    Ok(())
}

/// sem_clockwait fails with EINVAL if its clock is neither CLOCK_REALTIME nor CLOCK_MONOTONIC.
#[harness::test(
    id = "posix-sem.clockwait-unknown-clock",
    cite = [posix_2024("sem_clockwait.3p", "ERRORS", "EINVAL")],
    covers = ["errors:posix-sem.sem_clockwait.EINVAL.2"],
    needs = [GLIBC],
)]
fn another_clock_is_refused() -> TestResult {
    let semaphore = shared(0)?;
    for clock in [libc::CLOCK_PROCESS_CPUTIME_ID, libc::CLOCK_THREAD_CPUTIME_ID, 9999, -1] {
        assert_errno!(sem_clockwait(&semaphore, clock, NEVER), EINVAL);
        assert_eq!(sem_getvalue(&semaphore), Ok(0));
    }
    post_elsewhere(&semaphore)?;
    assert_eq!(sem_clockwait(&semaphore, CLOCK_MONOTONIC, PAST), Ok(()));
    Ok(())
}
