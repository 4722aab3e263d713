//! Handlers that interrupt a wait.

use super::{going_on, shared};
use crate::deadlines::NEVER;
use calls::semaphores::Semaphore;
use kit::disposition::{Runs, handle, handled};
use kit::needs::GLIBC;
use kit::prelude::*;
use libc::{CLOCK_MONOTONIC, CLOCK_REALTIME};
use nix::sys::signal::{SIGUSR1, SaFlags};

/// A call that waits for a semaphore.
type Wait = fn(&Semaphore) -> Result<()>;

const WAIT: Wait = calls::for_layers::libc::sem_wait;
const TIMEDWAIT: Wait = |semaphore| calls::for_layers::libc::sem_timedwait(semaphore, NEVER);

/// Asserts that a handler without SA_RESTART ends the wait, and that another process waits on.
fn is_interrupted(call: &'static Call, wait: Wait) -> TestResult {
    use calls::for_layers::libc::{sem_getvalue, sem_post};
    let semaphore = shared(0)?;
    let interrupted = fork(|| -> TestResult {
        handle(SIGUSR1, SaFlags::empty())?;
        assert_errno!(wait(&semaphore), EINTR);
        assert_eq!((handled(SIGUSR1), sem_getvalue(&semaphore)), (1, Ok(0)));
        Ok(())
    })?;
    interrupted.wait_until_blocked_in(call)?;
    let other = going_on(&semaphore)?;
    interrupted.signal(SIGUSR1)?;
    interrupted.join()?;
    other.assert_blocked_in(calls::SEM_WAIT);
    assert_eq!(sem_post(&semaphore), Ok(()));
    other.join()?;
    assert_eq!((sem_post(&semaphore), sem_getvalue(&semaphore)), (Ok(()), Ok(1)));
    Ok(())
}

#[rstest]
#[case::sem_wait(calls::SEM_WAIT, WAIT)]
#[case::sem_timedwait(calls::SEM_TIMEDWAIT, TIMEDWAIT)]
/// sem_wait and sem_timedwait that wait fail with EINTR when a handler interrupts them that was installed without SA_RESTART: they have
/// taken nothing, and another process waits on until a post.
#[harness::test(
    id = "posix-sem.interrupted",
    cite = [
        posix("sem_trywait.3p", "ERRORS", "EINTR"),
        posix("sem_timedwait.3p", "ERRORS", "EINTR"),
        man("sem_wait.3", "ERRORS", "EINTR"),
    ],
    covers = [
        "behaviours:psem.eintr-handler", "behaviours:psem.value-not-changed-on-fail", "errors:posix-sem.sem_wait.EINTR",
        "errors:posix-sem.sem_timedwait.EINTR",
    ],
)]
fn a_handler_interrupts_the_wait(#[case] call: &'static Call, #[case] wait: Wait) -> TestResult {
    is_interrupted(call, wait)
}

#[rstest]
#[case::realtime(|semaphore: &Semaphore| calls::for_layers::libc::sem_clockwait(semaphore, CLOCK_REALTIME, NEVER))]
#[case::monotonic(|semaphore: &Semaphore| calls::for_layers::libc::sem_clockwait(semaphore, CLOCK_MONOTONIC, NEVER))]
/// sem_clockwait that waits fails with EINTR when a handler interrupts it that was installed without SA_RESTART: it has taken nothing,
/// and another process waits on until a post.
#[harness::test(
    id = "posix-sem.clockwait-interrupted",
    cite = [posix_2024("sem_clockwait.3p", "ERRORS", "EINTR")],
    covers = ["errors:posix-sem.sem_clockwait.EINTR"],
    needs = [GLIBC],
)]
fn a_handler_interrupts_sem_clockwait(#[case] wait: Wait) -> TestResult {
    is_interrupted(calls::SEM_CLOCKWAIT, wait)
}

/// sem_wait that waits goes on waiting after a handler that was installed with SA_RESTART, and takes what is posted then.
#[harness::test(
    id = "posix-sem.restarted",
    cite = [
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
        posix("sigaction.3p", "DESCRIPTION", "SA_RESTART"),
    ],
    covers = ["behaviours:restart.sem-wait"],
)]
fn a_restarted_wait_completes() -> TestResult {
    let (semaphore, runs) = (shared(0)?, Runs::new()?);
    let child = fork(|| -> TestResult {
        runs.handle(SIGUSR1, SaFlags::SA_RESTART)?;
        assert_eq!(sem_wait(&semaphore), Ok(()));
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::SEM_WAIT)?;
    child.signal(SIGUSR1)?;
    runs.wait_for(1);
    child.assert_blocked_in(calls::SEM_WAIT);
    assert_eq!(sem_post(&semaphore), Ok(()));
    child.join()?;
    assert_eq!((sem_getvalue(&semaphore), runs.count()), (Ok(0), 1));
    Ok(())
}
