//! What holds for all timers: they are never early, expire once or again and again, tell what is left, and can be disarmed.

use crate::kinds::Kind::{self, Descriptor, Interval, Posix};
use crate::kinds::{Span, is_left_of, let_pass, time_of, timed};
use calls::timers::Setting;
use kit::prelude::*;
use libc::{CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_TAI, clockid_t};
use std::time::{Duration, Instant};

/// A timer with a value and no interval expires once, not before the value has passed: after that it is disarmed, and does not
/// expire again.
#[harness::test(
    rows = [
        (
            "itimer.one-shot",
            ["behaviours:itimer.never-early", "behaviours:itimer.zero-interval-once", "behaviours:itimer.real-sigalrm"],
            Interval,
        ),
        (
            "posix-timer.one-shot",
            ["behaviours:ptimer.relative-default", "behaviours:ptimer.gettime-remaining", "behaviours:ptimer.one-shot"],
            Posix,
        ),
        (
            "timerfd.one-shot",
            ["behaviours:timerfd.one-shot", "behaviours:timerfd.read-blocks", "behaviours:timerfd.gettime-relative"],
            Descriptor,
        ),
    ],
    cite = [
        man("getitimer.2", "NOTES"), man("getitimer.2", "DESCRIPTION"), man("timer_settime.2", "DESCRIPTION"),
        man("timerfd_create.2", "DESCRIPTION"), posix("timer_getoverrun.3p", "DESCRIPTION"), man("time.7", "DESCRIPTION"),
    ],
    layers = [libc, raw],
)]
fn a_timer_without_interval_expires_once(kind: Kind) -> TestResult {
    const VALUE: Duration = Duration::from_millis(5);
    let timer = kind.create()?;
    let since = Instant::now();
    assert_eq!(timer.set(Setting::once(VALUE)), Ok(Setting::DISARMED));
    assert_eq!(timer.wait(), Ok(1));
    assert!(since.elapsed() >= VALUE, "it expired early");
    assert_eq!(timer.get(), Ok(Setting::DISARMED));
    let_pass(2 * VALUE);
    assert_eq!(timer.has_expired(), Ok(false));
    Ok(())
}

/// A timer with an interval expires after its value, and then after each interval, never early: when it has expired n times, the
/// value and n - 1 intervals have passed. It stays armed, with the interval.
#[harness::test(
    rows = [
        ("itimer.interval", ["behaviours:itimer.interval-reloads", "behaviours:itimer.never-early"], Interval),
        ("posix-timer.interval", ["behaviours:ptimer.interval-period"], Posix),
        ("timerfd.interval", ["behaviours:timerfd.read-count", "behaviours:timerfd.interval"], Descriptor),
    ],
    cite = [
        man("getitimer.2", "DESCRIPTION"), man("timer_settime.2", "DESCRIPTION"), man("timerfd_create.2", "DESCRIPTION"),
        posix("timer_getoverrun.3p", "DESCRIPTION"),
    ],
    layers = [libc, raw],
)]
fn a_timer_with_an_interval_expires_again(kind: Kind) -> TestResult {
    let setting = Setting { value: Duration::from_millis(4), interval: Duration::from_millis(2) };
    let timer = kind.create()?;
    let since = Instant::now();
    assert_eq!(timer.set(setting), Ok(Setting::DISARMED));
    let mut expirations = 0;
    while expirations < 4 {
        expirations += assert_ok!(timer.wait());
        assert!(since.elapsed() >= setting.value + setting.interval * (expirations - 1), "it expired early");
    }
    let now = assert_ok!(timer.get());
    assert_eq!(now.interval, setting.interval);
    assert!(now.value <= setting.interval, "{now:?}");
    Ok(())
}

