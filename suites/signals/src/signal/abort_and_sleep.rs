//! abort(3), and sleeping: how long, and what remains.

use calls::signals::SignalSet;
use kit::disposition::{block_all, handle, handled, ignore, install};
use kit::prelude::*;
use libc::{CLOCK_MONOTONIC, SIGABRT, TIMER_ABSTIME, c_int, c_void, siginfo_t, timespec};
use nix::sys::signal::{SaFlags, Signal as Known};
use std::time::{Duration, Instant};

#[rstest]
#[case::by_default(|| Ok(()))]
#[case::blocked(|| block_all(SignalSet::ALL))]
#[case::ignored(|| ignore(Known::SIGABRT))]
#[case::caught(|| handle(Known::SIGABRT, SaFlags::empty()))]
#[case::caught_with_nodefer(|| handle(Known::SIGABRT, SaFlags::SA_NODEFER))]
/// abort terminates the process by SIGABRT, even if that is blocked, ignored, or caught by a handler that returns.
#[harness::test(
    id = "signal.abort",
    cite = [posix("abort.3p", "DESCRIPTION"), man("abort.3", "DESCRIPTION")],
    covers = [
        "behaviours:sigabort.terminates", "behaviours:sigabort.ignored-or-caught", "notes:signal.table-06-sigabrt",
        "notes:signal.self-send",
    ],
)]
fn abort_terminates(#[case] setup: fn() -> TestResult) -> TestResult {
    let child = fork(|| -> TestResult {
        setup()?;
        // SAFETY: ends the process.
        unsafe { libc::abort() }
    })?;
    let ended = child.wait()?;
    assert!(matches!(ended, Ended::Killed { by: Signal(SIGABRT), .. }), "{ended}");
    Ok(())
}

/// A SIGABRT handler that does not return keeps abort from terminating the process by SIGABRT.
#[harness::test(
    id = "signal.abort-handler-stays",
    cite = [posix("abort.3p", "DESCRIPTION"), man("abort.3", "DESCRIPTION")],
    covers = ["behaviours:sigabort.no-return-escapes"],
)]
fn a_handler_that_does_not_return_escapes_abort() -> TestResult {
    extern "C" fn end(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
        exit(7)
    }
    let child = fork(|| -> TestResult {
        // SAFETY: the handler ends the process.
        unsafe { install(SIGABRT, end, 0, SignalSet::EMPTY) }?;
        // SAFETY: comes to the handler.
        unsafe { libc::abort() }
    })?;
    assert_eq!(child.wait()?, Ended::Exited(7));
    Ok(())
}

/// 30 ms.
const TIME: timespec = timespec { tv_sec: 0, tv_nsec: 30_000_000 };

#[rstest]
#[case::nanosleep(|| calls::for_layers::libc::nanosleep(TIME, &mut { TIME }), Duration::from_millis(30))]
#[case::nanosleep_raw(|| calls::for_layers::raw::nanosleep(TIME, &mut { TIME }), Duration::from_millis(30))]
#[case::clock_nanosleep(|| calls::for_layers::libc::clock_nanosleep(CLOCK_MONOTONIC, 0, TIME, &mut { TIME }), Duration::from_millis(30))]
#[case::usleep(|| calls::for_layers::libc::usleep(30_000), Duration::from_millis(30))]
#[case::sleep(|| { assert_eq!(calls::for_layers::libc::sleep(1), 0); Ok(()) }, Duration::from_secs(1))]
/// nanosleep, clock_nanosleep, usleep and sleep last at least as long as they are told, and then succeed.
#[harness::test(
    id = "signal.sleep-lasts",
    cite = [posix("nanosleep.3p", "DESCRIPTION"), posix("clock_nanosleep.3p", "DESCRIPTION"), posix("sleep.3p", "DESCRIPTION"), man("usleep.3", "DESCRIPTION")],
    covers = ["behaviours:sigsleep.at-least"],
)]
fn a_sleep_lasts_as_long_as_it_is_told(#[case] sleep: fn() -> Result<()>, #[case] least: Duration) -> TestResult {
    let start = Instant::now();
    assert_eq!(sleep(), Ok(()));
    assert!(start.elapsed() >= least, "it was over after {:?}", start.elapsed());
    Ok(())
}

