//! PID file descriptors.

mod duplicating;
mod ending;
mod namespaces;
mod opening;
mod sending;

use crate::needs::PIDFD;
use harness::need::Need;
use harness::registry::NEEDS;
use kit::limits::limit;
use kit::prelude::*;
use linkme::distributed_slice;
use nix::sys::resource::Resource;

#[distributed_slice(NEEDS)]
static NEEDED: (&str, Need) = ("pidfd", PIDFD);

/// PIDFD_NONBLOCK (linux/pidfd.h).
const NONBLOCK: u32 = libc::O_NONBLOCK.cast_unsigned();

/// A child that has ended and was waited for, and what opened it before.
fn reaped_child() -> TestResult<(i32, Fd)> {
    let child = fork(|| -> TestResult { exit(7) })?;
    let pidfd = calls::for_layers::raw::pidfd_open(child.pid(), 0)?;
    child.wait()?;
    Ok((child.pid(), pidfd))
}

/// Leaves no number for a new descriptor below the limit on open descriptors.
fn use_up_descriptors() -> TestResult {
    let lowest_free = Fd::from(nix::fcntl::open(".", nix::fcntl::OFlag::O_RDONLY, nix::sys::stat::Mode::empty())?);
    limit(Resource::RLIMIT_NOFILE, lowest_free.number() as u64)
}
