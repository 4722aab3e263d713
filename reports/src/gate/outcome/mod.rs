//! The gate: compares a run with a baseline. Anything that the baseline does not list is a finding, and one finding fails the
//! gate.

use super::baseline::{Baseline, ExpectedFailure};
use super::exit::Exit;
use super::scope::Scope;
use crate::causes::{Key, ids};
use crate::judged::{Judged, judged, reason, skipped};
use record::Verdict;
use record::{Records, RunRecord};
use std::collections::{BTreeMap, BTreeSet};
use strum::VariantArray;

/// The result of a gate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// How many specs it judged.
    pub judged: usize,
    /// How many specs were skipped, so that nothing is known of them.
    pub skipped: usize,
    /// Everything that differs from the baseline, the most significant first.
    pub findings: Vec<Finding>,
    /// The expected failures, by id, with their entries.
    pub expected: BTreeMap<String, ExpectedFailure>,
}

/// Something that differs from the baseline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The kind.
    pub kind: Kind,
    /// The spec, need or entry that it is about.
    pub about: String,
    /// What is wrong, to follow the name.
    pub what: String,
    /// What it has in common with the findings that have the same cause; empty for one that stands alone.
    pub cause: String,
}

/// Kinds of findings, the most significant first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// A spec deviates or times out, and no entry expects it.
    #[strum(to_string = "new deviations")]
    NewDeviation,
    /// An observation differs from the pinned value.
    #[strum(to_string = "changed observations")]
    ChangedObservation,
    /// A spec is broken, and no entry expects it.
    #[strum(to_string = "newly broken")]
    NewlyBroken,
    /// More specs are skipped for a need than the baseline allows.
    #[strum(to_string = "new skips")]
    NewSkips,
    /// A spec that the baseline lists is no longer in the suite.
    Gone,
    /// A spec conforms that is expected to fail.
    #[strum(to_string = "unexpected passes")]
    UnexpectedPass,
    /// An entry names no spec, or has expired.
    #[strum(to_string = "stale entries")]
    StaleEntry,
}

impl Kind {
    /// What the findings of a kind are called.
    pub fn words(self) -> &'static str {
        self.into()
    }

    /// The same words as a heading.
    pub(crate) fn title(self) -> String {
        let (first, rest) = self.words().split_at(1);
        first.to_uppercase() + rest
    }
}

impl Outcome {
    /// The findings of a kind.
    pub(crate) fn of(&self, kind: Kind) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.kind == kind)
    }

    /// The findings of a kind, those with the same cause together: the first of them, and whom they are about.
    pub(crate) fn grouped(&self, kind: Kind) -> Vec<(&Finding, Vec<String>)> {
        let mut groups: Vec<Vec<&Finding>> = Vec::new();
        for finding in self.of(kind) {
            match groups.iter_mut().find(|group| !finding.cause.is_empty() && group[0].cause == finding.cause) {
                Some(group) => group.push(finding),
                None => groups.push(vec![finding]),
            }
        }
        groups.into_iter().map(|group| (group[0], ids(group.iter().map(|finding| finding.about.as_str())))).collect()
    }

    /// The result, in words.
    pub(crate) fn words(&self) -> &'static str {
        if self.findings.is_empty() { "the run matches the baseline" } else { "the run does not match the baseline" }
    }

    /// How many findings there are of each kind and, last, how many expected failures.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (usize, &'static str)> {
        Kind::VARIANTS
            .iter()
            .copied()
            .map(|kind| (self.of(kind).count(), kind.words()))
            .chain([(self.expected.len(), "expected failures")])
    }

    /// The exit of the gate.
    pub fn exit(&self) -> Exit {
        if self.findings.is_empty() { Exit::Passed } else { Exit::Failed }
    }

    /// The exit for `git bisect run`. Only what the system does makes a commit bad: what is broken or skipped could not be
    /// judged, and an entry that is not needed yet, or no longer, does not make a commit bad.
    pub fn bisect(&self) -> Exit {
        let any = |kinds: &[Kind]| self.findings.iter().any(|finding| kinds.contains(&finding.kind));
        if any(&[Kind::NewDeviation, Kind::ChangedObservation]) {
            Exit::Failed
        } else if any(&[Kind::NewlyBroken, Kind::NewSkips]) {
            Exit::Untestable
        } else {
            Exit::Passed
        }
    }
}

/// Compares a run with a baseline. An error says why the records cannot be gated, as the end of a sentence that begins with
/// the name of their file.
pub fn gate(records: &Records, baseline: &Baseline, scope: &Scope) -> Result<Outcome, String> {
    scope.assert_judged_by(records)?;
    let wanted = |spec: &Judged| scope.wanted.contains(spec.record().id.as_str());
    let specs: Vec<_> = judged(records).into_iter().filter(wanted).collect();
    let mut findings = Vec::new();
    let mut expected = BTreeMap::new();
    for spec in &specs {
        match judge(spec, &baseline.expected, &records.run) {
            Judgement::Passed => {}
            Judgement::Expected(entry) => {
                expected.insert(spec.record().id.clone(), entry.clone());
            }
            Judgement::Unexpected(finding) => findings.push(finding),
        }
    }
    findings.extend(new_skips(&specs, baseline));
    findings.extend(changed_observations(&specs, baseline));
    findings.extend(gone(baseline, scope));
    findings.extend(stale_entries(baseline, &records.run, scope));
    findings.sort();
    let skipped = specs.iter().filter(|spec| spec.verdict() == Verdict::Skipped).count();
    Ok(Outcome { judged: specs.len() - skipped, skipped, findings, expected })
}