/// What remains before a call has written it.
const UNTOUCHED: timespec = timespec { tv_sec: 77, tv_nsec: 77 };

/// A call that sleeps for a time, and writes what remains of it.
type Sleep = fn(timespec, &mut timespec) -> Result<()>;
const NANOSLEEP: Sleep = |time, left| calls::for_layers::libc::nanosleep(time, left);
const CLOCK_NANOSLEEP: Sleep = |time, left| calls::for_layers::libc::clock_nanosleep(CLOCK_MONOTONIC, 0, time, left);
const SLEEP_UNTIL: Sleep =
    |time, left| calls::for_layers::libc::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, time, left);

#[rstest]
#[case::nanosleep(calls::NANOSLEEP, NANOSLEEP, true)]
#[case::clock_nanosleep(calls::CLOCK_NANOSLEEP, CLOCK_NANOSLEEP, true)]
#[case::absolute(calls::CLOCK_NANOSLEEP, SLEEP_UNTIL, false)]
/// A sleep that a handler interrupts writes the time that remains, which is no longer than what was asked for; one to an absolute
/// time leaves that alone. clock_nanosleep returns the error number.
#[harness::test(
    id = "signal.sleep-remaining",
    cite = [posix("nanosleep.3p", "RETURN VALUE"), posix("clock_nanosleep.3p", "RETURN VALUE"), man("nanosleep.2", "DESCRIPTION")],
    covers = [
        "behaviours:sigsleep.remaining", "behaviours:sigsleep.clock-remaining", "behaviours:sigsleep.returns-number",
        "errors:signal.nanosleep.EINTR", "errors:signal.clock_nanosleep.EINTR",
    ],
)]
fn what_remains_is_written(#[case] call: &'static Call, #[case] sleep: Sleep, #[case] written: bool) -> TestResult {
    const LONG: timespec = timespec { tv_sec: i32::MAX as i64, tv_nsec: 0 };
    let child = fork(|| -> TestResult {
        handle(Known::SIGUSR1, SaFlags::SA_RESTART)?;
        let mut left = UNTOUCHED;
        assert_errno!(sleep(LONG, &mut left), EINTR);
        assert_eq!(handled(Known::SIGUSR1), 1);
        let expected =
            if written { UNTOUCHED.tv_sec + 1..LONG.tv_sec + 1 } else { UNTOUCHED.tv_sec..UNTOUCHED.tv_sec + 1 };
        assert!(expected.contains(&left.tv_sec), "{} s remain, not {expected:?}", left.tv_sec);
        Ok(())
    })?;
    child.wait_until_blocked_in(call)?;
    assert_eq!(kill(child.pid(), libc::SIGUSR1), Ok(()));
    child.join()
}

/// clock_nanosleep to an absolute time that has passed succeeds at once.
#[harness::test(
    id = "signal.sleep-until-the-past",
    cite = [posix("clock_nanosleep.3p", "DESCRIPTION"), man("clock_nanosleep.2", "DESCRIPTION")],
    covers = ["behaviours:sigsleep.absolute-past"],
)]
fn a_sleep_until_the_past_is_over_at_once() -> TestResult {
    let mut left = UNTOUCHED;
    for past in [timespec { tv_sec: 0, tv_nsec: 0 }, timespec { tv_sec: 0, tv_nsec: 1 }] {
        assert_eq!(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, past, &mut left), Ok(()));
    }
    assert_eq!((left.tv_sec, left.tv_nsec), (UNTOUCHED.tv_sec, UNTOUCHED.tv_nsec));
    Ok(())
}
