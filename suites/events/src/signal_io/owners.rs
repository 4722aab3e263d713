//! Who is signalled: a process, a process group, a thread.

use super::{INPUT, POLL_IN, enable};
use calls::Owner;
use calls::signals::SignalSet;
use harness::need::{NETNS, SECOND_UID};
use kit::channel::{Channel, FIFO, PIPE, SOCKET_PAIR};
use kit::disposition::block_all;
use kit::loopback;
use kit::needs::UNIX_FILES;
use kit::prelude::*;
use kit::privilege::become_second_user;
use kit::thread::spawn;
use libc::{O_ASYNC, POLLPRI, SIGIO, SIGRTMIN, SIGURG};
use nix::unistd::{Pid, setpgid};

const IO: SignalSet = SignalSet(1 << (SIGIO - 1));

/// A child that waits until it is sent SIGIO, and says that it came.
fn waiter() -> TestResult<Child> {
    let child = fork(|| -> TestResult {
        let (number, info) = assert_ok!(calls::for_layers::libc_raw::sigwaitinfo(IO));
        assert_eq!((number, info.signal), (SIGIO, SIGIO));
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::SIGWAITINFO)?;
    Ok(child)
}

/// The owner of a descriptor is signalled, a process that F_SETOWN names: of two children that wait for SIGIO, the other one goes
/// on waiting. F_GETOWN and F_GETOWN_EX return the owner.
#[harness::test(
    rows = [
        ("signal-io.owner/pipe", ["behaviours:sigio.setown-pid", "behaviours:sigio.getown-returns"], PIPE),
        ("signal-io.owner/fifo", ["behaviours:sigio.setown-pid", "behaviours:sigio.getown-returns"], FIFO),
        ("signal-io.owner/socket-pair", ["behaviours:sigio.setown-pid", "behaviours:sigio.getown-returns"], SOCKET_PAIR),
    ],
    cite = [man("fcntl.2", "Managing signals", "F_SETOWN"), man("fcntl.2", "Managing signals", "F_GETOWN")],
    needs = [UNIX_FILES],
    layers = [libc, raw],
)]
fn the_owner_is_signalled(channel: Channel) -> TestResult {
    block_all(IO)?;
    let (reader, writer) = channel.open()?;
    assert_eq!(owner_id(&reader), Ok(0));
    assert_eq!(set_flags(&reader, O_ASYNC), Ok(0));
    let (first, second) = (waiter()?, waiter()?);
    assert_eq!(set_owner_id(&reader, second.pid()), Ok(()));
    assert_eq!((owner_id(&reader), owner_ex(&reader)), (Ok(second.pid()), Ok(Owner::Process(second.pid()))));
    assert_eq!(write(&writer, b"x"), Ok(1));
    second.join()?;
    first.assert_blocked_in(calls::SIGWAITINFO);
    assert_eq!(set_owner_ex(&reader, Owner::Process(first.pid())), Ok(()));
    assert_eq!(owner_id(&reader), Ok(first.pid()));
    assert_eq!(write(&writer, b"x"), Ok(1));
    first.join()?;
    assert_eq!((sigpending(), read_bytes(&reader, 9)), (Ok(SignalSet::EMPTY), Ok("xx".into())));
    Ok(())
}

/// A negative number of F_SETOWN, and F_OWNER_PGRP of F_SETOWN_EX, name a process group, of which each process is signalled, and
/// no other. F_GETOWN_EX returns it.
#[harness::test(
    id = "signal-io.owner-group",
    cite = [man("fcntl.2", "Managing signals", "F_SETOWN"), man("fcntl.2", "Managing signals", "F_SETOWN_EX")],
    covers = ["behaviours:sigio.setown-pgrp-negative", "behaviours:sigio.getown-returns"],
    layers = [libc, raw],
)]
fn a_group_is_signalled() -> TestResult {
    block_all(IO)?;
    for by_number in [true, false] {
        let (reader, writer) = pipe()?;
        assert_eq!(set_flags(&reader, O_ASYNC), Ok(0));
        let (first, second, other) = (waiter()?, waiter()?, waiter()?);
        for member in [&first, &second] {
            setpgid(Pid::from_raw(member.pid()), Pid::from_raw(first.pid()))?;
        }
        let group = first.pid();
        let set = if by_number { set_owner_id(&reader, -group) } else { set_owner_ex(&reader, Owner::Group(group)) };
        assert_eq!(set, Ok(()));
        assert_eq!(owner_ex(&reader), Ok(Owner::Group(group)));
        assert_eq!(write(&writer, b"x"), Ok(1));
        first.join()?;
        second.join()?;
        other.assert_blocked_in(calls::SIGWAITINFO);
        assert_eq!((sigpending(), read_bytes(&reader, 9)), (Ok(SignalSet::EMPTY), Ok("x".into())));
    }
    Ok(())
}

