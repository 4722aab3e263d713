//! Several that wait for one semaphore: which posts let which of them go on.

use super::{going_on, nameless, private, shared, waiter};
use crate::needs::REAL_TIME;
use crate::scheduling::become_real_time;
use calls::semaphores::Semaphore;
use harness::need::ROOT;
use kit::needs::DEV_SHM;
use kit::prelude::*;
use kit::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// How many wait.
const WAITERS: usize = 3;

/// Asserts that each post lets one of three processes go on, and that none is lost.
fn check_posts(semaphore: &Semaphore) -> TestResult {
    use calls::for_layers::libc::{sem_getvalue, sem_post, sem_wait};
    let (passed, arrivals) = (Shared::new([const { AtomicU32::new(0) }; WAITERS])?, Latch::new()?);
    let mut children = Vec::new();
    for own in &*passed {
        let child = fork(|| {
            assert_eq!(sem_wait(semaphore), Ok(()));
            own.store(1, SeqCst);
            arrivals.arrive();
        })?;
        child.assert_blocked_in(calls::SEM_WAIT);
        children.push(child);
    }
    assert_eq!(sem_getvalue(semaphore), Ok(0));
    for posts in 1..=WAITERS {
        assert_eq!(sem_post(semaphore), Ok(()));
        arrivals.wait_for(posts as u32);
        let waiting = children.iter().zip(&*passed).filter(|(_, passed)| passed.load(SeqCst) == 0);
        assert_eq!(waiting.map(|(child, _)| child.assert_blocked_in(calls::SEM_WAIT)).count(), WAITERS - posts);
        assert_eq!(sem_getvalue(semaphore), Ok(0));
    }
    children.into_iter().try_for_each(Child::join)
}

/// sem_wait waits while the value is zero, and each sem_post of another process lets exactly one of three processes go on: the value
/// stays zero, and none is lost.
#[harness::test(
    id = "posix-sem.one-for-each-post",
    cite = [posix("sem_post.3p", "DESCRIPTION"), posix("sem_wait.3p", "DESCRIPTION"), man("sem_post.3", "DESCRIPTION")],
    covers = [
        "behaviours:psem.blocks-zero", "behaviours:psem.wakes-one", "behaviours:psem.cross-process-wake",
        "behaviours:psem.zero-with-waiters",
    ],
)]
fn each_post_lets_one_process_go_on() -> TestResult {
    check_posts(&shared(0)?)
}

/// As an unnamed one, a named semaphore lets exactly one of three processes that wait go on with each sem_post.
#[harness::test(
    id = "posix-sem.named-one-for-each-post",
    cite = [posix("sem_post.3p", "DESCRIPTION"), posix("sem_wait.3p", "DESCRIPTION"), man("sem_post.3", "DESCRIPTION")],
    covers = [
        "behaviours:psem.blocks-zero", "behaviours:psem.wakes-one", "behaviours:psem.cross-process-wake",
        "behaviours:psem.fork-inherits",
    ],
    needs = [DEV_SHM],
)]
fn each_post_of_a_named_semaphore_lets_one_process_go_on() -> TestResult {
    check_posts(&nameless(0)?)
}

/// Each sem_post lets one of three threads of the process go on that wait in sem_wait, and none is lost.
#[harness::test(
    id = "posix-sem.threads",
    cite = [posix("sem_init.3p", "DESCRIPTION"), posix("sem_post.3p", "DESCRIPTION"), man("sem_init.3", "DESCRIPTION")],
    covers = ["behaviours:psem.pshared-zero-threads", "behaviours:psem.wakes-one", "behaviours:psem.blocks-zero"],
)]
fn each_post_lets_one_thread_go_on() -> TestResult {
    let semaphore = Arc::new(private(0)?);
    let passed = Arc::new([const { AtomicU32::new(0) }; WAITERS]);
    let arrivals = Arc::new(Latch::new()?);
    let mut threads = Vec::new();
    for number in 0..WAITERS {
        let (semaphore, passed, arrivals) = (Arc::clone(&semaphore), Arc::clone(&passed), Arc::clone(&arrivals));
        let thread = thread::spawn(move || {
            assert_eq!(sem_wait(&semaphore), Ok(()));
            passed[number].store(1, SeqCst);
            arrivals.arrive();
        })?;
        thread.assert_blocked_in(calls::SEM_WAIT);
        threads.push(thread);
    }
    for posts in 1..=WAITERS {
        assert_eq!(sem_post(&semaphore), Ok(()));
        arrivals.wait_for(posts as u32);
        let waiting = threads.iter().zip(&*passed).filter(|(_, passed)| passed.load(SeqCst) == 0);
        assert_eq!(waiting.map(|(thread, _)| thread.assert_blocked_in(calls::SEM_WAIT)).count(), WAITERS - posts);
        assert_eq!(sem_getvalue(&semaphore), Ok(0));
    }
    threads.into_iter().try_for_each(thread::Thread::join)
}

