//! Real-time signals: queued, in order, with values, up to a limit.

use calls::signals::{Action, Disposition, SignalSet, runs_of};
use kit::disposition::{block_all, log, logged, unblock};
use kit::prelude::*;
use libc::{SI_TKILL, SI_USER, SIGRTMAX, SIGRTMIN, SIGUSR1, SIGUSR2};
use nix::unistd::getuid;

/// The numbers, senders and values of what was logged, in order.
fn order() -> Vec<(i32, i32, usize)> {
    logged().iter().map(|info| (info.signal, info.sender().0, info.value())).collect()
}

/// Five instances of a blocked real-time signal are queued: all are delivered, in the order in which they were sent, each with
/// its value and the sender's pid.
#[harness::test(
    id = "signal.real-time-queued",
    cite = [man("signal.7", "Real-time signals"), posix("XSH", "2.4.2 Realtime Signal Generation and Delivery")],
    covers = [
        "behaviours:sigrt.queued-each", "behaviours:sigrt.fifo-same-number", "behaviours:sigrt.value-carried",
        "notes:signal.realtime-queue", "notes:signal.one-byte-payload", "notes:signal.little-information",
        "notes:signal.single-type",
    ],
)]
fn real_time_signals_are_queued_in_order() -> TestResult {
    const WIDE: usize = 0x1122_3344_5566_7788;
    let signal = SIGRTMIN() + 1;
    log(signal, 0)?;
    block_all(SignalSet::of([signal]))?;
    let values = [WIDE, 2, 3, 2, 5];
    let own = own_pid();
    for value in values {
        assert_eq!(sigqueue(own, signal, value), Ok(()));
    }
    assert_eq!(sigpending(), Ok(SignalSet::of([signal])));
    unblock(SignalSet::of([signal]))?;
    assert_eq!(order(), values.map(|value| (signal, own, value)));
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    evidence("bytes of the value that arrived with the first one", size_of_val(&logged()[0].value()));
    Ok(())
}

#[rstest]
#[case::kill(false, SI_USER)]
#[case::tgkill(true, SI_TKILL)]
/// Real-time signals that kill and tgkill send are queued too, one instance for each.
#[harness::test(
    id = "signal.real-time-queued-by-kill",
    cite = [man("signal.7", "Real-time signals")],
    covers = ["behaviours:sigrt.rt-kill-queues", "behaviours:sigrt.sender-ids"],
    layers = [raw],
)]
fn kill_queues_real_time_signals(#[case] to_thread: bool, #[case] code: i32) -> TestResult {
    let (signal, own) = (SIGRTMIN() + 1, own_pid());
    log(signal, 0)?;
    block_all(SignalSet::of([signal]))?;
    for _ in 0..3 {
        assert_eq!(if to_thread { tgkill(own, own, signal) } else { kill(own, signal) }, Ok(()));
    }
    unblock(SignalSet::of([signal]))?;
    let seen: Vec<_> = logged().iter().map(|info| (info.signal, info.code, info.sender())).collect();
    assert_eq!(seen, [(signal, code, (own, getuid().as_raw())); 3]);
    Ok(())
}

/// Pending real-time signals are delivered lowest number first, whatever the order in which they were sent.
#[harness::test(
    id = "signal.real-time-order",
    cite = [man("signal.7", "Real-time signals"), posix("XSH", "2.4.2 Realtime Signal Generation and Delivery")],
    covers = ["behaviours:sigrt.lowest-first", "notes:signal.high-priority"],
)]
fn the_lowest_real_time_signal_comes_first() -> TestResult {
    let sent: Vec<_> = [3, 0, 29, 1].map(|offset| SIGRTMIN() + offset).into();
    assert_lowest_first(&sent)
}

/// Linux delivers pending standard signals before real-time ones, the lowest number first.
#[harness::test(
    id = "signal.standard-before-real-time",
    cite = [man("signal.7", "Real-time signals")],
    covers = ["behaviours:sigrt.std-before-rt", "notes:signal.high-priority"],
)]
fn standard_signals_come_before_real_time_ones() -> TestResult {
    assert_lowest_first(&[SIGRTMIN(), SIGUSR2, SIGRTMAX(), SIGUSR1])
}

