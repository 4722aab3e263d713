//! Calls on sockets.

use super::{Blocking, LONG, Waiting, by_libc};
use calls::for_layers::libc::stream_pair;
use kit::prelude::*;
use kit::pty::Pty;
use libc::{
    MSG_DONTWAIT, SO_RCVTIMEO, SO_SNDTIMEO, SOL_SOCKET, iovec, mmsghdr, msghdr, sa_family_t, sockaddr_un, socklen_t,
    timeval,
};
use std::ptr::null_mut;
use std::rc::Rc;

const RECVFROM: &Call = &Call::new("recvfrom", &[]).also(&[Sysno::recvfrom]);
const RECVMMSG: &Call = &Call::new("recvmmsg", &[]).also(&[Sysno::recvmmsg]);
const SENDTO: &Call = &Call::new("sendto", &[]).also(&[Sysno::sendto]);

pub(in super::super) const READ_SOCKET: Blocking = on(calls::READ, || receiving(None, read_byte));
pub(in super::super) const RECV: Blocking = on(calls::RECV, || receiving(None, recv));
pub(in super::super) const RECVFROM_SOCKET: Blocking = on(RECVFROM, || receiving(None, recvfrom));
pub(in super::super) const RECVMSG: Blocking = on(calls::RECVMSG, || receiving(None, recvmsg));
pub(in super::super) const RECVMMSG_SOCKET: Blocking = on(RECVMMSG, || receiving(None, |fd| recvmmsg(fd, null_mut())));
pub(in super::super) const RECVMMSG_WITH_TIME: Blocking = on(RECVMMSG, || {
    receiving(None, |fd| {
        let mut time = libc::timespec { tv_sec: LONG, tv_nsec: 0 };
        recvmmsg(fd, &mut time)
    })
});
pub(in super::super) const TIMED_RECV: Blocking = on(calls::RECV, || receiving(Some(SO_RCVTIMEO), recv));
pub(in super::super) const TIMED_RECVFROM: Blocking = on(RECVFROM, || receiving(Some(SO_RCVTIMEO), recvfrom));
pub(in super::super) const TIMED_RECVMSG: Blocking = on(calls::RECVMSG, || receiving(Some(SO_RCVTIMEO), recvmsg));
pub(in super::super) const TIMED_RECVMMSG: Blocking =
    on(RECVMMSG, || receiving(Some(SO_RCVTIMEO), |fd| recvmmsg(fd, null_mut())));

pub(in super::super) const WRITE_SOCKET: Blocking = on(calls::WRITE, || sending(None, write_byte));
pub(in super::super) const SEND: Blocking = on(calls::SEND, || sending(None, send));
pub(in super::super) const SENDTO_SOCKET: Blocking = on(SENDTO, || sending(None, sendto));
pub(in super::super) const SENDMSG: Blocking = on(calls::SENDMSG, || sending(None, sendmsg));
pub(in super::super) const TIMED_SEND: Blocking = on(calls::SEND, || sending(Some(SO_SNDTIMEO), send));
pub(in super::super) const TIMED_SENDTO: Blocking = on(SENDTO, || sending(Some(SO_SNDTIMEO), sendto));
pub(in super::super) const TIMED_SENDMSG: Blocking = on(calls::SENDMSG, || sending(Some(SO_SNDTIMEO), sendmsg));

pub(in super::super) const ACCEPT: Blocking = Blocking { call: calls::ACCEPT, set_up: || accepting(None) };
pub(in super::super) const TIMED_ACCEPT: Blocking =
    Blocking { call: calls::ACCEPT, set_up: || accepting(Some(SO_RCVTIMEO)) };
pub(in super::super) const CONNECT: Blocking = Blocking { call: calls::CONNECT, set_up: || connecting(None) };
pub(in super::super) const TIMED_CONNECT: Blocking =
    Blocking { call: calls::CONNECT, set_up: || connecting(Some(SO_SNDTIMEO)) };

/// A terminal that is not the controlling one, so that job control does not matter.
pub(in super::super) const READ_TTY: Blocking = Blocking {
    call: calls::READ,
    set_up: || {
        let pty = Rc::new(Pty::new(24, 80)?);
        pty.make_raw()?;
        let screen = Rc::clone(&pty);
        Waiting::new(move || one_byte(read_byte(&pty.terminal)), move || screen.type_in("x"))
    },
};