enum Judgement<'a> {
    /// It conforms, or was skipped.
    Passed,
    /// It fails, and an entry expects it.
    Expected(&'a ExpectedFailure),
    /// It differs from the baseline.
    Unexpected(Finding),
}

fn judge<'a>(spec: &Judged, expected: &'a [ExpectedFailure], run: &RunRecord) -> Judgement<'a> {
    let id = &spec.record().id;
    let mut entries = expected.iter().filter(|expected| expected.applies_to(run) && expected.pattern().matches(id));
    let finding = |kind, what, cause| Judgement::Unexpected(Finding { kind, about: id.clone(), what, cause });
    match spec.verdict() {
        Verdict::Skipped => Judgement::Passed,
        // Linux is known to deviate here, with or without an entry.
        _ if spec.known_of_linux().is_some() => Judgement::Passed,
        Verdict::Conforms => match entries.find(|expected| expected.flaky.is_none()) {
            None => Judgement::Passed,
            Some(entry) => {
                let what = format!("conforms, but {} was expected: {}", entry.verdict, entry.reason);
                finding(Kind::UnexpectedPass, what, String::new())
            }
        },
        verdict => match entries.find(|expected| expected.explains(spec)) {
            Some(entry) => Judgement::Expected(entry),
            None => {
                let kind = if verdict == Verdict::Broken { Kind::NewlyBroken } else { Kind::NewDeviation };
                let rate = if spec.attempts().len() > 1 { format!(", {}", spec.rate()) } else { String::new() };
                let at_fault = spec.at_fault().map(|words| format!("; at fault: {words}")).unwrap_or_default();
                let what = format!("{verdict}{rate}: {}{at_fault}", reason(spec.record()));
                finding(kind, what, Key::of(spec).words())
            }
        },
    }
}

fn new_skips(specs: &[Judged], baseline: &Baseline) -> Vec<Finding> {
    let beyond = |(need, specs): (&str, Vec<&str>)| {
        let budget = baseline.skips.get(need).copied().unwrap_or_default();
        (specs.len() > budget).then(|| Finding {
            kind: Kind::NewSkips,
            about: need.to_owned(),
            what: format!("{} skipped, {budget} allowed: {}", specs.len(), specs.join(", ")),
            cause: String::new(),
        })
    };
    skipped(specs).into_iter().filter_map(beyond).collect()
}

/// Only of specs that conform: another verdict is a finding of its own.
fn changed_observations(specs: &[Judged], baseline: &Baseline) -> Vec<Finding> {
    let conforming = specs.iter().filter(|spec| spec.verdict() == Verdict::Conforms);
    let pinned = conforming.filter_map(|spec| Some((spec, baseline.observations.get(&spec.record().id)?)));
    let each = pinned.flat_map(|(spec, pins)| pins.iter().map(move |(name, value)| (spec, name, value)));
    each.filter_map(|(spec, name, pinned)| {
        let seen = spec.observed(name);
        (seen.as_ref() != Some(pinned)).then(|| Finding {
            kind: Kind::ChangedObservation,
            about: spec.record().id.clone(),
            what: format!("{name}: {}, pinned: {pinned}", seen.as_deref().unwrap_or("not observed")),
            cause: String::new(),
        })
    })
    .collect()
}

fn gone<'a>(baseline: &'a Baseline, scope: &'a Scope) -> impl Iterator<Item = Finding> + 'a {
    let pinned = baseline.suite.specs.iter().chain(baseline.observations.keys()).collect::<BTreeSet<_>>();
    let gone = pinned.into_iter().filter(|id| !scope.suite.contains(id.as_str()));
    gone.map(|id| Finding {
        kind: Kind::Gone,
        about: id.clone(),
        what: "is no longer in the suite".into(),
        cause: String::new(),
    })
}

fn stale_entries(baseline: &Baseline, run: &RunRecord, scope: &Scope) -> Vec<Finding> {
    let stale = |expected: &ExpectedFailure| {
        let pattern = expected.pattern();
        let names_any = |ids: &BTreeSet<&str>| ids.iter().any(|id| pattern.matches(id));
        let expired = expected.flaky.filter(|flaky| flaky.has_expired(run.started));
        let what = if !names_any(&scope.suite) {
            "no spec has this id".into()
        } else if let Some(flaky) = expired
            && expected.applies_to(run)
            && names_any(&scope.wanted)
        {
            format!("expired on {}: {}", flaky.expires, expected.reason)
        } else {
            return None;
        };
        Some(Finding { kind: Kind::StaleEntry, about: expected.id.clone(), what, cause: String::new() })
    };
    baseline.expected.iter().filter_map(stale).collect()
}

#[cfg(test)]
mod tests;
