//! The time in which this process ran.

use std::time::{Duration, Instant};

/// A clock that stops while its process does not run: while it is stopped, frozen, or starved of processors, and while the
/// machine sleeps. A deadline by it is never missed on account of that.
#[derive(Debug)]
pub struct Clock {
    last: Instant,
    counted: Duration,
}

/// How much one step counts at most. Who uses the clock looks at it more often than that.
const STEP: Duration = Duration::from_millis(250);

impl Clock {
    /// At zero.
    pub fn start() -> Self {
        Self { last: Instant::now(), counted: Duration::ZERO }
    }

    /// Counts the time since the last step, and says how much there was in all.
    pub fn advance(&mut self) -> Duration {
        let now = Instant::now();
        self.counted += now.saturating_duration_since(self.last).min(STEP);
        self.last = now;
        self.counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_counts_as_one_step() {
        let mut clock = Clock::start();
        clock.last = Instant::now().checked_sub(Duration::from_secs(13)).unwrap();
        assert_eq!(clock.advance(), STEP);
        assert!(clock.advance() < STEP * 2);
    }
}
