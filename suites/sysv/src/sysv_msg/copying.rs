//! Copies of messages that stay: MSG_COPY.

use super::{ROOM, drain, send};
use crate::needs::MSG_COPIES;
use calls::sysv::{MSG_COPY, Message};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::Queue;
use libc::{IPC_NOWAIT, IPC_PRIVATE, MSG_EXCEPT, MSG_NOERROR};

/// A queue with three messages, and these.
fn with_messages() -> TestResult<(Queue, [Message; 3])> {
    let queue = Queue::new(IPC_PRIVATE)?;
    let messages = [Message::new(3, "first"), Message::new(1, ""), Message::new(2, "last")];
    send(&queue, &messages)?;
    Ok((queue, messages))
}

/// msgrcv with MSG_COPY and IPC_NOWAIT receives a copy of the message of that number, counted from 0, whatever its type, and changes
/// nothing of the queue; with a number that no message has it fails with ENOMSG, and with too small a buffer with E2BIG.
#[harness::test(
    id = "sysv-msg.copy",
    cite = [man("msgop.2", "DESCRIPTION", "MSG_COPY"), man("msgop.2", "ERRORS", "ENOMSG")],
    covers = ["behaviours:sysvmsg.copy-nondestructive", "errors:sysv-msg.msgrcv.ENOMSG.2", "notes:msg.removed-after-read"],
    needs = [SYSV, MSG_COPIES],
    layers = [libc, raw],
)]
fn msg_copy_leaves_the_message() -> TestResult {
    let (queue, messages) = with_messages()?;
    let before = queue.status()?;
    for (number, message) in (0..).zip(&messages) {
        assert_eq!(msgrcv(queue.id(), ROOM, number, MSG_COPY | IPC_NOWAIT).as_ref(), Ok(message));
    }
    for number in [3, i64::MAX, -1] {
        assert_errno!(msgrcv(queue.id(), ROOM, number, MSG_COPY | IPC_NOWAIT), ENOMSG);
    }
    assert_errno!(msgrcv(queue.id(), 4, 0, MSG_COPY | IPC_NOWAIT), E2BIG);
    assert_eq!(queue.status(), Ok(before));
    assert_eq!(drain(&queue), Ok(messages.to_vec()));
    assert_errno!(msgrcv(queue.id(), ROOM, 0, MSG_COPY | IPC_NOWAIT), ENOMSG);
    Ok(())
}

#[rstest]
#[case::alone(MSG_COPY)]
#[case::with_msg_noerror(MSG_COPY | MSG_NOERROR)]
/// msgrcv with MSG_COPY and without IPC_NOWAIT fails with EINVAL, with messages and without, where it would otherwise wait.
#[harness::test(
    id = "sysv-msg.copy-waits-never",
    cite = [man("msgop.2", "ERRORS", "EINVAL"), man("msgop.2", "DESCRIPTION", "MSG_COPY")],
    covers = ["errors:sysv-msg.msgrcv.EINVAL.3"],
    needs = [SYSV, MSG_COPIES],
    layers = [libc, raw],
)]
fn msg_copy_needs_ipc_nowait(#[case] flags: i32) -> TestResult {
    let (queue, messages) = with_messages()?;
    let before = queue.status()?;
    assert_errno!(msgrcv(queue.id(), ROOM, 0, flags), EINVAL);
    assert_eq!(queue.status(), Ok(before));
    assert_eq!(drain(&queue), Ok(messages.to_vec()));
    assert_errno!(msgrcv(queue.id(), ROOM, 0, flags), EINVAL);
    Ok(())
}

/// msgrcv with MSG_COPY and MSG_EXCEPT fails with EINVAL, and the messages stay.
#[harness::test(
    id = "sysv-msg.copy-except",
    cite = [man("msgop.2", "ERRORS", "EINVAL"), man("msgop.2", "DESCRIPTION", "MSG_COPY")],
    covers = ["errors:sysv-msg.msgrcv.EINVAL.4"],
    needs = [SYSV, MSG_COPIES],
    layers = [libc, raw],
)]
fn msg_copy_and_msg_except_exclude_each_other() -> TestResult {
    let (queue, messages) = with_messages()?;
    for flags in [IPC_NOWAIT, 0] {
        assert_errno!(msgrcv(queue.id(), ROOM, 1, MSG_COPY | MSG_EXCEPT | flags), EINVAL);
    }
    assert_eq!(drain(&queue), Ok(messages.to_vec()));
    Ok(())
}

/// msgrcv with MSG_COPY and MSG_NOERROR fails with EINVAL if the message is longer than the buffer, which MSG_NOERROR alone lets it
/// truncate; the message stays.
#[harness::test(
    id = "sysv-msg.copy-not-truncated",
    cite = [kernel("ipc/msgutil.c", "copy_msg", "6.18"), man("msgop.2", "DESCRIPTION", "MSG_NOERROR")],
    covers = ["errors:sysv-msg.msgrcv.EINVAL.5"],
    needs = [SYSV, MSG_COPIES],
    layers = [libc, raw],
)]
fn a_copy_is_never_truncated() -> TestResult {
    let (queue, messages) = with_messages()?;
    assert_errno!(msgrcv(queue.id(), 4, 0, MSG_COPY | MSG_NOERROR | IPC_NOWAIT), EINVAL);
    assert_eq!(msgrcv(queue.id(), 5, 0, MSG_COPY | MSG_NOERROR | IPC_NOWAIT).as_ref(), Ok(&messages[0]));
    assert_eq!(drain(&queue), Ok(messages.to_vec()));
    Ok(())
}
