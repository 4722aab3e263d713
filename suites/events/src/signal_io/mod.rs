//! Signals for descriptors that become ready: fcntl(2), Managing signals.

mod errors;
mod owners;
mod queueing;
mod sending;

use calls::signals::{Info, SignalSet};
use kit::channel::Channel;
use kit::prelude::*;
use libc::{O_ASYNC, POLLIN, POLLRDNORM, timespec};

/// si_code of a signal for input: asm-generic/siginfo.h.
const POLL_IN: i32 = 1;

/// si_band of input. poll(2)
const INPUT: i64 = (POLLIN | POLLRDNORM) as i64;

/// Takes a signal of the set that is pending: its number, and what it tells.
fn take(signals: SignalSet) -> Result<(i32, Info)> {
    let (number, info) = calls::for_layers::libc_raw::sigtimedwait(signals, timespec { tv_sec: 0, tv_nsec: 0 })?;
    assert_eq!(number, info.signal);
    Ok((number, info))
}

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
