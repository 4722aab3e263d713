//! POSIX IPC objects outlive the process that created them.

use super::{TEXT, argument, pages_of_text};
use kit::memory::Mapping;
use kit::needs::{DEV_SHM, MQUEUE};
use kit::posix::{MessageQueue, NamedSemaphore, SharedMemory};
use kit::prelude::*;
use kit::unrelated::{self, PROGRAMS, Program};
use libc::{O_NONBLOCK, O_RDONLY, O_RDWR};
use linkme::distributed_slice;

/// A POSIX shared memory object and its contents survive the SIGKILL of their creator.
#[harness::test(
    id = "persistence.posix-shm",
    cite = [posix("shm_open.3p", "DESCRIPTION"), man("shm_overview.7", "Persistence")],
    covers = ["notes:persist.posix-until-unlink", "behaviours:pshm.kernel-persistence"],
    needs = [DEV_SHM],
    layers = [libc, nix, raw],
)]
fn shared_memory_survives_its_creator() -> TestResult {
    let memory = SharedMemory::new();
    let creator = holder(|| {
        let Bytes(text) = pages_of_text();
        let fd = memory.create(text.len())?;
        let mapping = Mapping::new(&fd, text.len())?;
        mapping.write(&text);
        Ok((fd, mapping))
    })?;
    creator.kill()?;
    unrelated::start(&READS_MEMORY, &[memory.name().into()])?.join()
}

#[distributed_slice(PROGRAMS)]
static READS_MEMORY: Program = Program {
    name: "that reads shared memory",
    body: |arguments| {
        use calls::for_layers::libc_nix_raw::shm_open;
        let fd = assert_ok!(shm_open(argument(arguments, 0)?, O_RDWR, 0));
        let text = pages_of_text();
        assert_eq!(node_of(&fd), Ok(Node { size: text.0.len() as i64, ..Node::new("-0600") }));
        let mapping = Mapping::new(&fd, text.0.len())?;
        assert_eq!(Bytes(mapping.read()), text);
        Ok(())
    },
};

/// A POSIX message queue and its messages survive the SIGKILL of their creator.
#[harness::test(
    id = "persistence.posix-mq",
    cite = [
        man("mq_overview.7", "Persistence"),
        posix("mq_close.3p", "DESCRIPTION"),
        posix("_Exit.3p", "Consequences of Process Termination"),
    ],
    covers = [
        "notes:persist.posix-until-unlink", "behaviours:mq.kernel-persistence", "errors:posix-mq.mq_receive.EAGAIN",
    ],
    needs = [MQUEUE],
    layers = [libc, nix, raw],
)]
fn queue_survives_its_creator() -> TestResult {
    let queue = MessageQueue::new();
    let creator = holder(|| {
        let descriptor = queue.create()?;
        mq_send(&descriptor, TEXT, 3)?;
        Ok(descriptor)
    })?;
    creator.kill()?;
    unrelated::start(&TAKES_MESSAGE, &[queue.name().into()])?.join()
}

#[distributed_slice(PROGRAMS)]
static TAKES_MESSAGE: Program = Program {
    name: "that takes a message from a POSIX queue",
    body: |arguments| {
        use calls::for_layers::libc_nix_raw::{mq_open, mq_receive};
        let queue = assert_ok!(mq_open(argument(arguments, 0)?, O_RDONLY | O_NONBLOCK, 0, None));
        assert_eq!(mq_receive(&queue, MessageQueue::SIZE), Ok((TEXT.to_vec(), 3)));
        assert_errno!(mq_receive(&queue, MessageQueue::SIZE), EAGAIN);
        Ok(())
    },
};

/// A POSIX named semaphore survives the SIGKILL of its creator and keeps its value.
#[harness::test(
    id = "persistence.posix-sem",
    cite = [
        posix("sem_close.3p", "DESCRIPTION"),
        posix("_Exit.3p", "Consequences of Process Termination"),
        man("sem_overview.7", "Persistence"),
    ],
    covers = [
        "notes:persist.posix-until-unlink", "behaviours:psem.kernel-persistence",
        "behaviours:psem.holder-death-no-release", "behaviours:psem.exit-closes", "errors:posix-sem.sem_trywait.EAGAIN",
    ],
    needs = [DEV_SHM],
)]
fn semaphore_survives_its_creator() -> TestResult {
    let name = NamedSemaphore::new();
    let creator = holder(|| {
        let semaphore = name.create(3)?;
        sem_trywait(&semaphore)?;
        Ok(semaphore)
    })?;
    creator.kill()?;
    unrelated::start(&TAKES_SEMAPHORE, &[name.name().into()])?.join()?;
    let taken = sem_open(name.name(), 0, 0, 0)?;
    assert_eq!(sem_getvalue(&taken), Ok(0));
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static TAKES_SEMAPHORE: Program = Program {
    name: "that takes a named semaphore",
    body: |arguments| {
        use calls::for_layers::libc::{sem_getvalue, sem_open, sem_trywait};
        let semaphore = assert_ok!(sem_open(argument(arguments, 0)?, 0, 0, 0));
        assert_eq!(sem_getvalue(&semaphore), Ok(2));
        assert_eq!([sem_trywait(&semaphore), sem_trywait(&semaphore)], [Ok(()); 2]);
        assert_errno!(sem_trywait(&semaphore), EAGAIN);
        Ok(())
    },
};
