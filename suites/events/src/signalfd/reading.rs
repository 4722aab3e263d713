//! Which signals a read takes, and when.

use calls::SignalRecord;
use calls::signals::SignalSet;
use kit::disposition::{Runs, block_all, handle, handled};
use kit::prelude::*;
use kit::thread::spawn;
use libc::{POLLIN, SFD_NONBLOCK, SIGKILL, SIGRTMIN, SIGSTOP, SIGTERM, SIGUSR1, SIGUSR2};
use nix::sys::signal::{SaFlags, Signal as Known};
use std::sync::Arc;
use std::time::Duration;

/// The numbers, values and senders of what was read.
fn order(read: Result<Vec<SignalRecord>>) -> Result<Vec<(i32, u64, i32)>> {
    let of = |record: &SignalRecord| (record.ssi_signo as i32, record.ssi_ptr, record.ssi_pid as i32);
    read.map(|records| records.iter().map(of).collect())
}

/// The numbers of what was read.
fn numbers(read: Result<Vec<SignalRecord>>) -> Result<Vec<i32>> {
    read.map(|records| records.iter().map(|record| record.ssi_signo as i32).collect())
}

/// A read takes a pending signal of the mask, and no other: it is pending no longer, no handler runs for it, and a second read of a
/// nonblocking descriptor fails with EAGAIN.
#[harness::test(
    id = "signalfd.consumes",
    cite = [man("signalfd.2", "DESCRIPTION"), man("signalfd.2", "DESCRIPTION", "read(2)")],
    covers = [
        "behaviours:signalfd.read-consumes", "behaviours:signalfd.nonblock", "errors:signalfd.read(signalfd).EAGAIN",
    ],
    layers = [libc, raw],
)]
fn a_read_takes_the_signal() -> TestResult {
    handle(Known::SIGUSR1, SaFlags::empty())?;
    block_all(SignalSet::of([SIGUSR1, SIGUSR2]))?;
    let signals = signalfd(SignalSet::of([SIGUSR1]), SFD_NONBLOCK)?;
    assert_errno!(read_signals(&signals, 1), EAGAIN);
    assert_eq!([kill(own_pid(), SIGUSR2), kill(own_pid(), SIGUSR1)], [Ok(()); 2]);
    assert_eq!(numbers(read_signals(&signals, 2)), Ok(vec![SIGUSR1]));
    assert_eq!(sigpending(), Ok(SignalSet::of([SIGUSR2])));
    assert_errno!(read_signals(&signals, 1), EAGAIN);
    assert_eq!(change_mask(libc::SIG_UNBLOCK, Some(SignalSet::of([SIGUSR1]))), Ok(SignalSet::of([SIGUSR1, SIGUSR2])));
    assert_eq!(change_mask(libc::SIG_BLOCK, None), Ok(SignalSet::of([SIGUSR2])));
    assert_eq!(handled(Known::SIGUSR1), 0);
    Ok(())
}

/// A read returns as many pending signals as its buffer holds, whole: standard signals before real-time ones, the lowest number
/// first, and the instances of a real-time signal in the order in which they were sent.
#[harness::test(
    id = "signalfd.several",
    cite = [man("signalfd.2", "DESCRIPTION", "read(2)"), man("signal.7", "Real-time signals")],
    covers = ["behaviours:signalfd.multi-record-read", "behaviours:signalfd.read-consumes"],
)]
fn a_read_returns_several_signals() -> TestResult {
    let (own, low, high) = (own_pid(), SIGRTMIN() + 1, SIGRTMIN() + 2);
    let mask = SignalSet::of([SIGUSR1, low, high]);
    block_all(mask)?;
    let signals = signalfd(mask, SFD_NONBLOCK)?;
    for (signal, value) in [(high, 1), (low, 2), (high, 3), (low, 4), (SIGUSR1, 5)] {
        assert_eq!(sigqueue(own, signal, value), Ok(()));
    }
    assert_eq!(order(read_signals(&signals, 2)), Ok(vec![(SIGUSR1, 5, own), (low, 2, own)]));
    assert_eq!(order(read_signals(&signals, 5)), Ok(vec![(low, 4, own), (high, 1, own), (high, 3, own)]));
    assert_errno!(read_signals(&signals, 5), EAGAIN);
    Ok(())
}

