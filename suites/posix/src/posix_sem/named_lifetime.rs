//! How long a named semaphore is there: sem_close and sem_unlink.

use super::ends::has_mapped;
use super::going_on;
use kit::needs::DEV_SHM;
use kit::posix::NamedSemaphore;
use kit::prelude::*;
use libc::{O_CREAT, O_EXCL};

/// sem_close frees what the process has of the semaphore, which is mapped no longer, and leaves the semaphore and its value, also when
/// nobody has it open any more: who opens it by its name finds them.
#[harness::test(
    id = "posix-sem.closed",
    cite = [posix("sem_close.3p", "DESCRIPTION"), man("sem_close.3", "DESCRIPTION"), man("sem_overview.7", "Persistence")],
    covers = ["behaviours:psem.close-keeps", "behaviours:psem.kernel-persistence"],
    needs = [DEV_SHM],
)]
fn closing_keeps_the_semaphore() -> TestResult {
    let name = NamedSemaphore::new();
    let semaphore = name.create(3)?;
    let before = object_at(name.file())?;
    let user = fork(|| -> TestResult {
        let own = sem_open(name.name(), 0, 0, 0)?;
        assert_eq!((sem_post(&own), sem_close(own)), (Ok(()), Ok(())));
        assert_eq!(sem_getvalue(&semaphore), Ok(4));
        Ok(())
    })?;
    user.join()?;
    assert_eq!((sem_wait(&semaphore), sem_wait(&semaphore)), (Ok(()), Ok(())));
    assert!(has_mapped()?);
    assert_eq!(sem_close(semaphore), Ok(()));
    assert!(!has_mapped()?);
    let again = sem_open(name.name(), 0, 0, 0)?;
    assert_eq!((sem_getvalue(&again), object_at(name.file())), (Ok(2), Ok(before)));
    Ok(())
}

/// sem_unlink takes the name away at once: nobody finds the semaphore any more, and a new one can take the name. Who has it open goes on
/// to use it, and who waits for it is woken by a post to it alone.
#[harness::test(
    id = "posix-sem.unlinked",
    cite = [posix("sem_unlink.3p", "DESCRIPTION"), man("sem_unlink.3", "DESCRIPTION")],
    covers = [
        "behaviours:psem.name-gone-at-once", "behaviours:psem.users-continue", "behaviours:psem.recreate-distinct",
        "errors:posix-sem.sem_open.ENOENT", "errors:posix-sem.sem_unlink.ENOENT",
    ],
    needs = [DEV_SHM],
)]
fn unlinking_takes_the_name_away() -> TestResult {
    let name = NamedSemaphore::new();
    let old = name.create(0)?;
    let waiting = going_on(&old)?;
    assert_eq!(sem_unlink(name.name()), Ok(()));
    assert_errno!(sem_open(name.name(), 0, 0, 0), ENOENT);
    assert_errno!(sem_unlink(name.name()), ENOENT);
    assert_errno!(lstat(name.file()), ENOENT);
    let new = sem_open(name.name(), O_CREAT | O_EXCL, 0o600, 5)?;
    assert_ne!(new.address(), old.address());
    assert_eq!((sem_post(&new), sem_getvalue(&new)), (Ok(()), Ok(6)));
    waiting.assert_blocked_in(calls::SEM_WAIT);
    assert_eq!(sem_post(&old), Ok(()));
    waiting.join()?;
    assert_eq!((sem_getvalue(&old), sem_getvalue(&new)), (Ok(0), Ok(6)));
    assert_eq!((sem_post(&old), sem_getvalue(&old)), (Ok(()), Ok(1)));
    Ok(())
}

/// A named semaphore is a file with the name sem.NAME in /dev/shm: the semaphore is gone when that is removed, and stays usable for who
/// has it open.
#[harness::test(
    id = "posix-sem.file",
    cite = [man("sem_overview.7", "Accessing named semaphores via the filesystem")],
    covers = ["behaviours:psem.file-dev-shm", "errors:posix-sem.sem_open.ENOENT"],
    needs = [DEV_SHM],
)]
fn a_named_semaphore_is_a_file() -> TestResult {
    let name = NamedSemaphore::new();
    let file = format!("/dev/shm/sem.{}", &name.name()[1..]);
    assert_errno!(lstat(&file), ENOENT);
    let semaphore = name.create(1)?;
    let found = node_at(&file).map(|node| (node.kind, node.links, node.owner));
    assert_eq!(found, Ok(("-0600".into(), 1, Node::new("").owner)));
    std::fs::remove_file(&file)?;
    assert_errno!(sem_open(name.name(), 0, 0, 0), ENOENT);
    assert_eq!((sem_wait(&semaphore), sem_getvalue(&semaphore)), (Ok(()), Ok(0)));
    Ok(())
}
