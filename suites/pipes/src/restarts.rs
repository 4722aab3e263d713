//! Calls that a signal handler interrupts while they are blocked: restarted under SA_RESTART, ended with EINTR without.

use crate::waiters::*;
use kit::channel::{Channel, FIFO, PIPE, SOCKET_PAIR};
use kit::disposition::Runs;
use kit::needs::UNIX_FILES;
use kit::prelude::*;
use libc::{O_RDONLY, O_WRONLY};
use nix::sys::signal::{SIGUSR1, SaFlags};

/// What is interrupted on what.
type On = (Channel, Waiter);

/// A blocked read or write of a pipe, a FIFO or a socket is restarted after a handler that was installed with SA_RESTART,
/// and then completes.
#[harness::test(
    rows = [
        ("pipe.restart/read", ["behaviours:restart.read-pipe"], (PIPE, READ)),
        ("pipe.restart/readv", ["behaviours:restart.readv-pipe"], (PIPE, READV)),
        ("pipe.restart/write", ["behaviours:restart.write-pipe"], (PIPE, WRITE)),
        ("pipe.restart/writev", ["behaviours:restart.writev-pipe"], (PIPE, WRITEV)),
        ("fifo.restart/read", ["behaviours:restart.read-fifo"], (FIFO, READ)),
        ("fifo.restart/readv", ["behaviours:restart.read-fifo"], (FIFO, READV)),
        ("fifo.restart/write", ["behaviours:fifo.same-io-semantics"], (FIFO, WRITE)),
        ("fifo.restart/writev", ["behaviours:fifo.same-io-semantics"], (FIFO, WRITEV)),
        ("unix-socket.restart/read", ["behaviours:restart.read-socket"], (SOCKET_PAIR, READ)),
        ("unix-socket.restart/readv", ["behaviours:restart.read-socket"], (SOCKET_PAIR, READV)),
    ],
    cite = [
        posix("sigaction.3p", "DESCRIPTION", "SA_RESTART"),
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
    ],
    layers = [libc, nix, raw],
)]
fn a_blocked_read_or_write_is_restarted(on: On) -> TestResult {
    is_restarted(on)
}

/// A blocked splice, tee or vmsplice is restarted after a handler that was installed with SA_RESTART, and then completes.
#[harness::test(
    rows = [
        ("splice.restart/splice-from", ["behaviours:restart.splice"], (PIPE, SPLICE_FROM)),
        ("splice.restart/tee-from", ["behaviours:restart.splice"], (PIPE, TEE_FROM)),
        ("splice.restart/vmsplice-from", ["behaviours:restart.splice"], (PIPE, VMSPLICE_FROM)),
        ("splice.restart/splice-into", ["behaviours:restart.splice"], (PIPE, SPLICE_INTO)),
        ("splice.restart/tee-into", ["behaviours:restart.splice"], (PIPE, TEE_INTO)),
        ("splice.restart/vmsplice-into", ["behaviours:restart.splice"], (PIPE, VMSPLICE_INTO)),
        ("splice.restart/splice-from-fifo", ["behaviours:restart.splice"], (FIFO, SPLICE_FROM)),
        ("splice.restart/splice-into-fifo", ["behaviours:restart.splice"], (FIFO, SPLICE_INTO)),
    ],
    cite = [kernel("fs/splice.c", "ipipe_prep", "6.18"), kernel("fs/splice.c", "wait_for_space", "6.18")],
    needs = [UNIX_FILES],
)]
fn a_blocked_splice_is_restarted(on: On) -> TestResult {
    is_restarted(on)
}

fn is_restarted((channel, waiter): On) -> TestResult {
    let (obstacle, runs) = (waiter.obstacle(channel)?, Runs::new()?);
    let child = fork(|| -> TestResult {
        runs.handle(SIGUSR1, SaFlags::SA_RESTART)?;
        assert_eq!(obstacle.wait(), Ok(1));
        Ok(())
    })?;
    child.wait_until_blocked_in(waiter.call)?;
    for run in 1..=2 {
        child.signal(SIGUSR1)?;
        runs.wait_for(run);
        child.assert_blocked_in(waiter.call);
    }
    obstacle.remove()?;
    child.join()?;
    obstacle.assert_left_by(1);
    assert_eq!(runs.count(), 2);
    Ok(())
}