/// Sends the signals while they are blocked, and asserts that their handlers run in the order of their numbers.
fn assert_lowest_first(sent: &[i32]) -> TestResult {
    let all = SignalSet::of(sent.iter().copied());
    for signal in sent {
        // Each handler blocks all, so that none interrupts another.
        // SAFETY: the handler only logs.
        unsafe { kit::disposition::install(*signal, kit::disposition::log_info, 0, SignalSet::ALL) }?;
    }
    block_all(all)?;
    for signal in sent {
        assert_eq!(calls::for_layers::libc::kill(own_pid(), *signal), Ok(()));
    }
    unblock(all)?;
    let mut expected = sent.to_vec();
    expected.sort_unstable();
    assert_eq!(logged().iter().map(|info| info.signal).collect::<Vec<_>>(), expected);
    Ok(())
}

/// A forked child has none of the real-time signals that are queued for its parent, and no pending signal at all; the parent
/// keeps them.
#[harness::test(
    id = "signal.pending-not-inherited",
    cite = [posix("fork.3p", "DESCRIPTION"), man("signal.7", "Signal mask and pending signals"), man("fork.2", "DESCRIPTION")],
    covers = ["behaviours:sigrt.no-fork-queue", "behaviours:sigmask.pending-fork-empty"],
)]
fn a_child_inherits_no_pending_signal() -> TestResult {
    let signals = SignalSet::of([SIGUSR1, SIGRTMIN()]);
    signals.signals().try_for_each(|signal| log(signal, 0))?;
    block_all(signals)?;
    let own = own_pid();
    assert_eq!([sigqueue(own, SIGRTMIN(), 1), sigqueue(own, SIGRTMIN(), 2)], [Ok(()); 2]);
    assert_eq!(raise(SIGUSR1), Ok(()));
    let child = fork(|| -> TestResult {
        assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
        unblock(signals)?;
        assert_eq!(order(), []);
        Ok(())
    })?;
    child.join()?;
    assert_eq!(sigpending(), Ok(signals));
    unblock(signals)?;
    assert_eq!(
        order().into_iter().filter(|(signal, ..)| *signal == SIGRTMIN()).collect::<Vec<_>>(),
        [(SIGRTMIN(), own, 1), (SIGRTMIN(), own, 2)]
    );
    Ok(())
}

/// There are at least eight real-time signals, and the C library has put none of its own among them; the kernel has those from
/// 32 to 64.
#[harness::test(
    id = "signal.real-time-range",
    cite = [man("signal.7", "Real-time signals")],
    covers = [
        "behaviours:sigrt.range-at-least-8", "behaviours:sigrt.range-kernel-32-64", "notes:signal.table-34-64-realtime",
        "notes:signal.first-31-standard-rest-realtime", "notes:signal.numbering",
    ],
    layers = [raw],
)]
fn the_kernel_has_the_signals_32_to_64() -> TestResult {
    const HANDLE: Disposition = Disposition::of(Action::Handle);
    const KERNEL: std::ops::RangeInclusive<i32> = 32..=64;
    let (first, last) = (SIGRTMIN(), SIGRTMAX());
    assert!(last - first + 1 >= 8, "SIGRTMIN is {first}, SIGRTMAX {last}");
    assert!(first > *KERNEL.start() && last == *KERNEL.end(), "SIGRTMIN is {first}, SIGRTMAX {last}");
    let own = own_pid();
    for signal in KERNEL {
        assert_ok!(replace_action(signal, HANDLE));
        assert_eq!(query_action(signal), Ok(HANDLE));
        assert_eq!(kill(own, signal), Ok(()));
        assert_eq!(runs_of(signal as usize), 1);
    }
    assert_errno!(replace_action(KERNEL.end() + 1, HANDLE), EINVAL);
    evidence("SIGRTMIN and SIGRTMAX of the C library", format!("{first}, {last}"));
    Ok(())
}
