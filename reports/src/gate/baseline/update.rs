//! Baselines updated from a run: what people wrote is kept where it still applies.

use super::{Baseline, Conditions, ExpectedFailure, Suite};
use crate::gate::scope::Scope;
use crate::judged::{Judged, judged, skipped};
use record::Records;
use record::Verdict;
use record::id::IdPattern;
use record::id::family;
use std::collections::{BTreeMap, BTreeSet};

/// Options of an update.
#[derive(Clone, Debug, Default)]
pub struct UpdateOptions {
    /// The reason for new entries. If it is empty, a person must write it: the gate refuses entries without a reason.
    pub reason: String,
    /// Ids or globs of specs whose observations are pinned, in addition to existing pins.
    pub pin: Vec<String>,
}

/// The baseline that this run of the whole suite matches. An error is the end of a sentence that begins with the name of the
/// record file.
pub fn updated(
    old: &Baseline,
    records: &Records,
    suite: &BTreeSet<&str>,
    options: &UpdateOptions,
) -> Result<Baseline, String> {
    Scope { suite: suite.clone(), wanted: suite.clone() }.assert_judged_by(records)?;
    let specs = judged(records);
    let mut expected: Vec<ExpectedFailure> =
        old.expected.iter().flat_map(|entry| kept(entry, records, &specs)).collect();
    let is_expected = |spec: &Judged| {
        expected.iter().any(|entry| {
            entry.applies_to(&records.run) && entry.pattern().matches(&spec.record().id) && entry.explains(spec)
        })
    };
    let new: Vec<_> = specs.iter().filter(|spec| spec.fails() && !is_expected(spec)).collect();
    expected.extend(new_entries(&new, &specs, &options.reason));
    Ok(Baseline {
        expected,
        skips: skipped(&specs).into_iter().map(|(need, specs)| (need.into(), specs.len())).collect(),
        observations: pinned(old, &specs, &options.pin),
        suite: Suite { specs: suite.iter().map(ToString::to_string).collect() },
    })
}

/// What is left of an entry. It is kept if its conditions do not hold for this run, or if it is flaky, which one run cannot
/// refute. If it no longer applies to all of its specs, it is split into entries for those that still fail.
fn kept(entry: &ExpectedFailure, records: &Records, specs: &[Judged]) -> Vec<ExpectedFailure> {
    let pattern = entry.pattern();
    let named: Vec<_> = specs.iter().filter(|spec| pattern.matches(&spec.record().id)).collect();
    if named.is_empty() {
        return Vec::new();
    }
    let still_fails = |spec: &&&Judged| spec.verdict() == Verdict::Skipped || entry.explains(spec) && fails(spec);
    let remaining: Vec<_> = named.iter().filter(still_fails).collect();
    if !entry.applies_to(&records.run) || entry.flaky.is_some() || remaining.len() == named.len() {
        return vec![entry.clone()];
    }
    // A skipped spec says nothing: alone, it does not keep an entry that other specs have refuted.
    if !remaining.iter().any(|spec| fails(spec)) {
        return Vec::new();
    }
    remaining.into_iter().map(|spec| ExpectedFailure { id: spec.record().id.clone(), ..entry.clone() }).collect()
}

fn fails(spec: &Judged) -> bool {
    spec.fails()
}

/// An entry for each spec, or one for all cases and layers of a function when they fail alike.
fn new_entries(new: &[&Judged], specs: &[Judged], reason: &str) -> Vec<ExpectedFailure> {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for spec in specs {
        *sizes.entry(family(&spec.record().id)).or_default() += 1;
    }
    let mut entries = Vec::new();
    for cases in new.chunk_by(|one, other| family(&one.record().id) == family(&other.record().id)) {
        let name = family(&cases[0].record().id);
        let verdict = cases[0].verdict();
        let alike = cases.len() == sizes[name].max(2) && cases.iter().all(|spec| spec.verdict() == verdict);
        let ids = if alike { vec![name] } else { cases.iter().map(|spec| spec.record().id.as_str()).collect() };
        let verdicts = cases.iter().map(|spec| spec.verdict());
        entries.extend(ids.into_iter().zip(verdicts).map(|(id, verdict)| ExpectedFailure {
            id: id.into(),
            verdict,
            reason: reason.into(),
            link: None,
            conditions: Conditions::default(),
            flaky: None,
        }));
    }
    entries
}

/// Pins with what is observed now; where a spec does not conform the old value stays.
fn pinned(old: &Baseline, specs: &[Judged], pin: &[String]) -> BTreeMap<String, BTreeMap<String, String>> {
    let patterns: Vec<_> = pin.iter().map(|pattern| IdPattern::new(pattern)).collect();
    let mut pinned = BTreeMap::new();
    for spec in specs {
        let id = &spec.record().id;
        let mut pins = old.observations.get(id).cloned().unwrap_or_default();
        if spec.verdict() == Verdict::Conforms {
            if patterns.iter().any(|pattern| pattern.matches(id)) {
                let names = spec.attempts().iter().flat_map(|record| &record.observations);
                pins.extend(names.map(|seen| (seen.name.clone(), String::new())));
            }
            pins = pins.into_keys().filter_map(|name| Some((name.clone(), spec.observed(&name)?))).collect();
        }
        if !pins.is_empty() {
            pinned.insert(id.clone(), pins);
        }
    }
    pinned
}
