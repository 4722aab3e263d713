//! The time in which this process ran.

use std::time::{Duration, Instant};

/// A clock that stops while its process does not run: while it is stopped, frozen, or starved of processors, and while the
/// machine sleeps. A deadline by it is never missed on account of that.
#[derive(Debug)]
pub struct Clock {
    last: Instant,
    counted: Duration,
    stood_still: bool,
}

/// From which length on a step means that the machine stood still. A freezer interrupts the calls that processes wait in, as a
/// signal does (Linux kernel/freezer.c, freeze_task()).
const STANDSTILL: Duration = Duration::from_secs(1);

/// How much one step counts at most. Who uses the clock looks at it more often than that.
const STEP: Duration = Duration::from_millis(250);

impl Clock {
    /// At zero.
    pub fn start() -> Self {
        Self { last: Instant::now(), counted: Duration::ZERO, stood_still: false }
    }

    /// Counts the time since the last step, and says how much there was in all.
    pub fn advance(&mut self) -> Duration {
        let now = Instant::now();
        let step = now.saturating_duration_since(self.last);
        self.counted += step.min(STEP);
        self.stood_still = step >= STANDSTILL;
        self.last = now;
        self.counted
    }

    /// Whether this process did not run for a while in the last step.
    pub fn stood_still(&self) -> bool {
        self.stood_still
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_counts_as_one_step() {
        let mut clock = Clock::start();
        clock.last = Instant::now().checked_sub(Duration::from_secs(13)).unwrap();
        assert_eq!((clock.advance(), clock.stood_still()), (STEP, true));
        assert!(clock.advance() < STEP * 2 && !clock.stood_still());
    }
}
