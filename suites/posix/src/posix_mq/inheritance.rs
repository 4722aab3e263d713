//! What fork and execve do to an open queue.

use super::registration::{assert_registered, assert_unregistered};
use super::{EMPTY, drain, message, nameless, send};
use calls::queues::Attributes;
use calls::timers::Notify;
use kit::posix::MessageQueue;
use kit::prelude::*;
use kit::unrelated::{self, PROGRAMS, Program};
use libc::{O_NONBLOCK, O_RDWR};
use linkme::distributed_slice;
use std::ffi::OsString;

/// A child that fork makes has its parent's queue descriptors, of the same open description: O_NONBLOCK that one of them sets the
/// other has, and both send and receive.
#[harness::test(
    id = "posix-mq.fork",
    cite = [posix("fork.3p", "DESCRIPTION"), man("mq_overview.7", "DESCRIPTION")],
    covers = ["behaviours:mq.fork-shares-description"],
    layers = [libc, nix, raw],
)]
fn a_child_shares_the_description() -> TestResult {
    let queue = nameless(0)?;
    let nonblocking = Attributes { flags: O_NONBLOCK, ..EMPTY };
    let child = fork(|| {
        assert_eq!(mq_setattr(&queue, nonblocking), Ok(EMPTY));
        assert_eq!(mq_send(&queue, b"text", 1), Ok(()));
    })?;
    child.join()?;
    assert_eq!(mq_getattr(&queue), Ok(Attributes { queued: 1, ..nonblocking }));
    let (set, checked) = (Latch::new()?, Latch::new()?);
    let child = fork(|| {
        set.wait_for(1);
        assert_eq!(mq_getattr(&queue), Ok(Attributes { queued: 1, ..EMPTY }));
        checked.arrive();
    })?;
    assert_eq!(mq_setattr(&queue, EMPTY), Ok(Attributes { queued: 1, ..nonblocking }));
    set.arrive();
    child.join()?;
    assert_eq!(checked.arrivals(), 1);
    assert_eq!(drain(&queue), Ok(vec![message("text", 1)]));
    Ok(())
}

/// execve closes the queue descriptors of a process and removes its registration; the queue and its messages stay.
#[harness::test(
    id = "posix-mq.execve",
    cite = [posix("exec.3p", "DESCRIPTION"), man("mq_close.3", "NOTES"), man("execve.2", "Effect on process attributes")],
    covers = ["behaviours:mq.exec-closes", "behaviours:mq.exit-removes"],
    layers = [libc, raw],
)]
fn execve_closes_queues() -> TestResult {
    let name = MessageQueue::new();
    let queue = name.create()?;
    send(&queue, "text", 1)?;
    let (registered, go) = (Latch::new()?, Latch::new()?);
    let other = unrelated::start_after(&HAS_NO_QUEUE, || {
        let own = mq_open(name.name(), O_RDWR, 0, None)?;
        mq_notify(&own, Some(Notify::Nothing))?;
        registered.arrive();
        go.wait_for(1);
        Ok(vec![OsString::from(own.into_number().to_string())])
    })?;
    registered.wait_for(1);
    assert_registered(&queue)?;
    go.arrive();
    other.join()?;
    assert_unregistered(&queue)?;
    assert_eq!(drain(&queue), Ok(vec![message("text", 1)]));
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static HAS_NO_QUEUE: Program = Program {
    name: "that has no queue any more",
    body: |arguments| {
        use calls::for_layers::libc_raw::mq_getattr;
        let number = arguments.first().and_then(|number| number.to_str()).ok_or_else(|| Stop::broken("no number"))?;
        assert_errno!(mq_getattr(number.parse::<i32>()?), EBADF);
        Ok(())
    },
};
