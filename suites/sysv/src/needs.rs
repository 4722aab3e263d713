//! What specs of System V IPC require of the machine.

use harness::Errno;
use harness::need::{Need, Probe, met};
use harness::raw::{Argument as _, Sysno, arguments, syscall};
use kit::needs::ask;

/// msgrcv has MSG_COPY. msgop(2).
pub const MSG_COPIES: Need =
    Need::new("msg_copies", |_| has_msg_copy(), "Use a kernel with CONFIG_CHECKPOINT_RESTORE.");

/// Asks an empty queue: where the flag is known there is no such message.
fn has_msg_copy() -> Probe {
    let new = arguments([libc::IPC_PRIVATE.register(), (libc::IPC_CREAT | 0o600).register()]);
    // SAFETY: makes a queue.
    let queue = unsafe { ask(Sysno::msgget, new) }?;
    let mut message = [0_u64; 2];
    let flags = calls::sysv::MSG_COPY | libc::IPC_NOWAIT;
    let copy = [queue, message.as_mut_ptr().register(), size_of::<u64>(), 0, flags.register(), 0];
    // SAFETY: writes a type and a text of as many bytes as there are, if anything.
    let copied = unsafe { syscall(Sysno::msgrcv, copy) };
    // SAFETY: removes the queue of our own.
    unsafe { ask(Sysno::msgctl, arguments([queue, libc::IPC_RMID.register(), 0])) }?;
    met(copied != Err(Errno::ENOSYS), || "msgrcv with MSG_COPY fails with ENOSYS".into())
}
