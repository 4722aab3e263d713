//! Calls on descriptors of another type: a pipe is no socket, no epoll instance, no timer and no process.
//!
//! They are made by number, for libraries may look at their arguments first. Each gets memory that holds zeros.

use kit::channel::{FIFO, PIPE};
use kit::needs::UNIX_FILES;
use kit::prelude::*;

/// A system call under its name in the catalogue, and its arguments behind the descriptor.
type Asked = (&'static str, Sysno, [usize; 5]);

/// Stands for the address of memory that holds zeros.
const ZEROS: usize = usize::MAX;

/// Makes the call on both ends of a pipe and of a FIFO that hold bytes, and asserts that these can still be read.
fn ask((name, number, arguments): Asked, check: fn(Result<i64>)) -> TestResult {
    let zeros = [0_u64; 32];
    let [first, second, third, fourth, fifth] =
        arguments.map(|argument| if argument == ZEROS { zeros.as_ptr().expose_provenance() } else { argument });
    for channel in [PIPE, FIFO] {
        let (reader, writer) = channel.open()?;
        write_all(&writer, b"abc")?;
        for end in [&reader, &writer] {
            // SAFETY: the memory outlives the call, and is larger than any structure of these calls.
            check(unsafe { syscall(name, number, [end.number() as usize, first, second, third, fourth, fifth]) });
        }
        assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    }
    assert_eq!(zeros, [0; 32]);
    Ok(())
}

#[harness::errors(
    family = "wrong-type",
    rows = [
        ("pipe.not-a-socket/accept", "errors:socket.accept.ENOTSOCK", ("accept", Sysno::accept, [0; 5])),
        ("pipe.not-a-socket/accept4", "errors:socket.accept4.ENOTSOCK", ("accept4", Sysno::accept4, [0; 5])),
        ("pipe.not-a-socket/bind", "errors:socket.bind.ENOTSOCK", ("bind", Sysno::bind, [ZEROS, 16, 0, 0, 0])),
        (
            "pipe.not-a-socket/connect", "errors:socket.connect.ENOTSOCK",
            ("connect", Sysno::connect, [ZEROS, 16, 0, 0, 0]),
        ),
        (
            "pipe.not-a-socket/getpeername", "errors:socket.getpeername.ENOTSOCK",
            ("getpeername", Sysno::getpeername, [ZEROS, ZEROS, 0, 0, 0]),
        ),
        (
            "pipe.not-a-socket/getsockname", "errors:socket.getsockname.ENOTSOCK",
            ("getsockname", Sysno::getsockname, [ZEROS, ZEROS, 0, 0, 0]),
        ),
        (
            "pipe.not-a-socket/getsockopt", "errors:socket.getsockopt.ENOTSOCK",
            ("getsockopt", Sysno::getsockopt, [SOCKET, TYPE, ZEROS, ZEROS, 0]),
        ),
        (
            "pipe.not-a-socket/setsockopt", "errors:socket.setsockopt.ENOTSOCK",
            ("setsockopt", Sysno::setsockopt, [SOCKET, TYPE, ZEROS, 4, 0]),
        ),
        ("pipe.not-a-socket/listen", "errors:socket.listen.ENOTSOCK", ("listen", Sysno::listen, [1, 0, 0, 0, 0])),
        ("pipe.not-a-socket/recv", "errors:socket.recv.ENOTSOCK", ("recv", Sysno::recvfrom, [ZEROS, 1, 0, 0, 0])),
        (
            "pipe.not-a-socket/recvfrom", "errors:socket.recvfrom.ENOTSOCK",
            ("recvfrom", Sysno::recvfrom, [ZEROS, 1, 0, ZEROS, ZEROS]),
        ),
        (
            "pipe.not-a-socket/recvmsg", "errors:socket.recvmsg.ENOTSOCK",
            ("recvmsg", Sysno::recvmsg, [ZEROS, 0, 0, 0, 0]),
        ),
        (
            "pipe.not-a-socket/recvmmsg", "errors:socket.recvmmsg.ENOTSOCK",
            ("recvmmsg", Sysno::recvmmsg, [ZEROS, 1, 0, 0, 0]),
        ),
        ("pipe.not-a-socket/send", "errors:socket.send.ENOTSOCK", ("send", Sysno::sendto, [ZEROS, 1, 0, 0, 0])),
        (
            "pipe.not-a-socket/sendto", "errors:socket.sendto.ENOTSOCK",
            ("sendto", Sysno::sendto, [ZEROS, 1, 0, ZEROS, 16]),
        ),
        (
            "pipe.not-a-socket/sendmsg", "errors:socket.sendmsg.ENOTSOCK",
            ("sendmsg", Sysno::sendmsg, [ZEROS, 0, 0, 0, 0]),
        ),
        (
            "pipe.not-a-socket/sendmmsg", "errors:socket.sendmmsg.ENOTSOCK",
            ("sendmmsg", Sysno::sendmmsg, [ZEROS, 1, 0, 0, 0]),
        ),
        ("pipe.not-a-socket/shutdown", "errors:socket.shutdown.ENOTSOCK", ("shutdown", Sysno::shutdown, [0; 5])),
    ],
    needs = [UNIX_FILES],
)]
fn it_is_no_socket(asked: Asked) -> TestResult {
    ask(asked, |result| assert_errno!(result, ENOTSOCK))
}

