//! What a semaphore counts, without waiting.

use super::{post_elsewhere, private, shared};
use crate::deadlines::NEVER;
use calls::semaphores::{Semaphore, SemaphoreMemory};
use kit::prelude::*;
use kit::property;
use proptest::collection::vec;

/// SEM_VALUE_MAX on Linux.
const MOST: i32 = 2_147_483_647;

/// sem_init gives a semaphore its value, sem_post adds one, and sem_wait, sem_trywait and sem_timedwait take one at once while it is
/// above zero, be it one of processes or of threads.
#[harness::test(
    id = "posix-sem.values",
    cite = [posix("sem_wait.3p", "DESCRIPTION"), posix("sem_post.3p", "DESCRIPTION"), man("sem_overview.7", "DESCRIPTION")],
    covers = ["behaviours:psem.increments", "behaviours:psem.decrement-immediate"],
)]
fn posts_add_and_waits_take() -> TestResult {
    let take_and_post = |semaphore: &Semaphore, value: i32| {
        assert_eq!((sem_post(semaphore), sem_getvalue(semaphore)), (Ok(()), Ok(value + 1)));
        assert_eq!((sem_wait(semaphore), sem_getvalue(semaphore)), (Ok(()), Ok(value)));
        assert_eq!((sem_trywait(semaphore), sem_getvalue(semaphore)), (Ok(()), Ok(value - 1)));
        assert_eq!((sem_post(semaphore), sem_timedwait(semaphore, NEVER)), (Ok(()), Ok(())));
    };
    for value in [2, 3, 1000, MOST - 1] {
        let [of_threads, of_processes] = [private(value as u32)?, shared(value as u32)?];
        take_and_post(&of_threads, value);
        take_and_post(&of_processes, value);
        fork(|| take_and_post(&of_processes, value - 1))?.join()?;
        assert_eq!((sem_getvalue(&of_threads), sem_getvalue(&of_processes)), (Ok(value - 1), Ok(value - 2)));
    }
    Ok(())
}

/// sem_trywait fails with EAGAIN if the value is zero, which stays; it takes one as soon as there is one.
#[harness::test(
    id = "posix-sem.trywait",
    cite = [posix("sem_trywait.3p", "ERRORS", "EAGAIN"), man("sem_wait.3", "ERRORS", "EAGAIN")],
    covers = [
        "behaviours:psem.trywait-no-block", "behaviours:psem.never-negative", "behaviours:psem.value-not-changed-on-fail",
        "errors:posix-sem.sem_trywait.EAGAIN",
    ],
)]
fn trywait_does_not_wait() -> TestResult {
    for (make, post) in [(private as Make, sem_post_here as Post), (shared, post_elsewhere)] {
        let semaphore = make(0)?;
        for _ in 0..3 {
            assert_errno!(sem_trywait(&semaphore), EAGAIN);
            assert_errno!(sem_trywait(&semaphore), EAGAIN);
            assert_eq!(sem_getvalue(&semaphore), Ok(0));
            post(&semaphore)?;
            assert_eq!(sem_trywait(&semaphore), Ok(()));
        }
        assert_eq!(sem_getvalue(&semaphore), Ok(0));
    }
    Ok(())
}

type Make = fn(u32) -> TestResult<Semaphore>;
type Post = fn(&Semaphore) -> TestResult;

/// This process posts the semaphore.
fn sem_post_here(semaphore: &Semaphore) -> TestResult {
    Ok(calls::for_layers::libc::sem_post(semaphore)?)
}

/// Whatever is posted and taken in whatever order: the value is what was posted without what was taken, and never below zero.
#[harness::test(
    id = "posix-sem.any-order",
    cite = [posix("sem_trywait.3p", "DESCRIPTION"), man("sem_overview.7", "DESCRIPTION")],
    covers = ["behaviours:psem.never-negative", "behaviours:psem.increments", "behaviours:psem.decrement-immediate"],
)]
fn a_semaphore_counts() -> TestResult {
    property::check(64, (0..3_i32, vec(proptest::bool::ANY, 1..40)), |(initial, posts)| {
        let semaphore = shared(initial as u32)?;
        let steps = || {
            let mut value = initial;
            for post in &posts {
                if *post {
                    assert_eq!(sem_post(&semaphore), Ok(()));
                } else if value == 0 {
                    assert_errno!(sem_trywait(&semaphore), EAGAIN);
                    continue;
                } else {
                    assert_eq!(sem_trywait(&semaphore), Ok(()));
                }
                value += if *post { 1 } else { -1 };
                assert_eq!(sem_getvalue(&semaphore), Ok(value));
            }
        };
        fork(steps)?.join()?;
        // What another process has done counts here.
        assert_eq!(sem_getvalue(&semaphore), Ok(value_after(initial, &posts)));
        Ok(())
    })
}

/// The value after these posts, and attempts to take.
fn value_after(initial: i32, posts: &[bool]) -> i32 {
    posts.iter().fold(initial, |value, post| if *post { value + 1 } else { (value - 1).max(0) })
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
    for (make, post) in [(private as Make, sem_post_here as Post), (shared, post_elsewhere)] {
        let semaphore = make(MOST as u32)?;
        for _ in 0..2 {
            assert_errno!(sem_post(&semaphore), EOVERFLOW);
            assert_eq!(sem_getvalue(&semaphore), Ok(MOST));
        }
        assert_eq!(sem_wait(&semaphore), Ok(()));
        post(&semaphore)?;
        assert_eq!(sem_getvalue(&semaphore), Ok(MOST));
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
            let memory = SemaphoreMemory::shared()?;
            assert_errno!(sem_init(&memory, shared, value), EINVAL);
            let largest = assert_ok!(sem_init(&memory, shared, MOST as u32 - 1));
            post_elsewhere(&largest)?;
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
    for value in [2, 0, 7] {
        let semaphore = assert_ok!(sem_init(&memory, true, value));
        assert_eq!(sem_getvalue(&semaphore), Ok(value as i32));
        post_elsewhere(&semaphore)?;
        assert_eq!(sem_getvalue(&semaphore), Ok(value as i32 + 1));
        assert_eq!(sem_destroy(semaphore), Ok(()));
    }
    Ok(())
}
