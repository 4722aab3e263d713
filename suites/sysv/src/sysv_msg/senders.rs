//! Senders that wait: what lets them go on, and which of them.

use super::{ROOM, drain, send};
use calls::sysv::{Message, QueueStatus};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::Queue;

/// A child that waits in msgsnd until there is room for this message.
fn sender(queue: &Queue, message: &Message) -> TestResult<Child> {
    use calls::for_layers::libc_raw::msgsnd;
    let child = fork(|| assert_eq!(msgsnd(queue.id(), message, 0), Ok(())))?;
    child.wait_until_blocked_in(calls::MSGSND)?;
    Ok(child)
}

/// The messages in the order of their types.
fn sorted(mut messages: Vec<Message>) -> Vec<Message> {
    messages.sort_by_key(|message| message.kind);
    messages
}

#[rstest]
#[case::by_bytes(4, ["full", "next", "last"])]
#[case::by_count(1, [""; 3])]
/// Two processes that wait in msgsnd for a full queue send their messages one after the other, each when a message is received: none
/// is lost, and the queue never holds more than msg_qbytes, in bytes or in messages.
#[harness::test(
    id = "sysv-msg.senders-go-on",
    cite = [posix("msgsnd.3p", "DESCRIPTION"), man("msgop.2", "msgsnd()")],
    covers = [
        "behaviours:sysvmsg.send-blocks-full", "behaviours:sysvmsg.blocked-sender-wakes", "notes:msg.syscalls-synchronise",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn receiving_lets_senders_go_on(#[case] size: u64, #[case] texts: [&str; 3]) -> TestResult {
    let queue = Queue::of_size(size)?;
    let messages = [1, 2, 3].map(|kind| Message::new(kind, texts[kind as usize - 1]));
    send(&queue, &messages[..1])?;
    let before = queue.status()?;
    let senders = [sender(&queue, &messages[1])?, sender(&queue, &messages[2])?];
    assert_eq!(queue.status(), Ok(before));
    let mut received = Vec::new();
    for _ in &messages {
        // Waits for the next one, whichever sender it is of.
        received.push(assert_ok!(msgrcv(queue.id(), ROOM, 0, 0)));
        let QueueStatus { qnum, cbytes, .. } = queue.status()?;
        assert!(qnum.max(cbytes) <= size, "{qnum} messages of {cbytes} bytes are queued");
    }
    senders.into_iter().try_for_each(Child::join)?;
    assert_eq!(received[0], messages[0]);
    evidence("order of two senders that waited", format!("{:?}", [received[1].kind, received[2].kind]));
    assert_eq!(sorted(received), messages);
    assert_eq!(drain(&queue), Ok(vec![]));
    Ok(())
}

/// A process that waits in msgsnd goes on once its message fits, although that of another, which waits for longer, does not; the other
/// goes on when its message fits.
#[harness::test(
    id = "sysv-msg.own-size-decides",
    cite = [man("msgop.2", "msgsnd()"), posix("msgsnd.3p", "DESCRIPTION")],
    covers = ["behaviours:sysvmsg.own-size-decides", "behaviours:sysvmsg.blocked-sender-wakes"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn each_sender_waits_for_its_own_size() -> TestResult {
    let queue = Queue::of_size(10)?;
    let old = [Message::new(1, "12345678"), Message::new(2, "90")];
    send(&queue, &old)?;
    let [large, small] = [Message::new(3, "123456789"), Message::new(4, "s")];
    let senders = [sender(&queue, &large)?, sender(&queue, &small)?];
    assert_eq!(msgrcv(queue.id(), ROOM, 2, 0).as_ref(), Ok(&old[1]));
    let [waiting, goes_on] = senders;
    goes_on.join()?;
    waiting.assert_blocked_in(calls::MSGSND);
    assert_eq!(msgrcv(queue.id(), ROOM, 1, 0).as_ref(), Ok(&old[0]));
    waiting.join()?;
    assert_eq!(drain(&queue), Ok(vec![small, large]));
    Ok(())
}

/// IPC_SET that raises msg_qbytes lets those who wait in msgsnd go on whose messages fit now, two of three; the third waits on.
#[harness::test(
    id = "sysv-msg.raising-wakes-senders",
    cite = [man("msgop.2", "msgsnd()"), man("msgctl.2", "DESCRIPTION", "IPC_SET")],
    covers = ["behaviours:sysvmsg.set-qbytes-wakes", "behaviours:sysvmsg.set-updatable"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn raising_msg_qbytes_lets_senders_go_on() -> TestResult {
    let queue = Queue::of_size(1)?;
    let messages = [(1, "f"), (2, "1"), (3, "2"), (4, "large")].map(|(kind, text)| Message::new(kind, text));
    send(&queue, &messages[..1])?;
    let permissions = queue.status()?.permissions();
    let set = || queue.status().map(|status| (status.permissions(), status.qbytes));
    let waiting = sender(&queue, &messages[3])?;
    let senders = [sender(&queue, &messages[1])?, sender(&queue, &messages[2])?];
    assert_eq!(set_queue(queue.id(), permissions, 3), Ok(()));
    assert_eq!(set(), Ok((permissions, 3)));
    senders.into_iter().try_for_each(Child::join)?;
    waiting.assert_blocked_in(calls::MSGSND);
    assert_eq!(set_queue(queue.id(), permissions, 8), Ok(()));
    assert_eq!(set(), Ok((permissions, 8)));
    waiting.join()?;
    assert_eq!(drain(&queue).map(sorted), Ok(messages.to_vec()));
    Ok(())
}