const SOCKET: usize = libc::SOL_SOCKET as usize;
const TYPE: usize = libc::SO_TYPE as usize;

#[harness::errors(
    family = "wrong-type",
    rows = [
        (
            "pipe.not-an-instance/epoll-pwait", "errors:epoll.epoll_pwait.EINVAL",
            ("epoll_pwait", Sysno::epoll_pwait, [ZEROS, 1, 0, 0, 8]),
        ),
        (
            "pipe.not-an-instance/timerfd-gettime", "errors:timerfd.timerfd_gettime.EINVAL",
            ("timerfd_gettime", Sysno::timerfd_gettime, [ZEROS, 0, 0, 0, 0]),
        ),
        (
            "pipe.not-an-instance/timerfd-settime", "errors:timerfd.timerfd_settime.EINVAL",
            ("timerfd_settime", Sysno::timerfd_settime, [0, ZEROS, 0, 0, 0]),
        ),
        (
            "pipe.not-an-instance/signalfd", "errors:signalfd.signalfd.EINVAL",
            ("signalfd", Sysno::signalfd4, [ZEROS, 8, 0, 0, 0]),
        ),
        (
            "pipe.not-an-instance/f-get-seals", "errors:memfd.fcntl(F_GET_SEALS).EINVAL",
            ("fcntl(F_GET_SEALS)", Sysno::fcntl, [GET_SEALS, 0, 0, 0, 0]),
        ),
    ],
    needs = [UNIX_FILES],
)]
fn it_is_no_instance_of_these(asked: Asked) -> TestResult {
    ask(asked, |result| assert_errno!(result, EINVAL))
}

const GET_SEALS: usize = libc::F_GET_SEALS as usize;

#[harness::errors(
    family = "wrong-type",
    rows = [
        (
            "pipe.not-a-pidfd/pidfd-send-signal", "errors:pidfd.pidfd_send_signal.EBADF",
            ("pidfd_send_signal", Sysno::pidfd_send_signal, [0; 5]),
        ),
        ("pipe.not-a-pidfd/pidfd-getfd", "errors:pidfd.pidfd_getfd.EBADF", ("pidfd_getfd", Sysno::pidfd_getfd, [0; 5])),
    ],
    needs = [UNIX_FILES],
)]
fn it_is_no_pidfd(asked: Asked) -> TestResult {
    ask(asked, |result| assert_errno!(result, EBADF))
}
