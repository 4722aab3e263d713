//! Identifiers of System V objects: which number a new object has, and that an old number names no new object.

use crate::objects::{Make, QUEUE, SEGMENT, SEMAPHORES};
use calls::sysv::ObjectStatus;
use harness::need::IPCNS;
use kit::needs::{SYSV, ipc_setting};
use kit::prelude::*;
use kit::sysv::Queue;
use libc::IPC_PRIVATE;
use std::fs;

/// How many objects are made: each place in the kernel's array of objects is used more than once.
const MADE: usize = 200;

/// The identifier of a removed object does not name one that is made later, as many as come and go in its place: it is invalid, and
/// each new object has another one.
#[harness::test(
    rows = [
        ("sysv-msg.stale-id", ["behaviours:sysvmsg.id-sequence", "behaviours:sysvmsg.rmid-id-invalid"], QUEUE),
        ("sysv-sem.stale-id", ["errors:sysv-sem.semctl.EINVAL.2"], SEMAPHORES),
        ("sysv-shm.stale-id", ["errors:sysv-shm.shmctl.EINVAL", "behaviours:sysvshm.id-not-reused"], SEGMENT),
    ],
    cite = [kernel("ipc/util.c", "ipc_idr_alloc", "6.18"), man("msgctl.2", "ERRORS", "EINVAL")],
    needs = [SYSV],
)]
fn an_identifier_is_not_used_again(make: Make) -> TestResult {
    let old = make(IPC_PRIVATE)?;
    let (mut used, like) = (vec![old.id()], old.status()?.undated());
    assert_eq!(old.remove(), Ok(()));
    for _ in 0..MADE {
        let object = make(IPC_PRIVATE)?;
        assert!(!used.contains(&object.id()), "the identifier {} was another's", object.id());
        assert_errno!(old.status(), EINVAL);
        assert_errno!(old.remove(), EINVAL);
        assert_eq!(object.status().map(ObjectStatus::undated).as_ref(), Ok(&like));
        used.push(object.id());
    }
    Ok(())
}

const MSG_NEXT_ID: &str = "kernel/msg_next_id";

/// The next queue has the identifier that was written to kernel.msg_next_id, if none has it; the setting is -1 again then, and the queue
/// after it has an identifier of its own.
#[harness::test(
    id = "sysv-msg.next-id",
    cite = [kernel("ipc/util.c", "ipc_idr_alloc", "6.18")],
    covers = ["behaviours:sysvmsg.next-id-sysctl"],
    needs = [SYSV, IPCNS, ipc_setting(MSG_NEXT_ID)],
)]
fn msg_next_id_chooses_the_identifier() -> TestResult {
    let setting = format!("/proc/sys/{MSG_NEXT_ID}");
    let chosen = || fs::read_to_string(&setting);
    let before = chosen()?;
    assert_eq!(before, "-1\n");
    let mut queues = vec![Queue::new(IPC_PRIVATE)?];
    for wanted in [1234, 77] {
        fs::write(&setting, wanted.to_string())?;
        let queue = Queue::new(IPC_PRIVATE)?;
        assert_eq!(queue.id(), wanted);
        let after = chosen()?;
        assert_eq!(after, "-1\n");
        let next = Queue::new(IPC_PRIVATE)?;
        assert!(queues.iter().chain([&queue]).all(|other| other.id() != next.id()), "the identifier is another's");
        queues.extend([queue, next]);
    }
    Ok(())
}
