//! sem_post in a signal handler.

use super::{going_on, shared};
use calls::semaphores::Semaphore;
use calls::signals::SignalSet;
use harness::assert_in_handler;
use kit::disposition::install;
use kit::prelude::*;
use libc::{SA_RESTART, SIGUSR1, c_int, c_void, siginfo_t};
use std::sync::OnceLock;

/// The semaphore that the handler posts.
static POSTED: OnceLock<Semaphore> = OnceLock::new();

/// sem_post is safe in a handler: signal-safety(7).
extern "C" fn post(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
    if let Some(semaphore) = POSTED.get() {
        assert_in_handler!(calls::for_layers::libc::sem_post(semaphore).is_ok());
    }
}

/// A semaphore of this value that the handler of SIGUSR1 posts, in this process and in the children that it forks.
fn posted_by_handler(value: u32) -> TestResult<&'static Semaphore> {
    let semaphore = shared(value)?;
    // SAFETY: the handler posts, which is safe.
    unsafe { install(SIGUSR1, post, SA_RESTART, SignalSet::EMPTY) }?;
    Ok(POSTED.get_or_init(|| semaphore))
}

/// sem_post in a signal handler lets a process go on that waits, and another waits on.
#[harness::test(
    id = "posix-sem.post-in-handler",
    cite = [posix("sem_post.3p", "DESCRIPTION"), man("sem_post.3", "NOTES")],
    covers = ["behaviours:psem.from-handler", "behaviours:psem.wakes-one"],
)]
fn a_handler_lets_a_waiter_go_on() -> TestResult {
    let semaphore = posted_by_handler(0)?;
    let passed = Latch::new()?;
    let wait = || -> TestResult<Child> {
        let child = fork(|| {
            assert_eq!(sem_wait(semaphore), Ok(()));
            passed.arrive();
        })?;
        child.wait_until_blocked_in(calls::SEM_WAIT)?;
        Ok(child)
    };
    let children = [wait()?, wait()?];
    for posts in 1..=2 {
        kill(own_pid(), SIGUSR1)?;
        passed.wait_for(posts);
        assert_eq!((passed.arrivals(), sem_getvalue(semaphore)), (posts, Ok(0)));
    }
    children.into_iter().try_for_each(Child::join)
}

/// A handler that posts the semaphore for which its own thread waits, installed with SA_RESTART, lets that go on.
#[harness::test(
    id = "posix-sem.post-in-own-handler",
    cite = [man("signal.7", "Interruption of system calls and library functions by signal handlers"), posix("sem_post.3p", "DESCRIPTION")],
    covers = ["behaviours:psem.from-handler"],
)]
fn a_handler_lets_its_own_thread_go_on() -> TestResult {
    let semaphore = posted_by_handler(0)?;
    // One alone: its post could as well let another go on.
    let child = going_on(semaphore)?;
    child.signal(nix::sys::signal::SIGUSR1)?;
    child.join()?;
    assert_eq!(sem_getvalue(semaphore), Ok(0));
    Ok(())
}
