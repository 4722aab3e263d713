//! Times at which a call gives up: absolute, on a clock.

use kit::prelude::*;
use libc::timespec;
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// How far a deadline is away that a spec waits for.
pub const SOON: Duration = Duration::from_millis(20);

/// The time of a clock.
pub fn now(clock: libc::clockid_t) -> TestResult<Duration> {
    Ok(clock_gettime(ClockId::from_raw(clock))?.into())
}

/// The time of a clock after so long.
pub fn after(clock: libc::clockid_t, time: Duration) -> TestResult<timespec> {
    let time = now(clock)? + time;
    Ok(timespec { tv_sec: i64::try_from(time.as_secs())?, tv_nsec: time.subsec_nanos().into() })
}

/// A time that nobody sees.
pub const NEVER: timespec = timespec { tv_sec: i32::MAX as i64, tv_nsec: 0 };

/// The beginning of a clock, which has passed.
pub const PAST: timespec = timespec { tv_sec: 0, tv_nsec: 1 };

/// Times whose nanoseconds are not from 0 to 999999999.
pub const MALFORMED: [timespec; 3] = [
    timespec { tv_sec: NEVER.tv_sec, tv_nsec: -1 },
    timespec { tv_sec: NEVER.tv_sec, tv_nsec: 1_000_000_000 },
    timespec { tv_sec: NEVER.tv_sec, tv_nsec: i64::MAX },
];

/// Asserts that a clock has come to a time.
#[track_caller]
pub fn assert_passed(clock: libc::clockid_t, deadline: timespec) -> TestResult {
    let (now, deadline) = (now(clock)?, Duration::new(deadline.tv_sec as u64, deadline.tv_nsec as u32));
    assert!(now >= deadline, "it gave up at {now:?}, before {deadline:?}");
    Ok(())
}
