//! The end of a process that has taken from a semaphore.

use super::shared;
use calls::semaphores::Semaphore;
use harness::mark;
use kit::needs::DEV_SHM;
use kit::posix::NamedSemaphore;
use kit::prelude::*;
use kit::unrelated::{self, PROGRAMS, Program};
use linkme::distributed_slice;

/// What a process does that has taken one.
type End = fn() -> TestResult;

#[rstest]
#[case::exit(|| exit(0))]
#[case::sigkill(kill_self)]
/// The end of a process that has taken from a semaphore gives nothing back, whether it exits or is killed: the value stays, and who
/// waits goes on waiting until a post.
#[harness::test(
    id = "posix-sem.holder-ends",
    cite = [posix("sem_wait.3p", "DESCRIPTION"), posix("_Exit.3p", "Consequences of Process Termination"), man("sem_wait.3", "DESCRIPTION")],
    covers = ["behaviours:psem.holder-death-no-release"],
)]
fn the_end_of_a_holder_gives_nothing_back(#[case] end: End) -> TestResult {
    let semaphore = shared(1)?;
    let holder = fork(|| -> TestResult {
        assert_eq!(sem_wait(&semaphore), Ok(()));
        end()
    })?;
    holder.wait()?;
    let waiting = super::going_on(&semaphore)?;
    assert_eq!(sem_getvalue(&semaphore), Ok(0));
    waiting.assert_blocked_in(calls::SEM_WAIT);
    assert_eq!(sem_post(&semaphore), Ok(()));
    waiting.join()?;
    assert_eq!(sem_getvalue(&semaphore), Ok(0));
    Ok(())
}

#[rstest]
#[case::exit(|_: &Semaphore| exit(0))]
#[case::sigkill(|_: &Semaphore| kill_self())]
/// The end of a process closes the named semaphores that it has open, whose value and name stay, as what it has taken or posted.
#[harness::test(
    id = "posix-sem.named-exit",
    cite = [posix("sem_close.3p", "DESCRIPTION"), posix("_Exit.3p", "Consequences of Process Termination"), man("sem_close.3", "NOTES")],
    covers = ["behaviours:psem.exit-closes", "behaviours:psem.holder-death-no-release", "behaviours:psem.close-keeps"],
    needs = [DEV_SHM],
)]
fn the_end_closes_a_named_semaphore(#[case] end: fn(&Semaphore) -> TestResult) -> TestResult {
    let name = NamedSemaphore::new();
    let user = fork(|| -> TestResult {
        let semaphore = name.create(5)?;
        assert_eq!((sem_wait(&semaphore), sem_wait(&semaphore), sem_post(&semaphore)), (Ok(()), Ok(()), Ok(())));
        end(&semaphore)
    })?;
    user.wait()?;
    let semaphore = sem_open(name.name(), 0, 0, 0)?;
    assert_eq!(sem_getvalue(&semaphore), Ok(4));
    Ok(())
}

/// execve closes the named semaphores of a process: they are mapped no longer. Their value and their name stay, and what the process
/// had taken is not given back.
#[harness::test(
    id = "posix-sem.named-execve",
    cite = [posix("exec.3p", "DESCRIPTION"), man("sem_close.3", "NOTES")],
    covers = ["behaviours:psem.exec-closes", "behaviours:psem.holder-death-no-release"],
    needs = [DEV_SHM],
)]
fn execve_closes_a_named_semaphore() -> TestResult {
    let name = NamedSemaphore::new();
    let semaphore = name.create(5)?;
    let other = unrelated::start_after(&HAS_NO_SEMAPHORE, || {
        let own = sem_open(name.name(), 0, 0, 0)?;
        sem_wait(&own)?;
        if !has_mapped()? {
            return Err(Stop::broken("an open semaphore is not mapped"));
        }
        // Open until the exec.
        std::mem::forget(own);
        Ok(vec![name.name().into()])
    })?;
    other.join()?;
    assert_eq!(sem_getvalue(&semaphore), Ok(4));
    let again = sem_open(name.name(), 0, 0, 0)?;
    assert_eq!(sem_getvalue(&again), Ok(4));
    Ok(())
}

/// Whether this process has a named semaphore mapped.
pub(super) fn has_mapped() -> TestResult<bool> {
    Ok(mark::by_harness(|| std::fs::read_to_string("/proc/self/maps"))?.contains("/dev/shm/"))
}

#[distributed_slice(PROGRAMS)]
static HAS_NO_SEMAPHORE: Program = Program {
    name: "that has no semaphore any more",
    body: |arguments| {
        use calls::for_layers::libc::{sem_getvalue, sem_open};
        let name = arguments.first().and_then(|name| name.to_str()).ok_or_else(|| Stop::broken("no name"))?;
        assert!(!has_mapped()?, "the semaphore is still mapped");
        let own = sem_open(name, 0, 0, 0)?;
        assert_eq!(sem_getvalue(&own), Ok(4));
        Ok(())
    },
};
