//! A spec with all its attempts: the unit that every report counts.

use crate::blame::{self, ByLayer, Fault};
use crate::text;
use record::Layer;
use record::Verdict;
use record::{Failure, KnownDeviation, Records, RunRecord, SpecRecord};
use std::collections::{BTreeMap, BTreeSet};

/// A spec as a run judged it, once or, with `--repeat`, several times.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    /// By number; never empty.
    attempts: Vec<&'a SpecRecord>,
    /// The verdicts on this spec through all its layers.
    by_layer: ByLayer,
    /// The run, when it is known.
    run: Option<&'a RunRecord>,
}

/// The specs of a run, by id: the order in which they ended differs from run to run.
pub fn judged(records: &Records) -> Vec<Judged<'_>> {
    let mut by_id: BTreeMap<&str, Vec<&SpecRecord>> = BTreeMap::new();
    for record in &records.specs {
        by_id.entry(&record.id).or_default().push(record);
    }
    let mut specs: Vec<_> = by_id
        .into_values()
        .map(|mut attempts| {
            attempts.sort_by_key(|record| record.attempt);
            Judged { attempts, by_layer: ByLayer::default(), run: Some(&records.run) }
        })
        .collect();
    let mut verdicts: BTreeMap<&str, ByLayer> = BTreeMap::new();
    for spec in &specs {
        if let Some(layer) = spec.layer() {
            verdicts.entry(without_layer(spec.record())).or_default()[layer] = Some(spec.verdict());
        }
    }
    for spec in specs.iter_mut().filter(|spec| spec.layer().is_some()) {
        spec.by_layer = verdicts.get(without_layer(spec.record())).copied().unwrap_or_default();
    }
    specs
}

/// Groups specs by mechanism.
pub(crate) fn by_mechanism<'a>(specs: &[Judged<'a>]) -> BTreeMap<&'a str, Vec<Judged<'a>>> {
    let mut groups: BTreeMap<&str, Vec<Judged>> = BTreeMap::new();
    for spec in specs {
        groups.entry(&spec.record().mechanism).or_default().push(spec.clone());
    }
    groups
}

/// The id without its layer.
pub(crate) fn without_layer(spec: &SpecRecord) -> &str {
    record::id::without_layer(&spec.id, spec.layer)
}

impl<'a> Judged<'a> {
    /// A spec with one attempt.
    pub(crate) fn one(record: &'a SpecRecord) -> Self {
        Self { attempts: vec![record], by_layer: ByLayer::default(), run: None }
    }

    /// The place of the layer among all.
    fn layer(&self) -> Option<usize> {
        let layer = self.record().layer?;
        Layer::ALL.iter().position(|one| *one == layer)
    }

    /// The layer at fault if it fails, where the layers show it: `C library: raw conforms, libc deviates`.
    pub fn at_fault(&self) -> Option<String> {
        let preloaded = self.run.is_some_and(|run| run.environment.preloaded.is_some());
        self.verdict().is_failure().then(|| blame::words(self.by_layer, preloaded))?
    }

    /// The same, without the verdicts that show it.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.verdict().is_failure().then(|| blame::fault(self.by_layer))?
    }

    /// In which ways its attempts fail, each once.
    pub(crate) fn ways(&self) -> BTreeSet<String> {
        self.attempts.iter().filter(|record| record.verdict.is_failure()).flat_map(|record| ways(record)).collect()
    }

    /// The representative attempt: the first that failed, else the first that conformed, else the first.
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

    /// Whether it fails, and not with a known deviation of Linux.
    pub fn fails(&self) -> bool {
        self.attempts.iter().any(|record| record.fails())
    }

    /// The known deviation of Linux, if nothing else fails.
    pub fn known_of_linux(&self) -> Option<&'a KnownDeviation> {
        if self.fails() { None } else { self.attempts.iter().find_map(|record| record.known.as_ref()) }
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
    pub fn is_flaky(&self) -> bool {
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

    /// The command that reproduces the verdict. What fails only sometimes is repeated as often.
    pub fn reproduce(&self) -> String {
        let repeat = if self.is_flaky() { format!(" --repeat {}", self.attempts.len()) } else { String::new() };
        let option = |name: &str, value: Option<&String>| value.map(|value| format!(" --{name} {value}"));
        let preload =
            self.run.and_then(|run| option("preload", run.environment.preloaded.as_ref())).unwrap_or_default();
        let mutation = self.run.and_then(|run| option("mutation", run.mutation.as_ref())).unwrap_or_default();
        let chosen = self.run.and_then(|run| run.environment.directory.as_ref());
        let directory = option("directory", chosen.map(|chosen| &chosen.path)).unwrap_or_default();
        format!("ipcspec run {}{repeat}{preload}{directory}{mutation}", self.record().id)
    }

    /// What it observed by this name, in all attempts, as one text.
    pub(crate) fn observed(&self, name: &str) -> Option<String> {
        let all = self.attempts.iter().flat_map(|record| &record.observations);
        let values: BTreeSet<_> = all.filter(|seen| seen.name == name).map(|seen| seen.value.as_str()).collect();
        (!values.is_empty()).then(|| Vec::from_iter(values).join(", "))
    }

    /// Wall-clock time of all attempts, in microseconds.
    pub fn wall_us(&self) -> u64 {
        total(self.attempts.iter().map(|record| record.wall_us))
    }
}