/// A read takes a whole number of records, of 128 bytes: what does not fit stays pending, and the rest of the buffer is left alone.
#[harness::test(
    id = "signalfd.whole-records",
    cite = [man("signalfd.2", "DESCRIPTION", "read(2)"), man("signalfd.2", "The signalfd_siginfo structure")],
    covers = ["behaviours:signalfd.partial-record-size"],
    layers = [libc, raw],
)]
fn a_read_returns_whole_records() -> TestResult {
    let mask = SignalSet::of([SIGUSR1, SIGUSR2]);
    block_all(mask)?;
    let signals = signalfd(mask, SFD_NONBLOCK)?;
    assert_eq!([kill(own_pid(), SIGUSR1), kill(own_pid(), SIGUSR2)], [Ok(()); 2]);
    let mut buffer = [7; 255];
    assert_eq!(read_signal_bytes(&signals, &mut buffer), Ok(128));
    assert_eq!(buffer[..4], (SIGUSR1 as u32).to_ne_bytes());
    assert_eq!(buffer[128..], [7; 127]);
    assert_eq!(sigpending(), Ok(SignalSet::of([SIGUSR2])));
    Ok(())
}

/// A read blocks until a signal of the mask is sent: a pending signal that is not in the mask does not end it.
#[harness::test(
    id = "signalfd.blocks",
    cite = [man("signalfd.2", "DESCRIPTION", "read(2)")],
    covers = ["behaviours:signalfd.blocks-until-signal"],
    layers = [libc, raw],
)]
fn a_read_waits_for_a_signal() -> TestResult {
    let child = fork(|| -> TestResult {
        block_all(SignalSet::of([SIGUSR1, SIGUSR2]))?;
        let signals = signalfd(SignalSet::of([SIGUSR1]), 0)?;
        assert_eq!(numbers(read_signals(&signals, 2)), Ok(vec![SIGUSR1]));
        assert_eq!(sigpending(), Ok(SignalSet::of([SIGUSR2])));
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::READ_SIGNALFD)?;
    child.signal(Known::SIGUSR2)?;
    child.assert_blocked_in(calls::READ_SIGNALFD);
    child.signal(Known::SIGUSR1)?;
    child.join()
}

/// Two threads are blocked in a read of one descriptor: each signal is read by one of them.
#[harness::test(
    id = "signalfd.two-readers",
    cite = [man("signalfd.2", "Thread semantics"), man("signalfd.2", "NOTES")],
    covers = ["behaviours:signalfd.blocks-until-signal", "behaviours:signalfd.overlapping-masks-once"],
    layers = [libc, raw],
)]
fn a_signal_is_read_once() -> TestResult {
    block_all(SignalSet::of([SIGUSR1]))?;
    let signals = Arc::new(signalfd(SignalSet::of([SIGUSR1]), 0)?);
    let read = Arc::new(Latch::new()?);
    let reader = || {
        let (signals, read) = (Arc::clone(&signals), Arc::clone(&read));
        spawn(move || {
            assert_eq!(numbers(read_signals(&*signals, 2)), Ok(vec![SIGUSR1]));
            read.arrive();
        })
    };
    let readers = [reader()?, reader()?];
    for reader in &readers {
        reader.wait_until_blocked_in(calls::READ_SIGNALFD)?;
    }
    for signal in 1..=2 {
        assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
        read.wait_for(signal);
        assert_eq!(read.arrivals(), signal);
    }
    readers.into_iter().try_for_each(kit::thread::Thread::join)
}

/// A signal in the masks of two descriptors makes both readable, and is read once, from either.
#[harness::test(
    id = "signalfd.two-descriptors",
    cite = [man("signalfd.2", "NOTES")],
    covers = ["behaviours:signalfd.overlapping-masks-once"],
    layers = [libc, raw],
)]
fn a_signal_in_two_masks_is_read_once() -> TestResult {
    let mask = SignalSet::of([SIGUSR1, SIGUSR2]);
    block_all(mask)?;
    let both = [signalfd(mask, SFD_NONBLOCK)?, signalfd(SignalSet::of([SIGUSR1]), SFD_NONBLOCK)?];
    let ready = || ppoll(&[(&both[0], POLLIN), (&both[1], POLLIN)], Some(Duration::ZERO), None);
    for (first, second) in [(0, 1), (1, 0)] {
        assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
        assert_eq!(ready(), Ok((2, vec![POLLIN; 2])));
        assert_eq!(numbers(read_signals(&both[first], 2)), Ok(vec![SIGUSR1]));
        assert_eq!(ready(), Ok((0, vec![0; 2])));
        assert_errno!(read_signals(&both[second], 2), EAGAIN);
    }
    Ok(())
}

