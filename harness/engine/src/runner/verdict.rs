//! The verdict on one attempt: a function of the evidence, and of nothing else.

use harness::ended::Ended;
use record::{Failure, Verdict};
use std::time::Duration;

/// All that a verdict depends on.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// After how long the watchdog ended the spec, if it did.
    pub timed_out: Option<Duration>,
    /// Whether it was ended since nothing could happen any more; only an audit does that.
    pub stalled: bool,
    /// What was written down as failed, in any of its processes and threads.
    pub failures: &'a [Failure],
    /// How the spec's first process ended; none when init did not reap it.
    pub first: Option<Ended>,
    /// How init ended, where the kernel reported it.
    pub init: Option<Ended>,
    /// The first line of what the kernel reported of an error of its own meanwhile, and how many other specs ran then.
    pub reported: Option<(&'a str, usize)>,
    /// How many entries found no room in the event log.
    pub lost: u32,
    /// Whether the body returned.
    pub finished: bool,
    /// How many assertions were executed.
    pub checks: u64,
}

/// The verdict, and the reason where no process could give one. The first of these that holds decides.
pub fn judge(evidence: &Evidence) -> (Verdict, Option<String>) {
    let found = |verdict| evidence.failures.iter().any(|failure| failure.verdict == verdict);
    if let Some(after) = evidence.timed_out {
        return (Verdict::Timeout, Some(format!("timed out after {:.0} s", after.as_secs_f32())));
    }
    if evidence.stalled {
        return (Verdict::Timeout, Some("deadlock: all processes blocked".into()));
    }
    if found(Verdict::Deviates) {
        return (Verdict::Deviates, None);
    }
    if found(Verdict::Broken) {
        return (Verdict::Broken, None);
    }
    if let Some((line, beside)) = evidence.reported {
        let beside = match beside {
            0 => String::new(),
            others => format!(" and {others} others (run with --jobs 1 to see which)"),
        };
        return (
            Verdict::Broken,
            Some(format!("the kernel reported an error of its own while it ran{beside}: {line}")),
        );
    }
    let reason = match evidence.first {
        None => Some(match evidence.init {
            Some(ended) => format!("the sandbox ended early: {ended}"),
            None => "the sandbox ended, and wait4(2) did not report how".into(),
        }),
        Some(_) if evidence.lost > 0 => Some(format!("the event log is full: {} entries were lost", evidence.lost)),
        Some(Ended::Exited(code)) if !evidence.finished => {
            Some(format!("the first process exited with {code} before the body returned"))
        }
        Some(Ended::Exited(_)) if evidence.checks == 0 => Some("nothing was asserted".into()),
        Some(Ended::Exited(_)) => None,
        Some(ended) => Some(format!("the first process was {ended}")),
    };
    (if reason.is_some() { Verdict::Broken } else { Verdict::Conforms }, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::ended::Signal;

    const KILLED: Ended = Ended::Killed { by: Signal(libc::SIGKILL), core: false };

    /// An attempt that conforms.
    const GOOD: Evidence = Evidence {
        timed_out: None,
        stalled: false,
        failures: &[],
        first: Some(Ended::Exited(0)),
        init: Some(Ended::Exited(0)),
        reported: None,
        lost: 0,
        finished: true,
        checks: 1,
    };

    fn failed(verdict: Verdict) -> Failure {
        Failure {
            verdict,
            message: "a message".into(),
            expected: None,
            actual: None,
            source: None,
            process: String::new(),
            signature: String::new(),
        }
    }

    #[test]
    fn each_row_of_the_order_decides_over_those_below() {
        let (deviates, broken) = ([failed(Verdict::Broken), failed(Verdict::Deviates)], [failed(Verdict::Broken)]);
        // From the last row to the first: each keeps what was wrong before, and adds its own.
        let none = Evidence { checks: 0, ..GOOD };
        let early = Evidence { finished: false, first: Some(Ended::Exited(3)), ..none };
        let killed = Evidence { first: Some(KILLED), ..early };
        let lost = Evidence { lost: 7, ..killed };
        let gone = Evidence { first: None, init: Some(KILLED), ..lost };
        let broken = Evidence { failures: &broken, ..gone };
        let deviates = Evidence { failures: &deviates, ..broken };
        let stalled = Evidence { stalled: true, ..deviates };
        let late = Evidence { timed_out: Some(Duration::from_millis(10_049)), ..stalled };
        for (evidence, verdict, reason) in [
            (GOOD, Verdict::Conforms, None),
            (none, Verdict::Broken, Some("nothing was asserted")),
            (early, Verdict::Broken, Some("the first process exited with 3 before the body returned")),
            (killed, Verdict::Broken, Some("the first process was killed by SIGKILL")),
            (lost, Verdict::Broken, Some("the event log is full: 7 entries were lost")),
            (gone, Verdict::Broken, Some("the sandbox ended early: killed by SIGKILL")),
            (broken, Verdict::Broken, None),
            (deviates, Verdict::Deviates, None),
            (stalled, Verdict::Timeout, Some("deadlock: all processes blocked")),
            (late, Verdict::Timeout, Some("timed out after 10 s")),
        ] {
            assert_eq!(judge(&evidence), (verdict, reason.map(str::to_owned)), "{evidence:?}");
        }
    }

    #[test]
    fn each_fault_decides_alone() {
        for (evidence, verdict) in [
            (Evidence { timed_out: Some(Duration::ZERO), ..GOOD }, Verdict::Timeout),
            (Evidence { stalled: true, ..GOOD }, Verdict::Timeout),
            (Evidence { failures: &[failed(Verdict::Deviates)], ..GOOD }, Verdict::Deviates),
            (Evidence { failures: &[failed(Verdict::Broken)], ..GOOD }, Verdict::Broken),
            (Evidence { first: None, ..GOOD }, Verdict::Broken),
            (Evidence { first: Some(KILLED), ..GOOD }, Verdict::Broken),
            (Evidence { lost: 1, ..GOOD }, Verdict::Broken),
            (Evidence { finished: false, ..GOOD }, Verdict::Broken),
            (Evidence { checks: 0, ..GOOD }, Verdict::Broken),
            // A body that returned and whose process then exits with another code was judged by its body.
            (Evidence { first: Some(Ended::Exited(1)), ..GOOD }, Verdict::Conforms),
        ] {
            assert_eq!(judge(&evidence).0, verdict, "{evidence:?}");
        }
    }
}
