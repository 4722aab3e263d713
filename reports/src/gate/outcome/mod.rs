//! The gate: whether a run is what a baseline says. Whatever is not known is a finding, and one finding closes the gate.

use super::baseline::{Baseline, Known};
use super::exit::Exit;
use super::scope::Scope;
use crate::judged::{Judged, judged, reason, skipped};
use record::Verdict;
use record::{Records, RunRecord};
use std::collections::{BTreeMap, BTreeSet};

/// What the gate has to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Everything that is not as the baseline says, the most telling first.
    pub findings: Vec<Finding>,
    /// The specs that fail as it is known, by id, with the entry that says so.
    pub known: BTreeMap<String, Known>,
}

/// Something that is not as the baseline says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What kind of thing.
    pub kind: Kind,
    /// The spec, need or entry that it is about.
    pub about: String,
    /// What is wrong, as the rest of a line.
    pub what: String,
}

/// The reasons for which a gate is closed, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A spec deviates or times out, and no entry says so.
    NewDeviation,
    /// An observation is not the one that is pinned.
    ChangedObservation,
    /// A spec is broken, and no entry says so.
    NewlyBroken,
    /// More specs are skipped for a need than the baseline allows.
    NewSkips,
    /// A spec that the baseline knows is no longer in the suite.
    Gone,
    /// A spec conforms though it is known to fail.
    UnexpectedPass,
    /// An entry names no spec, or has expired.
    StaleEntry,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::NewDeviation,
        Self::ChangedObservation,
        Self::NewlyBroken,
        Self::NewSkips,
        Self::Gone,
        Self::UnexpectedPass,
        Self::StaleEntry,
    ];

    /// What the findings of a kind are called.
    pub fn words(self) -> &'static str {
        match self {
            Self::NewDeviation => "new deviations",
            Self::ChangedObservation => "changed observations",
            Self::NewlyBroken => "newly broken",
            Self::NewSkips => "new skips",
            Self::Gone => "gone",
            Self::UnexpectedPass => "unexpected passes",
            Self::StaleEntry => "stale entries",
        }
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

    /// The answer, in words.
    pub(crate) fn words(&self) -> &'static str {
        if self.findings.is_empty() {
            "the run is what the baseline says"
        } else {
            "the run is not what the baseline says"
        }
    }

    /// The answer in numbers: how many there are of each kind of finding and, last, how many specs fail as it is known.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (usize, &'static str)> {
        Kind::ALL.into_iter().map(|kind| (self.of(kind).count(), kind.words())).chain([(self.known.len(), "known")])
    }

    /// How the gate ends.
    pub fn exit(&self) -> Exit {
        if self.findings.is_empty() { Exit::Holds } else { Exit::Deviations }
    }

    /// How `git bisect run` is answered. Only what the system does tells a bad commit from a good one: what is broken or
    /// skipped could not be judged there, and that an entry is not needed yet, or any more, does not make a commit bad.
    pub fn bisect(&self) -> Exit {
        let any = |kinds: &[Kind]| self.findings.iter().any(|finding| kinds.contains(&finding.kind));
        if any(&[Kind::NewDeviation, Kind::ChangedObservation]) {
            Exit::Deviations
        } else if any(&[Kind::NewlyBroken, Kind::NewSkips]) {
            Exit::Untestable
        } else {
            Exit::Holds
        }
    }
}

/// Holds a run against a baseline. An error says why these records do not answer, as the end of a sentence that begins
/// with the name of their file.
pub fn gate(records: &Records, baseline: &Baseline, scope: &Scope) -> Result<Outcome, String> {
    scope.assert_judged_by(records)?;
    let wanted = |spec: &Judged| scope.wanted.contains(spec.record().id.as_str());
    let specs: Vec<_> = judged(records).into_iter().filter(wanted).collect();
    let mut findings = Vec::new();
    let mut known = BTreeMap::new();
    for spec in &specs {
        match judge(spec, &baseline.known, &records.run) {
            Judgement::AsExpected => {}
            Judgement::Known(entry) => {
                known.insert(spec.record().id.clone(), entry.clone());
            }
            Judgement::Unknown(finding) => findings.push(finding),
        }
    }
    findings.extend(new_skips(&specs, baseline));
    findings.extend(changed_observations(&specs, baseline));
    findings.extend(gone(baseline, scope));
    findings.extend(stale_entries(baseline, &records.run, scope));
    findings.sort();
    Ok(Outcome { findings, known })
}

