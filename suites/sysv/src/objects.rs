//! What holds for all three kinds of System V objects: one function for all, each a spec of its own mechanism.

use calls::for_layers::libc_raw::{
    msgget, queue_object_status, segment_object_status, semaphore_object_status, semget, set_queue_permissions,
    set_segment_permissions, set_semaphore_permissions, shmget,
};
use calls::sysv::{ObjectStatus, Permissions};
use harness::need::{IPCNS, SECOND_ID, SECOND_UID};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::privilege::{become_second_user, drop_capabilities};
use kit::sysv::{Queue, Segment, SemaphoreSet};
use libc::{IPC_CREAT, IPC_EXCL, IPC_PRIVATE};

/// A System V object of one of the three kinds.
pub(crate) enum Object {
    Segment(Segment),
    Semaphores(SemaphoreSet),
    Queue(Queue),
}
use Object::{Queue as AQueue, Segment as ASegment, Semaphores};

/// Makes an object of this key, of one byte or one semaphore.
pub(crate) type Make = fn(i32) -> TestResult<Object>;

pub(crate) const SEGMENT: Make = |key| Ok(ASegment(Segment::new(key, 1)?));
pub(crate) const SEMAPHORES: Make = |key| Ok(Semaphores(SemaphoreSet::new(key, &[0])?));
pub(crate) const QUEUE: Make = |key| Ok(AQueue(Queue::new(key)?));

impl Object {
    pub(crate) fn id(&self) -> i32 {
        match self {
            ASegment(segment) => segment.id(),
            Semaphores(set) => set.id(),
            AQueue(queue) => queue.id(),
        }
    }

    pub(crate) fn key(&self) -> i32 {
        match self {
            ASegment(segment) => segment.key(),
            Semaphores(set) => set.key(),
            AQueue(queue) => queue.key(),
        }
    }

    /// Takes over an object of the same kind.
    pub(crate) fn adopt(&self, id: i32, key: i32) -> Self {
        match self {
            ASegment(_) => ASegment(Segment::adopt(id, key)),
            Semaphores(_) => Semaphores(SemaphoreSet::adopt(id, key)),
            AQueue(_) => AQueue(Queue::adopt(id, key)),
        }
    }

    /// shmget, semget or msgget.
    pub(crate) fn get(&self, key: i32, flags: i32) -> Result<i32> {
        match self {
            ASegment(_) => shmget(key, 1, flags),
            Semaphores(_) => semget(key, 1, flags),
            AQueue(_) => msgget(key, flags),
        }
    }

    /// IPC_STAT.
    pub(crate) fn status(&self) -> Result<ObjectStatus> {
        match self {
            ASegment(segment) => segment_object_status(segment.id()),
            Semaphores(set) => semaphore_object_status(set.id()),
            AQueue(queue) => queue_object_status(queue.id()),
        }
    }

    /// IPC_SET.
    pub(crate) fn set_permissions(&self, permissions: Permissions) -> Result<()> {
        match self {
            ASegment(segment) => set_segment_permissions(segment.id(), permissions),
            Semaphores(set) => set_semaphore_permissions(set.id(), permissions),
            AQueue(queue) => set_queue_permissions(queue.id(), permissions),
        }
    }

    /// Lets everybody read and write it, as the owner may; its status then.
    fn share(&self) -> TestResult<ObjectStatus> {
        let shared = Permissions { mode: 0o666, ..self.status()?.permissions };
        self.set_permissions(shared)?;
        let status = self.status()?;
        assert_eq!(status.permissions, shared);
        Ok(status)
    }

    /// IPC_RMID.
    pub(crate) fn remove(&self) -> Result<()> {
        match self {
            ASegment(segment) => segment.remove(),
            Semaphores(set) => set.remove(),
            AQueue(queue) => queue.remove(),
        }
    }
}

