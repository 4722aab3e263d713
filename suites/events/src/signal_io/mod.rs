//! Signals for descriptors that become ready: fcntl(2), Managing signals.

mod errors;
mod owners;
mod queueing;
mod sending;

use kit::channel::Channel;
use kit::prelude::*;
use libc::O_ASYNC;

/// A channel whose read end signals its owner, who is this process: the end that is read, and the end that is written.
fn signalling(channel: Channel) -> TestResult<(Fd, Fd)> {
    let (reader, writer) = channel.open()?;
    enable(&reader, own_pid())?;
    Ok((reader, writer))
}

/// Makes the descriptor signal this process, or with a negative number this group.
fn enable(fd: &Fd, owner: i32) -> TestResult {
    use calls::for_layers::libc_raw::{get_flags, set_flags, set_owner_id};
    set_owner_id(fd, owner)?;
    let flags = get_flags(fd)?;
    set_flags(fd, flags | O_ASYNC)?;
    Ok(())
}
