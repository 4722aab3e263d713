//! Timers that notify a thread, by a signal or by starting it.

use calls::signals::SignalSet;
use calls::timers::{Notify, Setting};
use kit::disposition::block_all;
use kit::prelude::*;
use kit::thread::spawn;
use libc::{CLOCK_MONOTONIC, SI_TIMER, SIGRTMIN};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::time::Duration;

const SHORT: Setting = Setting::once(Duration::from_millis(1));

/// A timer with SIGEV_THREAD_ID sends its signal to that thread: of two threads that wait for the signal, the other one goes on
/// waiting.
#[harness::test(
    id = "posix-timer.thread-id",
    cite = [man("timer_create.2", "DESCRIPTION", "SIGEV_THREAD_ID")],
    covers = ["behaviours:ptimer.sigev-thread-id"],
    layers = [libc, raw],
)]
fn a_timer_signals_one_thread() -> TestResult {
    let signals = SignalSet::of([SIGRTMIN() + 1]);
    block_all(signals)?;
    let waiter = move |value| {
        spawn(move || {
            let (number, info) = assert_ok!(sigwaitinfo(signals));
            assert_eq!((number, info.signal, info.code), (SIGRTMIN() + 1, SIGRTMIN() + 1, SI_TIMER));
            assert_eq!(info.value(), value);
        })
    };
    let (first, second) = (waiter(1)?, waiter(2)?);
    first.wait_until_blocked_in(calls::SIGWAITINFO)?;
    second.wait_until_blocked_in(calls::SIGWAITINFO)?;
    let arm = |thread: i32, value| -> TestResult {
        let timer = assert_ok!(timer_create(CLOCK_MONOTONIC, Some(Notify::Thread(SIGRTMIN() + 1, value, thread))));
        assert_eq!(timer_settime(timer, 0, SHORT), Ok(Setting::DISARMED));
        Ok(())
    };
    arm(second.tid(), 2)?;
    second.join()?;
    first.assert_blocked_in(calls::SIGWAITINFO);
    arm(first.tid(), 1)?;
    first.join()
}

/// What the function of a timer saw: the thread that ran it, and the value.
static THREAD: AtomicI32 = AtomicI32::new(0);
static VALUE: AtomicUsize = AtomicUsize::new(0);
static RAN: OnceLock<Latch> = OnceLock::new();

extern "C" fn note(value: libc::sigval) {
    VALUE.store(value.sival_ptr.addr(), Ordering::Relaxed);
    THREAD.store(nix::unistd::gettid().as_raw(), Ordering::Release);
    RAN.get().into_iter().for_each(Latch::arrive);
}

/// A timer with SIGEV_THREAD calls its function, with its value, in a thread that is not the one that made the timer.
#[harness::test(
    id = "posix-timer.thread",
    cite = [posix("XSH", "2.4.1 Signal Generation and Delivery"), man("timer_create.2", "DESCRIPTION", "SIGEV_THREAD")],
    covers = ["behaviours:ptimer.sigev-thread"],
)]
fn a_timer_starts_a_thread() -> TestResult {
    const GIVEN: usize = 0x1122_3344_5566_7788;
    let new = Latch::new()?;
    let ran = RAN.get_or_init(|| new);
    let timer = assert_ok!(timer_create_thread(CLOCK_MONOTONIC, note, GIVEN));
    for runs in 1..=2 {
        assert_eq!(timer_settime(timer, 0, SHORT), Ok(Setting::DISARMED));
        ran.wait_for(runs);
        assert_eq!(VALUE.load(Ordering::Relaxed), GIVEN);
        assert_ne!(THREAD.load(Ordering::Acquire), own_pid());
    }
    assert_eq!(timer_delete(timer), Ok(()));
    Ok(())
}
