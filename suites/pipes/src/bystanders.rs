//! A blocked call keeps nobody else from the pipe or FIFO.

use crate::needs::PIPE_PAGES;
use crate::waiters::*;
use kit::channel::{Channel, FIFO, PIPE};
use kit::prelude::*;
use libc::{O_ACCMODE, O_APPEND, O_ASYNC, O_DIRECT, O_NOATIME, O_NONBLOCK, O_RDONLY, O_WRONLY, POLLIN, POLLOUT};
use std::time::Duration;

/// The access mode and the status flags that fcntl can change.
const STATUS: i32 = O_ACCMODE | O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK;

/// While a process is blocked in a call on a pipe or FIFO, other processes are not: fcntl, FIONREAD, fstat, ppoll and dup
/// on both ends return at once, and the blocked call goes on waiting.
#[harness::test(
    rows = [
        ("pipe.blocked-call-locks-nobody/read", ["behaviours:pipe.blocked-call-locks-nobody"], (PIPE, READ)),
        ("pipe.blocked-call-locks-nobody/readv", ["behaviours:pipe.blocked-call-locks-nobody"], (PIPE, READV)),
        ("pipe.blocked-call-locks-nobody/write", ["behaviours:pipe.blocked-call-locks-nobody"], (PIPE, WRITE)),
        ("pipe.blocked-call-locks-nobody/writev", ["behaviours:pipe.blocked-call-locks-nobody"], (PIPE, WRITEV)),
        (
            "pipe.blocked-call-locks-nobody/splice-from", ["behaviours:pipe.blocked-call-locks-nobody"],
            (PIPE, SPLICE_FROM),
        ),
        (
            "pipe.blocked-call-locks-nobody/splice-into", ["behaviours:pipe.blocked-call-locks-nobody"],
            (PIPE, SPLICE_INTO),
        ),
        ("pipe.blocked-call-locks-nobody/tee-from", ["behaviours:pipe.blocked-call-locks-nobody"], (PIPE, TEE_FROM)),
        ("pipe.blocked-call-locks-nobody/tee-into", ["behaviours:pipe.blocked-call-locks-nobody"], (PIPE, TEE_INTO)),
        (
            "pipe.blocked-call-locks-nobody/vmsplice-from", ["behaviours:pipe.blocked-call-locks-nobody"],
            (PIPE, VMSPLICE_FROM),
        ),
        (
            "pipe.blocked-call-locks-nobody/vmsplice-into", ["behaviours:pipe.blocked-call-locks-nobody"],
            (PIPE, VMSPLICE_INTO),
        ),
        ("pipe.blocked-call-locks-nobody/ppoll", ["behaviours:pipe.blocked-call-locks-nobody"], (PIPE, POLL_FROM)),
        ("fifo.blocked-call-locks-nobody/read", ["behaviours:pipe.blocked-call-locks-nobody"], (FIFO, READ)),
        ("fifo.blocked-call-locks-nobody/write", ["behaviours:pipe.blocked-call-locks-nobody"], (FIFO, WRITE)),
    ],
    cite = [kernel("fs/pipe.c", "pipe_read", "6.18"), kernel("fs/pipe.c", "pipe_write", "6.18")],
    needs = [PIPE_PAGES],
)]
fn a_blocked_call_keeps_nobody_from_the_pipe(on: (Channel, Waiter)) -> TestResult {
    let (channel, waiter) = on;
    let obstacle = waiter.obstacle(channel)?;
    let (full, capacity) = (obstacle.held.0.len(), capacity_of(&obstacle.writer)? as i32);
    let before = object_of(&obstacle.reader)?;
    let [one, another] = obstacle.two(|| (), |returned| assert_eq!(returned, Ok(1)))?;
    for (end, access) in [(&obstacle.reader, O_RDONLY), (&obstacle.writer, O_WRONLY)] {
        assert_eq!(set_flags(end, O_APPEND), Ok(0));
        assert_eq!(get_flags(end).map(|flags| flags & STATUS), Ok(access | O_APPEND));
        assert_eq!(get_capacity(end), Ok(capacity));
        assert_eq!(unread(end), Ok(full));
        assert_eq!(dup(end).and_then(|copy| object_of(&copy)), Ok(before.clone()));
    }
    let ready = ppoll(&[(&obstacle.reader, POLLIN), (&obstacle.writer, POLLOUT)], Some(Duration::ZERO), None);
    assert_eq!(ready, Ok((1, if full == 0 { vec![0, POLLOUT] } else { vec![POLLIN, 0] })));
    one.assert_blocked_in(waiter.call);
    another.assert_blocked_in(waiter.call);
    obstacle.remove()?;
    one.join()?;
    another.join()?;
    obstacle.assert_left_by(2);
    Ok(())
}
