//! Baselines updated from a run: what people wrote is kept where it still applies.

use super::{Baseline, Conditions, ExpectedFailure, Suite};
use crate::gate::scope::Scope;
use crate::judged::{Judged, judged, skipped, without_layer};
use record::Verdict;
use record::id::IdPattern;
use record::id::family;
use record::{Records, SpecRecord};
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
        about: old.about.clone(),
        expected,
        skips: skipped(&specs).into_iter().map(|(need, specs)| (need.into(), specs.len())).collect(),
        observations: pinned(old, &specs, &options.pin),
        suite: Suite { specs: suite.iter().map(ToString::to_string).collect() },
    })
}

/// What is left of an entry. It is kept if its conditions do not hold for this run, or if it is flaky, which one run cannot
/// refute. If it no longer applies to all of its specs, it is split into entries for those that still fail. If it does not say
/// how they fail, it is split by that.
fn kept(entry: &ExpectedFailure, records: &Records, specs: &[Judged]) -> Vec<ExpectedFailure> {
    let pattern = entry.pattern();
    let named: Vec<_> = specs.iter().filter(|spec| pattern.matches(&spec.record().id)).collect();
    if named.is_empty() {
        return Vec::new();
    }
    if !entry.applies_to(&records.run) {
        return vec![entry.clone()];
    }
    let is_unpinned = entry.failures.is_empty();
    let explains = |spec: &Judged| if is_unpinned { entry.has_verdict_of(spec) } else { entry.explains(spec) };
    let still_fails = |spec: &&&Judged| spec.verdict() == Verdict::Skipped || explains(spec) && spec.fails();
    let remaining: Vec<_> = named.iter().copied().filter(|spec| still_fails(&spec)).collect();
    let is_kept = entry.flaky.is_some() || remaining.len() == named.len();
    if is_kept && !is_unpinned {
        return vec![entry.clone()];
    }
    // A skipped spec says nothing: alone, it does not keep an entry that other specs have refuted.
    let failing: Vec<_> = remaining.iter().copied().filter(|spec| spec.fails()).collect();
    if failing.is_empty() {
        return if is_kept { vec![entry.clone()] } else { Vec::new() };
    }
    if is_kept && failing.iter().all(|spec| spec.ways() == failing[0].ways()) {
        return vec![ExpectedFailure { failures: failures_of(failing[0]), ..entry.clone() }];
    }
    let entries = alike(&failing, specs).into_iter().map(|(id, spec)| {
        let failures = if is_unpinned { failures_of(spec) } else { entry.failures.clone() };
        ExpectedFailure { id, failures, ..entry.clone() }
    });
    let skipped = remaining.iter().filter(|spec| spec.verdict() == Verdict::Skipped && !is_unpinned);
    let skipped = skipped.map(|spec| ExpectedFailure { id: spec.record().id.clone(), ..entry.clone() });
    entries.chain(skipped).collect()
}

/// An entry for each spec, or one for those that fail alike.
fn new_entries(new: &[&Judged], specs: &[Judged], reason: &str) -> Vec<ExpectedFailure> {
    let entry = |(id, spec): (String, &Judged)| ExpectedFailure {
        id,
        verdict: spec.verdict(),
        failures: failures_of(spec),
        reason: reason.into(),
        link: None,
        conditions: Conditions::default(),
        flaky: None,
    };
    alike(new, specs).into_iter().map(entry).collect()
}

fn failures_of(spec: &Judged) -> Vec<String> {
    spec.ways().into_iter().collect()
}

/// The shortest ids that name these specs and no others, each with one of them: all cases and layers of a function, or all
/// layers of a case, share an id if they fail alike.
fn alike<'s, 'a>(failing: &[&'s Judged<'a>], specs: &[Judged]) -> Vec<(String, &'s Judged<'a>)> {
    let agree = |group: &[&Judged]| {
        group.iter().all(|spec| (spec.verdict(), spec.ways()) == (group[0].verdict(), group[0].ways()))
    };
    let is_whole = |group: &[&Judged], id: fn(&SpecRecord) -> &str| {
        let of_all = specs.iter().filter(|spec| id(spec.record()) == id(group[0].record())).count();
        group.len() > 1 && group.len() == of_all && agree(group)
    };
    let mut ids = Vec::new();
    for function in failing.chunk_by(|one, other| function(one.record()) == function(other.record())) {
        if is_whole(function, self::function) {
            ids.push((self::function(function[0].record()).to_owned(), function[0]));
            continue;
        }
        for case in function.chunk_by(|one, other| without_layer(one.record()) == without_layer(other.record())) {
            if is_whole(case, without_layer) {
                ids.push((without_layer(case[0].record()).to_owned(), case[0]));
            } else {
                ids.extend(case.iter().map(|spec| (spec.record().id.clone(), *spec)));
            }
        }
    }
    ids
}

/// The id without its cases and layer.
fn function(record: &SpecRecord) -> &str {
    family(&record.id)
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