const fn on(call: &'static Call, set_up: fn() -> TestResult<Waiting>) -> Blocking {
    Blocking { call, set_up }
}

/// Receives from an empty socket.
fn receiving(timeout: Option<i32>, receive: fn(&Fd) -> Result<i64>) -> TestResult<Waiting> {
    let (ours, theirs) = stream_pair()?;
    set_timeout(&ours, timeout)?;
    Waiting::new(move || one_byte(receive(&ours)), move || write_all(&theirs, b"x"))
}

/// Sends to a socket that is full.
fn sending(timeout: Option<i32>, send: fn(&Fd) -> Result<i64>) -> TestResult<Waiting> {
    const AT_ONCE: usize = 4096;
    let (ours, theirs) = stream_pair()?;
    set_timeout(&ours, timeout)?;
    for size in [AT_ONCE, 1] {
        let bytes = vec![b'x'; size];
        // SAFETY: reads the bytes, which outlive the call.
        while unsafe { libc::send(ours.number(), bytes.as_ptr().cast(), size, MSG_DONTWAIT) } > 0 {}
        if Errno::last() != Errno::EAGAIN {
            return Err(Errno::last().into());
        }
    }
    let drain = move || {
        let mut bytes = [0; AT_ONCE];
        // SAFETY: writes to the bytes, which outlive the call.
        while unsafe { libc::recv(theirs.number(), bytes.as_mut_ptr().cast(), AT_ONCE, MSG_DONTWAIT) } > 0 {}
        Ok(())
    };
    Waiting::new(move || one_byte(send(&ours)), drain)
}

fn accepting(timeout: Option<i32>) -> TestResult<Waiting> {
    let (listener, address) = listening()?;
    set_timeout(&listener, timeout)?;
    let accept = move || {
        // SAFETY: asks for no address.
        let accepted = unsafe { libc::accept(listener.number(), null_mut(), null_mut()) };
        by_libc(calls::ACCEPT, accepted).map(|number| drop(Fd::new(number as i32)))
    };
    Waiting::new(accept, move || Ok(connect(&socket()?, &address, 0)?))
}

fn connecting(timeout: Option<i32>) -> TestResult<Waiting> {
    let (listener, address) = listening()?;
    let mut queued = Vec::new();
    loop {
        let client = socket()?;
        match connect(&client, &address, libc::O_NONBLOCK) {
            Ok(()) => queued.push(client),
            Err(CallError { errno: Errno::EAGAIN, .. }) => break,
            Err(error) => return Err(error.into()),
        }
    }
    let client = socket()?;
    set_timeout(&client, timeout)?;
    let accept = move || {
        let _stay = &queued;
        // SAFETY: asks for no address.
        let accepted = unsafe { libc::accept(listener.number(), null_mut(), null_mut()) };
        Ok(by_libc(calls::ACCEPT, accepted).map(|number| drop(Fd::new(number as i32)))?)
    };
    Waiting::new(move || connect(&client, &address, 0), accept)
}

fn socket() -> TestResult<Fd> {
    // SAFETY: takes numbers.
    Ok(Fd::new(by_libc(calls::SOCKET, unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0) })? as i32))
}

/// A listening socket with the shortest queue, and its address: a name that the kernel chose and that goes with it. unix(7), Autobind
fn listening() -> TestResult<(Fd, (sockaddr_un, socklen_t))> {
    let listener = socket()?;
    // SAFETY: all zero is a valid address.
    let mut address: sockaddr_un = unsafe { std::mem::zeroed() };
    address.sun_family = libc::AF_UNIX as sa_family_t;
    let mut length = size_of::<sockaddr_un>() as socklen_t;
    // SAFETY: the address outlives the calls, which read its family, and write as much as it holds.
    unsafe {
        let given = (&raw const address).cast();
        by_libc(calls::BIND, libc::bind(listener.number(), given, size_of::<sa_family_t>() as socklen_t))?;
        Errno::result(libc::getsockname(listener.number(), (&raw mut address).cast(), &mut length))?;
        by_libc(calls::LISTEN, libc::listen(listener.number(), 0))?;
    }
    Ok((listener, (address, length)))
}

