//! Timers against the clocks of processor time.

use crate::kinds::{let_pass, time_of, use_processor};
use calls::signals::SignalSet;
use calls::timers::{Notify, Setting};
use kit::disposition::block_all;
use kit::prelude::*;
use libc::{CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, SIGALRM, clockid_t};
use std::time::Duration;

#[rstest]
#[case::process(CLOCK_PROCESS_CPUTIME_ID)]
#[case::thread(CLOCK_THREAD_CPUTIME_ID)]
/// A timer against a clock of processor time stands still while the process waits, and expires once it has used the processor for
/// that time, not before.
#[harness::test(
    id = "posix-timer.cpu-time",
    cite = [man("timer_create.2", "DESCRIPTION", "CLOCK_PROCESS_CPUTIME_ID"), posix("timer_create.3p", "DESCRIPTION")],
    covers = ["behaviours:ptimer.cputime-clock"],
    layers = [libc, raw],
)]
fn a_timer_of_processor_time_stands_still_while_the_process_waits(#[case] clock: clockid_t) -> TestResult {
    const VALUE: Duration = Duration::from_millis(40);
    block_all(SignalSet::of([SIGALRM]))?;
    let timer = assert_ok!(timer_create(clock, Some(Notify::Signal(SIGALRM, 0))));
    let since = time_of(clock)?;
    assert_eq!(timer_settime(timer, 0, Setting::once(VALUE)), Ok(Setting::DISARMED));
    let_pass(VALUE * 5 / 4);
    let pending = assert_ok!(sigpending());
    // A kernel that counts by ticks may have counted one for this process.
    assert!(pending == SignalSet::EMPTY || time_of(clock)? >= since + VALUE, "it expired early");
    while sigpending()? == SignalSet::EMPTY {
        use_processor();
    }
    assert!(time_of(clock)? >= since + VALUE, "it expired early");
    assert_eq!(timer_gettime(timer), Ok(Setting::DISARMED));
    Ok(())
}