/// The skipped specs, by missing need. One with two missing needs is in two groups.
pub(crate) fn skipped<'a>(specs: &[Judged<'a>]) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for record in specs.iter().map(Judged::record).filter(|record| record.verdict == Verdict::Skipped) {
        for missing in &record.missing {
            groups.entry(&missing.need).or_default().push(&record.id);
        }
    }
    groups
}

/// A sum that a damaged record cannot make overflow.
pub(crate) fn total(amounts: impl Iterator<Item = u64>) -> u64 {
    amounts.fold(0, u64::saturating_add)
}

/// The signatures of the failures that gave an attempt its verdict, without that verdict. What else failed in its course may
/// be missing the next time.
fn ways(record: &SpecRecord) -> BTreeSet<String> {
    let decisive = record.failures.iter().filter(|failure| failure.verdict == record.verdict);
    let prefix = format!("{}: ", record.verdict);
    let way = |failure: &Failure| match failure.signature.strip_prefix(&prefix) {
        Some(way) => way.to_owned(),
        // A file of an older ipcspec has none.
        None => record::signature(failure, &[]).strip_prefix(&prefix).unwrap_or_default().to_owned(),
    };
    let ways: BTreeSet<_> = decisive.map(way).collect();
    if ways.is_empty() { BTreeSet::from([reason(record)]) } else { ways }
}

/// Why an attempt has its verdict, on one line; empty if it conforms.
pub(crate) fn reason(record: &SpecRecord) -> String {
    let reason = match (record.verdict, record.failures.first()) {
        (Verdict::Conforms, _) => String::new(),
        (Verdict::Skipped, _) if record.missing.is_empty() => "the missing need is not recorded".into(),
        (Verdict::Skipped, _) => {
            let missing = record.missing.iter().map(|missing| format!("needs {}: {}", missing.need, missing.found));
            missing.collect::<Vec<_>>().join("; ")
        }
        (Verdict::Timeout, _) => format!("timed out after {}", text::seconds(record.wall_us)),
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
    fn a_failing_attempt_represents_the_spec() {
        let records = sample::repeated();
        let specs = judged(&records);
        assert_eq!(specs.len(), 1);
        assert!(specs[0].is_flaky());
        assert_eq!(specs[0].verdict(), Verdict::Deviates);
        assert_eq!(specs[0].record().attempt, 2);
        assert_eq!(specs[0].rate(), "2/4 conform (1 deviates, 1 timeout)");
    }

    #[test]
    fn a_failing_layer_has_the_layer_at_fault() {
        let mut records = sample::records();
        let model = records.specs.remove(0);
        let layer = |layer: Layer, verdict| SpecRecord {
            id: format!("pipe.flags/nonblock/{layer}"),
            layer: Some(layer),
            verdict,
            ..model.clone()
        };
        records.specs = vec![
            layer(Layer::Libc, Verdict::Deviates),
            layer(Layer::Nix, Verdict::Broken),
            layer(Layer::Raw, Verdict::Conforms),
            SpecRecord { id: "pipe.flags/other/raw".into(), ..layer(Layer::Raw, Verdict::Deviates) },
            SpecRecord { id: "pipe.flags/nonblock".into(), verdict: Verdict::Deviates, ..model.clone() },
        ];
        let at_fault: Vec<_> =
            judged(&records).iter().map(|spec| (spec.record().id.clone(), spec.at_fault())).collect();
        let library = || Some("C library: raw conforms, libc deviates, nix broken".to_owned());
        assert_eq!(
            at_fault,
            [
                ("pipe.flags/nonblock".into(), None),
                ("pipe.flags/nonblock/libc".into(), library()),
                ("pipe.flags/nonblock/nix".into(), library()),
                ("pipe.flags/nonblock/raw".into(), None),
                ("pipe.flags/other/raw".into(), None),
            ]
        );
    }

    #[test]
    fn every_verdict_but_conforms_has_a_reason() {
        for record in &sample::records().specs {
            assert_eq!(reason(record).is_empty(), record.verdict == Verdict::Conforms, "{}", record.id);
        }
    }
}