/// A timer tells its interval, and how much is left of its time; so does setting it anew, which replaces the former setting.
#[harness::test(
    rows = [
        (
            "itimer.remaining",
            [
                "behaviours:itimer.old-value-returned", "behaviours:itimer.one-of-each-kind", "behaviours:itimer.zero-value-disarms",
                "behaviours:itimer.remaining",
            ],
            Interval,
        ),
        (
            "posix-timer.remaining",
            [
                "behaviours:ptimer.gettime-remaining", "behaviours:ptimer.settime-old-value", "behaviours:ptimer.starts-disarmed",
                "behaviours:ptimer.zero-value-disarms",
            ],
            Posix,
        ),
        (
            "timerfd.remaining",
            [
                "behaviours:timerfd.gettime-relative", "behaviours:timerfd.old-value", "behaviours:timerfd.zero-disarms",
                "behaviours:timerfd.starts-disarmed",
            ],
            Descriptor,
        ),
    ],
    cite = [
        posix("timer_getoverrun.3p", "DESCRIPTION"), man("timer_settime.2", "DESCRIPTION"), man("getitimer.2", "DESCRIPTION"),
        man("timerfd_create.2", "DESCRIPTION"),
    ],
    layers = [libc, raw],
)]
fn a_timer_tells_what_is_left(kind: Kind) -> TestResult {
    let timer = kind.create()?;
    assert_eq!(timer.get(), Ok(Setting::DISARMED));
    let mut former = None;
    for (value, interval) in [(1000, 7_000_003_000), (3000, 0), (2000, 5_000)] {
        let new = Setting { value: Duration::from_secs(value), interval: Duration::from_nanos(interval) };
        let (old, set) = timed(|| timer.set(new));
        assert_former(assert_ok!(old), former.replace((new, set)), set)?;
        let (now, asked) = timed(|| timer.get());
        let now = assert_ok!(now);
        assert_left(now, new, is_left_of(now.value, new.value, set, asked)?);
    }
    let (old, disarmed) = timed(|| timer.set(Setting::DISARMED));
    assert_former(assert_ok!(old), former, disarmed)?;
    assert_eq!(timer.get(), Ok(Setting::DISARMED));
    Ok(())
}

/// Asserts that it is what was left, in that span, of the setting that was made before, if there was one.
#[track_caller]
fn assert_former(old: Setting, former: Option<(Setting, Span)>, replaced: Span) -> TestResult {
    match former {
        None => assert_eq!(old, Setting::DISARMED),
        Some((former, since)) => assert_left(old, former, is_left_of(old.value, former.value, since, replaced)?),
    }
    Ok(())
}

/// Asserts that it is what is left of a setting.
#[track_caller]
fn assert_left(now: Setting, of: Setting, is_left: bool) {
    assert_eq!(now.interval, of.interval);
    assert!(is_left, "{now:?} of {of:?}");
}

/// A timer that has a value of zero is disarmed: it does not expire any more, although it has an interval.
#[harness::test(
    rows = [
        ("itimer.disarmed", ["behaviours:itimer.zero-value-disarms"], Interval),
        ("posix-timer.disarmed", ["behaviours:ptimer.zero-value-disarms"], Posix),
        ("timerfd.disarmed", ["behaviours:timerfd.zero-disarms"], Descriptor),
    ],
    cite = [
        posix("timer_getoverrun.3p", "DESCRIPTION"), man("timer_settime.2", "DESCRIPTION"), man("getitimer.2", "DESCRIPTION"),
        man("timerfd_create.2", "DESCRIPTION"),
    ],
    layers = [libc, raw],
)]
fn a_value_of_zero_disarms(kind: Kind) -> TestResult {
    const INTERVAL: Duration = Duration::from_millis(1);
    let timer = kind.create()?;
    assert_eq!(timer.set(Setting::every(INTERVAL)), Ok(Setting::DISARMED));
    assert_matches!(timer.wait(), Ok(1..));
    assert_ok!(timer.set(Setting { value: Duration::ZERO, interval: INTERVAL }));
    // What it sent before stays pending.
    timer.take()?;
    let_pass(5 * INTERVAL);
    assert_eq!(timer.has_expired(), Ok(false));
    assert_eq!(timer.get().map(|setting| setting.value), Ok(Duration::ZERO));
    Ok(())
}

