//! Expirations that no signal of their own tells: timer_getoverrun(2).

use crate::kinds::{let_pass, time_of};
use calls::signals::{Info, SignalSet};
use calls::timers::{Notify, Setting, TimerId};
use kit::disposition::block_all;
use kit::prelude::*;
use libc::{CLOCK_MONOTONIC, CLOCK_REALTIME, SI_TIMER, SIGRTMIN, SIGUSR1, TIMER_ABSTIME, timespec};
use std::time::Duration;

/// A timer whose signal is blocked.
fn create(signal: i32, clock: libc::clockid_t) -> TestResult<TimerId> {
    block_all(SignalSet::of([signal]))?;
    Ok(calls::for_layers::libc_raw::timer_create(clock, Some(Notify::Signal(signal, 7)))?)
}

/// Asserts that it is the signal of the timer, SIGUSR1; gives what it tells.
#[track_caller]
fn assert_timer_signal(taken: Result<(i32, Info)>) -> Info {
    let (number, info) = assert_ok!(taken);
    assert_eq!((number, info.signal, info.code, info.value()), (SIGUSR1, SIGUSR1, SI_TIMER, 7));
    info
}

#[rstest]
#[case::standard(|| SIGUSR1)]
#[case::real_time(|| SIGRTMIN() + 1)]
/// A periodic timer queues one signal, however often it expires before that is accepted: timer_getoverrun and si_overrun tell how
/// many expirations came on top.
#[harness::test(
    id = "posix-timer.getoverrun",
    cite = [
        posix("timer_getoverrun.3p", "DESCRIPTION"), man("timer_getoverrun.2", "DESCRIPTION"), man("timer_getoverrun.2", "VERSIONS"),
    ],
    covers = [
        "behaviours:ptimer.getoverrun-count", "behaviours:ptimer.single-signal-queued", "behaviours:ptimer.overrun-in-siginfo",
    ],
    layers = [libc, raw],
)]
fn overruns_are_counted(#[case] signal: fn() -> i32) -> TestResult {
    const LONG: Duration = Duration::from_secs(1000);
    const PASSED: u32 = 10;
    let signals = SignalSet::of([signal()]);
    let timer = create(signal(), CLOCK_REALTIME)?;
    // It expires eleven times at once, and then not for long.
    let setting = Setting { value: time_of(CLOCK_REALTIME)?.saturating_sub(LONG * PASSED + LONG / 2), interval: LONG };
    assert_eq!(timer_settime(timer, TIMER_ABSTIME, setting), Ok(Setting::DISARMED));
    let (number, info) = assert_ok!(sigwaitinfo(signals));
    assert_eq!((number, info.signal, info.code), (signal(), signal(), SI_TIMER));
    assert_eq!((info.value(), info.overrun()), (7, PASSED as i32));
    assert_eq!(timer_getoverrun(timer), Ok(PASSED as i32));
    assert_errno!(sigtimedwait(signals, timespec { tv_sec: 0, tv_nsec: 0 }), EAGAIN);
    Ok(())
}

/// The overrun count is that of the last signal: it is 0 again after a signal without overruns.
#[harness::test(
    id = "posix-timer.overrun-of-last",
    cite = [posix("timer_getoverrun.3p", "DESCRIPTION"), man("timer_getoverrun.2", "DESCRIPTION")],
    covers = ["behaviours:ptimer.getoverrun-count"],
    layers = [libc, raw],
)]
fn the_overrun_count_is_that_of_the_last_signal() -> TestResult {
    const INTERVAL: Duration = Duration::from_millis(1);
    let signals = SignalSet::of([SIGUSR1]);
    let timer = create(SIGUSR1, CLOCK_MONOTONIC)?;
    assert_eq!(timer_settime(timer, 0, Setting::every(INTERVAL)), Ok(Setting::DISARMED));
    let_pass(5 * INTERVAL);
    let info = assert_timer_signal(sigwaitinfo(signals));
    assert!(info.overrun() >= 3, "{info:?}");
    assert_eq!(timer_getoverrun(timer), Ok(info.overrun()));
    assert_ok!(timer_settime(timer, 0, Setting::DISARMED));
    // What becomes of a pending signal is not said.
    let _pending = sigtimedwait(signals, timespec { tv_sec: 0, tv_nsec: 0 });
    assert_eq!(timer_settime(timer, 0, Setting::once(INTERVAL)), Ok(Setting::DISARMED));
    let info = assert_timer_signal(sigwaitinfo(signals));
    assert_eq!((info.overrun(), timer_getoverrun(timer)), (0, Ok(0)));
    Ok(())
}

/// A count of overruns that is larger than DELAYTIMER_MAX, which is INT_MAX, is told as DELAYTIMER_MAX.
#[harness::test(
    id = "posix-timer.overrun-capped",
    cite = [posix("timer_getoverrun.3p", "DESCRIPTION"), man("timer_getoverrun.2", "BUGS")],
    covers = ["behaviours:ptimer.overrun-capped"],
    layers = [libc, raw],
)]
fn the_overrun_count_is_capped() -> TestResult {
    let timer = create(SIGUSR1, CLOCK_REALTIME)?;
    // Since 1970 it has expired more often than that.
    let setting = Setting { value: Duration::from_secs(1), interval: Duration::from_millis(200) };
    assert_eq!(timer_settime(timer, TIMER_ABSTIME, setting), Ok(Setting::DISARMED));
    let info = assert_timer_signal(sigwaitinfo(SignalSet::of([SIGUSR1])));
    assert_eq!((info.overrun(), timer_getoverrun(timer)), (i32::MAX, Ok(i32::MAX)));
    Ok(())
}
