//! Senders and receivers that wait: what lets which of them go on.

use super::{EMPTY, Message, drain, fill_queue, holding, message, nameless, of_text, receive, send};
use crate::needs::REAL_TIME;
use crate::scheduling::become_real_time;
use harness::need::ROOT;
use kit::prelude::*;
use kit::thread;
use libc::O_NONBLOCK;
use std::collections::VecDeque;
use std::sync::Arc;

/// A call that waits for a queue, and what happens to that.
#[derive(Clone, Copy)]
pub(super) struct Waiting {
    /// The call.
    pub call: &'static Call,
    /// Makes the queue such that the call waits.
    pub prepare: fn(&Fd) -> Result<()>,
    /// Makes the call; a receiver asserts what it received.
    pub wait: fn(&Fd) -> Result<()>,
    /// Lets one that waits go on.
    pub release: fn(&Fd) -> Result<()>,
    /// What the queue holds when so many that waited have gone on.
    pub left: fn(usize) -> Vec<Message>,
}

pub(super) const RECEIVER: Waiting = Waiting {
    call: calls::MQ_RECEIVE,
    prepare: |_| Ok(()),
    wait: |queue| receive(queue).map(|received| assert_eq!(received, message("new", 3))),
    release: |queue| send(queue, "new", 3),
    left: |_| vec![],
};

pub(super) const SENDER: Waiting = Waiting {
    call: calls::MQ_SEND,
    prepare: fill_queue,
    wait: |queue| send(queue, "new", 0),
    release: |queue| receive(queue).map(|received| assert_eq!(received, message("old", 0))),
    left: |gone| {
        let room = EMPTY.messages as usize;
        [vec![message("old", 0); room - gone], vec![message("new", 0); gone]].concat()
    },
};

impl Waiting {
    /// A queue that it waits for.
    pub fn queue(&self) -> TestResult<Fd> {
        let queue = nameless(0)?;
        (self.prepare)(&queue)?;
        Ok(queue)
    }

    /// A child that waits, and then goes on with this result.
    pub fn child(&self, queue: &Fd, check: impl FnOnce(Result<()>)) -> TestResult<Child> {
        let child = fork(|| check((self.wait)(queue)))?;
        child.wait_until_blocked_in(self.call)?;
        Ok(child)
    }

    /// Asserts what the queue holds when so many that waited have gone on.
    #[track_caller]
    pub fn assert_left(&self, queue: &Fd, gone: usize) {
        assert_eq!(drain(queue), Ok((self.left)(gone)));
    }
}

/// mq_receive waits while the queue is empty. Each message goes to one of those who wait, the one that has waited longest, and the
/// others wait on.
#[harness::test(
    id = "posix-mq.receivers",
    cite = [posix("mq_receive.3p", "DESCRIPTION"), man("mq_receive.3", "DESCRIPTION")],
    covers = ["behaviours:mq.blocks-empty", "behaviours:mq.one-receiver-each", "behaviours:mq.waiter-wakeup-priority"],
    layers = [libc, nix, raw],
)]
fn each_message_goes_to_one_receiver() -> TestResult {
    let queue = nameless(0)?;
    let sent = [("first", 1), ("second", 9), ("third", 0)];
    let mut receivers = VecDeque::new();
    for (text, priority) in sent {
        let receiver = fork(|| assert_eq!(receive(&queue), Ok(message(text, priority))))?;
        receiver.assert_blocked_in(calls::MQ_RECEIVE);
        receivers.push_back(receiver);
    }
    for (text, priority) in sent {
        assert_eq!(mq_send(&queue, text.as_bytes(), priority), Ok(()));
        receivers.pop_front().map_or(Ok(()), Child::join)?;
        receivers.iter().for_each(|waiting| waiting.assert_blocked_in(calls::MQ_RECEIVE));
        assert_eq!(mq_getattr(&queue), Ok(EMPTY));
    }
    Ok(())
}

/// mq_send waits while the queue is full. Each message that is received lets one of those who wait go on, the one that has waited
/// longest, and no message is lost.
#[harness::test(
    id = "posix-mq.senders",
    cite = [posix("mq_send.3p", "DESCRIPTION"), man("mq_send.3", "DESCRIPTION")],
    covers = ["behaviours:mq.blocks-full", "behaviours:mq.waiter-wakeup-priority"],
    layers = [libc, nix, raw],
)]
fn each_receive_lets_one_sender_go_on() -> TestResult {
    let queue = nameless(0)?;
    fill_queue(&queue)?;
    let mut senders = VecDeque::new();
    for text in ["first", "second", "third"] {
        let sender = fork(|| assert_eq!(mq_send(&queue, text.as_bytes(), 5), Ok(())))?;
        sender.assert_blocked_in(calls::MQ_SEND);
        senders.push_back(sender);
    }
    let mut received = Vec::new();
    while let Some(sender) = senders.pop_front() {
        received.push(of_text(assert_ok!(mq_receive(&queue, super::SIZE))));
        sender.join()?;
        senders.iter().for_each(|waiting| waiting.assert_blocked_in(calls::MQ_SEND));
        assert_eq!(mq_getattr(&queue), Ok(holding(EMPTY.messages)));
    }
    assert_eq!(received, [message("old", 0), message("first", 5), message("second", 5)]);
    assert_eq!(drain(&queue), Ok([vec![message("third", 5)], vec![message("old", 0); 3]].concat()));
    Ok(())
}

