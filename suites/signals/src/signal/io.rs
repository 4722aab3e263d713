//! Signals of I/O: fcntl(2), F_SETOWN and F_SETSIG. And what notifies without a signal.

use calls::signals::SignalSet;
use harness::need::NETNS;
use kit::disposition::block_all;
use kit::needs::MQUEUE;
use kit::posix::MessageQueue;
use kit::prelude::*;
use libc::{MSG_DONTWAIT, SIGRTMIN};
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::OwnedFd;

#[rstest]
#[case::input(|theirs: &Fd| write_all(theirs, b"x"), POLL_IN, libc::POLLIN)]
#[case::hang_up(|theirs: &Fd| { theirs.close(); Ok(()) }, POLL_HUP, libc::POLLHUP)]
/// With O_ASYNC, F_SETOWN and F_SETSIG a socket sends the signal when it becomes readable or is hung up: with POLL_IN or POLL_HUP, the
/// events in si_band, and the descriptor in si_fd.
#[harness::test(
    id = "signal.cause-io",
    cite = [man("fcntl.2", "Managing signals", "F_SETSIG"), man("sigaction.2", "The si_code field")],
    covers = ["behaviours:sicode.poll-in", "behaviours:sicode.poll-hup", "notes:signal.table-29-sigio"],
)]
fn input_sends_the_signal(#[case] cause: fn(&Fd) -> TestResult, #[case] code: i32, #[case] event: i16) -> TestResult {
    let set = SignalSet::of([SIGRTMIN()]);
    let (ours, theirs) = stream_pair()?;
    block_all(set)?;
    signal_on_io(&ours)?;
    cause(&theirs)?;
    let (number, info) = assert_ok!(sigwaitinfo(set));
    let (band, fd) = info.band();
    assert_eq!((number, info.signal, info.code, fd), (SIGRTMIN(), SIGRTMIN(), code, ours.number()));
    assert!(band & i64::from(event) != 0, "si_band is {band:#x}");
    Ok(())
}

/// With O_ASYNC, F_SETOWN and F_SETSIG a socket that a send has found full sends the signal, with POLL_OUT, when there is space again.
#[harness::test(
    id = "signal.cause-io-space",
    cite = [man("fcntl.2", "Managing signals", "F_SETSIG"), man("sigaction.2", "The si_code field")],
    covers = ["behaviours:sicode.poll-out"],
)]
fn space_sends_the_signal() -> TestResult {
    const AT_ONCE: usize = 4096;
    let set = SignalSet::of([SIGRTMIN()]);
    let (ours, theirs) = stream_pair()?;
    block_all(set)?;
    signal_on_io(&ours)?;
    let mut bytes = [b'x'; AT_ONCE];
    // SAFETY: reads the bytes, which outlive the call.
    while unsafe { libc::send(ours.number(), bytes.as_ptr().cast(), AT_ONCE, MSG_DONTWAIT) } > 0 {}
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    // SAFETY: writes to the bytes, which outlive the call.
    while unsafe { libc::recv(theirs.number(), bytes.as_mut_ptr().cast(), AT_ONCE, MSG_DONTWAIT) } > 0 {}
    let (number, info) = assert_ok!(sigwaitinfo(set));
    let (band, fd) = info.band();
    assert_eq!((number, info.signal, info.code, fd), (SIGRTMIN(), SIGRTMIN(), POLL_OUT, ours.number()));
    assert!(band & i64::from(libc::POLLOUT) != 0, "si_band is {band:#x}");
    Ok(())
}

/// With O_ASYNC, F_SETOWN and F_SETSIG a socket sends the signal, with POLL_ERR, when an error comes: what was sent to a port that
/// nobody has is refused.
#[harness::test(
    id = "signal.cause-io-error",
    cite = [man("sigaction.2", "The si_code field", "POLL_ERR"), man("fcntl.2", "Managing signals", "F_SETSIG"), posix("signal.h.0p", "DESCRIPTION")],
    covers = ["behaviours:sicode.poll-err"],
    needs = [NETNS],
)]
fn an_error_sends_the_signal() -> TestResult {
    let set = SignalSet::of([SIGRTMIN()]);
    kit::loopback::bring_up()?;
    let nobody = UdpSocket::bind(LOCALHOST)?.local_addr()?;
    let socket = UdpSocket::bind(LOCALHOST)?;
    socket.connect(nobody)?;
    let ours = Fd::from(OwnedFd::from(socket));
    block_all(set)?;
    signal_on_io(&ours)?;
    assert_eq!(write(&ours, b"x"), Ok(1));
    let (number, info) = assert_ok!(sigwaitinfo(set));
    let (band, fd) = info.band();
    assert_eq!((number, info.signal, info.code, fd), (SIGRTMIN(), SIGRTMIN(), POLL_ERR, ours.number()));
    assert!(band & i64::from(libc::POLLERR) != 0, "si_band is {band:#x}");
    assert_matches!(read(&ours, &mut [0]), Err(CallError { errno: Errno::ECONNREFUSED, .. }));
    Ok(())
}

