//! What IPC_SET changes, and who may.

use super::{drain, send};
use calls::sysv::{Message, Permissions, QueueStatus};
use harness::need::{CAP_SYS_RESOURCE, SECOND_ID, SECOND_UID};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::privilege::{become_second_user, drop_capabilities};
use kit::setting;
use kit::sysv::{Queue, unused_key};
use libc::{IPC_NOWAIT, IPC_PRIVATE};

/// IPC_SET changes msg_qbytes and the low nine bits of the mode and, of what IPC_STAT returns, nothing else but the time of the change;
/// key, identifier and messages stay.
#[harness::test(
    id = "sysv-msg.set-mode-and-size",
    cite = [posix("msgctl.3p", "DESCRIPTION", "IPC_SET"), man("msgctl.2", "DESCRIPTION", "IPC_SET")],
    covers = ["behaviours:sysvmsg.set-updatable", "behaviours:sysvmsg.stat-fields", "behaviours:sysvmsg.exec-bits-unused"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn ipc_set_changes_mode_and_size() -> TestResult {
    let queue = Queue::new(unused_key()?)?;
    let messages = [Message::new(2, "one"), Message::new(1, "other")];
    send(&queue, &messages)?;
    let before = queue.status()?;
    for (mode, bytes) in [(0o666, 8), (0o777, before.qbytes), (0o7600, 1 << 10)] {
        let permissions = Permissions { mode, ..before.permissions() };
        assert_eq!(set_queue(queue.id(), permissions, bytes), Ok(()));
        let expected = QueueStatus { mode: mode & 0o777, qbytes: bytes, ..before };
        assert_eq!(queue.status().map(QueueStatus::undated), Ok(expected.undated()));
    }
    assert_eq!(msgget(queue.key(), 0), Ok(queue.id()));
    assert_eq!(drain(&queue), Ok(messages.to_vec()));
    Ok(())
}

/// IPC_SET gives a queue another owner and group; the creator's ids stay, and owner and creator, but no other, can both change and
/// remove it.
#[harness::test(
    id = "sysv-msg.set-owner",
    cite = [posix("msgctl.3p", "DESCRIPTION", "IPC_SET"), man("msgctl.2", "DESCRIPTION", "IPC_SET")],
    covers = ["behaviours:sysvmsg.set-owner-keeps-creator", "behaviours:sysvmsg.set-updatable"],
    needs = [SYSV, SECOND_UID],
    layers = [libc, raw],
)]
fn the_creator_keeps_its_rights() -> TestResult {
    let queues = [Queue::new(IPC_PRIVATE)?, Queue::new(IPC_PRIVATE)?];
    let [before, _] = [queues[0].status()?, queues[1].status()?];
    let given = Permissions { uid: SECOND_ID, gid: SECOND_ID, mode: 0o600 };
    let bytes = before.qbytes;
    for queue in &queues {
        assert_eq!(set_queue(queue.id(), given, bytes), Ok(()));
        assert_eq!(queue.status().map(QueueStatus::undated), Ok(before.with(given).undated()));
    }
    let owner = fork(|| -> TestResult {
        become_second_user()?;
        let other = Permissions { mode: 0o666, ..given };
        assert_eq!(set_queue(queues[0].id(), other, bytes - 1), Ok(()));
        let changed = QueueStatus { qbytes: bytes - 1, ..before.with(other) };
        assert_eq!(queues[0].status().map(QueueStatus::undated), Ok(changed.undated()));
        assert_eq!(queues[0].remove(), Ok(()));
        assert_errno!(queues[0].status(), EINVAL);
        Ok(())
    })?;
    owner.join()?;
    let creator = fork(|| -> TestResult {
        drop_capabilities()?;
        assert_eq!(set_queue(queues[1].id(), before.permissions(), bytes), Ok(()));
        assert_eq!(queues[1].status().map(QueueStatus::undated), Ok(before.undated()));
        set_queue(queues[1].id(), given, bytes)?;
        assert_eq!(queues[1].remove(), Ok(()));
        assert_errno!(queues[1].status(), EINVAL);
        Ok(())
    })?;
    creator.join()
}

/// The owner of a queue, without privileges, can lower msg_qbytes, to 0 too, and raise it again to kernel.msgmnb; one byte more fails
/// with EPERM and changes nothing.
#[harness::test(
    id = "sysv-msg.raise-to-msgmnb",
    cite = [man("msgctl.2", "DESCRIPTION", "IPC_SET"), man("msgctl.2", "ERRORS", "EPERM")],
    covers = ["behaviours:sysvmsg.set-qbytes-lower", "errors:sysv-msg.msgctl.EPERM.2"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_owner_raises_msg_qbytes_to_msgmnb() -> TestResult {
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        let queue = Queue::new(IPC_PRIVATE)?;
        let before = queue.status()?;
        let permissions = before.permissions();
        for bytes in [1, 0, before.qbytes, before.qbytes - 1] {
            assert_eq!(set_queue(queue.id(), permissions, bytes), Ok(()));
            let status = queue.status().map(QueueStatus::undated);
            assert_eq!(status, Ok(QueueStatus { qbytes: bytes, ..before }.undated()));
        }
        let lowered = queue.status()?;
        for bytes in [before.qbytes + 1, u64::MAX] {
            assert_errno!(set_queue(queue.id(), Permissions { mode: 0o666, ..permissions }, bytes), EPERM);
            assert_eq!(queue.status(), Ok(lowered));
        }
        Ok(())
    })?;
    child.join()
}

/// A process with CAP_SYS_RESOURCE can raise msg_qbytes beyond kernel.msgmnb, and the queue then holds more.
#[harness::test(
    id = "sysv-msg.raise-beyond-msgmnb",
    cite = [man("msgctl.2", "DESCRIPTION", "IPC_SET"), man("msgop.2", "NOTES", "MSGMNB")],
    covers = ["behaviours:sysvmsg.set-qbytes-lower"],
    needs = [SYSV, CAP_SYS_RESOURCE],
    layers = [libc, raw],
)]
fn a_privileged_process_raises_it_further() -> TestResult {
    let (queue, most) = (Queue::new(IPC_PRIVATE)?, setting::number("kernel/msgmnb")? as u64);
    let before = queue.status()?;
    assert_eq!(set_queue(queue.id(), before.permissions(), most + 1), Ok(()));
    let raised = QueueStatus { qbytes: most + 1, ..before };
    assert_eq!(queue.status().map(QueueStatus::undated), Ok(raised.undated()));
    let half = Message::new(1, vec![b'x'; usize::try_from(most / 2)?]);
    for message in [&half, &half, &Message::new(1, "x")] {
        assert_eq!(msgsnd(queue.id(), message, IPC_NOWAIT), Ok(()));
    }
    assert_errno!(msgsnd(queue.id(), &Message::new(1, "x"), IPC_NOWAIT), EAGAIN);
    Ok(())
}

/// IPC_SET fails with EINVAL if the user or the group is none of the caller's user namespace, -1, and changes nothing.
#[harness::test(
    id = "sysv-msg.set-no-user",
    cite = [kernel("ipc/util.c", "ipc_update_perm", "6.18")],
    covers = ["errors:sysv-msg.msgctl.EINVAL.4"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_owner_is_a_user() -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let before = queue.status()?;
    let permissions = Permissions { mode: 0o666, ..before.permissions() };
    for nobody in [Permissions { uid: u32::MAX, ..permissions }, Permissions { gid: u32::MAX, ..permissions }] {
        assert_errno!(set_queue(queue.id(), nobody, 1), EINVAL);
        assert_eq!(queue.status(), Ok(before));
    }
    Ok(())
}
