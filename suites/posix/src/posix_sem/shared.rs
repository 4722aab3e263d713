//! Who shares an unnamed semaphore: processes that have its memory, or the threads of one.

use super::{going_on, private};
use calls::semaphores::{Semaphore, SemaphoreMemory};
use kit::file::file_of;
use kit::needs::DEV_SHM;
use kit::posix::SharedMemory;
use kit::prelude::*;
use kit::unrelated::{self, PROGRAMS, Program};
use libc::O_RDWR;
use linkme::distributed_slice;

/// A semaphore that is shared between processes is one for all that have its memory mapped, wherever: here two mappings of one file,
/// in two processes.
#[harness::test(
    id = "posix-sem.two-mappings",
    cite = [posix("sem_init.3p", "DESCRIPTION"), man("sem_init.3", "DESCRIPTION")],
    covers = ["behaviours:psem.pshared-nonzero", "behaviours:psem.cross-process-wake"],
)]
fn all_mappings_have_the_semaphore() -> TestResult {
    let file = file_of(&[0; size_of::<libc::sem_t>()], O_RDWR)?;
    let semaphore = assert_ok!(sem_init(&SemaphoreMemory::of(&file)?, true, 1));
    let (taken, passed) = (Latch::new()?, Latch::new()?);
    let child = fork(|| -> TestResult {
        let own = Semaphore::made_in(&SemaphoreMemory::of(&file)?);
        assert_ne!(own.address(), semaphore.address());
        assert_eq!((sem_getvalue(&own), sem_wait(&own)), (Ok(1), Ok(())));
        taken.arrive();
        assert_eq!(sem_wait(&own), Ok(()));
        passed.arrive();
        Ok(())
    })?;
    taken.wait_for(1);
    child.assert_blocked_in(calls::SEM_WAIT);
    let other = going_on(&semaphore)?;
    assert_eq!(sem_getvalue(&semaphore), Ok(0));
    assert_eq!(sem_post(&semaphore), Ok(()));
    assert_eq!(sem_post(&semaphore), Ok(()));
    child.join()?;
    other.join()?;
    assert_eq!((passed.arrivals(), sem_getvalue(&semaphore)), (1, Ok(0)));
    Ok(())
}

/// A semaphore in a shared memory object works between processes that are not related: who opens and maps the object has it.
#[harness::test(
    id = "posix-sem.shared-memory-object",
    cite = [man("sem_overview.7", "DESCRIPTION", "Unnamed"), posix("sem_init.3p", "DESCRIPTION")],
    covers = ["behaviours:psem.process-shared-memory", "behaviours:psem.pshared-nonzero"],
    needs = [DEV_SHM],
)]
fn unrelated_processes_share_a_semaphore() -> TestResult {
    let name = SharedMemory::new();
    let object = name.create(size_of::<libc::sem_t>())?;
    let semaphore = assert_ok!(sem_init(&SemaphoreMemory::of(&object)?, true, 2));
    unrelated::start(&TAKES_AND_POSTS, &[name.name().into()])?.join()?;
    assert_eq!(sem_getvalue(&semaphore), Ok(3));
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static TAKES_AND_POSTS: Program = Program {
    name: "that takes from a semaphore and posts it",
    body: |arguments| {
        use calls::for_layers::libc::{sem_getvalue, sem_post, sem_wait, shm_open};
        let name = arguments.first().and_then(|name| name.to_str()).ok_or_else(|| Stop::broken("no name"))?;
        let semaphore = Semaphore::made_in(&SemaphoreMemory::of(shm_open(name, O_RDWR, 0)?)?);
        assert_eq!((sem_wait(&semaphore), sem_wait(&semaphore)), (Ok(()), Ok(())));
        assert_eq!(sem_getvalue(&semaphore), Ok(0));
        assert_eq!([(); 3].map(|()| sem_post(&semaphore)), [Ok(()), Ok(()), Ok(())]);
        Ok(())
    },
};

/// A semaphore for the threads of a process that is in private memory is copied by fork: what the child posts or takes from its copy
/// leaves that of the parent, and the other way round.
#[harness::test(
    id = "posix-sem.copied-by-fork",
    cite = [posix("sem_init.3p", "DESCRIPTION"), man("sem_init.3", "DESCRIPTION"), man("fork.2", "DESCRIPTION")],
    covers = ["behaviours:psem.fork-private-copy"],
)]
fn fork_copies_a_private_semaphore() -> TestResult {
    let semaphore = private(1)?;
    let posted = Latch::new()?;
    let child = fork(|| {
        assert_eq!((sem_getvalue(&semaphore), sem_wait(&semaphore)), (Ok(1), Ok(())));
        posted.wait_for(1);
        assert_errno!(sem_trywait(&semaphore), EAGAIN);
        assert_eq!((sem_post(&semaphore), sem_getvalue(&semaphore)), (Ok(()), Ok(1)));
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    assert_eq!((sem_post(&semaphore), sem_getvalue(&semaphore)), (Ok(()), Ok(2)));
    posted.arrive();
    child.join()?;
    assert_eq!(sem_getvalue(&semaphore), Ok(2));
    Ok(())
}