#[rstest]
#[case::receivers(RECEIVER)]
#[case::senders(SENDER)]
/// Two threads of one process wait in mq_receive or mq_send as two processes do: each goes on when it is its turn.
#[harness::test(
    id = "posix-mq.waiting-threads",
    cite = [posix("mq_receive.3p", "DESCRIPTION"), posix("mq_send.3p", "DESCRIPTION")],
    covers = ["behaviours:mq.blocks-empty", "behaviours:mq.blocks-full", "behaviours:mq.one-receiver-each"],
)]
fn threads_wait_as_processes(#[case] waiting: Waiting) -> TestResult {
    let queue = Arc::new(waiting.queue()?);
    let start = || -> TestResult<thread::Thread> {
        let own = Arc::clone(&queue);
        let thread = thread::spawn(move || assert_eq!((waiting.wait)(&own), Ok(())))?;
        thread.wait_until_blocked_in(waiting.call)?;
        Ok(thread)
    };
    let (first, second) = (start()?, start()?);
    assert_eq!((waiting.release)(&queue), Ok(()));
    first.join()?;
    second.assert_blocked_in(waiting.call);
    assert_eq!((waiting.release)(&queue), Ok(()));
    second.join()?;
    waiting.assert_left(&queue, 2);
    Ok(())
}

#[rstest]
#[case::receivers(RECEIVER)]
#[case::senders(SENDER)]
/// Of those who wait in mq_receive or mq_send the one with the highest real-time priority goes on first, although another has waited
/// for longer.
#[harness::test(
    id = "posix-mq.waiter-priority",
    cite = [posix("mq_receive.3p", "DESCRIPTION"), posix("mq_send.3p", "DESCRIPTION")],
    covers = ["behaviours:mq.waiter-wakeup-priority"],
    needs = [ROOT, REAL_TIME],
    layers = [libc, nix, raw],
)]
fn the_highest_priority_goes_on_first(#[case] waiting: Waiting) -> TestResult {
    let queue = waiting.queue()?;
    let start = |priority: i32| -> TestResult<Child> {
        let child = fork(|| -> TestResult {
            become_real_time(priority)?;
            assert_eq!((waiting.wait)(&queue), Ok(()));
            Ok(())
        })?;
        child.wait_until_blocked_in(waiting.call)?;
        Ok(child)
    };
    let [low, high, middle] = [start(1)?, start(3)?, start(2)?];
    assert_eq!((waiting.release)(&queue), Ok(()));
    high.join()?;
    low.assert_blocked_in(waiting.call);
    middle.assert_blocked_in(waiting.call);
    assert_eq!((waiting.release)(&queue), Ok(()));
    middle.join()?;
    low.assert_blocked_in(waiting.call);
    assert_eq!((waiting.release)(&queue), Ok(()));
    low.join()?;
    waiting.assert_left(&queue, 3);
    Ok(())
}

#[rstest]
#[case::receive(RECEIVER)]
#[case::send(SENDER)]
/// With O_NONBLOCK mq_receive of an empty queue and mq_send to a full one fail with EAGAIN, and change nothing; that of another
/// description, which is without, waits.
#[harness::test(
    id = "posix-mq.nonblocking",
    cite = [posix("mq_open.3p", "DESCRIPTION", "O_NONBLOCK"), man("mq_open.3", "DESCRIPTION", "O_NONBLOCK")],
    covers = [
        "behaviours:mq.nonblock-empty", "behaviours:mq.nonblock-full", "behaviours:mq.separate-descriptions",
        "errors:posix-mq.mq_receive.EAGAIN", "errors:posix-mq.mq_send.EAGAIN",
    ],
    layers = [libc, nix, raw],
)]
fn nonblocking_calls_fail(#[case] waiting: Waiting) -> TestResult {
    let name = kit::posix::MessageQueue::new();
    let blocking = name.create_with(0)?;
    let nonblocking = mq_open(name.name(), libc::O_RDWR | O_NONBLOCK, 0, None)?;
    (waiting.prepare)(&blocking)?;
    let before = mq_getattr(&nonblocking)?;
    assert_errno!((waiting.wait)(&nonblocking), EAGAIN);
    let child = waiting.child(&blocking, |returned| assert_eq!(returned, Ok(())))?;
    assert_errno!((waiting.wait)(&nonblocking), EAGAIN);
    assert_eq!(mq_getattr(&nonblocking), Ok(before));
    child.assert_blocked_in(waiting.call);
    assert_eq!((waiting.release)(&nonblocking), Ok(()));
    child.join()?;
    assert_eq!(mq_getattr(&nonblocking), Ok(before));
    waiting.assert_left(&nonblocking, 1);
    Ok(())
}
