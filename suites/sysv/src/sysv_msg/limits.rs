//! The limits of an IPC namespace, which these specs lower in their own.

use super::{ROOM, drain, send};
use calls::sysv::{Message, QueueLimits, QueueStatus};
use harness::need::IPCNS;
use kit::needs::{SYSV, ipc_setting};
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::setting::{self, change};
use kit::sysv::{Queue, unused_key};
use libc::{IPC_CREAT, IPC_NOWAIT, IPC_PRIVATE};

const MSGMAX: &str = "kernel/msgmax";
const MSGMNB: &str = "kernel/msgmnb";
const MSGMNI: &str = "kernel/msgmni";

/// In a new IPC namespace kernel.msgmax is 8192, kernel.msgmnb 16384 and kernel.msgmni 32000, and IPC_INFO returns the three.
#[harness::test(
    id = "sysv-msg.default-limits",
    cite = [man("msgget.2", "NOTES", "MSGMNI"), man("msgop.2", "NOTES", "MSGMAX"), man("msgctl.2", "DESCRIPTION", "IPC_INFO")],
    covers = [
        "behaviours:sysvmsg.msgmni-default", "behaviours:sysvmsg.msgmnb-default", "behaviours:sysvmsg.msgmax-limit",
        "behaviours:sysvmsg.ipc-info",
    ],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn limits_have_their_defaults() -> TestResult {
    let limits = QueueLimits { msgmax: 8192, msgmnb: 16384, msgmni: 32000 };
    let settings = [setting::number(MSGMAX)?, setting::number(MSGMNB)?, setting::number(MSGMNI)?];
    assert_eq!(settings, [8192, 16384, 32000]);
    assert_eq!(queue_limits(), Ok((0, limits)));
    Ok(())
}

/// msgsnd fails with EINVAL for a text of one byte more than kernel.msgmax, which others do not notice: it queues nothing, a text of
/// msgmax bytes is sent, and a longer one that was queued before the limit was lowered is received.
#[harness::test(
    id = "sysv-msg.msgmax",
    cite = [man("msgop.2", "ERRORS", "EINVAL"), man("msgop.2", "NOTES", "MSGMAX"), man("proc_sys_kernel.5", "DESCRIPTION", "/proc/sys/kernel/msgmax")],
    covers = ["behaviours:sysvmsg.msgmax-limit", "errors:sysv-msg.msgsnd.EINVAL.3", "notes:msg.maximum-length"],
    needs = [SYSV, IPCNS, ipc_setting(MSGMAX)],
    layers = [libc, raw],
)]
fn no_text_is_longer_than_msgmax() -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let [longest, longer] = [100, 101].map(|size| Message::new(1, Bytes::sequence(size).0));
    send(&queue, std::slice::from_ref(&longer))?;
    let _lowered = change(MSGMAX, longest.text.len())?;
    let before = queue.status()?;
    assert_errno!(msgsnd(queue.id(), &longer, IPC_NOWAIT), EINVAL);
    assert_eq!(queue.status(), Ok(before));
    assert_eq!(msgsnd(queue.id(), &longest, IPC_NOWAIT), Ok(()));
    assert_eq!(msgrcv(queue.id(), ROOM, 0, IPC_NOWAIT), Ok(longer));
    assert_eq!(drain(&queue), Ok(vec![longest]));
    Ok(())
}

/// kernel.msgmnb is the msg_qbytes of queues that are made from then on; others keep theirs, and without CAP_SYS_RESOURCE none can be
/// raised beyond it.
#[harness::test(
    id = "sysv-msg.msgmnb",
    cite = [man("msgget.2", "DESCRIPTION"), man("msgctl.2", "ERRORS", "EPERM"), man("proc_sys_kernel.5", "DESCRIPTION", "/proc/sys/kernel/msgmnb")],
    covers = ["behaviours:sysvmsg.msgmnb-default", "behaviours:sysvmsg.set-qbytes-lower", "errors:sysv-msg.msgctl.EPERM.2"],
    needs = [SYSV, IPCNS, ipc_setting(MSGMNB)],
    layers = [libc, raw],
)]
fn new_queues_have_msgmnb_bytes() -> TestResult {
    let old = Queue::new(IPC_PRIVATE)?;
    let before = old.status()?;
    let _lowered = change(MSGMNB, 100)?;
    let new = Queue::new(IPC_PRIVATE)?;
    let made = new.status().map(QueueStatus::undated);
    assert_eq!(made, Ok(QueueStatus { qbytes: 100, ..before }.undated()));
    assert_eq!(old.status(), Ok(before));
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        assert_errno!(set_queue(new.id(), before.permissions(), 101), EPERM);
        assert_eq!(new.status().map(QueueStatus::undated), made);
        new.set(before.permissions(), 99)?;
        assert_eq!(set_queue(new.id(), before.permissions(), 100), Ok(()));
        assert_eq!(new.status().map(QueueStatus::undated), made);
        Ok(())
    })?;
    child.join()
}

/// msgget fails with ENOSPC if there are kernel.msgmni queues in the IPC namespace, with a key or with IPC_PRIVATE; those that exist
/// are found, and a new one can be made once one is removed.
#[harness::test(
    id = "sysv-msg.msgmni",
    cite = [posix("msgget.3p", "ERRORS", "ENOSPC"), man("msgget.2", "ERRORS", "ENOSPC"), man("msgget.2", "NOTES", "MSGMNI")],
    covers = ["errors:sysv-msg.msgget.ENOSPC", "notes:msg.capacity-limited-by-system"],
    needs = [SYSV, IPCNS, ipc_setting(MSGMNI)],
    layers = [libc, raw],
)]
fn there_are_at_most_msgmni_queues() -> TestResult {
    let _lowered = change(MSGMNI, 2)?;
    let [first, second] = [Queue::new(unused_key()?)?, Queue::new(IPC_PRIVATE)?];
    let key = unused_key()?;
    for key in [key, IPC_PRIVATE] {
        assert_errno!(msgget(key, IPC_CREAT | 0o600), ENOSPC);
    }
    assert_errno!(msgget(key, 0), ENOENT);
    assert_eq!(msgget(first.key(), IPC_CREAT | 0o600), Ok(first.id()));
    let like = QueueStatus { key, ..second.status()? }.undated();
    second.remove()?;
    let third = Queue::adopt(assert_ok!(msgget(key, IPC_CREAT | 0o600)), key);
    assert_eq!(third.status().map(QueueStatus::undated), Ok(like));
    assert_errno!(msgget(IPC_PRIVATE, 0o600), ENOSPC);
    Ok(())
}
