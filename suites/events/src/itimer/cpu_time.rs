//! Timers that count processor time.

use crate::kinds::{let_pass, use_processor};
use calls::signals::SignalSet;
use calls::timers::Setting;
use kit::disposition::block_all;
use kit::prelude::*;
use libc::{ITIMER_PROF, ITIMER_VIRTUAL, SIGPROF, SIGVTALRM};
use std::time::Duration;

#[rstest]
#[case::virtual_time(ITIMER_VIRTUAL, SIGVTALRM)]
#[case::prof(ITIMER_PROF, SIGPROF)]
/// ITIMER_VIRTUAL and ITIMER_PROF do not expire while the process waits, and send SIGVTALRM and SIGPROF once it has used the
/// processor.
#[harness::test(
    id = "itimer.cpu-time",
    cite = [man("getitimer.2", "DESCRIPTION"), posix("getitimer.3p", "DESCRIPTION")],
    covers = ["behaviours:itimer.virtual-sigvtalrm", "behaviours:itimer.prof-sigprof"],
    layers = [libc, raw],
)]
fn a_timer_of_processor_time_stands_still_while_the_process_waits(
    #[case] which: i32,
    #[case] signal: i32,
) -> TestResult {
    const VALUE: Duration = Duration::from_millis(40);
    block_all(SignalSet::ALL)?;
    assert_eq!(setitimer(which, Setting::once(VALUE)), Ok(Setting::DISARMED));
    let_pass(VALUE * 5 / 4);
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    while sigpending()? == SignalSet::EMPTY {
        use_processor();
    }
    assert_eq!(sigpending(), Ok(SignalSet::of([signal])));
    assert_eq!(getitimer(which), Ok(Setting::DISARMED));
    Ok(())
}
