//! Waiting for a queue by its descriptor: poll, select and epoll.

use super::{drain, fill_queue, nameless, receive, send};
use kit::posix::MessageQueue;
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDONLY, O_WRONLY, POLLIN, POLLOUT};
use nix::poll::PollTimeout;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::select::{FdSet, select};
use nix::sys::time::{TimeVal, TimeValLike};
use std::time::Duration;

/// What is said of a queue: of how many descriptors or events, and whether it can be received from, and sent to.
type Said = (usize, bool, bool);

/// What poll says at once.
fn polled(queue: &Fd) -> TestResult<Said> {
    let both = [(queue, POLLIN | POLLOUT)];
    let (count, events) = calls::for_layers::libc_nix_raw::ppoll(&both, Some(Duration::ZERO), None)?;
    assert_eq!(events[0] & !(POLLIN | POLLOUT), 0);
    Ok((count, events[0] & POLLIN != 0, events[0] & POLLOUT != 0))
}

/// What select says: of each event.
fn selected(queue: &Fd) -> TestResult<Said> {
    queue.lend(|queue| {
        let (mut readable, mut writable) = (FdSet::new(), FdSet::new());
        readable.insert(queue);
        writable.insert(queue);
        let count = select(None, &mut readable, &mut writable, None, &mut TimeVal::zero())?;
        let (readable, writable) = (readable.contains(queue), writable.contains(queue));
        assert_eq!(count as usize, usize::from(readable) + usize::from(writable));
        Ok((1, readable, writable))
    })
}

/// What epoll says.
fn of_epoll(queue: &Fd) -> TestResult<Said> {
    const BOTH: EpollFlags = EpollFlags::EPOLLIN.union(EpollFlags::EPOLLOUT);
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    queue.lend(|queue| epoll.add(queue, EpollEvent::new(BOTH, 7)))?;
    let mut ready = [EpollEvent::empty(); 2];
    let count = epoll.wait(&mut ready, PollTimeout::ZERO)?;
    assert_eq!((ready[0].events() - BOTH, ready[0].data()), (EpollFlags::empty(), 7));
    Ok((count, ready[0].events().contains(EpollFlags::EPOLLIN), ready[0].events().contains(EpollFlags::EPOLLOUT)))
}

/// Asserts what is said of queues that are empty, that hold some messages, and that are full.
fn check_readiness(said: impl Fn(&Fd) -> TestResult<Said>) -> TestResult {
    let queue = nameless(O_NONBLOCK)?;
    let check = |readable, writable| -> TestResult {
        let found = said(&queue)?;
        assert_eq!(found, (1, readable, writable));
        Ok(())
    };
    check(false, true)?;
    send(&queue, "text", 1)?;
    check(true, true)?;
    receive(&queue)?;
    check(false, true)?;
    fill_queue(&queue)?;
    check(true, false)?;
    receive(&queue)?;
    check(true, true)?;
    drain(&queue)?;
    check(false, true)
}

/// poll reports POLLIN of a queue that holds a message, and POLLOUT of one that has room for another.
#[harness::test(
    id = "posix-mq.poll",
    cite = [man("mq_overview.7", "Linux implementation of message queue descriptors")],
    covers = ["behaviours:mq.poll-in", "behaviours:mq.poll-out", "behaviours:mq.fd-is-descriptor"],
    layers = [libc, nix, raw],
)]
fn poll_reports_messages_and_room() -> TestResult {
    check_readiness(polled)
}

#[rstest]
#[case::select(selected)]
#[case::epoll(of_epoll)]
/// select and epoll report as poll does whether a queue holds a message, and whether it has room for another.
#[harness::test(
    id = "posix-mq.select-epoll",
    cite = [man("mq_overview.7", "Linux implementation of message queue descriptors")],
    covers = ["behaviours:mq.select-epoll", "behaviours:mq.poll-in", "behaviours:mq.poll-out"],
)]
fn select_and_epoll_report_messages_and_room(#[case] said: fn(&Fd) -> TestResult<Said>) -> TestResult {
    check_readiness(said)
}

/// Two processes that wait in poll for a message of an empty queue both go on when one is sent, and two that wait for room when one is
/// received.
#[harness::test(
    id = "posix-mq.poll-waits",
    cite = [man("mq_overview.7", "Linux implementation of message queue descriptors"), man("poll.2", "DESCRIPTION")],
    covers = ["behaviours:mq.poll-in", "behaviours:mq.poll-out"],
    layers = [libc, nix, raw],
)]
fn poll_waits_for_messages_and_room() -> TestResult {
    let name = MessageQueue::new();
    let queue = name.create_with(O_NONBLOCK)?;
    let reader = mq_open(name.name(), O_RDONLY, 0, None)?;
    let writer = mq_open(name.name(), O_WRONLY, 0, None)?;
    let start = |end: &Fd, event: i16| -> TestResult<Child> {
        let child = fork(|| assert_eq!(ppoll(&[(end, event)], None, None), Ok((1, vec![event]))))?;
        child.assert_blocked_in(calls::PPOLL);
        Ok(child)
    };
    let readers = [start(&reader, POLLIN)?, start(&queue, POLLIN)?];
    send(&queue, "text", 1)?;
    readers.into_iter().try_for_each(Child::join)?;
    receive(&queue)?;
    fill_queue(&queue)?;
    let writers = [start(&writer, POLLOUT)?, start(&queue, POLLOUT)?];
    assert_eq!(mq_receive(&queue, super::SIZE), Ok((b"old".to_vec(), 0)));
    writers.into_iter().try_for_each(Child::join)
}

/// The descriptor of a queue is a file descriptor: dup2, fcntl and close take it, and the copy is of the same open description.
#[harness::test(
    id = "posix-mq.descriptor",
    cite = [man("mq_overview.7", "Linux implementation of message queue descriptors")],
    covers = ["behaviours:mq.fd-is-descriptor"],
    layers = [libc, nix, raw],
)]
fn the_descriptor_is_a_file_descriptor() -> TestResult {
    let queue = nameless(0)?;
    let copy = assert_ok!(dup(&queue));
    assert_eq!(object_of(&copy), object_of(&queue));
    set_flags(&copy, O_NONBLOCK)?;
    assert_eq!(mq_getattr(&queue), Ok(super::nonblocking(0)));
    assert_eq!(mq_send(&queue, b"text", 1), Ok(()));
    queue.close();
    assert_eq!(mq_receive(&copy, super::SIZE), Ok((b"text".to_vec(), 1)));
    assert_errno!(mq_receive(&copy, super::SIZE), EAGAIN);
    Ok(())
}
