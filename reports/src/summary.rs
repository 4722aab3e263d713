//! The numbers of a run.

use crate::judged::{Judged, by_mechanism, judged, total};
use record::Verdict;
use record::{Missing, Records};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The totals of a run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Summary {
    /// Specs that were judged, each counted once even if it ran several times.
    pub specs: usize,
    /// Attempts that were judged.
    pub attempts: usize,
    /// Attempts that were selected; more than `attempts` if the run ended early.
    pub selected: usize,
    /// Whether the run was interrupted.
    pub interrupted: bool,
    /// Specs by verdict. One failing attempt fails a spec.
    pub verdicts: Counts,
    /// Specs by verdict, for each mechanism.
    pub mechanisms: BTreeMap<String, Counts>,
    /// Skipped specs by missing need. A spec with two missing needs is in two groups.
    pub skips: Vec<SkipGroup>,
    /// Pass rates of the specs that ran more than once.
    pub rates: Vec<Rate>,
    /// Specs whose attempts have different verdicts.
    pub flaky: usize,
    /// Assertions executed, in all attempts.
    pub checks: u64,
    /// Wall-clock time of the run in microseconds.
    pub wall_us: u64,
    /// Processor time of all attempts in microseconds.
    pub cpu_us: u64,
}

/// Numbers of specs or attempts by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "each field is the verdict of its name")]
pub struct Counts {
    pub conforms: usize,
    pub deviates: usize,
    pub broken: usize,
    pub timeout: usize,
    pub skipped: usize,
}

/// Specs that were skipped for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SkipGroup {
    /// The need, what was found, and the remedy.
    pub missing: Missing,
    /// Ids of the specs that need it.
    pub specs: Vec<String>,
}

/// How often a spec conforms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rate {
    /// The spec.
    pub id: String,
    /// Attempts by verdict.
    pub attempts: Counts,
    /// Whether attempts have different verdicts.
    pub flaky: bool,
}

impl Counts {
    fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            *match verdict {
                Verdict::Conforms => &mut counts.conforms,
                Verdict::Deviates => &mut counts.deviates,
                Verdict::Broken => &mut counts.broken,
                Verdict::Timeout => &mut counts.timeout,
                Verdict::Skipped => &mut counts.skipped,
            } += 1;
        }
        counts
    }

    /// How many have this verdict.
    pub fn get(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Conforms => self.conforms,
            Verdict::Deviates => self.deviates,
            Verdict::Broken => self.broken,
            Verdict::Timeout => self.timeout,
            Verdict::Skipped => self.skipped,
        }
    }

    /// The counts in words: `2 conforms, 1 deviates, ...`.
    pub fn words(&self) -> String {
        Verdict::ALL.map(|verdict| format!("{} {verdict}", self.get(verdict))).join(", ")
    }

    /// How many have a failing verdict.
    pub fn failures(&self) -> usize {
        Verdict::ALL.into_iter().filter(|verdict| verdict.is_failure()).map(|verdict| self.get(verdict)).sum()
    }
}

impl Summary {
    /// Counts the records.
    pub fn of(records: &Records) -> Self {
        let specs = judged(records);
        let verdicts = |specs: &[Judged]| Counts::of(specs.iter().map(Judged::verdict));
        Self {
            specs: specs.len(),
            attempts: records.specs.len(),
            selected: records.run.selected,
            interrupted: records.end.interrupted,
            verdicts: verdicts(&specs),
            mechanisms: by_mechanism(&specs).into_iter().map(|(name, specs)| (name.into(), verdicts(&specs))).collect(),
            skips: skips(&specs),
            rates: specs.iter().filter(|spec| spec.attempts().len() > 1).map(rate).collect(),
            flaky: specs.iter().filter(|spec| spec.is_flaky()).count(),
            checks: total(records.specs.iter().map(|record| record.checks)),
            wall_us: records.end.wall_us,
            cpu_us: total(records.specs.iter().map(|record| record.cpu_us)),
        }
    }
}

fn rate(spec: &Judged) -> Rate {
    Rate {
        id: spec.record().id.clone(),
        attempts: Counts::of(spec.attempts().iter().map(|record| record.verdict)),
        flaky: spec.is_flaky(),
    }
}

fn skips(specs: &[Judged]) -> Vec<SkipGroup> {
    let mut groups: BTreeMap<&Missing, Vec<String>> = BTreeMap::new();
    for spec in specs.iter().filter(|spec| spec.verdict() == Verdict::Skipped) {
        for missing in &spec.record().missing {
            groups.entry(missing).or_default().push(spec.record().id.clone());
        }
    }
    groups.into_iter().map(|(missing, specs)| SkipGroup { missing: missing.clone(), specs }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn specs_are_counted_once() {
        let summary = Summary::of(&sample::records());
        let expected = Counts { conforms: 2, deviates: 1, broken: 1, timeout: 1, skipped: 2 };
        assert_eq!(summary.verdicts, expected);
        assert_eq!((summary.specs, summary.attempts, summary.flaky), (7, 7, 0));
        assert_eq!(summary.mechanisms["pipe"], Counts { conforms: 2, broken: 1, ..Counts::default() });
        assert_eq!(summary.verdicts.failures(), 3);
        assert!(summary.rates.is_empty());
    }

    #[test]
    fn skips_are_grouped_by_need() {
        let skips = Summary::of(&sample::records()).skips;
        let groups: Vec<_> = skips.iter().map(|group| (group.missing.need.as_str(), group.specs.len())).collect();
        assert_eq!(groups, [("cpus(4)", 1), ("reboot", 2)]);
    }

    #[test]
    fn disagreeing_attempts_are_flaky() {
        let summary = Summary::of(&sample::repeated());
        assert_eq!((summary.specs, summary.attempts, summary.flaky), (1, 4, 1));
        assert_eq!(summary.verdicts, Counts { deviates: 1, ..Counts::default() });
        assert_eq!(summary.rates[0].attempts, Counts { conforms: 2, deviates: 1, timeout: 1, ..Counts::default() });
        assert!(summary.rates[0].flaky);
    }
}
