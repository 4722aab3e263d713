//! What timers take of the limit of queued signals: getrlimit(2), RLIMIT_SIGPENDING.

use calls::signals::SignalSet;
use calls::timers::{Notify, Setting};
use harness::need::OWN_UID;
use kit::disposition::block_all;
use kit::limits::limit;
use kit::prelude::*;
use libc::{CLOCK_MONOTONIC, SIGRTMIN};
use nix::sys::resource::Resource;
use std::time::Duration;

/// From now on the user of this process may have so many queued signals.
fn limit_signals(signals: u64) -> TestResult {
    limit(Resource::RLIMIT_SIGPENDING, signals)
}

/// Each timer counts as a queued signal: at RLIMIT_SIGPENDING timer_create fails with EAGAIN, until a timer is deleted.
#[harness::test(
    id = "posix-timer.limit",
    cite = [man("timer_create.2", "NOTES"), man("getrlimit.2", "DESCRIPTION", "RLIMIT_SIGPENDING"), posix("timer_create.3p", "ERRORS", "EAGAIN")],
    covers = ["behaviours:ptimer.preallocated-siginfo", "errors:posix-timer.timer_create.EAGAIN"],
    needs = [OWN_UID],
    layers = [libc, raw],
)]
fn timers_count_as_queued_signals() -> TestResult {
    const MOST: u64 = 3;
    limit_signals(MOST)?;
    let mut timers = Vec::new();
    for _ in 0..MOST {
        timers.push(assert_ok!(timer_create(CLOCK_MONOTONIC, None)));
    }
    assert_errno!(timer_create(CLOCK_MONOTONIC, None), EAGAIN);
    assert_eq!(timers.pop().map(timer_delete), Some(Ok(())));
    assert_ok!(timer_create(CLOCK_MONOTONIC, None));
    assert_errno!(timer_create(CLOCK_MONOTONIC, None), EAGAIN);
    Ok(())
}

/// The signal of a timer is reserved when the timer is created: it is queued, with its value, where the limit refuses others.
#[harness::test(
    id = "posix-timer.reserved-signal",
    cite = [man("timer_create.2", "NOTES"), man("getrlimit.2", "DESCRIPTION", "RLIMIT_SIGPENDING")],
    covers = ["behaviours:ptimer.preallocated-siginfo"],
)]
fn the_signal_of_a_timer_is_reserved() -> TestResult {
    let signal = SIGRTMIN() + 1;
    block_all(SignalSet::of([signal]))?;
    let timer = timer_create(CLOCK_MONOTONIC, Some(Notify::Signal(signal, 7)))?;
    limit_signals(0)?;
    assert_errno!(sigqueue(own_pid(), signal, 8), EAGAIN);
    assert_errno!(timer_create(CLOCK_MONOTONIC, None), EAGAIN);
    assert_eq!(timer_settime(timer, 0, Setting::once(Duration::from_millis(1))), Ok(Setting::DISARMED));
    let (number, info) = assert_ok!(sigwaitinfo(SignalSet::of([signal])));
    assert_eq!((number, info.signal, info.code, info.value()), (signal, signal, libc::SI_TIMER, 7));
    Ok(())
}