/// As many posts as there are processes that wait let all of them go on, however soon one follows the other, and one more is counted.
#[harness::test(
    id = "posix-sem.posts-at-once",
    cite = [posix("sem_post.3p", "DESCRIPTION"), man("sem_post.3", "DESCRIPTION")],
    covers = ["behaviours:psem.wakes-one", "behaviours:psem.cross-process-wake"],
)]
fn as_many_go_on_as_are_posted() -> TestResult {
    let semaphore = shared(0)?;
    let children = [going_on(&semaphore)?, going_on(&semaphore)?, going_on(&semaphore)?];
    let poster =
        fork(|| assert_eq!([(); WAITERS + 1].map(|()| sem_post(&semaphore)), [const { Ok(()) }; WAITERS + 1]))?;
    poster.join()?;
    children.into_iter().try_for_each(Child::join)?;
    assert_eq!(sem_getvalue(&semaphore), Ok(1));
    Ok(())
}

/// Of the processes that wait in sem_wait the one with the highest real-time priority goes on first, although others have waited for
/// longer.
#[harness::test(
    id = "posix-sem.waiter-priority",
    cite = [posix("sem_post.3p", "DESCRIPTION")],
    covers = ["behaviours:psem.wake-order-priority"],
    needs = [ROOT, REAL_TIME],
)]
fn the_highest_priority_goes_on_first() -> TestResult {
    let semaphore = shared(0)?;
    let start = |priority: i32| -> TestResult<Child> {
        let child = fork(|| -> TestResult {
            become_real_time(priority)?;
            assert_eq!(sem_wait(&semaphore), Ok(()));
            Ok(())
        })?;
        child.wait_until_blocked_in(calls::SEM_WAIT)?;
        Ok(child)
    };
    let [low, high, middle] = [start(1)?, start(3)?, start(2)?];
    assert_eq!(sem_post(&semaphore), Ok(()));
    high.join()?;
    low.assert_blocked_in(calls::SEM_WAIT);
    middle.assert_blocked_in(calls::SEM_WAIT);
    assert_eq!(sem_post(&semaphore), Ok(()));
    middle.join()?;
    low.assert_blocked_in(calls::SEM_WAIT);
    assert_eq!(sem_post(&semaphore), Ok(()));
    low.join()
}

/// A process that SIGKILL ends while it waits in sem_wait has taken nothing: a post lets another that waits go on, and the next is
/// counted.
#[harness::test(
    id = "posix-sem.killed-waiter",
    cite = [posix("sem_post.3p", "DESCRIPTION"), man("sem_wait.3", "DESCRIPTION")],
    covers = ["behaviours:psem.killed-waiter"],
)]
fn a_killed_waiter_takes_nothing() -> TestResult {
    let semaphore = shared(0)?;
    let [killed, other] = [waiter(&semaphore, drop)?, going_on(&semaphore)?];
    killed.kill()?;
    other.assert_blocked_in(calls::SEM_WAIT);
    assert_eq!(sem_getvalue(&semaphore), Ok(0));
    assert_eq!(sem_post(&semaphore), Ok(()));
    other.join()?;
    assert_eq!((sem_post(&semaphore), sem_getvalue(&semaphore)), (Ok(()), Ok(1)));
    Ok(())
}
