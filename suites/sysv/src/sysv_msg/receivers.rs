//! Receivers that wait: which message lets which of them go on.

use super::{ROOM, drain, send};
use calls::sysv::Message;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::Queue;
use libc::{IPC_NOWAIT, IPC_PRIVATE, MSG_EXCEPT};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A child that waits in msgrcv, and is to receive this message.
fn receiver(queue: &Queue, kind: i64, flags: i32, expected: &Message) -> TestResult<Child> {
    use calls::for_layers::libc_raw::msgrcv;
    let child = fork(|| assert_eq!(msgrcv(queue.id(), ROOM, kind, flags).as_ref(), Ok(expected)))?;
    child.wait_until_blocked_in(calls::MSGRCV)?;
    Ok(child)
}

#[rstest]
#[case::of_two_types((2, 0, 2), (3, 0, 3))]
#[case::lowest_of_some((-2, 0, 2), (3, 0, 3))]
#[case::lowest_of_more((2, 0, 2), (-3, 0, 3))]
#[case::of_another_type((3, 0, 3), (3, MSG_EXCEPT, 2))]
#[case::of_any_type((2, 0, 2), (0, 0, 5))]
/// A process that waits in msgrcv receives a message as soon as one is sent that it selects, and another, which waits for longer and
/// does not select it, waits on until its own comes; messages that neither selects stay.
#[harness::test(
    id = "sysv-msg.receivers-by-type",
    cite = [posix("msgrcv.3p", "DESCRIPTION"), man("msgop.2", "msgrcv()")],
    covers = [
        "behaviours:sysvmsg.recv-blocks-empty", "behaviours:sysvmsg.blocked-receiver-direct", "behaviours:sysvmsg.except",
        "behaviours:sysvmsg.type-negative-lowest",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_message_goes_to_who_selects_it(#[case] first: (i64, i32, i64), #[case] second: (i64, i32, i64)) -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    // Of no use to either, if there may be such a message.
    let other: Vec<_> = [first, second]
        .iter()
        .all(|(kind, flags, _)| *kind > 0 && *flags == 0)
        .then(|| Message::new(4, "other"))
        .into_iter()
        .collect();
    send(&queue, &other)?;
    let [(one, one_text), (two, two_text)] = [(first, "one"), (second, "two")];
    let messages = [Message::new(one.2, one_text), Message::new(two.2, two_text)];
    let waits_on = receiver(&queue, one.0, one.1, &messages[0])?;
    let goes_on = receiver(&queue, two.0, two.1, &messages[1])?;
    assert_eq!(msgsnd(queue.id(), &messages[1], 0), Ok(()));
    goes_on.join()?;
    waits_on.assert_blocked_in(calls::MSGRCV);
    assert_eq!(msgsnd(queue.id(), &messages[0], 0), Ok(()));
    waits_on.join()?;
    assert_eq!(drain(&queue), Ok(other));
    Ok(())
}

/// Of two processes that wait in msgrcv for the same type each receives one of two messages, whole; none is lost, and none is received
/// twice.
#[harness::test(
    id = "sysv-msg.receivers-share",
    cite = [posix("msgrcv.3p", "DESCRIPTION"), man("msgop.2", "msgrcv()")],
    covers = [
        "behaviours:sysvmsg.message-atomic", "behaviours:sysvmsg.blocked-receiver-direct", "notes:msg.syscalls-synchronise",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn two_receivers_get_one_message_each() -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let messages = [b'a', b'b'].map(|byte| Message::new(1, vec![byte; 5000]));
    // Who received which, by its place.
    let receivers = Shared::new([const { AtomicU32::new(0) }; 2])?;
    let receiver = |number| {
        let child = fork(|| -> TestResult {
            let received = assert_ok!(msgrcv(queue.id(), ROOM, 1, 0));
            let place = messages.iter().position(|message| *message == received);
            assert!(place.is_some(), "received {} bytes", received.text.len());
            if let Some(place) = place {
                receivers[place].fetch_add(number, Relaxed);
            }
            Ok(())
        })?;
        child.wait_until_blocked_in(calls::MSGRCV)?;
        Ok::<_, Stop>(child)
    };
    let waiting = [receiver(1)?, receiver(10)?];
    for message in &messages {
        assert_eq!(msgsnd(queue.id(), message, IPC_NOWAIT), Ok(()));
    }
    waiting.into_iter().try_for_each(Child::join)?;
    let by = receivers.each_ref().map(|receiver| receiver.load(Relaxed));
    evidence("receivers of the first and the second message, 1 waiting for longer than 10", format!("{by:?}"));
    assert!(by == [1, 10] || by == [10, 1], "received by {by:?}");
    assert_eq!(drain(&queue), Ok(vec![]));
    Ok(())
}

/// A process that waits in msgrcv with too small a buffer fails with E2BIG when a message comes, and another one, which waits with a
/// buffer that is large enough, receives that; without another one it stays in the queue.
#[harness::test(
    id = "sysv-msg.too-big-while-waiting",
    cite = [man("msgop.2", "ERRORS", "E2BIG"), posix("msgrcv.3p", "ERRORS", "E2BIG")],
    covers = ["behaviours:sysvmsg.e2big-while-blocked", "errors:sysv-msg.msgrcv.E2BIG"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_waiting_receiver_needs_a_large_buffer() -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let message = Message::new(1, "12345");
    let too_small = || -> TestResult<Child> {
        let child = fork(|| assert_errno!(msgrcv(queue.id(), 4, 0, 0), E2BIG))?;
        child.wait_until_blocked_in(calls::MSGRCV)?;
        Ok(child)
    };
    let (small, large) = (too_small()?, receiver(&queue, 0, 0, &message)?);
    assert_eq!(msgsnd(queue.id(), &message, 0), Ok(()));
    small.join()?;
    large.join()?;
    assert_eq!(drain(&queue), Ok(vec![]));
    let small = too_small()?;
    assert_eq!(msgsnd(queue.id(), &message, 0), Ok(()));
    small.join()?;
    assert_eq!(drain(&queue), Ok(vec![message]));
    Ok(())
}

/// msgrcv waits although the only process that has sent is gone: no end of file comes, and a message that is sent later is received.
#[harness::test(
    id = "sysv-msg.no-end-of-file",
    cite = [posix("msgrcv.3p", "DESCRIPTION"), man("msgop.2", "msgrcv()")],
    covers = ["behaviours:sysvmsg.no-end-of-file", "notes:msg.syscalls-synchronise"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn no_end_of_file_comes() -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let [first, second] = ["first", "second"].map(|text| Message::new(1, text));
    fork(|| assert_eq!(msgsnd(queue.id(), &first, 0), Ok(())))?.join()?;
    let waiting = fork(|| -> TestResult {
        assert_eq!(msgrcv(queue.id(), ROOM, 0, 0).as_ref(), Ok(&first));
        assert_eq!(msgrcv(queue.id(), ROOM, 0, 0).as_ref(), Ok(&second));
        Ok(())
    })?;
    waiting.assert_blocked_in(calls::MSGRCV);
    evidence("msgrcv once the only sender has exited", "it waits");
    assert_eq!(msgsnd(queue.id(), &second, 0), Ok(()));
    waiting.join()
}
