//! Baselines: what the gate compares a run with.
//!
//! A baseline is a TOML file that people read and review: the expected failures with their reasons, how many specs may be
//! skipped for each need, the observations that must not change, and the specs that the suite had.

mod condition;
mod flaky;
mod update;

pub use condition::{Conditions, KernelRange};
pub use flaky::{Flaky, Rate};
pub use update::{UpdateOptions, updated};

use super::renames::Renames;
use crate::judged::Judged;
use record::RunRecord;
use record::Verdict;
use record::id::IdPattern;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use toml::value::Date;
use wildmatch::WildMatch;

/// What is expected of a system. The gate reports everything else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Baseline {
    /// Of which system it is, for its readers.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// Specs that are expected to fail.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<ExpectedFailure>,
    /// How many specs may be skipped for a need: `reboot = 2`.
    pub skips: BTreeMap<String, usize>,
    /// Observations that must not change: by spec, then by the name of the observation.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub observations: BTreeMap<String, BTreeMap<String, String>>,
    /// The suite that the baseline was made with.
    #[serde(skip_serializing_if = "Suite::is_empty")]
    pub suite: Suite,
}

/// The specs that the suite had, so that the gate reports those that are gone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Suite {
    /// Their ids.
    pub specs: BTreeSet<String>,
}

impl Suite {
    fn is_empty(&self) -> bool {
        self.specs.is_empty()
    }
}

/// A spec that is expected to fail, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Entry", into = "Entry")]
pub struct ExpectedFailure {
    /// The spec: an id, or a glob over ids; an id without its cases and layers means all of them.
    pub id: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// How it fails: the signatures of its failures without the verdict, or globs over them. Any other failure of the spec is a
    /// finding. Empty in a baseline that was not updated since, which the gate refuses.
    pub failures: Vec<String>,
    /// Why it fails, and why that is accepted.
    pub reason: String,
    /// Where to read more.
    pub link: Option<String>,
    /// Where it fails; without conditions, everywhere.
    pub conditions: Conditions,
    /// If the spec fails only sometimes: how often, and until when that is accepted.
    pub flaky: Option<Flaky>,
}

/// An [`ExpectedFailure`] as the file has it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    #[serde(default = "deviates", skip_serializing_if = "is_deviates")]
    verdict: Verdict,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    failures: Vec<String>,
    reason: String,
    link: Option<String>,
    kernel: Option<KernelRange>,
    libc: Option<String>,
    arch: Option<String>,
    isolation: Option<String>,
    target: Option<String>,
    flaky: Option<Rate>,
    expires: Option<Date>,
}

fn deviates() -> Verdict {
    Verdict::Deviates
}

fn is_deviates(verdict: &Verdict) -> bool {
    *verdict == Verdict::Deviates
}

impl TryFrom<Entry> for ExpectedFailure {
    type Error = String;

    fn try_from(entry: Entry) -> Result<Self, String> {
        let Entry { id, verdict, failures, reason, link, kernel, libc, arch, isolation, target, flaky, expires } =
            entry;
        if !verdict.is_failure() {
            return Err(format!("{id}: {verdict} is not a failure"));
        }
        let flaky = match (flaky, expires) {
            (Some(rate), Some(expires)) => Some(Flaky { rate, expires }),
            (Some(_), None) => return Err(format!("{id}: a flaky entry needs `expires`")),
            (None, Some(_)) => return Err(format!("{id}: `expires` is for flaky entries only")),
            (None, None) => None,
        };
        let conditions = Conditions { kernel, libc, arch, isolation, target };
        Ok(Self { id, verdict, failures, reason, link, conditions, flaky })
    }
}

impl From<ExpectedFailure> for Entry {
    fn from(expected: ExpectedFailure) -> Self {
        let ExpectedFailure { id, verdict, failures, reason, link, conditions, flaky } = expected;
        let Conditions { kernel, libc, arch, isolation, target } = conditions;
        let (flaky, expires) = flaky.map(|Flaky { rate, expires }| (rate, expires)).unzip();
        Self { id, verdict, failures, reason, link, kernel, libc, arch, isolation, target, flaky, expires }
    }
}

