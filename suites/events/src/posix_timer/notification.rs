//! How a timer notifies: sigevent(7).

use crate::kinds::let_pass;
use calls::signals::SignalSet;
use calls::timers::{Notify, Setting};
use kit::disposition::block_all;
use kit::prelude::*;
use libc::{CLOCK_MONOTONIC, SI_TIMER, SIGALRM, SIGRTMIN, SIGUSR1, timespec};
use std::time::Duration;

const SHORT: Setting = Setting::once(Duration::from_millis(1));

#[rstest]
#[case::standard(|| SIGUSR1)]
#[case::real_time(|| SIGRTMIN() + 1)]
/// A timer with SIGEV_SIGNAL sends its signal to the process, with SI_TIMER, its value, and no overrun.
#[harness::test(
    id = "posix-timer.signal",
    cite = [
        posix("timer_create.3p", "DESCRIPTION"), man("timer_create.2", "DESCRIPTION"),
        man("sigaction.2", "The si_code field", "SI_TIMER"),
    ],
    covers = ["behaviours:ptimer.sigev-signal-value"],
    layers = [libc, raw],
)]
fn a_timer_sends_its_signal_and_value(#[case] signal: fn() -> i32) -> TestResult {
    const VALUE: usize = 0x1122_3344_5566_7788;
    let signal = signal();
    block_all(SignalSet::of([signal]))?;
    let timer = assert_ok!(timer_create(CLOCK_MONOTONIC, Some(Notify::Signal(signal, VALUE))));
    assert_eq!(timer_settime(timer, 0, SHORT), Ok(Setting::DISARMED));
    let (number, info) = assert_ok!(sigwaitinfo(SignalSet::of([signal])));
    assert_eq!((number, info.signal, info.code), (signal, signal, SI_TIMER));
    assert_eq!((info.value(), info.overrun()), (VALUE, 0));
    Ok(())
}

/// A timer without a struct sigevent sends SIGALRM, with its own id as the value.
#[harness::test(
    id = "posix-timer.default-signal",
    cite = [posix("timer_create.3p", "DESCRIPTION"), man("timer_create.2", "DESCRIPTION")],
    covers = ["behaviours:ptimer.default-sigalrm"],
    // The C library fills in a sigevent of its own: glibc 2.36 sends a null pointer, and so is left out until that is reported.
    layers = [raw],
)]
fn a_timer_sends_sigalrm_by_default() -> TestResult {
    let alarms = SignalSet::of([SIGALRM]);
    block_all(alarms)?;
    // The id of the first one may be 0, as no value is.
    let first = timer_create(CLOCK_MONOTONIC, None)?;
    let timer = assert_ok!(timer_create(CLOCK_MONOTONIC, None));
    assert_ne!(timer, first);
    assert_eq!(timer_settime(timer, 0, SHORT), Ok(Setting::DISARMED));
    let (number, info) = assert_ok!(sigwaitinfo(alarms));
    assert_eq!((number, info.signal, info.code), (SIGALRM, SIGALRM, SI_TIMER));
    assert_eq!(info.value() as i32, timer.0 as i32);
    Ok(())
}

/// A timer with SIGEV_NONE sends no signal: that it has expired is told by what is left of its time.
#[harness::test(
    id = "posix-timer.no-signal",
    cite = [man("timer_create.2", "DESCRIPTION", "SIGEV_NONE"), posix("timer_create.3p", "DESCRIPTION")],
    covers = ["behaviours:ptimer.sigev-none"],
    layers = [libc, raw],
)]
fn a_timer_may_send_nothing() -> TestResult {
    block_all(SignalSet::ALL)?;
    let timer = assert_ok!(timer_create(CLOCK_MONOTONIC, Some(Notify::Nothing)));
    let long = Setting::once(Duration::from_secs(1000));
    assert_eq!(timer_settime(timer, 0, long), Ok(Setting::DISARMED));
    let left = assert_ok!(timer_gettime(timer));
    assert_eq!(left.interval, Duration::ZERO);
    assert!(Duration::ZERO < left.value && left.value <= long.value, "{left:?}");
    assert_ok!(timer_settime(timer, 0, SHORT));
    let_pass(3 * SHORT.value);
    assert_eq!(timer_gettime(timer), Ok(Setting::DISARMED));
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    Ok(())
}

/// After timer_delete the timer sends no more signals, and its id is invalid.
#[harness::test(
    id = "posix-timer.deleted",
    cite = [posix("timer_delete.3p", "DESCRIPTION"), man("timer_delete.2", "DESCRIPTION"), man("timer_delete.2", "ERRORS", "EINVAL")],
    covers = ["behaviours:ptimer.delete-stops", "errors:posix-timer.timer_delete.EINVAL"],
    layers = [libc, raw],
)]
fn a_deleted_timer_sends_no_signal() -> TestResult {
    const INTERVAL: Duration = Duration::from_millis(1);
    let alarms = SignalSet::of([SIGALRM]);
    block_all(alarms)?;
    let timer = timer_create(CLOCK_MONOTONIC, Some(Notify::Signal(SIGALRM, 0)))?;
    assert_eq!(timer_settime(timer, 0, Setting::every(INTERVAL)), Ok(Setting::DISARMED));
    let (number, info) = assert_ok!(sigwaitinfo(alarms));
    assert_eq!((number, info.signal, info.code), (SIGALRM, SIGALRM, SI_TIMER));
    assert_eq!(timer_delete(timer), Ok(()));
    // What becomes of a pending signal is not said.
    let _pending = sigtimedwait(alarms, timespec { tv_sec: 0, tv_nsec: 0 });
    let_pass(5 * INTERVAL);
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    assert_errno!(timer_delete(timer), EINVAL);
    Ok(())
}

/// Each of two timers has an id of its own, which stays the same whatever the other does.
#[harness::test(
    id = "posix-timer.two",
    cite = [posix("timer_create.3p", "DESCRIPTION"), man("timer_create.2", "DESCRIPTION")],
    covers = ["behaviours:ptimer.unique-id"],
    layers = [libc, raw],
)]
fn timers_have_ids_of_their_own() -> TestResult {
    let setting = |seconds| Setting::every(Duration::from_secs(seconds));
    let timers = [assert_ok!(timer_create(CLOCK_MONOTONIC, None)), assert_ok!(timer_create(CLOCK_MONOTONIC, None))];
    assert_ne!(timers[0], timers[1]);
    for (timer, seconds) in timers.into_iter().zip([1000, 2000]) {
        assert_eq!(timer_settime(timer, 0, setting(seconds)), Ok(Setting::DISARMED));
    }
    assert_eq!(
        timers.map(|timer| timer_gettime(timer).map(|now| now.interval)),
        [1000, 2000].map(|seconds| Ok(setting(seconds).interval))
    );
    assert_eq!(timer_delete(timers[0]), Ok(()));
    assert_errno!(timer_gettime(timers[0]), EINVAL);
    assert_eq!(timer_gettime(timers[1]).map(|now| now.interval), Ok(setting(2000).interval));
    Ok(())
}