#[harness::errors(
    family = "not-permitted",
    rows = [
        ("sysv-shm.set-eperm", "errors:sysv-shm.shmctl.EPERM", SEGMENT),
        ("sysv-sem.set-eperm", "errors:sysv-sem.semctl.EPERM", SEMAPHORES),
        ("sysv-msg.set-eperm", "errors:sysv-msg.msgctl.EPERM", QUEUE),
    ],
    needs = [SYSV, SECOND_UID],
    layers = [libc, raw],
)]
fn another_user_cannot_change_it(make: Make) -> TestResult {
    let object = make(IPC_PRIVATE)?;
    let before = object.share()?;
    let child = fork(|| -> TestResult {
        become_second_user()?;
        let owned = Permissions { uid: SECOND_ID, gid: SECOND_ID, ..before.permissions };
        assert_errno!(object.set_permissions(owned), EPERM);
        assert_errno!(object.set_permissions(Permissions { mode: 0o600, ..before.permissions }), EPERM);
        Ok(())
    })?;
    child.join()?;
    assert_eq!(object.status(), Ok(before));
    Ok(())
}

#[harness::errors(
    family = "not-permitted",
    rows = [
        ("sysv-shm.rmid-eperm", "errors:sysv-shm.shmctl.EPERM.3", SEGMENT),
        ("sysv-sem.rmid-eperm", "errors:sysv-sem.semctl.EPERM.2", SEMAPHORES),
        ("sysv-msg.rmid-eperm", "errors:sysv-msg.msgctl.EPERM.3", QUEUE),
    ],
    needs = [SYSV, SECOND_UID],
    layers = [libc, raw],
)]
fn another_user_cannot_remove_it(make: Make) -> TestResult {
    let object = make(IPC_PRIVATE)?;
    let before = object.share()?;
    let child = fork(|| -> TestResult {
        become_second_user()?;
        assert_errno!(object.remove(), EPERM);
        Ok(())
    })?;
    child.join()?;
    assert_eq!(object.status(), Ok(before));
    assert_eq!(object.remove(), Ok(()));
    assert_errno!(object.status(), EINVAL);
    Ok(())
}

#[harness::errors(
    family = "mode-denied",
    rows = [
        ("sysv-shm.stat-eacces", "errors:sysv-shm.shmctl.EACCES", SEGMENT),
        ("sysv-sem.stat-eacces", "errors:sysv-sem.semctl.EACCES", SEMAPHORES),
        ("sysv-msg.stat-eacces", "errors:sysv-msg.msgctl.EACCES", QUEUE),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn ipc_stat_needs_read_permission(make: Make) -> TestResult {
    let object = make(IPC_PRIVATE)?;
    let before = object.status()?.permissions;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        object.set_permissions(Permissions { mode: 0o200, ..before })?;
        assert_errno!(object.status(), EACCES);
        object.set_permissions(Permissions { mode: 0o400, ..before })?;
        let readable = assert_ok!(object.status());
        assert_eq!(readable.permissions, Permissions { mode: 0o400, ..before });
        assert_eq!(object.status(), Ok(readable));
        Ok(())
    })?;
    child.join()
}

/// A negative key, the smallest and -1 among them, names an object as any other key does: it is created as one of no key is,
/// is found by the key, cannot be created exclusively again, and is not found once it is removed.
#[harness::test(
    rows = [
        ("sysv-shm.negative-key", ["behaviours:sysvkey.negative"], SEGMENT),
        ("sysv-sem.negative-key", ["behaviours:sysvkey.negative"], SEMAPHORES),
        ("sysv-msg.negative-key", ["behaviours:sysvkey.negative"], QUEUE),
    ],
    cite = [
        kernel("ipc/util.c", "ipc_findkey", "6.18"),
        man("shmget.2", "DESCRIPTION"),
        man("semget.2", "DESCRIPTION"),
        man("msgget.2", "DESCRIPTION"),
    ],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn negative_keys_are_keys(make: Make) -> TestResult {
    let other = make(IPC_PRIVATE)?;
    let like = other.status()?.undated();
    for key in [-1, -2, i32::MIN] {
        let object = other.adopt(assert_ok!(other.get(key, IPC_CREAT | IPC_EXCL | 0o600)), key);
        assert_eq!(object.status().map(ObjectStatus::undated), Ok(like.with_key(key)));
        assert_eq!(object.get(key, 0), Ok(object.id()));
        assert_errno!(object.get(key, IPC_CREAT | IPC_EXCL | 0o600), EEXIST);
        assert_eq!(object.remove(), Ok(()));
        assert_errno!(object.get(key, 0), ENOENT);
    }
    Ok(())
}