/// Urgent data on a TCP connection sends SIGURG to the owner that F_SETOWN has set, without O_ASYNC, and to nobody before: of two children
/// that wait for it, the other one goes on waiting.
#[harness::test(
    id = "signal-io.urgent-data",
    cite = [man("fcntl.2", "Managing signals", "F_SETOWN"), man("tcp.7", "DESCRIPTION"), posix("fcntl.3p", "DESCRIPTION", "F_SETOWN")],
    covers = ["behaviours:sigio.sigurg-setown"],
    needs = [NETNS],
    layers = [libc, raw],
)]
fn the_owner_is_told_of_urgent_data() -> TestResult {
    const URGENT: SignalSet = SignalSet(1 << (SIGURG - 1));
    loopback::bring_up()?;
    let (ours, theirs) = loopback::tcp_pair()?;
    block_all(URGENT)?;
    let send = || {
        // SAFETY: reads one byte, which outlives the call.
        Errno::result(unsafe { libc::send(theirs.number(), c"x".as_ptr().cast(), 1, libc::MSG_OOB) })
    };
    send()?;
    assert_eq!(ppoll(&[(&ours, POLLPRI)], None, None), Ok((1, vec![POLLPRI])));
    let waiting = || {
        let child = fork(|| {
            assert_eq!(sigwaitinfo(URGENT).map(|(number, info)| [number, info.signal]), Ok([SIGURG; 2]));
        })?;
        child.wait_until_blocked_in(calls::SIGWAITINFO)?;
        TestResult::Ok(child)
    };
    let (first, second) = (waiting()?, waiting()?);
    assert_eq!(set_owner_id(&ours, second.pid()), Ok(()));
    send()?;
    second.join()?;
    first.assert_blocked_in(calls::SIGWAITINFO);
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    Ok(())
}

/// F_OWNER_TID of F_SETOWN_EX names a thread: of two threads that wait for the signal, the other one goes on waiting.
#[harness::test(
    id = "signal-io.owner-thread",
    cite = [man("fcntl.2", "Managing signals", "F_SETOWN_EX")],
    covers = ["behaviours:sigio.setown-ex-thread"],
    layers = [libc, raw],
)]
fn a_thread_is_signalled() -> TestResult {
    let signals = SignalSet::of([SIGRTMIN() + 1]);
    block_all(signals)?;
    let (reader, writer) = pipe()?;
    assert_eq!((set_flags(&reader, O_ASYNC), set_io_signal(&reader, SIGRTMIN() + 1)), (Ok(0), Ok(())));
    let told = (POLL_IN, (INPUT, reader.number()));
    let waiter = move || {
        spawn(move || {
            let (number, info) = assert_ok!(sigwaitinfo(signals));
            assert_eq!((number, info.signal, (info.code, info.band())), (SIGRTMIN() + 1, SIGRTMIN() + 1, told));
        })
    };
    let (first, second) = (waiter()?, waiter()?);
    first.wait_until_blocked_in(calls::SIGWAITINFO)?;
    second.wait_until_blocked_in(calls::SIGWAITINFO)?;
    assert_eq!(set_owner_ex(&reader, Owner::Thread(second.tid())), Ok(()));
    assert_eq!(owner_ex(&reader), Ok(Owner::Thread(second.tid())));
    assert_eq!(write(&writer, b"x"), Ok(1));
    second.join()?;
    first.assert_blocked_in(calls::SIGWAITINFO);
    assert_eq!(set_owner_ex(&reader, Owner::Thread(first.tid())), Ok(()));
    assert_eq!(write(&writer, b"x"), Ok(1));
    first.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("xx".into()));
    Ok(())
}

/// The owner and the signal belong to the open file description: a forked child sees them, and what it sets the parent sees.
#[harness::test(
    id = "signal-io.fork-shares",
    cite = [man("fork.2", "DESCRIPTION")],
    covers = ["behaviours:sigio.shared-through-fork"],
    layers = [libc, raw],
)]
fn a_child_shares_the_owner() -> TestResult {
    block_all(IO)?;
    let own = own_pid();
    let (reader, writer) = pipe()?;
    enable(&reader, own)?;
    assert_eq!(set_io_signal(&reader, SIGRTMIN() + 1), Ok(()));
    let child = holder(|| {
        assert_eq!((owner_id(&reader), io_signal(&reader)), (Ok(own), Ok(SIGRTMIN() + 1)));
        assert_eq!(set_io_signal(&reader, 0), Ok(()));
        assert_eq!(write(&writer, b"x"), Ok(1));
        assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
        assert_eq!(set_owner_id(&reader, own_pid()), Ok(()));
        Ok(())
    })?;
    assert_eq!(sigpending(), Ok(IO));
    assert_eq!((owner_ex(&reader), io_signal(&reader)), (Ok(Owner::Process(child.pid())), Ok(0)));
    assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
    Ok(())
}

/// The credentials of the process that called F_SETOWN decide whether the owner is signalled, not those of the process that
/// writes: a user who may not signal the owner makes it none, and the signal is discarded silently.
#[harness::test(
    id = "signal-io.permission",
    cite = [man("fcntl.2", "Managing signals", "F_SETOWN")],
    covers = ["behaviours:sigio.owner-permission-at-set"],
    needs = [SECOND_UID],
    layers = [libc, raw],
)]
fn who_sets_the_owner_must_be_allowed_to_signal_it() -> TestResult {
    block_all(IO)?;
    let own = own_pid();
    let (reader, writer) = pipe()?;
    assert_eq!(set_flags(&reader, O_ASYNC), Ok(0));
    let as_second_user = |work: &dyn Fn()| -> TestResult {
        let child = fork(|| -> TestResult {
            become_second_user()?;
            work();
            Ok(())
        })?;
        child.join()
    };
    as_second_user(&|| assert_eq!(set_owner_id(&reader, own), Ok(())))?;
    assert_eq!(owner_id(&reader), Ok(own));
    assert_eq!(write(&writer, b"x"), Ok(1));
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    assert_eq!(set_owner_id(&reader, own), Ok(()));
    as_second_user(&|| assert_eq!(write(&writer, b"x"), Ok(1)))?;
    assert_eq!(sigpending(), Ok(IO));
    assert_eq!(read_bytes(&reader, 9), Ok("xx".into()));
    Ok(())
}