/// ppoll shows POLLIN while a signal of the mask is pending, and not for another signal; it waits until there is one.
#[harness::test(
    id = "signalfd.poll",
    cite = [man("signalfd.2", "DESCRIPTION")],
    covers = ["behaviours:signalfd.poll-readable"],
    layers = [libc, raw],
)]
fn a_pending_signal_makes_it_readable() -> TestResult {
    block_all(SignalSet::of([SIGUSR1, SIGUSR2]))?;
    let signals = signalfd(SignalSet::of([SIGUSR1]), 0)?;
    let ready = |timeout| ppoll(&[(&signals, POLLIN)], timeout, None);
    assert_eq!(kill(own_pid(), SIGUSR2), Ok(()));
    assert_eq!(sigpending(), Ok(SignalSet::of([SIGUSR2])));
    assert_eq!(ready(Some(Duration::ZERO)), Ok((0, vec![0])));
    let child = fork(|| -> TestResult {
        assert_eq!(ready(None), Ok((1, vec![POLLIN])));
        assert_eq!(numbers(read_signals(&signals, 2)), Ok(vec![SIGUSR1]));
        assert_eq!(ready(Some(Duration::ZERO)), Ok((0, vec![0])));
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::PPOLL)?;
    child.signal(Known::SIGUSR1)?;
    child.join()
}

/// A signal of the mask that is not blocked goes to its handler when nobody waits to read it: it is not read after that.
#[harness::test(
    id = "signalfd.not-blocked",
    cite = [man("signalfd.2", "DESCRIPTION")],
    covers = ["behaviours:signalfd.must-be-blocked"],
    layers = [libc, raw],
)]
fn a_signal_that_is_not_blocked_is_handled() -> TestResult {
    handle(Known::SIGUSR1, SaFlags::empty())?;
    let signals = signalfd(SignalSet::of([SIGUSR1]), SFD_NONBLOCK)?;
    for runs in 1..=2 {
        assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
        // An unblocked signal that a process with one thread sends itself is delivered before the call returns.
        assert_eq!(handled(Known::SIGUSR1), runs);
        assert_errno!(read_signals(&signals, 1), EAGAIN);
    }
    Ok(())
}

/// A handler for a signal that is not in the mask ends a blocked read with EINTR; with SA_RESTART the read goes on.
#[harness::test(
    id = "signalfd.read-eintr",
    cite = [man("read.2", "ERRORS", "EINTR"), man("signal.7", "Interruption of system calls and library functions by signal handlers")],
    covers = ["errors:signalfd.read(signalfd).EINTR"],
    layers = [libc, raw],
)]
fn a_handler_interrupts_a_read() -> TestResult {
    let runs = Runs::new()?;
    let child = fork(|| -> TestResult {
        runs.handle(Known::SIGUSR1, SaFlags::empty())?;
        runs.handle(Known::SIGUSR2, SaFlags::SA_RESTART)?;
        block_all(SignalSet::of([SIGTERM]))?;
        let signals = signalfd(SignalSet::of([SIGTERM]), 0)?;
        assert_errno!(read_signals(&signals, 2), EINTR);
        assert_eq!(numbers(read_signals(&signals, 2)), Ok(vec![SIGTERM]));
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::READ_SIGNALFD)?;
    child.signal(Known::SIGUSR1)?;
    runs.wait_for(1);
    child.wait_until_blocked_in(calls::READ_SIGNALFD)?;
    child.signal(Known::SIGUSR2)?;
    runs.wait_for(2);
    child.assert_blocked_in(calls::READ_SIGNALFD);
    child.signal(Known::SIGTERM)?;
    child.join()?;
    assert_eq!(runs.count(), 2);
    Ok(())
}

#[rstest]
#[case::sigkill(SIGKILL)]
#[case::sigstop(SIGSTOP)]
/// SIGKILL and SIGSTOP in the mask are ignored silently: they act, although a process waits to read them.
#[harness::test(
    id = "signalfd.kill-and-stop",
    cite = [man("signalfd.2", "DESCRIPTION"), man("signalfd.2", "NOTES")],
    covers = ["behaviours:signalfd.kill-stop-ignored"],
    needs = [kit::needs::UNTRACED],
    layers = [libc, raw],
)]
fn sigkill_and_sigstop_are_not_read(#[case] signal: i32) -> TestResult {
    let child = fork(|| -> TestResult {
        block_all(SignalSet::ALL)?;
        let signals = assert_ok!(signalfd(SignalSet::of([SIGKILL, SIGSTOP, SIGUSR1]), 0));
        assert_eq!(numbers(read_signals(&signals, 2)), Ok(vec![SIGUSR1]));
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::READ_SIGNALFD)?;
    assert_eq!(kill(child.pid(), signal), Ok(()));
    if signal == SIGKILL {
        assert_eq!(child.wait()?, Ended::Killed { by: Signal(SIGKILL), core: false });
        return Ok(());
    }
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(SIGSTOP)));
    child.signal(Known::SIGCONT)?;
    child.signal(Known::SIGUSR1)?;
    child.join()
}
