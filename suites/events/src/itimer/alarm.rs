//! alarm(2), and the timer that it shares with setitimer(2).

use crate::kinds::let_pass;
use calls::signals::SignalSet;
use calls::timers::Setting;
use kit::disposition::block_all;
use kit::prelude::*;
use libc::{ITIMER_REAL, SIGALRM};
use std::time::{Duration, Instant};

const REAL: i32 = ITIMER_REAL;

/// alarm replaces the former alarm, and returns the seconds that were left of it; alarm(0) cancels it.
#[harness::test(
    id = "itimer.alarm-replaces",
    cite = [posix("alarm.3p", "DESCRIPTION"), posix("alarm.3p", "RETURN VALUE"), man("alarm.2", "RETURN VALUE")],
    covers = ["behaviours:itimer.alarm-replaces", "behaviours:itimer.alarm-zero-cancels"],
)]
fn an_alarm_replaces_the_former_one() -> TestResult {
    let since = Instant::now();
    assert_eq!(alarm(5000), 0);
    let left = alarm(1000);
    // Linux rounds what is left to the nearest second.
    let least = 5000 - since.elapsed().as_secs() as u32 - 1;
    assert!((least..=5000).contains(&left), "{left} of 5000 seconds");
    let left = alarm(0);
    let least = 1000 - since.elapsed().as_secs() as u32 - 1;
    assert!((least..=1000).contains(&left), "{left} of 1000 seconds");
    assert_eq!(alarm(0), 0);
    Ok(())
}

/// alarm and ITIMER_REAL are one timer: getitimer tells what is left of the alarm, with no interval; setitimer replaces it, and
/// the next alarm returns the seconds that are left of that.
#[harness::test(
    id = "itimer.alarm-shares-timer",
    cite = [man("alarm.2", "NOTES")],
    covers = ["behaviours:itimer.alarm-shares-itimer"],
)]
fn an_alarm_is_the_real_interval_timer() -> TestResult {
    assert_eq!(alarm(1000), 0);
    let now = assert_ok!(getitimer(REAL));
    assert_eq!(now.interval, Duration::ZERO);
    assert!(Duration::ZERO < now.value && now.value <= Duration::from_secs(1000), "{now:?}");
    let periodic = Setting::every(Duration::from_secs(3000));
    let old = assert_ok!(setitimer(REAL, periodic));
    assert_eq!(old.interval, Duration::ZERO);
    assert!(Duration::ZERO < old.value && old.value <= now.value, "{old:?} after {now:?}");
    assert_matches!(alarm(0), 1001..=3000);
    assert_eq!(getitimer(REAL), Ok(Setting::DISARMED));
    Ok(())
}

/// A periodic timer that expires while its signal is pending adds no second one.
#[harness::test(
    id = "itimer.pending-once",
    cite = [man("getitimer.2", "BUGS"), posix("XSH", "2.4.1 Signal Generation and Delivery")],
    covers = ["behaviours:itimer.pending-overrun-lost"],
    layers = [libc, raw],
)]
fn an_expiration_while_the_signal_is_pending_is_lost() -> TestResult {
    const INTERVAL: Duration = Duration::from_millis(1);
    let alarms = SignalSet::of([SIGALRM]);
    block_all(alarms)?;
    assert_eq!(setitimer(REAL, Setting::every(INTERVAL)), Ok(Setting::DISARMED));
    let_pass(5 * INTERVAL);
    assert_ok!(setitimer(REAL, Setting::DISARMED));
    let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let (number, info) = assert_ok!(sigtimedwait(alarms, at_once));
    assert_eq!((number, info.signal, info.code), (SIGALRM, SIGALRM, libc::SI_KERNEL));
    assert_errno!(sigtimedwait(alarms, at_once), EAGAIN);
    Ok(())
}
