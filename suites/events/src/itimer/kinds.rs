//! The three interval timers of a process.

use calls::timers::Setting;
use kit::prelude::*;
use libc::{ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL};
use std::time::Duration;

/// A process has three interval timers, each with a setting of its own: one is set and disarmed without a change to the others.
#[harness::test(
    id = "itimer.three",
    cite = [man("getitimer.2", "DESCRIPTION"), posix("getitimer.3p", "DESCRIPTION")],
    covers = ["behaviours:itimer.one-of-each-kind"],
    layers = [libc, raw],
)]
fn a_process_has_three_interval_timers() -> TestResult {
    let timers = [ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF];
    let setting = |which: i32| Setting::every(Duration::from_secs(1000 + which as u64));
    let intervals = || timers.map(|which| getitimer(which).map(|setting| setting.interval));
    assert_eq!(intervals(), [Ok(Duration::ZERO); 3]);
    for which in timers {
        assert_eq!(setitimer(which, setting(which)), Ok(Setting::DISARMED));
    }
    assert_eq!(intervals(), timers.map(|which| Ok(setting(which).interval)));
    for (disarmed, which) in timers.into_iter().enumerate() {
        assert_eq!(setitimer(which, Setting::DISARMED).map(|old| old.interval), Ok(setting(which).interval));
        assert_eq!(getitimer(which), Ok(Setting::DISARMED));
        let left = |index| if index <= disarmed { Duration::ZERO } else { setting(timers[index]).interval };
        assert_eq!(intervals(), [0, 1, 2].map(|index| Ok(left(index))));
    }
    Ok(())
}