/// A read of aio_read sends the signal of its aio_sigevent when it completes, and not before: with SI_ASYNCIO and the value.
#[harness::test(
    id = "signal.cause-asynchronous-io",
    cite = [man("sigaction.2", "The si_code field", "SI_ASYNCIO"), man("aio.7", "DESCRIPTION"), posix("signal.h.0p", "DESCRIPTION")],
    covers = ["behaviours:sicode.si-asyncio"],
)]
fn asynchronous_io_sends_the_signal() -> TestResult {
    const VALUE: usize = 0x1234;
    let set = SignalSet::of([SIGRTMIN()]);
    block_all(set)?;
    let (reader, writer) = pipe()?;
    let mut byte = [0_u8];
    // SAFETY: all zero is a valid request.
    let mut request: libc::aiocb = unsafe { std::mem::zeroed() };
    (request.aio_fildes, request.aio_nbytes, request.aio_buf) = (reader.number(), 1, byte.as_mut_ptr().cast());
    (request.aio_sigevent.sigev_notify, request.aio_sigevent.sigev_signo) = (libc::SIGEV_SIGNAL, SIGRTMIN());
    request.aio_sigevent.sigev_value = libc::sigval { sival_ptr: std::ptr::without_provenance_mut(VALUE) };
    // SAFETY: request and buffer stay until it has completed.
    Errno::result(unsafe { libc::aio_read(&mut request) })?;
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    write_all(&writer, b"x")?;
    let told = sigwaitinfo(set).map(|(number, info)| (number, info.signal, info.code, info.value()));
    assert_eq!(told, Ok((SIGRTMIN(), SIGRTMIN(), SI_ASYNCIO, VALUE)));
    // SAFETY: it has completed.
    assert_eq!(unsafe { (libc::aio_error(&request), libc::aio_return(&mut request)) }, (0, 1));
    assert_eq!(byte, *b"x");
    Ok(())
}

/// Urgent data on a socket sends SIGURG to the owner that F_SETOWN has set, and to nobody if there is none.
#[harness::test(
    id = "signal.cause-urgent-data",
    cite = [man("fcntl.2", "Managing signals", "F_SETOWN"), man("signal.7", "Standard signals")],
    covers = ["notes:signal.table-23-sigurg"],
    needs = [crate::needs::UNIX_OOB],
)]
fn urgent_data_sends_sigurg_to_the_owner() -> TestResult {
    let urgent = SignalSet::of([libc::SIGURG]);
    let (ours, theirs) = stream_pair()?;
    block_all(urgent)?;
    let send = || {
        // SAFETY: reads one byte, which outlives the call.
        Errno::result(unsafe { libc::send(theirs.number(), c"x".as_ptr().cast(), 1, libc::MSG_OOB) })
    };
    send()?;
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    set_owner(&ours, own_pid())?;
    send()?;
    assert_eq!(sigpending(), Ok(urgent));
    evidence("SIGURG without an owner, and with one", "none, one");
    Ok(())
}

/// Makes the descriptor send SIGRTMIN to this process.
fn signal_on_io(fd: &Fd) -> TestResult {
    set_owner(fd, own_pid())?;
    // SAFETY: these take numbers.
    unsafe {
        Errno::result(libc::fcntl(fd.number(), F_SETSIG, SIGRTMIN()))?;
        Errno::result(libc::fcntl(fd.number(), libc::F_SETFL, libc::O_ASYNC))?;
    }
    Ok(())
}

/// mq_notify with SIGEV_THREAD runs a function when a message comes, although all signals are blocked: signals are not the only
/// asynchronous notification.
#[harness::test(
    id = "signal.notified-without-signals",
    cite = [posix("mq_notify.3p", "DESCRIPTION"), man("mq_notify.3", "DESCRIPTION")],
    covers = ["notes:signal.only-asynchronous-ipc"],
    needs = [MQUEUE],
)]
fn a_message_queue_notifies_without_signals() -> TestResult {
    extern "C" fn notified(value: libc::sigval) {
        // SAFETY: the value is the address of a latch that outlives the notification.
        unsafe { &*value.sival_ptr.cast::<Latch>() }.arrive();
    }
    let name = MessageQueue::new();
    let (queue, notifications) = (name.create()?, Latch::new()?);
    let child = fork(|| -> TestResult {
        block_all(SignalSet::ALL)?;
        mq_notify_thread(&queue, notified, (&raw const notifications).expose_provenance(), None)?;
        assert_eq!(notifications.arrivals(), 0);
        mq_send(&queue, b"x", 0)?;
        notifications.wait_for(1);
        assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
        Ok(())
    })?;
    child.join()?;
    assert_eq!(notifications.arrivals(), 1);
    evidence("notifications while every signal was blocked", notifications.arrivals());
    Ok(())
}

// fcntl.h and signal.h; the C library's crate lacks them.
const F_SETSIG: i32 = 10;
const POLL_IN: i32 = 1;
const POLL_OUT: i32 = 2;
const POLL_ERR: i32 = 4;
const POLL_HUP: i32 = 6;
const SI_ASYNCIO: i32 = -4;
const LOCALHOST: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);
