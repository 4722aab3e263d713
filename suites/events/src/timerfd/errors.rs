//! Documented errors of the calls on timers that are read.

use crate::bad_address::{OnAddress, SETTING, assert_address_refused};
use calls::for_layers::libc_raw as by;
use calls::timers::Setting;
use harness::raw::{Argument as _, arguments};
use kit::limits::limit;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{
    CLOCK_BOOTTIME_ALARM, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_PROCESS_CPUTIME_ID, CLOCK_REALTIME_ALARM,
    CLOCK_TAI,
};
use nix::sys::resource::Resource;
use std::time::Duration;

const LONG: Setting = Setting::every(Duration::from_secs(1000));

#[harness::errors(
    family = "invalid-clock",
    rows = [
        ("timerfd.clock-einval/number", "errors:timerfd.timerfd_create.EINVAL", 99),
        ("timerfd.clock-einval/negative", "errors:timerfd.timerfd_create.EINVAL", -1),
        ("timerfd.clock-einval/cpu-time", "errors:timerfd.timerfd_create.EINVAL", CLOCK_PROCESS_CPUTIME_ID),
        ("timerfd.clock-einval/raw", "errors:timerfd.timerfd_create.EINVAL", CLOCK_MONOTONIC_RAW),
        ("timerfd.clock-einval/tai", "errors:timerfd.timerfd_create.EINVAL", CLOCK_TAI),
    ],
    layers = [libc, raw],
)]
fn no_timer_has_this_clock(clock: i32) -> TestResult {
    assert_errno!(timerfd_create(clock, 0), EINVAL);
    Ok(())
}

#[harness::errors(
    family = "invalid-flag",
    rows = [
        ("timerfd.flag-einval/create", "errors:timerfd.timerfd_create.EINVAL.2", |_: &Fd, flags| by::timerfd_create(CLOCK_MONOTONIC, flags).map(drop)),
        ("timerfd.flag-einval/settime", "errors:timerfd.timerfd_settime.EINVAL.3", |timer: &Fd, flags| by::timerfd_settime(timer, flags, LONG).map(drop)),
    ],
    layers = [libc, raw],
)]
fn there_is_no_such_flag(call: fn(&Fd, i32) -> Result<()>) -> TestResult {
    let timer = timerfd_create(CLOCK_MONOTONIC, 0)?;
    for flag in [1 << 4, 1 << 30] {
        assert_errno!(call(&timer, flag), EINVAL);
    }
    assert_eq!(timerfd_gettime(&timer), Ok(Setting::DISARMED));
    Ok(())
}

#[harness::errors(
    family = "not-permitted",
    rows = [
        ("timerfd.alarm-eperm/realtime", "errors:timerfd.timerfd_create.EPERM", CLOCK_REALTIME_ALARM),
        ("timerfd.alarm-eperm/boottime", "errors:timerfd.timerfd_create.EPERM", CLOCK_BOOTTIME_ALARM),
    ],
    layers = [libc, raw],
)]
fn an_alarm_clock_is_not_for_all(clock: i32) -> TestResult {
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        assert_errno!(timerfd_create(clock, 0), EPERM);
        Ok(())
    })?;
    child.join()
}

#[harness::errors(
    family = "closed-descriptor",
    rows = [
        ("timerfd.closed-ebadf/gettime", "errors:timerfd.timerfd_gettime.EBADF", |fd: i32| by::timerfd_gettime(fd)),
        ("timerfd.closed-ebadf/settime", "errors:timerfd.timerfd_settime.EBADF", |fd: i32| by::timerfd_settime(fd, 0, LONG)),
    ],
    layers = [libc, raw],
)]
fn the_descriptor_is_not_open(call: fn(i32) -> Result<Setting>) -> TestResult {
    assert_errno!(call(NOT_OPEN), EBADF);
    assert_errno!(call(-1), EBADF);
    Ok(())
}

