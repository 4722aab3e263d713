//! Message queues and semaphores: those of System V, and POSIX message queues.

use super::{Blocking, LONG, Waiting};
use calls::for_layers::libc::{
    mq_open, mq_receive, mq_send, mq_timedreceive, mq_timedsend, msgrcv, msgsnd, semop, semtimedop,
};
use calls::sysv::{Message, operation};
use kit::posix::MessageQueue;
use kit::prelude::*;
use kit::sysv::{Queue, SemaphoreSet};
use libc::{IPC_NOWAIT, IPC_PRIVATE, timespec};
use std::rc::Rc;

fn message() -> Message {
    Message { kind: 1, text: b"x".to_vec() }
}

pub(in super::super) const MSGRCV: Blocking = Blocking {
    call: calls::MSGRCV,
    set_up: || {
        let queue = Rc::new(Queue::new(IPC_PRIVATE)?);
        let other = Rc::clone(&queue);
        let receive = move || msgrcv(queue.id(), 1, 0, 0).map(|received| assert_eq!(received.text, b"x"));
        Waiting::new(receive, move || Ok(msgsnd(other.id(), &message(), 0)?))
    },
};

pub(in super::super) const MSGSND: Blocking = Blocking {
    call: calls::MSGSND,
    set_up: || {
        let queue = Rc::new(Queue::new(IPC_PRIVATE)?);
        let other = Rc::clone(&queue);
        let large = Message { kind: 1, text: vec![b'x'; 4096] };
        while msgsnd(queue.id(), &large, IPC_NOWAIT).is_ok() {}
        while msgsnd(queue.id(), &message(), IPC_NOWAIT).is_ok() {}
        Waiting::new(move || msgsnd(queue.id(), &message(), 0), move || Ok(msgrcv(other.id(), 4096, 0, 0).map(drop)?))
    },
};

pub(in super::super) const SEMOP: Blocking =
    Blocking { call: calls::SEMOP, set_up: || on_zero(|id| semop(id, &mut [operation(0, -1, 0)])) };

pub(in super::super) const SEMTIMEDOP: Blocking = Blocking {
    call: calls::SEMTIMEDOP,
    set_up: || {
        on_zero(|id| {
            let mut time = timespec { tv_sec: LONG, tv_nsec: 0 };
            semtimedop(id, &mut [operation(0, -1, 0)], Some(&mut time))
        })
    },
};

/// Waits for a semaphore that is zero.
fn on_zero(wait: fn(i32) -> Result<()>) -> TestResult<Waiting> {
    let set = Rc::new(SemaphoreSet::new(IPC_PRIVATE, &[0])?);
    let other = Rc::clone(&set);
    Waiting::new(move || wait(set.id()), move || Ok(semop(other.id(), &mut [operation(0, 1, 0)])?))
}

pub(in super::super) const MQ_RECEIVE: Blocking = Blocking {
    call: calls::MQ_RECEIVE,
    set_up: || {
        on_empty_queue(|queue| mq_receive(queue, MessageQueue::SIZE).map(|received| assert_eq!(received.0, b"x")))
    },
};

pub(in super::super) const MQ_TIMEDRECEIVE_QUEUE: Blocking = Blocking {
    call: calls::MQ_TIMEDRECEIVE,
    set_up: || {
        on_empty_queue(|queue| {
            mq_timedreceive(queue, MessageQueue::SIZE, far()).map(|received| assert_eq!(received.0, b"x"))
        })
    },
};

pub(in super::super) const MQ_SEND: Blocking =
    Blocking { call: calls::MQ_SEND, set_up: || on_full_queue(|queue| mq_send(queue, b"x", 0)) };

pub(in super::super) const MQ_TIMEDSEND_QUEUE: Blocking =
    Blocking { call: calls::MQ_TIMEDSEND, set_up: || on_full_queue(|queue| mq_timedsend(queue, b"x", 0, far())) };

/// A time of CLOCK_REALTIME that nobody sees.
pub(super) fn far() -> timespec {
    timespec { tv_sec: i64::from(i32::MAX), tv_nsec: 0 }
}

fn on_empty_queue(wait: fn(&Fd) -> Result<()>) -> TestResult<Waiting> {
    let queue = Rc::new(new_queue()?);
    let other = Rc::clone(&queue);
    Waiting::new(move || wait(&queue), move || Ok(mq_send(&*other, b"x", 0)?))
}

fn on_full_queue(wait: fn(&Fd) -> Result<()>) -> TestResult<Waiting> {
    let queue = Rc::new(new_queue()?);
    let other = Rc::clone(&queue);
    for _ in 0..MessageQueue::MESSAGES {
        mq_send(&*queue, b"x", 0)?;
    }
    Waiting::new(move || wait(&queue), move || Ok(mq_receive(&*other, MessageQueue::SIZE).map(drop)?))
}

/// A queue that blocks, and whose name is gone.
fn new_queue() -> TestResult<Fd> {
    let name = MessageQueue::new();
    drop(name.create()?);
    Ok(mq_open(name.name(), libc::O_RDWR, 0, None)?)
}