/// A splice, tee or vmsplice that is blocked on a pipe or FIFO fails with EINTR when a handler that was installed without
/// SA_RESTART interrupts it, and has moved nothing.
#[harness::test(
    rows = [
        ("splice.interrupted/splice-from", ["behaviours:restart.splice"], (PIPE, SPLICE_FROM)),
        ("splice.interrupted/tee-from", ["behaviours:restart.splice"], (PIPE, TEE_FROM)),
        ("splice.interrupted/vmsplice-from", ["behaviours:restart.splice"], (PIPE, VMSPLICE_FROM)),
        ("splice.interrupted/splice-into", ["behaviours:restart.splice"], (PIPE, SPLICE_INTO)),
        ("splice.interrupted/tee-into", ["behaviours:restart.splice"], (PIPE, TEE_INTO)),
        ("splice.interrupted/vmsplice-into", ["behaviours:restart.splice"], (PIPE, VMSPLICE_INTO)),
        ("splice.interrupted/splice-from-fifo", ["behaviours:restart.splice"], (FIFO, SPLICE_FROM)),
        ("splice.interrupted/splice-into-fifo", ["behaviours:restart.splice"], (FIFO, SPLICE_INTO)),
    ],
    cite = [kernel("fs/splice.c", "ipipe_prep", "6.18"), kernel("fs/splice.c", "wait_for_space", "6.18")],
    needs = [UNIX_FILES],
)]
fn a_handler_interrupts_a_blocked_splice(on: On) -> TestResult {
    is_interrupted(on)
}

/// A read or write that is blocked on a FIFO fails with EINTR when a handler that was installed without SA_RESTART
/// interrupts it, and has moved nothing.
#[harness::test(
    rows = [
        ("fifo.interrupted/read", ["behaviours:fifo.same-io-semantics"], (FIFO, READ)),
        ("fifo.interrupted/readv", ["behaviours:fifo.same-io-semantics"], (FIFO, READV)),
        ("fifo.interrupted/write", ["behaviours:fifo.same-io-semantics"], (FIFO, WRITE)),
        ("fifo.interrupted/writev", ["behaviours:fifo.same-io-semantics"], (FIFO, WRITEV)),
    ],
    cite = [
        posix("read.3p", "ERRORS", "EINTR"),
        posix("write.3p", "ERRORS", "EINTR"),
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
    ],
    layers = [libc, nix, raw],
)]
fn a_handler_interrupts_a_blocked_read_or_write_of_a_fifo(on: On) -> TestResult {
    is_interrupted(on)
}

fn is_interrupted((channel, waiter): On) -> TestResult {
    let (obstacle, runs) = (waiter.obstacle(channel)?, Runs::new()?);
    let child = fork(|| -> TestResult {
        runs.handle(SIGUSR1, SaFlags::empty())?;
        assert_errno!(obstacle.wait(), EINTR);
        Ok(())
    })?;
    child.wait_until_blocked_in(waiter.call)?;
    child.signal(SIGUSR1)?;
    child.join()?;
    assert_eq!(runs.count(), 1);
    assert_eq!(unread(&obstacle.reader), Ok(obstacle.held.0.len()));
    obstacle.remove()
}

#[rstest]
#[case::reading(O_RDONLY, O_WRONLY)]
#[case::writing(O_WRONLY, O_RDONLY)]
/// An open blocked waiting for the other end of a FIFO is restarted after a handler that was installed with SA_RESTART, and
/// returns once the other end is opened.
#[harness::test(
    id = "fifo.open-restarted",
    cite = [
        posix("sigaction.3p", "DESCRIPTION", "SA_RESTART"),
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
    ],
    covers = ["behaviours:restart.open-fifo"],
    layers = [libc, nix, raw],
)]
fn a_blocked_open_is_restarted(#[case] end: i32, #[case] other_end: i32) -> TestResult {
    let (fifo, runs) = (Fifo::new()?, Runs::new()?);
    let child = fork(|| -> TestResult {
        runs.handle(SIGUSR1, SaFlags::SA_RESTART)?;
        drop(assert_ok!(open(&fifo, end)));
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::OPEN)?;
    for run in 1..=2 {
        child.signal(SIGUSR1)?;
        runs.wait_for(run);
        child.assert_blocked_in(calls::OPEN);
    }
    let _other = assert_ok!(open(&fifo, other_end));
    child.join()?;
    assert_eq!(runs.count(), 2);
    Ok(())
}
