//! A spec with all its attempts: the unit that every report counts.

use crate::text;
use harness::record::{Records, SpecRecord};
use harness::verdict::Verdict;
use std::collections::BTreeMap;

/// A spec as a run judged it, once or, with `--repeat`, several times.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    /// By number; never empty.
    attempts: Vec<&'a SpecRecord>,
}

/// The specs of a run, by id: the order in which they ended differs from run to run.
pub fn judged(records: &Records) -> Vec<Judged<'_>> {
    let mut by_id: BTreeMap<&str, Vec<&SpecRecord>> = BTreeMap::new();
    for record in &records.specs {
        by_id.entry(&record.id).or_default().push(record);
    }
    by_id
        .into_values()
        .map(|mut attempts| {
            attempts.sort_by_key(|record| record.attempt);
            Judged { attempts }
        })
        .collect()
}

/// Groups specs by the mechanism that they are about.
pub(crate) fn by_mechanism<'a>(specs: &[Judged<'a>]) -> BTreeMap<&'a str, Vec<Judged<'a>>> {
    let mut groups: BTreeMap<&str, Vec<Judged>> = BTreeMap::new();
    for spec in specs {
        groups.entry(&spec.record().mechanism).or_default().push(spec.clone());
    }
    groups
}

/// The id without its layer: what is asked, however it is asked.
pub(crate) fn without_layer(record: &SpecRecord) -> &str {
    let suffix = record.layer.and_then(|layer| record.id.strip_suffix(layer.word())?.strip_suffix('/'));
    suffix.unwrap_or(&record.id)
}

impl<'a> Judged<'a> {
    /// A spec with one attempt.
    pub(crate) fn one(record: &'a SpecRecord) -> Self {
        Self { attempts: vec![record] }
    }

    /// The attempt that speaks for the spec: the first that failed, else the first that conformed, else the first.
    pub fn record(&self) -> &'a SpecRecord {
        let first = |pick: fn(Verdict) -> bool| self.attempts.iter().find(|record| pick(record.verdict));
        first(Verdict::is_failure)
            .or_else(|| first(|verdict| verdict == Verdict::Conforms))
            .unwrap_or(&self.attempts[0])
    }

    /// The verdict on the spec: a single failing attempt fails it.
    pub fn verdict(&self) -> Verdict {
        self.record().verdict
    }

    /// All attempts, by number.
    pub fn attempts(&self) -> &[&'a SpecRecord] {
        &self.attempts
    }

    /// How many attempts got this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.attempts.iter().filter(|record| record.verdict == verdict).count()
    }

    /// Whether attempts disagree.
    pub fn is_unsteady(&self) -> bool {
        self.attempts.iter().any(|record| record.verdict != self.attempts[0].verdict)
    }

    /// The pass rate in words: `7/20 conform (11 deviates, 2 timeout)`.
    pub fn rate(&self) -> String {
        let others: Vec<_> = Verdict::ALL[1..]
            .iter()
            .map(|verdict| (self.count(*verdict), verdict))
            .filter(|(count, _)| *count > 0)
            .map(|(count, verdict)| format!("{count} {verdict}"))
            .collect();
        let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
        format!("{}/{} conform{others}", self.count(Verdict::Conforms), self.attempts.len())
    }

    /// Wall-clock time of all attempts, in microseconds.
    pub fn wall_us(&self) -> u64 {
        total(self.attempts.iter().map(|record| record.wall_us))
    }
}

/// A sum that a damaged record cannot make overflow.
pub(crate) fn total(amounts: impl Iterator<Item = u64>) -> u64 {
    amounts.fold(0, u64::saturating_add)
}

/// Why an attempt got its verdict, in one clean line; empty when it conforms.
pub(crate) fn reason(record: &SpecRecord) -> String {
    let reason = match (record.verdict, record.failures.first()) {
        (Verdict::Conforms, _) => String::new(),
        (Verdict::Skipped, _) if record.missing.is_empty() => "the missing need is not recorded".into(),
        (Verdict::Skipped, _) => {
            let missing = record.missing.iter().map(|missing| format!("needs {}: {}", missing.need, missing.found));
            missing.collect::<Vec<_>>().join("; ")
        }
        (Verdict::Timeout, _) => format!("the watchdog ended it after {}", text::seconds(record.wall_us)),
        (_, Some(failure)) => match (&failure.expected, &failure.actual) {
            (Some(expected), Some(actual)) => format!("{}: expected {expected}, actual {actual}", failure.message),
            _ => failure.message.clone(),
        },
        (_, None) if record.checks == 0 => "no assertion was executed".into(),
        (_, None) => "the reason is not recorded".into(),
    };
    text::clip(&text::one_line(&reason), 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_failing_attempt_speaks_for_the_spec() {
        let records = sample::repeated();
        let specs = judged(&records);
        assert_eq!(specs.len(), 1);
        assert!(specs[0].is_unsteady());
        assert_eq!(specs[0].verdict(), Verdict::Deviates);
        assert_eq!(specs[0].record().attempt, 2);
        assert_eq!(specs[0].rate(), "2/4 conform (1 deviates, 1 timeout)");
    }

    #[test]
    fn every_verdict_but_conforms_has_a_reason() {
        for record in &sample::records().specs {
            assert_eq!(reason(record).is_empty(), record.verdict == Verdict::Conforms, "{}", record.id);
        }
    }
}
