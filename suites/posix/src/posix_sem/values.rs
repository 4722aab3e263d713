//! What a semaphore counts, without waiting.

use super::{private, shared};
use crate::deadlines::NEVER;
use calls::semaphores::{Semaphore, SemaphoreMemory};
use kit::prelude::*;
use kit::property;
use proptest::collection::vec;

/// SEM_VALUE_MAX on Linux.
const MOST: i32 = 2_147_483_647;

#[rstest]
#[case::of_processes(shared)]
#[case::of_threads(private)]
/// sem_init gives a semaphore its value, sem_post adds one, and sem_wait, sem_trywait and sem_timedwait take one at once while it is
/// above zero.
#[harness::test(
    id = "posix-sem.values",
    cite = [posix("sem_wait.3p", "DESCRIPTION"), posix("sem_post.3p", "DESCRIPTION"), man("sem_overview.7", "DESCRIPTION")],
    covers = ["behaviours:psem.increments", "behaviours:psem.decrement-immediate"],
)]
fn posts_add_and_waits_take(#[case] make: fn(u32) -> TestResult<Semaphore>) -> TestResult {
    for value in [1, 2, 1000, MOST - 1] {
        let semaphore = make(value as u32)?;
        assert_eq!(sem_getvalue(&semaphore), Ok(value));
        assert_eq!(sem_post(&semaphore), Ok(()));
        assert_eq!(sem_getvalue(&semaphore), Ok(value + 1));
        assert_eq!(sem_wait(&semaphore), Ok(()));
        assert_eq!(sem_getvalue(&semaphore), Ok(value));
        assert_eq!((sem_trywait(&semaphore), sem_getvalue(&semaphore)), (Ok(()), Ok(value - 1)));
        assert_eq!((sem_post(&semaphore), sem_timedwait(&semaphore, NEVER)), (Ok(()), Ok(())));
        assert_eq!(sem_getvalue(&semaphore), Ok(value - 1));
    }
    Ok(())
}

#[rstest]
#[case::of_processes(shared)]
#[case::of_threads(private)]
/// sem_trywait fails with EAGAIN if the value is zero, which stays; it takes one as soon as there is one.
#[harness::test(
    id = "posix-sem.trywait",
    cite = [posix("sem_trywait.3p", "ERRORS", "EAGAIN"), man("sem_wait.3", "ERRORS", "EAGAIN")],
    covers = [
        "behaviours:psem.trywait-no-block", "behaviours:psem.never-negative", "behaviours:psem.value-not-changed-on-fail",
        "errors:posix-sem.sem_trywait.EAGAIN",
    ],
)]
fn trywait_does_not_wait(#[case] make: fn(u32) -> TestResult<Semaphore>) -> TestResult {
    let semaphore = make(0)?;
    for _ in 0..3 {
        assert_errno!(sem_trywait(&semaphore), EAGAIN);
        assert_errno!(sem_trywait(&semaphore), EAGAIN);
        assert_eq!(sem_getvalue(&semaphore), Ok(0));
        assert_eq!(sem_post(&semaphore), Ok(()));
        assert_eq!(sem_trywait(&semaphore), Ok(()));
    }
    assert_eq!(sem_getvalue(&semaphore), Ok(0));
    Ok(())
}

/// Whatever is posted and taken in whatever order: the value is what was posted without what was taken, and never below zero.
#[harness::test(
    id = "posix-sem.any-order",
    cite = [posix("sem_trywait.3p", "DESCRIPTION"), man("sem_overview.7", "DESCRIPTION")],
    covers = ["behaviours:psem.never-negative", "behaviours:psem.increments", "behaviours:psem.decrement-immediate"],
)]
fn a_semaphore_counts() -> TestResult {
    property::check(64, (0..3_i32, vec(proptest::bool::ANY, 1..40)), |(initial, posts)| {
        let (semaphore, mut value) = (shared(initial as u32)?, initial);
        for post in posts {
            if post {
                assert_eq!(sem_post(&semaphore), Ok(()));
            } else if value == 0 {
                assert_errno!(sem_trywait(&semaphore), EAGAIN);
                continue;
            } else {
                assert_eq!(sem_trywait(&semaphore), Ok(()));
            }
            value += if post { 1 } else { -1 };
            assert_eq!(sem_getvalue(&semaphore), Ok(value));
        }
        Ok(())
    })
}

/// sem_post fails with EOVERFLOW if the value is SEM_VALUE_MAX, which stays; with one less it succeeds. SEM_VALUE_MAX is 2147483647.
#[harness::test(
    id = "posix-sem.overflow",
    cite = [man("sem_post.3", "ERRORS", "EOVERFLOW"), man("sem_post.3", "RETURN VALUE")],
    covers = ["behaviours:psem.overflow-keeps", "behaviours:psem.value-max", "errors:posix-sem.sem_post.EOVERFLOW"],
)]
fn a_post_beyond_the_maximum_is_refused() -> TestResult {
    // SAFETY: asks for a number.
    assert_eq!(unsafe { libc::sysconf(libc::_SC_SEM_VALUE_MAX) }, i64::from(MOST));
    for make in [shared, private] {
        let semaphore = make(MOST as u32)?;
        for _ in 0..2 {
            assert_errno!(sem_post(&semaphore), EOVERFLOW);
            assert_eq!(sem_getvalue(&semaphore), Ok(MOST));
        }
        assert_eq!(sem_wait(&semaphore), Ok(()));
        assert_eq!((sem_post(&semaphore), sem_getvalue(&semaphore)), (Ok(()), Ok(MOST)));
        assert_errno!(sem_post(&semaphore), EOVERFLOW);
    }
    Ok(())
}

#[harness::errors(
    family = "value-out-of-range",
    rows = [("posix-sem.init-value", "errors:posix-sem.sem_init.EINVAL", [MOST as u32 + 1, u32::MAX - 1, u32::MAX])],
)]
fn sem_init_refuses_a_value_beyond_the_maximum(invalid: [u32; 3]) -> TestResult {
    for value in invalid {
        for shared in [false, true] {
            assert_errno!(sem_init(&SemaphoreMemory::shared()?, shared, value), EINVAL);
            let largest = assert_ok!(sem_init(&SemaphoreMemory::shared()?, shared, MOST as u32));
            assert_eq!(sem_getvalue(&largest), Ok(MOST));
        }
    }
    Ok(())
}

/// A semaphore that sem_destroy has destroyed can be initialised again in the same memory, with another value, and counts from that.
#[harness::test(
    id = "posix-sem.destroyed",
    cite = [man("sem_destroy.3", "DESCRIPTION"), posix("sem_destroy.3p", "DESCRIPTION")],
    covers = ["behaviours:psem.destroy-then-init"],
)]
fn a_destroyed_semaphore_is_initialised_again() -> TestResult {
    let memory = SemaphoreMemory::shared()?;
    for (shared, value) in [(true, 2), (false, 0), (true, 7)] {
        let semaphore = assert_ok!(sem_init(&memory, shared, value));
        assert_eq!(sem_getvalue(&semaphore), Ok(value as i32));
        assert_eq!(sem_post(&semaphore), Ok(()));
        assert_eq!(sem_getvalue(&semaphore), Ok(value as i32 + 1));
        assert_eq!(sem_destroy(semaphore), Ok(()));
    }
    Ok(())
}
