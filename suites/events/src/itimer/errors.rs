//! Documented errors of getitimer(2) and setitimer(2).

use calls::timers::Setting;
use harness::raw::{Argument as _, arguments};
use kit::prelude::*;
use libc::ITIMER_REAL;
use std::time::Duration;

const REAL: i32 = ITIMER_REAL;
const LONG: Setting = Setting::every(Duration::from_secs(1000));

/// A call on an interval timer.
type OnTimer = fn(i32) -> Result<Setting>;

const GETITIMER: OnTimer = |which| calls::for_layers::libc_raw::getitimer(which);
const SETITIMER: OnTimer = |which| calls::for_layers::libc_raw::setitimer(which, LONG);

#[harness::errors(
    family = "invalid-command",
    rows = [
        ("itimer.which-einval/getitimer", "errors:itimer.getitimer.EINVAL", GETITIMER),
        ("itimer.which-einval/setitimer", "errors:itimer.setitimer.EINVAL", SETITIMER),
    ],
    layers = [libc, raw],
)]
fn there_is_no_such_interval_timer(call: OnTimer) -> TestResult {
    for which in [-1, 3, i32::MAX] {
        assert_errno!(call(which), EINVAL);
    }
    for which in 0..3 {
        assert_eq!(getitimer(which), Ok(Setting::DISARMED));
    }
    Ok(())
}

#[harness::errors(
    family = "invalid-timeout",
    rows = [
        ("itimer.tv-usec-einval/real", "errors:itimer.setitimer.EINVAL.2", REAL),
        ("itimer.tv-usec-einval/virtual", "errors:itimer.setitimer.EINVAL.2", libc::ITIMER_VIRTUAL),
        ("itimer.tv-usec-einval/prof", "errors:itimer.setitimer.EINVAL.2", libc::ITIMER_PROF),
    ],
)]
fn no_second_has_so_many_microseconds(which: i32) -> TestResult {
    assert_eq!(setitimer(which, LONG), Ok(Setting::DISARMED));
    for microseconds in [-1, 1_000_000, i64::MAX] {
        let bad = libc::timeval { tv_sec: 1, tv_usec: microseconds };
        let good = libc::timeval { tv_sec: 1, tv_usec: 0 };
        for new in
            [libc::itimerval { it_value: bad, it_interval: good }, libc::itimerval { it_value: good, it_interval: bad }]
        {
            let call = arguments([which.register(), (&raw const new).register(), 0]);
            // SAFETY: reads the setting, which outlives the call.
            assert_errno!(unsafe { syscall("setitimer", Sysno::setitimer, call) }, EINVAL);
        }
    }
    assert_eq!(getitimer(which).map(|setting| setting.interval), Ok(LONG.interval));
    Ok(())
}

/// A call with a bad address: its name, its number, and its arguments behind the timer.
type OnAddress = (&'static str, Sysno, [usize; 2]);

#[harness::errors(
    family = "bad-address",
    rows = [
        ("itimer.address-efault/getitimer", "errors:itimer.getitimer.EFAULT", ("getitimer", Sysno::getitimer, [BAD_ADDRESS, 0])),
        ("itimer.address-efault/setitimer", "errors:itimer.setitimer.EFAULT", ("setitimer", Sysno::setitimer, [BAD_ADDRESS, 0])),
        (
            "itimer.address-efault/setitimer-old", "errors:itimer.setitimer.EFAULT",
            ("setitimer", Sysno::setitimer, [0, BAD_ADDRESS]),
        ),
    ],
)]
fn the_address_is_bad(call: OnAddress) -> TestResult {
    let (name, number, [first, second]) = call;
    // SAFETY: the addresses are bad, or null.
    let result = unsafe { syscall(name, number, arguments([REAL.register(), first, second])) };
    assert_errno!(result, EFAULT);
    Ok(())
}
