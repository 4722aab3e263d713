//! What tells a process of input and of free space: each event is told, not only the first, and at the right end alone.

use crate::needs::PIPE_PAGES;
use kit::channel::{Channel, FIFO, PIPE, SOCKET_PAIR};
use kit::disposition::{handle, handled};
use kit::needs::UNIX_FILES;
use kit::prelude::*;
use libc::{O_ASYNC, O_NONBLOCK, O_RDONLY, O_WRONLY, POLLERR, POLLHUP, POLLIN, POLLOUT};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::{SIGIO, SaFlags};
use std::time::Duration;

/// With O_ASYNC set on the read end, each of three writes sends SIGIO, although none of the bytes is read in between.
#[harness::test(
    rows = [
        (
            "pipe.sigio-each-write", ["behaviours:pipe.async-sigio-each-write", "behaviours:pipe.async-sigio-read-end"],
            PIPE,
        ),
        ("fifo.sigio-each-write", ["behaviours:pipe.async-sigio-each-write"], FIFO),
        ("unix-socket.sigio-each-write", ["behaviours:sigio.sigio-unix-socket"], SOCKET_PAIR),
    ],
    cite = [man("pipe.7", "Open file status flags"), man("fcntl.2", "Managing signals", "F_SETOWN")],
    layers = [libc, nix, raw],
)]
fn each_write_sends_sigio(channel: Channel) -> TestResult {
    let (reader, writer) = channel.open()?;
    handle(SIGIO, SaFlags::empty())?;
    assert_eq!(set_owner(&reader, own_pid()), Ok(0));
    assert_eq!(set_flags(&reader, O_ASYNC), Ok(0));
    for writes in 1..=3 {
        assert_eq!(write(&writer, b"x"), Ok(1));
        // An unblocked signal that a process with one thread sends itself is delivered before the call returns.
        assert_eq!(handled(SIGIO), writes);
    }
    assert_eq!(read_bytes(&reader, 9), Ok("xxx".into()));
    // The close of the writer would be told as well.
    set_flags(&reader, 0)?;
    assert_eq!(handled(SIGIO), 3);
    Ok(())
}

/// With EPOLLET, each of three writes gives an event on the read end, although none of the bytes is read in between, and
/// without a further write there is none.
#[harness::test(
    rows = [
        ("epoll.edge-each-write-pipe", ["behaviours:epoll.edge-each-write-pipe"], PIPE),
        ("epoll.edge-each-write-fifo", ["behaviours:epoll.edge-each-write-pipe"], FIFO),
        ("epoll.edge-each-write-socket", ["behaviours:epoll.edge-new-data-again"], SOCKET_PAIR),
    ],
    cite = [
        kernel("fs/pipe.c", "pipe_write", "6.18"),
        kernel("net/unix/af_unix.c", "unix_stream_sendmsg", "6.18"),
        man("epoll.7", "Level-triggered and edge-triggered"),
    ],
    needs = [UNIX_FILES],
)]
fn each_write_gives_an_edge(channel: Channel) -> TestResult {
    let (reader, writer) = channel.open()?;
    let epoll = watched(&reader, EpollFlags::EPOLLIN | EpollFlags::EPOLLET)?;
    assert_eq!(events(&epoll)?, []);
    for _ in 0..3 {
        assert_eq!(write(&writer, b"x"), Ok(1));
        assert_eq!(events(&epoll)?, [EpollFlags::EPOLLIN]);
        assert_eq!(events(&epoll)?, []);
    }
    assert_eq!(read_bytes(&reader, 9), Ok("xxx".into()));
    Ok(())
}

/// ppoll shows POLLOUT at no time on the read end of a pipe or FIFO, and POLLIN at no time on its write end, whether it is
/// empty, holds data, is full, or its other end is closed.
#[harness::test(
    rows = [
        ("poll.pipe-wrong-direction", ["behaviours:poll.pipe-wrong-direction"], PIPE),
        ("poll.fifo-wrong-direction", ["behaviours:poll.pipe-wrong-direction"], FIFO),
    ],
    cite = [kernel("fs/pipe.c", "pipe_poll", "6.18")],
    needs = [PIPE_PAGES, UNIX_FILES],
    layers = [libc, nix, raw],
)]
fn an_end_is_ready_in_its_direction_alone(channel: Channel) -> TestResult {
    const BOTH: i16 = POLLIN | POLLOUT;
    let (reader, writer) = channel.open()?;
    let ready = |end: &Fd| ppoll(&[(end, BOTH)], Some(Duration::ZERO), None).map(|(count, events)| (count, events[0]));
    assert_eq!((ready(&reader), ready(&writer)), (Ok((0, 0)), Ok((1, POLLOUT))));
    assert_eq!(write(&writer, b"x"), Ok(1));
    assert_eq!((ready(&reader), ready(&writer)), (Ok((1, POLLIN)), Ok((1, POLLOUT))));
    assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
    let held = fill(&writer)?;
    assert_eq!((ready(&reader), ready(&writer)), (Ok((1, POLLIN)), Ok((0, 0))));
    drop(writer);
    assert_eq!(ready(&reader), Ok((1, POLLIN | POLLHUP)));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    assert_eq!(ready(&reader), Ok((1, POLLHUP)));
    let (reader, writer) = channel.open()?;
    drop(reader);
    assert_eq!(ready(&writer), Ok((1, POLLOUT | POLLERR)));
    Ok(())
}

/// After the last writer has closed a FIFO, ppoll shows POLLHUP on its read end, after reads that return 0 as well, until a
/// process opens it for writing, and again once that has closed it.
#[harness::test(
    id = "poll.fifo-hup-until-new-writer",
    cite = [posix("poll.3p", "DESCRIPTION", "POLLHUP")],
    covers = ["behaviours:poll.fifo-hup-until-new-writer"],
    needs = [UNIX_FILES],
    layers = [libc, nix, raw],
)]
fn a_hangup_stays_until_a_new_writer() -> TestResult {
    let fifo = Fifo::new()?;
    let reader = open(&fifo, O_RDONLY | O_NONBLOCK)?;
    // POLLHUP needs no asking.
    let ready = || ppoll(&[(&reader, 0)], Some(Duration::ZERO), None).map(|(count, events)| (count, events[0]));
    for _ in 0..2 {
        let writer = open(&fifo, O_WRONLY)?;
        assert_eq!(ready(), Ok((0, 0)));
        assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
        drop(writer);
        for _ in 0..2 {
            assert_eq!(ready(), Ok((1, POLLHUP)));
            assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
        }
    }
    Ok(())
}

/// An interest list with one end.
fn watched(end: &Fd, events: EpollFlags) -> TestResult<Epoll> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    end.lend(|end| epoll.add(end, EpollEvent::new(events, 0)))?;
    Ok(epoll)
}

/// What is ready now.
fn events(epoll: &Epoll) -> TestResult<Vec<EpollFlags>> {
    let mut events = [EpollEvent::empty(); 8];
    let count = epoll.wait(&mut events, EpollTimeout::ZERO)?;
    Ok(events[..count].iter().map(EpollEvent::events).collect())
}
