//! Whose signals a descriptor gives: those of the process, or thread, that reads.

use calls::SignalRecord;
use calls::signals::SignalSet;
use kit::disposition::block_all;
use kit::needs::program;
use kit::passing::{pass, receive};
use kit::prelude::*;
use kit::program::run;
use kit::thread::spawn;
use libc::{SFD_NONBLOCK, SIGUSR1, SIGUSR2};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::Signal as Known;
use std::sync::Arc;

/// The numbers of what was read.
fn numbers(read: Result<Vec<SignalRecord>>) -> Result<Vec<i32>> {
    read.map(|records| records.iter().map(|record| record.ssi_signo as i32).collect())
}

/// A descriptor with this mask, which is blocked.
fn create(mask: SignalSet, flags: i32) -> TestResult<Fd> {
    block_all(mask)?;
    Ok(calls::for_layers::libc_raw::signalfd(mask, flags)?)
}

/// A forked child reads its own signals from the descriptor that it has inherited, not those of its parent, and the parent not
/// those of the child.
#[harness::test(
    id = "signalfd.fork",
    cite = [man("signalfd.2", "fork(2) semantics")],
    covers = ["behaviours:signalfd.fork-reads-own"],
    layers = [libc, raw],
)]
fn a_child_reads_its_own_signals() -> TestResult {
    let signals = create(SignalSet::of([SIGUSR1, SIGUSR2]), SFD_NONBLOCK)?;
    assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
    let child = fork(|| -> TestResult {
        assert_errno!(read_signals(&signals, 2), EAGAIN);
        assert_eq!(kill(own_pid(), SIGUSR2), Ok(()));
        assert_eq!(numbers(read_signals(&signals, 2)), Ok(vec![SIGUSR2]));
        assert_eq!(kill(own_pid(), SIGUSR2), Ok(()));
        Ok(())
    })?;
    child.join()?;
    assert_eq!(numbers(read_signals(&signals, 2)), Ok(vec![SIGUSR1]));
    assert_errno!(read_signals(&signals, 2), EAGAIN);
    Ok(())
}

/// A process that was sent the descriptor over a socket reads its own signals from it, not those of the sender.
#[harness::test(
    id = "signalfd.passed",
    cite = [man("signalfd.2", "Semantics of file descriptor passing")],
    covers = ["behaviours:signalfd.scm-reads-receivers"],
    layers = [libc, raw],
)]
fn a_receiver_reads_its_own_signals() -> TestResult {
    let (ours, theirs) = stream_pair()?;
    block_all(SignalSet::of([SIGUSR1, SIGUSR2]))?;
    let child = fork(|| -> TestResult {
        ours.close();
        let signals = receive(&theirs)?;
        assert_errno!(read_signals(&signals, 2), EAGAIN);
        assert_eq!(kill(own_pid(), SIGUSR2), Ok(()));
        assert_eq!(numbers(read_signals(&signals, 2)), Ok(vec![SIGUSR2]));
        Ok(())
    })?;
    drop(theirs);
    let signals = create(SignalSet::of([SIGUSR1, SIGUSR2]), SFD_NONBLOCK)?;
    assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
    pass(&ours, &signals)?;
    child.join()?;
    assert_eq!(numbers(read_signals(&signals, 2)), Ok(vec![SIGUSR1]));
    Ok(())
}

/// A thread reads the signals that are directed to itself and to its process, and not those that are directed to another thread.
#[harness::test(
    id = "signalfd.threads",
    cite = [man("signalfd.2", "Thread semantics")],
    covers = ["behaviours:signalfd.thread-own-and-process"],
    layers = [raw],
)]
fn a_thread_reads_its_own_signals() -> TestResult {
    let signals = Arc::new(create(SignalSet::of([SIGUSR1, SIGUSR2]), SFD_NONBLOCK)?);
    let own = own_pid();
    assert_eq!(tgkill(own, own, SIGUSR1), Ok(()));
    let theirs = Arc::clone(&signals);
    let thread = spawn(move || -> TestResult {
        assert_errno!(read_signals(&*theirs, 2), EAGAIN);
        assert_eq!(kill(own, SIGUSR2), Ok(()));
        assert_eq!(numbers(read_signals(&*theirs, 2)), Ok(vec![SIGUSR2]));
        assert_eq!(tgkill(own, nix::unistd::gettid().as_raw(), SIGUSR2), Ok(()));
        assert_eq!(numbers(read_signals(&*theirs, 2)), Ok(vec![SIGUSR2]));
        Ok(())
    })?;
    thread.join()?;
    assert_eq!(numbers(read_signals(&*signals, 2)), Ok(vec![SIGUSR1]));
    Ok(())
}

/// A signal that was pending before an execve can be read after it, from the same descriptor.
#[harness::test(
    id = "signalfd.exec",
    cite = [man("signalfd.2", "execve(2) semantics")],
    covers = ["behaviours:signalfd.exec-pending-kept"],
    needs = [program("head"), program("sh")],
)]
fn an_exec_keeps_what_can_be_read() -> TestResult {
    let signals = create(SignalSet::of([SIGUSR1]), SFD_NONBLOCK)?;
    let output = run(&["sh", "-c", "kill -USR1 $$; exec head -c 128"], &signals)?;
    assert_eq!(output.ended, Ended::Exited(0));
    // The record begins with the number of the signal.
    assert_eq!(output.printed.as_bytes()[..4], (SIGUSR1 as u32).to_ne_bytes());
    Ok(())
}

/// epoll shows a signalfd as ready for signals of the process that added it, and not for those of a child that has inherited both.
#[harness::test(
    id = "signalfd.epoll",
    cite = [man("signalfd.2", "epoll(7) semantics")],
    covers = ["behaviours:signalfd.epoll-binds-registrant"],
    layers = [libc, raw],
)]
fn epoll_shows_signals_of_who_added_it() -> TestResult {
    let signals = create(SignalSet::of([SIGUSR1]), SFD_NONBLOCK)?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    signals.lend(|signals| epoll.add(signals, EpollEvent::new(EpollFlags::EPOLLIN, 7)))?;
    let ready = || epoll.wait(&mut [EpollEvent::empty(); 2], EpollTimeout::ZERO);
    let child = fork(|| -> TestResult {
        assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
        assert_eq!(ready(), Ok(0));
        assert_eq!(numbers(read_signals(&signals, 2)), Ok(vec![SIGUSR1]));
        Ok(())
    })?;
    child.join()?;
    assert_eq!(ready(), Ok(0));
    assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
    assert_eq!(ready(), Ok(1));
    assert_eq!(numbers(read_signals(&signals, 2)), Ok(vec![SIGUSR1]));
    Ok(())
}

/// A fault of the process itself is not read: SIGSEGV in the mask terminates it although it is blocked.
#[harness::test(
    id = "signalfd.fault",
    cite = [man("signalfd.2", "Limitations"), man("sigprocmask.2", "NOTES")],
    covers = ["behaviours:signalfd.sync-faults-not-readable"],
    layers = [libc, raw],
)]
fn a_fault_is_not_read() -> TestResult {
    let child = fork(|| -> TestResult {
        let signals = create(SignalSet::of([Known::SIGSEGV as i32]), SFD_NONBLOCK)?;
        // SAFETY: no such address is mapped: the process ends here.
        unsafe { std::ptr::without_provenance_mut::<u8>(16).write_volatile(0) };
        assert_errno!(read_signals(&signals, 1), EAGAIN);
        Ok(())
    })?;
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(Known::SIGSEGV as i32), core: false });
    Ok(())
}
