//! Unlinking removes the name of a POSIX IPC object at once, and the object with its last reference.

use super::{TEXT, pages_of_text};
use kit::memory::Mapping;
use kit::needs::{DEV_SHM, MQUEUE};
use kit::posix::{MessageQueue, NamedSemaphore, SharedMemory};
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDWR};

/// shm_unlink removes the name of a shared memory object at once; open descriptors and mappings remain usable, and
/// creating the name again creates a different object.
#[harness::test(
    id = "persistence.posix-shm-unlink",
    cite = [posix("shm_unlink.3p", "DESCRIPTION"), man("shm_open.3", "DESCRIPTION")],
    covers = [
        "notes:persist.posix-until-unlink", "behaviours:pshm.unlink-keeps-mappings",
        "behaviours:pshm.unlink-recreate-new", "errors:posix-shm.shm_open.ENOENT", "errors:posix-shm.shm_unlink.ENOENT",
    ],
    needs = [DEV_SHM],
    layers = [libc, nix, raw],
)]
fn unlinked_shared_memory_remains_usable() -> TestResult {
    let memory = SharedMemory::new();
    let text = pages_of_text();
    let fd = memory.create(text.0.len())?;
    let mapping = Mapping::new(&fd, text.0.len())?;
    assert_eq!(shm_unlink(memory.name()), Ok(()));
    assert_errno!(shm_open(memory.name(), O_RDWR, 0), ENOENT);
    assert_errno!(shm_unlink(memory.name()), ENOENT);
    mapping.write(&vec![0; text.0.len()]);
    let mapped_again = Mapping::new(&fd, text.0.len())?;
    assert_eq!(Bytes(mapped_again.read()), Bytes::of(0, text.0.len()));
    mapped_again.write(&text.0);
    assert_eq!(Bytes(mapping.read()), text);
    let successor = memory.create(0)?;
    let (node, identity) = assert_ok!(object_of(&successor));
    assert_eq!(node, Node::new("-0600"));
    let (unlinked, unlinked_identity) = assert_ok!(object_of(&fd));
    assert_eq!(unlinked, Node { links: 0, size: text.0.len() as i64, ..Node::new("-0600") });
    assert_ne!(identity, unlinked_identity);
    assert_eq!(Bytes(mapping.read()), text);
    Ok(())
}

/// mq_unlink removes the name of a message queue at once; open descriptors remain usable, and creating the name again
/// creates a different queue.
#[harness::test(
    id = "persistence.posix-mq-unlink",
    cite = [posix("mq_unlink.3p", "DESCRIPTION"), man("mq_unlink.3", "DESCRIPTION")],
    covers = [
        "notes:persist.posix-until-unlink", "behaviours:mq.name-gone-at-once", "behaviours:mq.open-users-continue",
        "errors:posix-mq.mq_open.ENOENT", "errors:posix-mq.mq_unlink.ENOENT",
        "errors:posix-mq.mq_receive.EAGAIN",
    ],
    needs = [MQUEUE],
    layers = [libc, nix, raw],
)]
fn unlinked_queue_remains_usable() -> TestResult {
    let name = MessageQueue::new();
    let queue = name.create()?;
    assert_eq!(mq_unlink(name.name()), Ok(()));
    assert_errno!(mq_open(name.name(), O_RDWR | O_NONBLOCK, 0, None), ENOENT);
    assert_errno!(mq_unlink(name.name()), ENOENT);
    let successor = name.create()?;
    let user = fork(|| assert_eq!(mq_send(&queue, TEXT, 1), Ok(())))?;
    user.join()?;
    assert_errno!(mq_receive(&successor, MessageQueue::SIZE), EAGAIN);
    assert_eq!(mq_receive(&queue, MessageQueue::SIZE), Ok((TEXT.to_vec(), 1)));
    Ok(())
}

/// sem_unlink removes the name of a semaphore at once; processes that have it open can continue to use it, and creating
/// the name again creates a different semaphore.
#[harness::test(
    id = "persistence.posix-sem-unlink",
    cite = [posix("sem_unlink.3p", "DESCRIPTION"), man("sem_unlink.3", "DESCRIPTION")],
    covers = [
        "notes:persist.posix-until-unlink", "behaviours:psem.name-gone-at-once", "behaviours:psem.users-continue",
        "behaviours:psem.recreate-distinct", "errors:posix-sem.sem_open.ENOENT", "errors:posix-sem.sem_unlink.ENOENT",
    ],
    needs = [DEV_SHM],
)]
fn unlinked_semaphore_remains_usable() -> TestResult {
    let name = NamedSemaphore::new();
    let semaphore = name.create(1)?;
    assert_eq!(sem_unlink(name.name()), Ok(()));
    assert_errno!(sem_open(name.name(), 0, 0, 0), ENOENT);
    assert_errno!(sem_unlink(name.name()), ENOENT);
    let successor = name.create(5)?;
    let user = fork(|| assert_eq!(sem_post(&semaphore), Ok(())))?;
    user.join()?;
    assert_eq!(sem_getvalue(&semaphore), Ok(2));
    assert_eq!(sem_trywait(&semaphore), Ok(()));
    assert_eq!(sem_getvalue(&semaphore), Ok(1));
    assert_eq!(sem_getvalue(&successor), Ok(5));
    Ok(())
}
