//! How long messages are, and what msgrcv does with too small a buffer.

use super::{drain, holding, send};
use calls::sysv::{Message, QueueStatus};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::setting;
use kit::sysv::Queue;
use libc::{IPC_NOWAIT, IPC_PRIVATE, MSG_NOERROR};

/// A message of any size up to MSGMAX is received as it was sent, and msgrcv returns how many bytes of text it has, the type
/// not counted.
#[harness::test(
    id = "sysv-msg.sizes",
    cite = [posix("msgrcv.3p", "RETURN VALUE"), man("msgop.2", "RETURN VALUE"), man("msgop.2", "NOTES", "MSGMAX")],
    covers = [
        "behaviours:sysvmsg.return-bytes", "behaviours:sysvmsg.mtype-returned", "notes:msg.more-information-than-signal",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn any_size_is_received_as_it_was_sent() -> TestResult {
    let largest = setting::number("kernel/msgmax")?;
    let queue = Queue::of_size(largest as u64)?;
    // The kernel keeps a text in pages, of which it needs a few bytes for itself.
    let page = page_size();
    let sizes = (1..3).chain(page - 50..page + 2).chain(2 * page - 60..2 * page + 2).chain([largest - 1, largest]);
    for size in sizes.filter(|size| *size <= largest) {
        let message = Message::new(size as i64 + 1, Bytes::sequence(size).0);
        assert_eq!(msgsnd(queue.id(), &message, IPC_NOWAIT), Ok(()));
        let received = assert_ok!(msgrcv(queue.id(), largest, 0, IPC_NOWAIT));
        assert_eq!((received.kind, Bytes(received.text)), (message.kind, Bytes(message.text)));
    }
    // The buffer may be larger than any message.
    assert_eq!(msgsnd(queue.id(), &Message::new(1, "short"), IPC_NOWAIT), Ok(()));
    assert_eq!(msgrcv(queue.id(), 8 * largest, 0, IPC_NOWAIT), Ok(Message::new(1, "short")));
    evidence("bytes of text that one message has besides its type, where a signal has 8", largest);
    assert_eq!(drain(&queue), Ok(vec![]));
    Ok(())
}

/// A message without text is queued, counts as one message of 0 bytes, and is received with its type into a buffer of 0 bytes.
#[harness::test(
    id = "sysv-msg.zero-length",
    cite = [posix("msgsnd.3p", "DESCRIPTION"), man("msgop.2", "DESCRIPTION")],
    covers = ["behaviours:sysvmsg.zero-length", "behaviours:sysvmsg.cbytes"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn messages_without_text_are_messages() -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let (new, empty) = (queue.status()?, [Message::new(5, ""), Message::new(6, "")]);
    assert_eq!(msgsnd(queue.id(), &empty[0], IPC_NOWAIT), Ok(()));
    assert_eq!(msgsnd(queue.id(), &empty[1], IPC_NOWAIT), Ok(()));
    assert_eq!(queue.status().map(QueueStatus::undated), Ok(holding(new, &empty)));
    assert_eq!(msgrcv(queue.id(), 0, 0, IPC_NOWAIT), Ok(empty[0].clone()));
    assert_eq!(msgrcv(queue.id(), 0, 0, IPC_NOWAIT), Ok(empty[1].clone()));
    assert_errno!(msgrcv(queue.id(), 0, 0, IPC_NOWAIT), ENOMSG);
    Ok(())
}

/// msgrcv fails with E2BIG if the message that it would take is longer than its buffer, by one byte or by all, although a shorter one
/// follows; the queue stays as it is, and a buffer that is large enough gets the message.
#[harness::test(
    id = "sysv-msg.too-big-stays",
    cite = [man("msgop.2", "DESCRIPTION"), posix("msgrcv.3p", "ERRORS", "E2BIG")],
    covers = ["behaviours:sysvmsg.e2big-keeps", "errors:sysv-msg.msgrcv.E2BIG", "notes:msg.discrete-blocks"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_message_that_is_too_long_stays() -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let messages = [Message::new(1, "12345"), Message::new(2, "1")];
    send(&queue, &messages)?;
    let before = queue.status()?;
    for (room, kind) in [(4, 0), (4, 1), (4, -1), (0, 0)] {
        assert_errno!(msgrcv(queue.id(), room, kind, IPC_NOWAIT), E2BIG);
        assert_eq!(queue.status(), Ok(before));
    }
    assert_eq!(msgrcv(queue.id(), 5, 0, IPC_NOWAIT), Ok(messages[0].clone()));
    assert_eq!(msgrcv(queue.id(), 1, 0, IPC_NOWAIT), Ok(messages[1].clone()));
    Ok(())
}

#[rstest]
#[case::to_3_bytes(3)]
#[case::to_nothing(0)]
#[case::not_at_all(5)]
/// msgrcv with MSG_NOERROR receives as much of a message as its buffer holds, and the rest is lost.
#[harness::test(
    id = "sysv-msg.truncated",
    cite = [posix("msgrcv.3p", "DESCRIPTION"), man("msgop.2", "DESCRIPTION", "MSG_NOERROR")],
    covers = ["behaviours:sysvmsg.truncate-noerror", "behaviours:sysvmsg.return-bytes"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn msg_noerror_truncates(#[case] room: usize) -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let (new, next) = (queue.status()?, Message::new(2, "next"));
    send(&queue, &[Message::new(1, "12345"), next.clone()])?;
    assert_eq!(msgrcv(queue.id(), room, 0, IPC_NOWAIT | MSG_NOERROR), Ok(Message::new(1, &"12345"[..room])));
    let mut left = holding(new, std::slice::from_ref(&next));
    left.lrpid = own_pid();
    assert_eq!(queue.status().map(QueueStatus::undated), Ok(left));
    assert_eq!(drain(&queue), Ok(vec![next]));
    Ok(())
}
