//! Documented errors of the calls on timers.

use crate::bad_address::{OnAddress, SETTING, assert_address_refused};
use calls::for_layers::libc_raw as by;
use calls::timers::{Notify, Setting, TimerId};
use harness::raw::{Argument as _, arguments};
use kit::prelude::*;
use libc::{CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, SIGALRM, SIGRTMAX};
use std::time::Duration;

const LONG: Setting = Setting::every(Duration::from_secs(1000));

/// A call on a timer.
type OnTimer = fn(TimerId) -> Result<()>;

const DELETE: OnTimer = |timer| by::timer_delete(timer);
const GETOVERRUN: OnTimer = |timer| by::timer_getoverrun(timer).map(drop);
const GETTIME: OnTimer = |timer| by::timer_gettime(timer).map(drop);
const SETTIME: OnTimer = |timer| by::timer_settime(timer, 0, LONG).map(drop);

#[harness::errors(
    family = "invalid-id",
    rows = [
        ("posix-timer.id-einval/delete", "errors:posix-timer.timer_delete.EINVAL", DELETE),
        ("posix-timer.id-einval/getoverrun", "errors:posix-timer.timer_getoverrun.EINVAL", GETOVERRUN),
        ("posix-timer.id-einval/gettime", "errors:posix-timer.timer_gettime.EINVAL", GETTIME),
        ("posix-timer.id-einval/settime", "errors:posix-timer.timer_settime.EINVAL", SETTIME),
    ],
    layers = [libc, raw],
)]
fn no_timer_has_this_id(call: OnTimer) -> TestResult {
    let timer = timer_create(CLOCK_MONOTONIC, None)?;
    assert_errno!(call(TimerId(timer.0 + 1)), EINVAL);
    assert_eq!(timer_delete(timer), Ok(()));
    assert_errno!(call(timer), EINVAL);
    Ok(())
}

#[harness::errors(
    family = "invalid-clock",
    rows = [
        ("posix-timer.clock-einval/number", "errors:posix-timer.timer_create.EINVAL", 99),
        ("posix-timer.clock-einval/largest", "errors:posix-timer.timer_create.EINVAL", i32::MAX),
    ],
    layers = [libc, raw],
)]
fn there_is_no_such_clock(clock: i32) -> TestResult {
    assert_errno!(timer_create(clock, None), EINVAL);
    Ok(())
}

#[harness::errors(
    family = "invalid-clock",
    rows = [
        ("posix-timer.clock-enotsup/raw", "errors:posix-timer.timer_create.ENOTSUP", CLOCK_MONOTONIC_RAW),
        ("posix-timer.clock-enotsup/coarse", "errors:posix-timer.timer_create.ENOTSUP", CLOCK_MONOTONIC_COARSE),
        ("posix-timer.clock-enotsup/realtime-coarse", "errors:posix-timer.timer_create.ENOTSUP", CLOCK_REALTIME_COARSE),
    ],
    layers = [libc, raw],
)]
fn the_clock_has_no_timers(clock: i32) -> TestResult {
    assert_errno!(timer_create(clock, None), EOPNOTSUPP);
    Ok(())
}

#[rstest]
#[case::signal(Notify::Signal(SIGRTMAX() + 1, 0))]
#[case::negative_signal(Notify::Signal(-1, 0))]
#[case::no_signal(Notify::Signal(0, 0))]
#[case::thread_that_is_not(Notify::Thread(SIGALRM, 0, i32::MAX))]
#[case::thread_of_another_process(Notify::Thread(SIGALRM, 0, nix::unistd::getppid().as_raw()))]
/// timer_create fails with EINVAL when its struct sigevent has an invalid signal, or a thread of no or another process.
#[harness::test(
    id = "posix-timer.event-einval",
    cite = [man("timer_create.2", "ERRORS", "EINVAL")],
    covers = ["errors:posix-timer.timer_create.EINVAL.2"],
    layers = [libc, raw],
)]
fn the_event_is_invalid(#[case] event: Notify) -> TestResult {
    assert_errno!(timer_create(CLOCK_MONOTONIC, Some(event)), EINVAL);
    Ok(())
}

#[harness::errors(
    family = "invalid-timeout",
    rows = [
        ("posix-timer.time-einval/negative", "errors:posix-timer.timer_settime.EINVAL.2", (-1, 0)),
        ("posix-timer.time-einval/negative-nanoseconds", "errors:posix-timer.timer_settime.EINVAL.2", (0, -1)),
        ("posix-timer.time-einval/nanoseconds", "errors:posix-timer.timer_settime.EINVAL.2", (1, 1_000_000_000)),
    ],
    layers = [raw],
)]
fn no_time_is_like_this(time: (i64, i64)) -> TestResult {
    let timer = timer_create(CLOCK_MONOTONIC, None)?;
    assert_eq!(timer_settime(timer, 0, LONG), Ok(Setting::DISARMED));
    let bad = libc::timespec { tv_sec: time.0, tv_nsec: time.1 };
    let new = libc::itimerspec { it_value: bad, it_interval: libc::timespec { tv_sec: 1, tv_nsec: 0 } };
    let call = arguments([timer.0, 0, (&raw const new).register(), 0]);
    // SAFETY: reads the setting, which outlives the call.
    assert_errno!(unsafe { syscall("timer_settime", Sysno::timer_settime, call) }, EINVAL);
    assert_eq!(timer_gettime(timer).map(|setting| setting.interval), Ok(LONG.interval));
    Ok(())
}

#[harness::errors(
    family = "bad-address",
    rows = [
        (
            "posix-timer.address-efault/gettime", "errors:posix-timer.timer_gettime.EFAULT",
            ("timer_gettime", Sysno::timer_gettime, [BAD_ADDRESS, 0, 0]),
        ),
        (
            "posix-timer.address-efault/settime", "errors:posix-timer.timer_settime.EFAULT",
            ("timer_settime", Sysno::timer_settime, [0, BAD_ADDRESS, 0]),
        ),
        (
            "posix-timer.address-efault/settime-old", "errors:posix-timer.timer_settime.EFAULT",
            ("timer_settime", Sysno::timer_settime, [0, SETTING, BAD_ADDRESS]),
        ),
    ],
    layers = [raw],
)]
fn the_address_is_bad(call: OnAddress) -> TestResult {
    let timer = timer_create(CLOCK_MONOTONIC, None)?;
    assert_address_refused(call, timer.0);
    Ok(())
}