/// A timer that is set to an absolute time does not expire before its clock has that time; what it tells is relative.
#[harness::test(
    rows = [
        ("posix-timer.absolute/realtime", ["behaviours:ptimer.absolute"], (Posix, CLOCK_REALTIME)),
        (
            "posix-timer.absolute/monotonic", ["behaviours:ptimer.absolute", "behaviours:ptimer.gettime-remaining"],
            (Posix, CLOCK_MONOTONIC),
        ),
        ("posix-timer.absolute/boottime", ["behaviours:ptimer.absolute"], (Posix, CLOCK_BOOTTIME)),
        ("posix-timer.absolute/tai", ["behaviours:ptimer.absolute"], (Posix, CLOCK_TAI)),
        ("timerfd.absolute/realtime", ["behaviours:timerfd.absolute"], (Descriptor, CLOCK_REALTIME)),
        (
            "timerfd.absolute/monotonic", ["behaviours:timerfd.absolute", "behaviours:timerfd.gettime-relative"],
            (Descriptor, CLOCK_MONOTONIC),
        ),
        (
            "timerfd.absolute/boottime", ["behaviours:timerfd.absolute", "behaviours:timerfd.boottime-clock"],
            (Descriptor, CLOCK_BOOTTIME),
        ),
    ],
    cite = [
        man("timer_settime.2", "DESCRIPTION"), man("timerfd_create.2", "DESCRIPTION"), man("timer_create.2", "DESCRIPTION"),
        posix("timer_getoverrun.3p", "DESCRIPTION"),
    ],
    layers = [libc, raw],
)]
fn an_absolute_time_is_one_of_the_clock(of: (Kind, clockid_t)) -> TestResult {
    let (kind, clock) = of;
    const AHEAD: Duration = Duration::from_secs(1000);
    let timer = kind.create_with(clock)?;
    assert_eq!(timer.set_absolute(Setting::once(time_of(clock)? + AHEAD)), Ok(Setting::DISARMED));
    let left = assert_ok!(timer.get());
    assert!(Duration::ZERO < left.value && left.value <= AHEAD, "{left:?}");
    let then = time_of(clock)? + Duration::from_millis(5);
    assert_ok!(timer.set_absolute(Setting::once(then)));
    assert_eq!(timer.wait(), Ok(1));
    assert!(time_of(clock)? >= then, "it expired early");
    assert_eq!(timer.get(), Ok(Setting::DISARMED));
    Ok(())
}

/// A timer that is set to an absolute time that has passed expires at once: a periodic one as often as intervals have passed
/// since.
#[harness::test(
    rows = [
        ("posix-timer.absolute-past", ["behaviours:ptimer.abstime-past-fires-now"], Posix),
        ("timerfd.absolute-past", ["behaviours:timerfd.abstime-past"], Descriptor),
    ],
    cite = [
        man("timer_settime.2", "DESCRIPTION"), posix("timer_getoverrun.3p", "DESCRIPTION"),
        man("timerfd_create.2", "DESCRIPTION"),
    ],
    layers = [libc, raw],
)]
fn an_absolute_time_that_has_passed_expires_at_once(kind: Kind) -> TestResult {
    const INTERVAL: Duration = Duration::from_millis(10);
    let timer = kind.create()?;
    let now = time_of(CLOCK_MONOTONIC)?;
    assert_eq!(timer.set_absolute(Setting::once(now.saturating_sub(INTERVAL))), Ok(Setting::DISARMED));
    assert_eq!(timer.wait(), Ok(1));
    assert_eq!(timer.get(), Ok(Setting::DISARMED));
    let periodic = Setting { value: now.saturating_sub(10 * INTERVAL + INTERVAL / 2), interval: INTERVAL };
    assert_eq!(timer.set_absolute(periodic), Ok(Setting::DISARMED));
    let expirations = assert_ok!(timer.wait());
    assert!(expirations >= 11, "{expirations} expirations");
    assert!(time_of(CLOCK_MONOTONIC)? >= periodic.value + INTERVAL * (expirations - 1), "{expirations} expirations");
    Ok(())
}

/// Expirations of a periodic timer that nobody takes add up: they are as many as intervals have passed, no fewer and no more.
#[harness::test(
    rows = [
        (
            "posix-timer.overruns",
            [
                "behaviours:ptimer.interval-period", "behaviours:ptimer.single-signal-queued",
                "behaviours:ptimer.overrun-in-siginfo",
            ],
            Posix,
        ),
        (
            "timerfd.accumulates", ["behaviours:timerfd.periodic-accumulates", "behaviours:timerfd.read-count"],
            Descriptor,
        ),
    ],
    cite = [man("timer_getoverrun.2", "DESCRIPTION"), man("timer_getoverrun.2", "VERSIONS"), man("timerfd_create.2", "DESCRIPTION")],
    layers = [libc, raw],
)]
fn expirations_add_up(kind: Kind) -> TestResult {
    const INTERVAL: Duration = Duration::from_millis(2);
    const PASS: u32 = 5;
    let timer = kind.create()?;
    let before = Instant::now();
    assert_eq!(timer.set(Setting::every(INTERVAL)), Ok(Setting::DISARMED));
    let after = Instant::now();
    let mut expirations = 0;
    for _ in 0..2 {
        let_pass(PASS * INTERVAL);
        let least = after.elapsed().div_duration_f64(INTERVAL) as u32;
        expirations += assert_ok!(timer.wait());
        let most = before.elapsed().div_duration_f64(INTERVAL) as u32;
        assert!((least..=most).contains(&expirations), "{expirations} expirations, not {least} to {most}");
    }
    Ok(())
}