enum Judgement<'a> {
    /// It conforms, or was skipped.
    AsExpected,
    /// It fails, and an entry says so.
    Known(&'a Known),
    /// It is not as the baseline says.
    Unknown(Finding),
}

fn judge<'a>(spec: &Judged, known: &'a [Known], run: &RunRecord) -> Judgement<'a> {
    let id = &spec.record().id;
    let mut entries = known.iter().filter(|known| known.applies_to(run) && known.pattern().matches(id));
    let finding = |kind, what| Judgement::Unknown(Finding { kind, about: id.clone(), what });
    match spec.verdict() {
        Verdict::Skipped => Judgement::AsExpected,
        // Linux is known to deviate here, with or without an entry.
        _ if spec.known_of_linux().is_some() => Judgement::AsExpected,
        Verdict::Conforms => match entries.find(|known| known.flaky.is_none()) {
            None => Judgement::AsExpected,
            Some(entry) => {
                let what = format!("conforms, and is known as {}: {}", entry.verdict, entry.reason);
                finding(Kind::UnexpectedPass, what)
            }
        },
        verdict => match entries.find(|known| known.explains(spec)) {
            Some(entry) => Judgement::Known(entry),
            None => {
                let kind = if verdict == Verdict::Broken { Kind::NewlyBroken } else { Kind::NewDeviation };
                let rate = if spec.attempts().len() > 1 { format!(", {}", spec.rate()) } else { String::new() };
                finding(kind, format!("{verdict}{rate}: {}", reason(spec.record())))
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
            what: format!("{} skipped for it, where {budget} may be: {}", specs.len(), specs.join(", ")),
        })
    };
    skipped(specs).into_iter().filter_map(beyond).collect()
}

/// A spec that fails or is skipped observes what it comes to; its verdict tells more.
fn changed_observations(specs: &[Judged], baseline: &Baseline) -> Vec<Finding> {
    let conforming = specs.iter().filter(|spec| spec.verdict() == Verdict::Conforms);
    let pinned = conforming.filter_map(|spec| Some((spec, baseline.observations.get(&spec.record().id)?)));
    let each = pinned.flat_map(|(spec, pins)| pins.iter().map(move |(name, value)| (spec, name, value)));
    each.filter_map(|(spec, name, pinned)| {
        let seen = spec.observed(name);
        (seen.as_ref() != Some(pinned)).then(|| Finding {
            kind: Kind::ChangedObservation,
            about: spec.record().id.clone(),
            what: format!("{name}: {}, where {pinned} is pinned", seen.as_deref().unwrap_or("not observed")),
        })
    })
    .collect()
}

fn gone<'a>(baseline: &'a Baseline, scope: &'a Scope) -> impl Iterator<Item = Finding> + 'a {
    let pinned = baseline.suite.specs.iter().chain(baseline.observations.keys()).collect::<BTreeSet<_>>();
    let gone = pinned.into_iter().filter(|id| !scope.suite.contains(id.as_str()));
    gone.map(|id| Finding { kind: Kind::Gone, about: id.clone(), what: "is no longer in the suite".into() })
}

fn stale_entries(baseline: &Baseline, run: &RunRecord, scope: &Scope) -> Vec<Finding> {
    let stale = |known: &Known| {
        let pattern = known.pattern();
        let names_any = |ids: &BTreeSet<&str>| ids.iter().any(|id| pattern.matches(id));
        let expired = known.flaky.filter(|flaky| flaky.has_expired(run.started));
        let what = if !names_any(&scope.suite) {
            "no spec has this id".into()
        } else if let Some(flaky) = expired
            && known.applies_to(run)
            && names_any(&scope.wanted)
        {
            format!("was borne as flaky until {}: {}", flaky.expires, known.reason)
        } else {
            return None;
        };
        Some(Finding { kind: Kind::StaleEntry, about: known.id.clone(), what })
    };
    baseline.known.iter().filter_map(stale).collect()
}

#[cfg(test)]
mod tests;
