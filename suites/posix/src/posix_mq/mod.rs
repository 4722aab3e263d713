//! POSIX message queues.

mod access;
mod attributes;
mod claims;
mod creation;
mod deadlines;
mod defaults;
mod errors;
mod filesystem;
mod inheritance;
mod interrupted;
mod limits;
mod names;
mod notification;
mod order;
mod polling;
mod registration;
mod removal;
mod settings;
mod thread_notification;
mod waiters;

use calls::queues::Attributes;
use harness::mark;
use harness::need::Need;
use harness::registry::NEEDS;
use kit::needs::MQUEUE;
use kit::posix::MessageQueue;
use kit::prelude::*;
use linkme::distributed_slice;

#[distributed_slice(NEEDS)]
static NEEDED: (&str, Need) = ("posix-mq", MQUEUE);

/// How many bytes a message of these queues has at most.
const SIZE: usize = MessageQueue::SIZE;

/// A new queue of these specs that waits.
const EMPTY: Attributes = Attributes { flags: 0, messages: MessageQueue::MESSAGES, size: SIZE as i64, queued: 0 };

/// A queue that is open with these flags, for sending and receiving, and whose name is gone.
fn nameless(flags: i32) -> TestResult<Fd> {
    MessageQueue::new().create_with(flags)
}

/// A message: its text, and its priority.
type Message = (String, u32);

fn message(text: &str, priority: u32) -> Message {
    (text.into(), priority)
}

/// mq_send of a text.
fn send(queue: &Fd, text: &str, priority: u32) -> Result<()> {
    calls::for_layers::libc_nix_raw::mq_send(queue, text.as_bytes(), priority)
}

/// mq_receive.
fn receive(queue: &Fd) -> Result<Message> {
    calls::for_layers::libc_nix_raw::mq_receive(queue, SIZE).map(of_text)
}

fn of_text((bytes, priority): (Vec<u8>, u32)) -> Message {
    (String::from_utf8_lossy(&bytes).into_owned(), priority)
}

/// A queue of these specs that waits and holds so many messages.
const fn holding(queued: i64) -> Attributes {
    Attributes { queued, ..EMPTY }
}

/// As [`holding`], of a queue that does not wait.
const fn nonblocking(queued: i64) -> Attributes {
    Attributes { flags: libc::O_NONBLOCK, ..holding(queued) }
}

/// Receives all that the queue holds.
fn drain(queue: &Fd) -> Result<Vec<Message>> {
    let held = mark::by_harness(|| calls::for_layers::libc_nix_raw::mq_getattr(queue))?.queued;
    (0..held).map(|_| receive(queue)).collect()
}

/// Fills the queue with messages of the lowest priority.
fn fill_queue(queue: &Fd) -> Result<()> {
    (0..EMPTY.messages).try_for_each(|_| send(queue, "old", 0))
}
