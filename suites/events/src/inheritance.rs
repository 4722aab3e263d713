//! What a fork and an exec do to timers.

use crate::kinds::Kind::{self, Interval, Posix};
use crate::kinds::let_pass;
use calls::signals::SignalSet;
use calls::timers::{Notify, Setting, TimerId};
use kit::disposition::block_all;
use kit::prelude::*;
use kit::unrelated::{PROGRAMS, Program, start_after};
use libc::{CLOCK_MONOTONIC, ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL, SIGALRM};
use linkme::distributed_slice;
use std::ffi::OsString;
use std::time::Duration;

const LONG: Setting = Setting { value: Duration::from_secs(1000), interval: Duration::from_secs(7) };

#[rstest]
#[case::real(ITIMER_REAL)]
#[case::virtual_time(ITIMER_VIRTUAL)]
#[case::prof(ITIMER_PROF)]
/// A forked child has no interval timers; the timer of its parent stays armed.
#[harness::test(
    id = "itimer.fork-disarmed",
    cite = [posix("fork.3p", "DESCRIPTION"), man("getitimer.2", "NOTES"), man("fork.2", "DESCRIPTION")],
    covers = ["behaviours:itimer.fork-cleared", "behaviours:itimer.alarm-fork-cleared"],
    layers = [libc, raw],
)]
fn a_child_has_no_interval_timer(#[case] which: i32) -> TestResult {
    assert_eq!(setitimer(which, LONG), Ok(Setting::DISARMED));
    let child = fork(|| -> TestResult {
        assert_eq!(getitimer(which), Ok(Setting::DISARMED));
        Ok(())
    })?;
    child.join()?;
    assert_eq!(getitimer(which).map(|setting| setting.interval), Ok(LONG.interval));
    Ok(())
}

/// Timers of timer_create are not inherited by a forked child: it has no timer of that id.
#[harness::test(
    id = "posix-timer.fork-none",
    cite = [posix("timer_create.3p", "DESCRIPTION"), posix("fork.3p", "DESCRIPTION"), man("timer_create.2", "NOTES")],
    covers = ["behaviours:ptimer.fork-not-inherited"],
    layers = [libc, raw],
)]
fn a_child_has_no_timer() -> TestResult {
    let timer = timer_create(CLOCK_MONOTONIC, None)?;
    assert_eq!(timer_settime(timer, 0, LONG), Ok(Setting::DISARMED));
    let child = fork(|| -> TestResult {
        assert_errno!(timer_gettime(timer), EINVAL);
        assert_errno!(timer_delete(timer), EINVAL);
        Ok(())
    })?;
    child.join()?;
    assert_eq!(timer_gettime(timer).map(|setting| setting.interval), Ok(LONG.interval));
    Ok(())
}

/// A periodic timer sends its signal to the process that has set it alone, not to a child that this has forked.
#[harness::test(
    rows = [
        ("itimer.fork-no-signal", ["behaviours:itimer.fork-cleared"], Interval),
        ("posix-timer.fork-no-signal", ["behaviours:ptimer.fork-not-inherited"], Posix),
    ],
    cite = [
        posix("fork.3p", "DESCRIPTION"), posix("timer_create.3p", "DESCRIPTION"), man("timer_create.2", "NOTES"),
        man("getitimer.2", "NOTES"),
    ],
    layers = [libc, raw],
)]
fn a_child_gets_no_signal_of_a_timer(kind: Kind) -> TestResult {
    const INTERVAL: Duration = Duration::from_millis(2);
    let timer = kind.create()?;
    assert_eq!(timer.set(Setting::every(INTERVAL)), Ok(Setting::DISARMED));
    let child = fork(|| -> TestResult {
        let_pass(3 * INTERVAL);
        assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
        Ok(())
    })?;
    child.join()?;
    assert_matches!(timer.wait(), Ok(1..));
    Ok(())
}

/// An interval timer stays armed over an execve, with its interval.
#[harness::test(
    id = "itimer.exec-kept",
    cite = [posix("exec.3p", "DESCRIPTION"), man("getitimer.2", "NOTES"), man("alarm.2", "NOTES")],
    covers = ["behaviours:itimer.exec-kept"],
    layers = [libc, raw],
)]
fn an_exec_keeps_interval_timers() -> TestResult {
    let process = start_after(&HAS_INTERVAL_TIMER, || {
        setitimer(ITIMER_REAL, LONG)?;
        Ok(vec![])
    })?;
    process.join()
}

#[distributed_slice(PROGRAMS)]
static HAS_INTERVAL_TIMER: Program = Program { name: "has-interval-timer", body: has_interval_timer };

fn has_interval_timer(_: &[OsString]) -> TestResult {
    let now = assert_ok!(calls::for_layers::libc_raw::getitimer(ITIMER_REAL));
    assert_eq!(now.interval, LONG.interval);
    assert!(Duration::ZERO < now.value && now.value < LONG.value, "{now:?}");
    Ok(())
}

/// What is left of an alarm is left after an execve.
#[harness::test(
    id = "itimer.exec-alarm-kept",
    cite = [posix("exec.3p", "DESCRIPTION"), man("alarm.2", "NOTES")],
    covers = ["behaviours:itimer.alarm-exec-kept"],
)]
fn an_exec_keeps_the_alarm() -> TestResult {
    let process = start_after(&HAS_ALARM, || {
        assert_eq!(alarm(1000), 0);
        Ok(vec![])
    })?;
    process.join()
}

#[distributed_slice(PROGRAMS)]
static HAS_ALARM: Program = Program { name: "has-alarm", body: has_alarm };

fn has_alarm(_: &[OsString]) -> TestResult {
    assert_matches!(calls::for_layers::libc::alarm(0), 1..=1000);
    Ok(())
}

/// An execve deletes the timers of timer_create: the new program has no timer of that id, and no signal comes of one.
#[harness::test(
    id = "posix-timer.exec-deleted",
    cite = [posix("exec.3p", "DESCRIPTION"), man("timer_create.2", "NOTES"), man("execve.2", "Effect on process attributes")],
    covers = ["behaviours:ptimer.exec-deleted"],
    layers = [libc, raw],
)]
fn an_exec_deletes_timers() -> TestResult {
    let process = start_after(&HAS_NO_TIMER, || {
        block_all(SignalSet::of([SIGALRM]))?;
        let timer = timer_create(CLOCK_MONOTONIC, Some(Notify::Signal(SIGALRM, 0)))?;
        timer_settime(timer, 0, LONG)?;
        timer_gettime(timer)?;
        Ok(vec![timer.0.to_string().into()])
    })?;
    process.join()
}

#[distributed_slice(PROGRAMS)]
static HAS_NO_TIMER: Program = Program { name: "has-no-timer", body: has_no_timer };

fn has_no_timer(arguments: &[OsString]) -> TestResult {
    let id = arguments.first().and_then(|id| id.to_str()?.parse().ok()).ok_or_else(|| Stop::broken("no timer id"))?;
    assert_errno!(calls::for_layers::libc_raw::timer_gettime(TimerId(id)), EINVAL);
    Ok(())
}
