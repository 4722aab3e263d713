//! A baseline made current by a run: what people wrote stays where it still says what is so.

use super::{Baseline, Conditions, Known, Suite};
use crate::gate::scope::Scope;
use crate::judged::{Judged, judged, skipped};
use record::Records;
use record::Verdict;
use record::id::IdPattern;
use record::id::family;
use std::collections::{BTreeMap, BTreeSet};

/// What an update has to know beside the run.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// The reason of new entries. An empty one is for a person to write; a gate takes no baseline without.
    pub reason: String,
    /// Ids or globs of the specs whose observations are to be pinned, beside those that are.
    pub pin: Vec<String>,
}

/// The baseline that this run, of the whole suite, holds against. An error is the end of a sentence that begins with the
/// name of the record file.
pub fn updated(old: &Baseline, records: &Records, suite: &BTreeSet<&str>, wishes: &Wishes) -> Result<Baseline, String> {
    Scope { suite: suite.clone(), wanted: suite.clone() }.assert_judged_by(records)?;
    let specs = judged(records);
    let mut known: Vec<Known> = old.known.iter().flat_map(|entry| kept(entry, records, &specs)).collect();
    let is_known = |spec: &Judged| {
        known.iter().any(|entry| {
            entry.applies_to(&records.run) && entry.pattern().matches(&spec.record().id) && entry.explains(spec)
        })
    };
    let new: Vec<_> = specs.iter().filter(|spec| spec.fails() && !is_known(spec)).collect();
    known.extend(new_entries(&new, &specs, &wishes.reason));
    Ok(Baseline {
        known,
        skips: skipped(&specs).into_iter().map(|(need, specs)| (need.into(), specs.len())).collect(),
        observations: pinned(old, &specs, &wishes.pin),
        suite: Suite { specs: suite.iter().map(ToString::to_string).collect() },
    })
}

/// What is left of an entry. One that is not about this run stays; so does a flaky one, which a run that conforms does not
/// refute. One that no longer says what is so of each of its specs is left with those of which it does.
fn kept(entry: &Known, records: &Records, specs: &[Judged]) -> Vec<Known> {
    let pattern = entry.pattern();
    let named: Vec<_> = specs.iter().filter(|spec| pattern.matches(&spec.record().id)).collect();
    if named.is_empty() {
        return Vec::new();
    }
    let still_so = |spec: &&&Judged| spec.verdict() == Verdict::Skipped || entry.explains(spec) && fails(spec);
    let as_before: Vec<_> = named.iter().filter(still_so).collect();
    if !entry.applies_to(&records.run) || entry.flaky.is_some() || as_before.len() == named.len() {
        return vec![entry.clone()];
    }
    // Of a spec that is skipped nothing is known; alone it keeps no entry that others have refuted.
    if !as_before.iter().any(|spec| fails(spec)) {
        return Vec::new();
    }
    as_before.into_iter().map(|spec| Known { id: spec.record().id.clone(), ..entry.clone() }).collect()
}

fn fails(spec: &Judged) -> bool {
    spec.fails()
}

/// An entry for each spec, or one for all cases and layers of a function when they fail alike.
fn new_entries(new: &[&Judged], specs: &[Judged], reason: &str) -> Vec<Known> {
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
        entries.extend(ids.into_iter().zip(verdicts).map(|(id, verdict)| Known {
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
