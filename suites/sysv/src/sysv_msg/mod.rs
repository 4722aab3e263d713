//! System V message queues.

mod bookkeeping;
mod compared;
mod copying;
mod creation;
mod errors;
mod full;
mod information;
mod limits;
mod listed;
mod permissions;
mod processes;
mod receivers;
mod selection;
mod senders;
mod settings;
mod sizes;
mod waiting;

use calls::sysv::{Message, QueueStatus};
use kit::prelude::*;
use kit::sysv::Queue;
use libc::IPC_NOWAIT;

/// A buffer that the text of any message of these specs fits into.
const ROOM: usize = 1 << 13;

/// Sends these messages, in this order.
fn send(queue: &Queue, messages: &[Message]) -> Result<()> {
    use calls::for_layers::libc_raw::msgsnd;
    messages.iter().try_for_each(|message| msgsnd(queue.id(), message, IPC_NOWAIT))
}

/// Receives all that the queue holds, the oldest message first.
fn drain(queue: &Queue) -> Result<Vec<Message>> {
    use calls::for_layers::libc_raw::msgrcv;
    let mut messages = Vec::new();
    loop {
        match msgrcv(queue.id(), ROOM, 0, IPC_NOWAIT) {
            Ok(message) => messages.push(message),
            Err(CallError { errno: Errno::ENOMSG, .. }) => return Ok(messages),
            Err(error) => return Err(error),
        }
    }
}

/// A queue that this process made and that holds these messages, which this process sent; without times.
fn holding(new: QueueStatus, messages: &[Message]) -> QueueStatus {
    let bytes = messages.iter().map(|message| message.text.len() as u64).sum();
    QueueStatus { qnum: messages.len() as u64, cbytes: bytes, lspid: own_pid(), ..new }.undated()
}
