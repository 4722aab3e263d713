//! sem_timedwait: a wait until a time of CLOCK_REALTIME.

use super::{going_on, post_elsewhere, shared};
use crate::deadlines::{MALFORMED, NEVER, PAST, SOON, after, assert_passed};
use kit::prelude::*;
use libc::{CLOCK_REALTIME, timespec};
use std::time::Duration;

/// sem_timedwait fails with ETIMEDOUT once CLOCK_REALTIME has reached its deadline and the value is still zero, and not before; another
/// process waits on.
#[harness::test(
    id = "posix-sem.timedwait",
    cite = [posix("sem_timedwait.3p", "DESCRIPTION"), man("sem_wait.3", "DESCRIPTION"), man("sem_wait.3", "ERRORS", "ETIMEDOUT")],
    covers = [
        "behaviours:psem.timedwait-absolute", "behaviours:psem.value-not-changed-on-fail",
        "errors:posix-sem.sem_timedwait.ETIMEDOUT",
    ],
)]
fn sem_timedwait_gives_up_at_its_deadline() -> TestResult {
    let semaphore = shared(0)?;
    let other = going_on(&semaphore)?;
    let deadline = after(CLOCK_REALTIME, SOON)?;
    assert_errno!(sem_timedwait(&semaphore, deadline), ETIMEDOUT);
    assert_passed(CLOCK_REALTIME, deadline)?;
    other.assert_blocked_in(calls::SEM_WAIT);
    assert_eq!(sem_getvalue(&semaphore), Ok(0));
    assert_eq!(sem_post(&semaphore), Ok(()));
    other.join()?;
    assert_eq!((sem_post(&semaphore), sem_getvalue(&semaphore)), (Ok(()), Ok(1)));
    Ok(())
}

/// A deadline that has passed makes sem_timedwait fail with ETIMEDOUT where it would wait, and makes no difference where the value is
/// above zero.
#[harness::test(
    id = "posix-sem.timedwait-passed",
    cite = [man("sem_wait.3", "DESCRIPTION"), posix("sem_timedwait.3p", "DESCRIPTION")],
    covers = [
        "behaviours:psem.timedwait-past", "behaviours:psem.timedwait-available-no-check", "errors:posix-sem.sem_timedwait.ETIMEDOUT",
    ],
)]
fn a_deadline_that_has_passed_only_forbids_to_wait() -> TestResult {
    let semaphore = shared(0)?;
    for past in [PAST, timespec { tv_sec: 0, tv_nsec: 0 }, after(CLOCK_REALTIME, Duration::ZERO)?] {
        assert_errno!(sem_timedwait(&semaphore, past), ETIMEDOUT);
        post_elsewhere(&semaphore)?;
        assert_eq!(sem_getvalue(&semaphore), Ok(1));
        assert_eq!((sem_timedwait(&semaphore, past), sem_getvalue(&semaphore)), (Ok(()), Ok(0)));
    }
    Ok(())
}

#[harness::errors(
    family = "invalid-timeout",
    rows = [("posix-sem.timedwait-malformed", "errors:posix-sem.sem_timedwait.EINVAL.2", MALFORMED)],
)]
fn a_malformed_deadline_is_refused(malformed: [timespec; 3]) -> TestResult {
    let semaphore = shared(0)?;
    for deadline in malformed {
        assert_errno!(sem_timedwait(&semaphore, deadline), EINVAL);
        assert_eq!(sem_getvalue(&semaphore), Ok(0));
    }
    post_elsewhere(&semaphore)?;
    assert_eq!(sem_getvalue(&semaphore), Ok(1));
    let without_wait = sem_timedwait(&semaphore, malformed[0]).map_err(|error| error.errno);
    observe("a malformed deadline of a sem_timedwait that need not wait", format!("{without_wait:?}"));
    Ok(())
}

/// Two processes that wait in sem_timedwait go on when they are posted, before their deadline.
#[harness::test(
    id = "posix-sem.timedwait-posted",
    cite = [posix("sem_timedwait.3p", "DESCRIPTION"), man("sem_wait.3", "DESCRIPTION")],
    covers = ["behaviours:psem.cross-process-wake", "behaviours:psem.blocks-zero"],
)]
fn sem_timedwait_goes_on_when_posted() -> TestResult {
    let (semaphore, passed) = (shared(0)?, Latch::new()?);
    let start = || -> TestResult<Child> {
        let child = fork(|| {
            assert_eq!(sem_timedwait(&semaphore, NEVER), Ok(()));
            passed.arrive();
        })?;
        child.assert_blocked_in(calls::SEM_TIMEDWAIT);
        Ok(child)
    };
    let children = [start()?, start()?];
    for posts in 1..=2 {
        assert_eq!(sem_post(&semaphore), Ok(()));
        passed.wait_for(posts);
        assert_eq!((passed.arrivals(), sem_getvalue(&semaphore)), (posts, Ok(0)));
    }
    children.into_iter().try_for_each(Child::join)
}
