//! Kernel persistence: System V IPC objects, which are destroyed by IPC_RMID or with their IPC namespace.

use super::{TEXT, argument, enter, pages_of_text};
use calls::sysv::{Message, QueueStatus, SegmentStatus, operation};
use harness::need::IPCNS;
use kit::needs::{SHM_RMID_NOT_FORCED, SYSV};
use kit::prelude::*;
use kit::sysv::{Attachment, Queue, Segment, SemaphoreSet, unused_key};
use kit::unrelated::{self, PROGRAMS, Program};
use libc::{IPC_CREAT, IPC_EXCL, IPC_NOWAIT, O_RDONLY, SEM_UNDO};
use linkme::distributed_slice;
use nix::sched::{CloneFlags, unshare};
use std::ffi::OsString;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

/// The arguments of an unrelated process: the key, and the identifier that it must find with it.
fn key_and_id(key: i32, id: i32) -> [OsString; 2] {
    [key, id].map(|number| number.to_string().into())
}

/// A System V message queue has kernel persistence: the queue and its messages survive the SIGKILL of their creator,
/// and IPC_RMID removes both.
#[harness::test(
    id = "persistence.sysv-msg",
    cite = [
        posix("msgctl.3p", "DESCRIPTION", "IPC_RMID"),
        posix("_Exit.3p", "Consequences of Process Termination"),
        man("msgctl.2", "DESCRIPTION", "IPC_RMID"),
    ],
    covers = [
        "notes:persist.sysv-kernel-msg", "behaviours:sysvmsg.persist-after-exit",
        "behaviours:sysvmsg.data-survives-sender", "behaviours:sysvmsg.key-finds-existing",
        "behaviours:sysvmsg.fork-same-id", "behaviours:sysvmsg.rmid-immediate", "behaviours:sysvmsg.rmid-id-invalid",
        "errors:sysv-msg.msgget.ENOENT", "errors:sysv-msg.msgrcv.EINVAL", "errors:sysv-msg.msgsnd.EINVAL",
        "errors:sysv-msg.msgctl.EINVAL.2",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn queue_survives_its_creator() -> TestResult {
    let (key, id) = (unused_key()?, Shared::new(AtomicI32::new(-1))?);
    let creator = holder(|| {
        let queue = Queue::new(key)?;
        id.store(queue.id(), Relaxed);
        msgsnd(queue.id(), &message(1), 0)?;
        msgsnd(queue.id(), &message(2), 0)?;
        Ok(queue)
    })?;
    creator.kill()?;
    let queue = Queue::adopt(id.load(Relaxed), key);
    let left = queue.status()?.undated();
    let taker = unrelated::start(&TAKES_MESSAGE, &key_and_id(key, queue.id()))?;
    let lrpid = taker.pid();
    taker.join()?;
    // The second message is removed with the queue.
    let taken = QueueStatus { key, qnum: 1, cbytes: TEXT.len() as u64, lspid: creator.pid(), lrpid, ..left };
    assert_eq!(queue.status().map(QueueStatus::undated), Ok(taken));
    assert_eq!(queue.remove(), Ok(()));
    assert_errno!(msgget(key, 0), ENOENT);
    assert_errno!(msgrcv(queue.id(), TEXT.len(), 0, IPC_NOWAIT), EINVAL);
    assert_errno!(msgsnd(queue.id(), &message(1), IPC_NOWAIT), EINVAL);
    assert_errno!(queue.remove(), EINVAL);
    Ok(())
}

fn message(kind: i64) -> Message {
    Message { kind, text: TEXT.to_vec() }
}

#[distributed_slice(PROGRAMS)]
static TAKES_MESSAGE: Program = Program {
    name: "that takes a message",
    body: |arguments| {
        use calls::for_layers::libc_raw::{msgget, msgrcv};
        let (key, id) = (argument(arguments, 0)?.parse()?, argument(arguments, 1)?.parse()?);
        assert_eq!(msgget(key, 0), Ok(id));
        assert_eq!(msgrcv(id, TEXT.len(), 0, IPC_NOWAIT), Ok(message(1)));
        Ok(())
    },
};

/// A System V shared memory segment has kernel persistence: the segment and its contents survive the SIGKILL of their
/// creator, until IPC_RMID removes them.
#[harness::test(
    id = "persistence.sysv-shm",
    cite = [
        posix("shmctl.3p", "DESCRIPTION", "IPC_RMID"),
        posix("_Exit.3p", "Consequences of Process Termination"),
        man("shmctl.2", "DESCRIPTION", "IPC_RMID"),
    ],
    covers = [
        "notes:persist.sysv-kernel-shm", "notes:shm.survives-sudden-exit", "behaviours:sysvshm.persist",
        "errors:sysv-shm.shmget.ENOENT", "errors:sysv-shm.shmctl.EINVAL",
    ],
    needs = [SYSV, SHM_RMID_NOT_FORCED],
    layers = [libc, raw],
)]
fn segment_survives_its_creator() -> TestResult {
    let (key, id) = (unused_key()?, Shared::new(AtomicI32::new(-1))?);
    let creator = holder(|| {
        let Bytes(text) = pages_of_text();
        let segment = Segment::new(key, text.len())?;
        id.store(segment.id(), Relaxed);
        let attachment = segment.attach()?;
        attachment.write(&text);
        Ok((segment, attachment))
    })?;
    creator.kill()?;
    let segment = Segment::adopt(id.load(Relaxed), key);
    let size = pages_of_text().0.len();
    let left = SegmentStatus { creator: creator.pid(), last: creator.pid(), ..SegmentStatus::new(key, size) };
    assert_eq!(segment.status(), Ok(left));
    unrelated::start(&READS_SEGMENT, &key_and_id(key, segment.id()))?.join()?;
    assert_eq!(segment.remove(), Ok(()));
    assert_errno!(shmget(key, 0, 0), ENOENT);
    assert_errno!(segment_status(segment.id()), EINVAL);
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static READS_SEGMENT: Program = Program {
    name: "that reads a segment",
    body: |arguments| {
        use calls::for_layers::libc_raw::shmget;
        let (key, id) = (argument(arguments, 0)?.parse()?, argument(arguments, 1)?.parse()?);
        assert_eq!(shmget(key, 0, 0), Ok(id));
        let attached = assert_ok!(Attachment::new(id, 0));
        assert_eq!(Bytes(attached.read()), pages_of_text());
        // It is not only there to read.
        attached.write(&pages_of_text().0);
        Ok(())
    },
};

/// A System V semaphore set has kernel persistence: it survives the SIGKILL of its creator with the values left, except
/// that SEM_UNDO operations are undone, until IPC_RMID removes it.
#[harness::test(
    id = "persistence.sysv-sem",
    cite = [
        posix("semctl.3p", "DESCRIPTION", "IPC_RMID"),
        posix("_Exit.3p", "Consequences of Process Termination"),
        man("semctl.2", "DESCRIPTION", "IPC_RMID"),
        man("semop.2", "NOTES"),
    ],
    covers = [
        "notes:persist.sysv-kernel-sem", "behaviours:sysvsem.persist", "behaviours:sysvsem.undo-on-exit",
        "errors:sysv-sem.semget.ENOENT", "errors:sysv-sem.semctl.EINVAL.2", "errors:sysv-sem.semop.EINVAL",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn semaphore_set_survives_its_creator() -> TestResult {
    let (key, id) = (unused_key()?, Shared::new(AtomicI32::new(-1))?);
    let creator = holder(|| {
        let set = SemaphoreSet::new(key, &[3, 3])?;
        id.store(set.id(), Relaxed);
        semop(set.id(), &mut [operation(0, -1, 0), operation(1, -1, SEM_UNDO)])?;
        Ok(set)
    })?;
    let set = SemaphoreSet::adopt(id.load(Relaxed), key);
    assert_eq!(set.values(), Ok([2, 2]));
    creator.kill()?;
    unrelated::start(&TAKES_SEMAPHORES, &key_and_id(key, set.id()))?.join()?;
    assert_eq!(set.values(), Ok([1, 2]));
    assert_eq!(set.remove(), Ok(()));
    assert_errno!(semget(key, 0, 0), ENOENT);
    assert_errno!(semop(set.id(), &mut [operation(0, 1, IPC_NOWAIT)]), EINVAL);
    assert_errno!(semaphore_value(set.id(), 0), EINVAL);
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static TAKES_SEMAPHORES: Program = Program {
    name: "that takes semaphores",
    body: |arguments| {
        use calls::for_layers::libc_raw::{semaphore_value, semget, semop};
        let (key, id) = (argument(arguments, 0)?.parse()?, argument(arguments, 1)?.parse()?);
        assert_eq!(semget(key, 0, 0), Ok(id));
        assert_eq!(semaphore_value(id, 0), Ok(2));
        assert_eq!(semaphore_value(id, 1), Ok(3));
        assert_eq!(semop(id, &mut [operation(0, -1, IPC_NOWAIT), operation(1, -1, IPC_NOWAIT)]), Ok(()));
        Ok(())
    },
};

/// System V IPC objects outlive their creator in its IPC namespace and are not visible in another; a namespace created
/// after the last member process has terminated does not contain them.
#[harness::test(
    id = "persistence.sysv-namespace",
    cite = [man("ipc_namespaces.7", "DESCRIPTION")],
    covers = ["behaviours:ipcns.destroy-with-last"],
    needs = [IPCNS, SYSV],
)]
fn system_v_objects_live_as_long_as_their_namespace() -> TestResult {
    let key = unused_key()?;
    let member = holder(|| {
        unshare(CloneFlags::CLONE_NEWIPC)?;
        // Created by a process that exits at once: only the namespace keeps them.
        fork(|| create_all(key))?.join()
    })?;
    let namespace = format!("/proc/{}/ns/ipc", member.pid());
    let visitor = fork(|| -> TestResult {
        enter(&namespace)?;
        assert_eq!(msgget(key, 0).and_then(|id| msgrcv(id, TEXT.len(), 0, IPC_NOWAIT)), Ok(message(1)));
        let found = assert_ok!(shmget(key, 0, 0).and_then(segment_status));
        let expected = SegmentStatus { creator: found.creator, ..SegmentStatus::new(key, TEXT.len()) };
        assert_eq!(found, expected);
        assert_eq!(semget(key, 0, 0).and_then(|id| semaphore_value(id, 0)), Ok(3));
        Ok(())
    })?;
    visitor.join()?;
    assert_all_missing(key);
    member.kill()?;
    assert_errno!(open(&namespace, O_RDONLY), ENOENT);
    let latecomer = fork(|| -> TestResult {
        unshare(CloneFlags::CLONE_NEWIPC)?;
        assert_all_missing(key);
        Ok(())
    })?;
    latecomer.join()
}

/// Creates one System V object of each kind, without a fixture that removes it.
fn create_all(key: i32) -> TestResult {
    use calls::for_layers::libc_raw::{msgget, msgsnd, semget, set_semaphore_value, shmget};
    const NEW: i32 = IPC_CREAT | IPC_EXCL | 0o600;
    msgsnd(msgget(key, NEW)?, &message(1), 0)?;
    shmget(key, TEXT.len(), NEW)?;
    set_semaphore_value(semget(key, 1, NEW)?, 0, 3)?;
    Ok(())
}

/// Asserts that there is no System V object with this key.
pub fn assert_all_missing(key: i32) {
    use calls::for_layers::libc_raw::{msgget, semget, shmget};
    assert_errno!(msgget(key, 0), ENOENT);
    assert_errno!(shmget(key, 0, 0), ENOENT);
    assert_errno!(semget(key, 0, 0), ENOENT);
}