/// At RLIMIT_NOFILE timerfd_create fails with EMFILE.
#[harness::test(
    id = "timerfd.emfile",
    cite = [man("timerfd_create.2", "ERRORS", "EMFILE")],
    covers = ["errors:timerfd.timerfd_create.EMFILE"],
    layers = [libc, raw],
)]
fn no_descriptor_is_left() -> TestResult {
    let timer = timerfd_create(CLOCK_MONOTONIC, 0)?;
    limit(Resource::RLIMIT_NOFILE, 1 + timer.number() as u64)?;
    assert_errno!(timerfd_create(CLOCK_MONOTONIC, 0), EMFILE);
    drop(timer);
    assert_ok!(timerfd_create(CLOCK_MONOTONIC, 0));
    Ok(())
}

#[harness::errors(
    family = "invalid-length",
    rows = [
        ("timerfd.short-read-einval/empty", "errors:timerfd.read(timerfd).EINVAL", 0),
        ("timerfd.short-read-einval/seven-bytes", "errors:timerfd.read(timerfd).EINVAL", 7),
    ],
)]
fn the_buffer_is_shorter_than_a_count(length: usize) -> TestResult {
    let timer = timerfd_create(CLOCK_MONOTONIC, 0)?;
    assert_eq!(timerfd_settime(&timer, 0, Setting::once(Duration::from_millis(1))), Ok(Setting::DISARMED));
    assert_eq!(ppoll(&[(&timer, libc::POLLIN)], None, None), Ok((1, vec![libc::POLLIN])));
    let mut buffer = [7_u8; 8];
    let call = arguments([timer.number().register(), buffer.as_mut_ptr().register(), length]);
    // SAFETY: the buffer has so many bytes, and outlives the call.
    assert_errno!(unsafe { syscall("read(timerfd)", Sysno::read, call) }, EINVAL);
    assert_eq!(buffer, [7; 8]);
    assert_eq!(read_timer(&timer), Ok(1));
    Ok(())
}

#[harness::errors(
    family = "invalid-timeout",
    rows = [
        ("timerfd.time-einval/negative-nanoseconds", "errors:timerfd.timerfd_settime.EINVAL.2", (1, -1)),
        ("timerfd.time-einval/nanoseconds", "errors:timerfd.timerfd_settime.EINVAL.2", (1, 1_000_000_000)),
    ],
)]
fn no_time_is_like_this(time: (i64, i64)) -> TestResult {
    let timer = timerfd_create(CLOCK_MONOTONIC, 0)?;
    assert_eq!(timerfd_settime(&timer, 0, LONG), Ok(Setting::DISARMED));
    let (bad, good) = (libc::timespec { tv_sec: time.0, tv_nsec: time.1 }, libc::timespec { tv_sec: 1, tv_nsec: 0 });
    for new in
        [libc::itimerspec { it_value: bad, it_interval: good }, libc::itimerspec { it_value: good, it_interval: bad }]
    {
        let call = arguments([timer.number().register(), 0, (&raw const new).register(), 0]);
        // SAFETY: reads the setting, which outlives the call.
        assert_errno!(unsafe { syscall("timerfd_settime", Sysno::timerfd_settime, call) }, EINVAL);
    }
    assert_eq!(timerfd_gettime(&timer).map(|setting| setting.interval), Ok(LONG.interval));
    Ok(())
}

#[harness::errors(
    family = "bad-address",
    rows = [
        (
            "timerfd.address-efault/gettime", "errors:timerfd.timerfd_gettime.EFAULT",
            ("timerfd_gettime", Sysno::timerfd_gettime, [BAD_ADDRESS, 0, 0]),
        ),
        (
            "timerfd.address-efault/settime", "errors:timerfd.timerfd_settime.EFAULT",
            ("timerfd_settime", Sysno::timerfd_settime, [0, BAD_ADDRESS, 0]),
        ),
        (
            "timerfd.address-efault/settime-old", "errors:timerfd.timerfd_settime.EFAULT",
            ("timerfd_settime", Sysno::timerfd_settime, [0, SETTING, BAD_ADDRESS]),
        ),
    ],
)]
fn the_address_is_bad(call: OnAddress) -> TestResult {
    let timer = timerfd_create(CLOCK_MONOTONIC, 0)?;
    assert_address_refused(call, timer.number().register());
    Ok(())
}