impl ExpectedFailure {
    /// Whether its conditions hold for this run.
    pub fn applies_to(&self, run: &RunRecord) -> bool {
        self.conditions.hold_for(run)
    }

    /// Whether all failing attempts fail in an expected way, and are not too many.
    pub(crate) fn explains(&self, spec: &Judged) -> bool {
        let expected: Vec<_> = self.failures.iter().map(|failure| WildMatch::new(failure)).collect();
        let is_expected = |way: &String| expected.iter().any(|expected| expected.matches(way));
        self.has_verdict_of(spec) && spec.ways().iter().all(is_expected)
    }

    /// Whether all failing attempts have the expected verdict, and are not too many.
    pub(crate) fn has_verdict_of(&self, spec: &Judged) -> bool {
        let failing = Verdict::ALL.into_iter().filter(|verdict| verdict.is_failure());
        let as_expected = failing.filter(|verdict| *verdict != self.verdict).all(|verdict| spec.count(verdict) == 0);
        let allowed = self.flaky.map_or(usize::MAX, |flaky| flaky.rate.allows(spec.attempts().len()));
        as_expected && spec.count(self.verdict) <= allowed
    }

    /// The specs that it applies to.
    pub(crate) fn pattern(&self) -> IdPattern {
        IdPattern::new(&self.id)
    }
}

/// What a written baseline begins with.
const HEADING: &str = "\
# A baseline of ipcspec, for `ipcspec gate`.
# `ipcspec baseline update` rewrites this file. It keeps `about`, entries and their reasons, but not comments.

";

impl Baseline {
    /// Parses a baseline. The error is the end of a sentence that begins with the name of the file.
    pub fn read(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.as_bytes().get(..span.start));
            let line = before.map(|before| before.iter().filter(|byte| **byte == b'\n').count() + 1);
            let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            format!("is not a baseline: {place}{}", error.message().replace('\n', " "))
        })
    }

    /// The entries without a reason. The gate refuses them.
    pub fn without_reason(&self) -> impl Iterator<Item = &ExpectedFailure> {
        self.expected.iter().filter(|expected| expected.reason.trim().is_empty())
    }

    /// The entries that do not say which failure they expect. The gate refuses them: they would hide any other.
    pub fn unpinned(&self) -> impl Iterator<Item = &ExpectedFailure> {
        self.expected.iter().filter(|expected| expected.failures.is_empty())
    }

    /// The first id or glob that names none of these specs, but specs under former ids, as a sentence.
    pub fn renamed(&self, renames: &Renames, suite: &BTreeSet<&str>) -> Option<String> {
        let patterns =
            self.expected.iter().map(|expected| &expected.id).chain(self.observations.keys()).chain(&self.suite.specs);
        // Most are ids as they are, of which there are thousands.
        let names_any = |id: &str| suite.contains(id) || suite.iter().any(|spec| IdPattern::new(id).matches(spec));
        let mut unknown = patterns.filter(|id| !names_any(id));
        unknown.find_map(|id| renames.hint(id))
    }

    /// Replaces former ids with present ones.
    pub fn rename(&mut self, renames: &Renames) {
        for expected in &mut self.expected {
            if let Some(present) = renames.present(&expected.id) {
                expected.id = present;
            }
        }
        let present = |id: String| renames.present(&id).unwrap_or(id);
        self.observations =
            std::mem::take(&mut self.observations).into_iter().map(|(id, pins)| (present(id), pins)).collect();
        self.suite.specs = std::mem::take(&mut self.suite.specs).into_iter().map(present).collect();
    }

    /// The file.
    pub fn write(&self) -> String {
        HEADING.to_owned() + &toml::to_string_pretty(self).expect("every key of a baseline is text")
    }
}

#[cfg(test)]
mod tests;
