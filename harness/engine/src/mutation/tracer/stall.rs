//! When nothing of the spec's can happen any more.

use super::Tracer;
use crate::mutation::Tracing;
use crate::mutation::tracee::Tracee;
use harness::bounded::TICK;
use std::time::Instant;

/// For how many ticks in a row more than in the lessons nothing may happen before the spec is ended. Nobody runs in that time, so
/// load does not count; a timer could still go off, or the kernel finish something later.
const QUIET_TICKS: u32 = 10;

/// For how many ticks nothing may happen in a lesson: it may wait for a timer of a second.
const IN_LESSONS: u32 = 100;

impl Tracer<'_> {
    /// Whether nothing of the spec's can happen any more: for some time every process has slept or been stopped, or has looked in
    /// vain at the state of another one.
    pub(super) fn is_stalled(&mut self) -> bool {
        if Instant::now() < self.next_tick {
            return false;
        }
        self.next_tick = Instant::now() + TICK;
        // Each is asked, also after one that is not idle: asking takes note of how far it has come.
        let idle: Vec<_> = self.tracees.values_mut().map(Tracee::is_idle).collect();
        if std::mem::take(&mut self.busy) || idle.contains(&false) {
            self.quiet_ticks = 0;
        } else {
            self.quiet_ticks += 1;
        }
        self.longest_quiet = self.longest_quiet.max(self.quiet_ticks);
        let patience = match self.tracing {
            Tracing::Learn => IN_LESSONS,
            Tracing::Mutate(mutation) => mutation.longest_quiet + QUIET_TICKS,
        };
        self.quiet_ticks >= patience
    }
}
