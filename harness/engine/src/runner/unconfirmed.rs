//! Attempts that failed a moment ago.
//!
//! Who stops a run may end its processes one by one, the specs before the runner (systemd.kill(5), KillMode=control-group): a spec
//! whose child was ended by that would seem to deviate. So a failure counts once the run has not been told to end for a while.

use super::Task;
use harness::event_log::EngineEvent;
use record::{SpecRecord, Verdict};
use std::time::Duration;

/// For how long, in time in which the runner ran.
const WHILE: Duration = Duration::from_millis(500);

/// A judged attempt: what it was, its record, and what was attached to it wrote down.
pub type Judged = (Task, SpecRecord, Vec<EngineEvent>);

/// Whether it failed. What is made to fail, in an audit, does not count.
pub fn is_failure((task, record, _): &Judged) -> bool {
    record.verdict != Verdict::Conforms && task.attach.is_none()
}

/// Those that failed, and when.
#[derive(Default)]
pub struct Unconfirmed(Vec<(Duration, Judged)>);

impl Unconfirmed {
    /// Keeps a failure, and hands anything else back.
    pub fn pass(&mut self, judged: Judged, now: Duration) -> Option<Judged> {
        if !is_failure(&judged) {
            return Some(judged);
        }
        self.0.push((now, judged));
        None
    }

    /// Takes those that are old enough.
    pub fn confirmed(&mut self, now: Duration) -> impl Iterator<Item = Judged> {
        let old = self.0.iter().take_while(|(since, _)| now >= *since + WHILE).count();
        self.0.drain(..old).map(|(_, judged)| judged)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