/// Connects the socket, blocking or not.
fn connect(client: &Fd, (address, length): &(sockaddr_un, socklen_t), flags: i32) -> Result<()> {
    // SAFETY: the address outlives the call.
    let connected = unsafe {
        if flags != 0 {
            libc::fcntl(client.number(), libc::F_SETFL, flags);
        }
        libc::connect(client.number(), std::ptr::from_ref(address).cast(), *length)
    };
    by_libc(calls::CONNECT, connected).map(drop)
}

fn set_timeout(socket: &Fd, option: Option<i32>) -> TestResult {
    let Some(option) = option else { return Ok(()) };
    let time = timeval { tv_sec: LONG, tv_usec: 0 };
    let size = size_of::<timeval>() as socklen_t;
    // SAFETY: reads the time, which outlives the call.
    Errno::result(unsafe { libc::setsockopt(socket.number(), SOL_SOCKET, option, (&raw const time).cast(), size) })?;
    Ok(())
}

fn one_byte(count: Result<i64>) -> Result<()> {
    count.map(|count| assert_eq!(count, 1))
}

fn assert_read(byte: u8) {
    assert_eq!(byte, b'x', "what is read is what was written");
}

pub(super) fn read_byte(fd: &Fd) -> Result<i64> {
    let mut byte = [0];
    calls::for_layers::libc::read(fd, &mut byte).map(|count| count as i64).inspect(|_| assert_read(byte[0]))
}

fn write_byte(fd: &Fd) -> Result<i64> {
    calls::for_layers::libc::write(fd, b"x").map(|count| count as i64)
}

fn recv(fd: &Fd) -> Result<i64> {
    let mut byte = 0_u8;
    // SAFETY: writes one byte, which outlives the call.
    let count = unsafe { libc::recv(fd.number(), (&raw mut byte).cast(), 1, 0) };
    by_libc(calls::RECV, count as i64).inspect(|_| assert_read(byte))
}

fn recvfrom(fd: &Fd) -> Result<i64> {
    let mut byte = 0_u8;
    // SAFETY: writes one byte, which outlives the call, and no address.
    by_libc(RECVFROM, unsafe { libc::recvfrom(fd.number(), (&raw mut byte).cast(), 1, 0, null_mut(), null_mut()) }
        as i64)
}

fn send(fd: &Fd) -> Result<i64> {
    // SAFETY: reads one byte, which outlives the call.
    by_libc(calls::SEND, unsafe { libc::send(fd.number(), b"x".as_ptr().cast(), 1, 0) } as i64)
}

fn sendto(fd: &Fd) -> Result<i64> {
    // SAFETY: reads one byte, which outlives the call, and no address.
    by_libc(SENDTO, unsafe { libc::sendto(fd.number(), b"x".as_ptr().cast(), 1, 0, std::ptr::null(), 0) } as i64)
}

/// Makes the call with a message of one byte.
fn with_message<R>(call: impl FnOnce(&mut msghdr) -> R) -> R {
    let mut byte = b'x';
    let mut buffer = iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    // SAFETY: all zero is a valid message: without address, data and control.
    let mut message: msghdr = unsafe { std::mem::zeroed() };
    (message.msg_iov, message.msg_iovlen) = (&mut buffer, 1);
    call(&mut message)
}

fn recvmsg(fd: &Fd) -> Result<i64> {
    // SAFETY: the message holds one byte, which outlives the call.
    with_message(|message| by_libc(calls::RECVMSG, unsafe { libc::recvmsg(fd.number(), message, 0) } as i64))
}

fn sendmsg(fd: &Fd) -> Result<i64> {
    // SAFETY: as above.
    with_message(|message| by_libc(calls::SENDMSG, unsafe { libc::sendmsg(fd.number(), message, 0) } as i64))
}

/// The number of messages, of which there is one.
fn recvmmsg(fd: &Fd, time: *mut libc::timespec) -> Result<i64> {
    with_message(|message| {
        let mut messages = mmsghdr { msg_hdr: *message, msg_len: 0 };
        // SAFETY: the message holds one byte, and outlives the call as the time does.
        by_libc(RECVMMSG, unsafe { libc::recvmmsg(fd.number(), &mut messages, 1, 0, time) })
    })
}
