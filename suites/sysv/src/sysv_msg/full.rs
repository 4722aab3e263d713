//! When a queue is full.

use super::{ROOM, drain, holding, send};
use calls::sysv::{Message, QueueStatus};
use harness::need::IPCNS;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::setting;
use kit::sysv::Queue;
use libc::{IPC_NOWAIT, IPC_PRIVATE};

/// With IPC_NOWAIT msgsnd fails with EAGAIN if the text would take the queue beyond msg_qbytes, and changes nothing; a text that just
/// fits is queued, and so is one of no bytes in a queue that has no byte left.
#[harness::test(
    id = "sysv-msg.full-by-bytes",
    cite = [man("msgop.2", "msgsnd()"), posix("msgsnd.3p", "ERRORS", "EAGAIN")],
    covers = ["behaviours:sysvmsg.send-nowait", "errors:sysv-msg.msgsnd.EAGAIN", "behaviours:sysvmsg.cbytes"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_queue_holds_msg_qbytes() -> TestResult {
    let queue = Queue::of_size(10)?;
    let (new, sent) = (queue.status()?, ["1234", "567890", ""].map(|text| Message::new(1, text)));
    assert_eq!(msgsnd(queue.id(), &sent[0], IPC_NOWAIT), Ok(()));
    let before = queue.status()?;
    assert_errno!(msgsnd(queue.id(), &Message::new(2, "1234567"), IPC_NOWAIT), EAGAIN);
    assert_eq!(queue.status(), Ok(before));
    assert_eq!(msgsnd(queue.id(), &sent[1], IPC_NOWAIT), Ok(()));
    assert_errno!(msgsnd(queue.id(), &Message::new(2, "1"), IPC_NOWAIT), EAGAIN);
    assert_eq!(msgsnd(queue.id(), &sent[2], IPC_NOWAIT), Ok(()));
    assert_eq!(queue.status().map(QueueStatus::undated), Ok(holding(new, &sent)));
    assert_eq!(drain(&queue), Ok(sent.to_vec()));
    Ok(())
}

#[rstest]
#[case::of_three(3)]
#[case::of_none(0)]
/// A queue whose number of messages is msg_qbytes is full, although they have no text: msgsnd of another one fails with EAGAIN under
/// IPC_NOWAIT, until one is received.
#[harness::test(
    id = "sysv-msg.full-by-count",
    cite = [man("msgop.2", "msgsnd()")],
    covers = ["behaviours:sysvmsg.full-by-count", "errors:sysv-msg.msgsnd.EAGAIN"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_queue_holds_as_many_messages(#[case] most: u64) -> TestResult {
    let queue = Queue::of_size(most)?;
    let sent: Vec<_> = (1..=most as i64).map(|kind| Message::new(kind, "")).collect();
    for message in &sent {
        assert_eq!(msgsnd(queue.id(), message, IPC_NOWAIT), Ok(()));
    }
    let (before, another) = (queue.status()?, Message::new(9, ""));
    assert_errno!(msgsnd(queue.id(), &another, IPC_NOWAIT), EAGAIN);
    assert_eq!(queue.status(), Ok(before));
    if let [first, rest @ ..] = &sent[..] {
        assert_eq!(msgrcv(queue.id(), 0, 0, IPC_NOWAIT).as_ref(), Ok(first));
        assert_eq!(msgsnd(queue.id(), &another, IPC_NOWAIT), Ok(()));
        assert_eq!(drain(&queue), Ok([rest, &[another]].concat()));
    }
    Ok(())
}

/// A new queue holds as many bytes as kernel.msgmnb says and no more, in its first IPC namespace 16384: the system limits it, as it
/// limits a pipe.
#[harness::test(
    id = "sysv-msg.default-capacity",
    cite = [man("msgop.2", "NOTES", "MSGMNB"), posix("msgsnd.3p", "ERRORS", "EAGAIN")],
    covers = [
        "behaviours:sysvmsg.msgmnb-default", "notes:msg.capacity-limited-by-system", "notes:msg.buffer-not-limited-like-pipe",
        "errors:sysv-msg.msgsnd.EAGAIN",
    ],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn a_new_queue_holds_msgmnb_bytes() -> TestResult {
    const DEFAULT: u64 = 16384;
    const PIECE: usize = 1024;
    let setting = setting::number("kernel/msgmnb")?;
    assert_eq!(setting as u64, DEFAULT);
    let queue = Queue::new(IPC_PRIVATE)?;
    let new = queue.status()?;
    assert_eq!(new.qbytes, DEFAULT);
    let piece = Message::new(1, Bytes::sequence(PIECE).0);
    let sent = vec![piece.clone(); DEFAULT as usize / PIECE];
    for message in &sent {
        assert_eq!(msgsnd(queue.id(), message, IPC_NOWAIT), Ok(()));
    }
    assert_errno!(msgsnd(queue.id(), &piece, IPC_NOWAIT), EAGAIN);
    assert_errno!(msgsnd(queue.id(), &Message::new(1, "1"), IPC_NOWAIT), EAGAIN);
    assert_eq!(queue.status().map(QueueStatus::undated), Ok(holding(new, &sent)));
    evidence("bytes that a new queue holds", queue.status()?.cbytes);
    evidence("bytes that a new pipe holds", 16 * page_size());
    assert_eq!(drain(&queue), Ok(sent));
    Ok(())
}

/// A queue whose msg_qbytes is lowered below what it holds keeps its messages, and takes no other until enough are received.
#[harness::test(
    id = "sysv-msg.lowered-below-content",
    cite = [man("msgop.2", "msgsnd()"), man("msgctl.2", "DESCRIPTION", "IPC_SET")],
    covers = ["behaviours:sysvmsg.set-qbytes-lower", "errors:sysv-msg.msgsnd.EAGAIN"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn lowering_msg_qbytes_loses_nothing() -> TestResult {
    let queue = Queue::of_size(100)?;
    let (old, another) = (["12345", "67890"].map(|text| Message::new(1, text)), Message::new(2, "new"));
    send(&queue, &old)?;
    let before = queue.status()?;
    assert_eq!(set_queue(queue.id(), before.permissions(), 7), Ok(()));
    let lowered = queue.status().map(QueueStatus::undated);
    assert_eq!(lowered, Ok(QueueStatus { qbytes: 7, ..before }.undated()));
    assert_errno!(msgsnd(queue.id(), &another, IPC_NOWAIT), EAGAIN);
    assert_eq!(msgrcv(queue.id(), ROOM, 0, IPC_NOWAIT).as_ref(), Ok(&old[0]));
    assert_errno!(msgsnd(queue.id(), &another, IPC_NOWAIT), EAGAIN);
    assert_eq!(msgrcv(queue.id(), ROOM, 0, IPC_NOWAIT).as_ref(), Ok(&old[1]));
    assert_eq!(msgsnd(queue.id(), &another, IPC_NOWAIT), Ok(()));
    assert_eq!(drain(&queue), Ok(vec![another]));
    Ok(())
}
