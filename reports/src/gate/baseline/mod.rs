//! Baselines: what is known of a system, for a gate to hold a run against.
//!
//! A baseline is a TOML file that people read and review: each known deviation with its reason, how many specs may be
//! skipped for which need, the observations that must not change, and the specs that the suite had.

mod condition;
mod flaky;
mod update;

pub use condition::{Conditions, KernelRange};
pub use flaky::{Flaky, Rate};
pub use update::{Wishes, updated};

use super::renames::Renames;
use crate::judged::Judged;
use record::RunRecord;
use record::Verdict;
use record::id::IdPattern;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use toml::value::Date;

/// What is known of a system. Everything that is not known is a finding of the gate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Baseline {
    /// Specs that are known to fail.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<Known>,
    /// How many specs may be skipped for a need: `reboot = 2`.
    pub skips: BTreeMap<String, usize>,
    /// Observations that must not change: by spec, then by the name of the observation.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub observations: BTreeMap<String, BTreeMap<String, String>>,
    /// The suite that the baseline was made with.
    #[serde(skip_serializing_if = "Suite::is_empty")]
    pub suite: Suite,
}

/// The specs that there were: one that goes is seen.
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

/// A deviation that is known, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Entry", into = "Entry")]
pub struct Known {
    /// The spec: an id, or a glob over ids; an id without its cases and layers means all of them.
    pub id: String,
    /// What its verdict is.
    pub verdict: Verdict,
    /// Why: what is at fault, and that it is accepted.
    pub reason: String,
    /// Where more is said.
    pub link: Option<String>,
    /// Where it is known to fail; without conditions, everywhere.
    pub conditions: Conditions,
    /// When the spec fails only sometimes: how often, and until when that is borne.
    pub flaky: Option<Flaky>,
}

/// A [`Known`] as it stands in the file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    #[serde(default = "deviates", skip_serializing_if = "is_deviates")]
    verdict: Verdict,
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

impl TryFrom<Entry> for Known {
    type Error = String;

    fn try_from(entry: Entry) -> Result<Self, String> {
        let Entry { id, verdict, reason, link, kernel, libc, arch, isolation, target, flaky, expires } = entry;
        if !verdict.is_failure() {
            return Err(format!("{id} is known to be {verdict}, which is no failure"));
        }
        let flaky = match (flaky, expires) {
            (Some(rate), Some(expires)) => Some(Flaky { rate, expires }),
            (Some(_), None) => return Err(format!("{id} is flaky without end: say when that `expires`")),
            (None, Some(_)) => return Err(format!("{id} expires, but is not flaky")),
            (None, None) => None,
        };
        let conditions = Conditions { kernel, libc, arch, isolation, target };
        Ok(Self { id, verdict, reason, link, conditions, flaky })
    }
}

impl From<Known> for Entry {
    fn from(known: Known) -> Self {
        let Known { id, verdict, reason, link, conditions, flaky } = known;
        let Conditions { kernel, libc, arch, isolation, target } = conditions;
        let (flaky, expires) = flaky.map(|Flaky { rate, expires }| (rate, expires)).unzip();
        Self { id, verdict, reason, link, kernel, libc, arch, isolation, target, flaky, expires }
    }
}

impl Known {
    /// Whether the entry is about runs like this one.
    pub fn applies_to(&self, run: &RunRecord) -> bool {
        self.conditions.hold_for(run)
    }

    /// Whether all attempts that fail do so as it is known, and not more often.
    pub(crate) fn explains(&self, spec: &Judged) -> bool {
        let failing = Verdict::ALL.into_iter().filter(|verdict| verdict.is_failure());
        let as_known = failing.filter(|verdict| *verdict != self.verdict).all(|verdict| spec.count(verdict) == 0);
        let allowed = self.flaky.map_or(usize::MAX, |flaky| flaky.rate.allows(spec.attempts().len()));
        as_known && spec.count(self.verdict) <= allowed
    }

    /// The specs that it names.
    pub(crate) fn pattern(&self) -> IdPattern {
        IdPattern::new(&self.id)
    }
}

/// What a written baseline begins with.
const HEADING: &str = "\
# A baseline of ipcspec: what is known of a system, for `ipcspec gate`.
# `ipcspec baseline update` rewrites this file. It keeps entries with their reasons, but no comments.

";

impl Baseline {
    /// Reads a baseline. The error is the end of a sentence that begins with the name of the file.
    pub fn read(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.as_bytes().get(..span.start));
            let line = before.map(|before| before.iter().filter(|byte| **byte == b'\n').count() + 1);
            let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            format!("is not a baseline: {place}{}", error.message().replace('\n', " "))
        })
    }

    /// The entries that lack their reason, which a gate does not take.
    pub fn without_reason(&self) -> impl Iterator<Item = &Known> {
        self.known.iter().filter(|known| known.reason.trim().is_empty())
    }

    /// The first id or glob that names none of these specs, but specs under former ids, as a sentence.
    pub fn renamed(&self, renames: &Renames, suite: &BTreeSet<&str>) -> Option<String> {
        let patterns =
            self.known.iter().map(|known| &known.id).chain(self.observations.keys()).chain(&self.suite.specs);
        let mut unknown = patterns.filter(|id| !suite.iter().any(|spec| IdPattern::new(id).matches(spec)));
        unknown.find_map(|id| renames.hint(id))
    }

    /// Puts present ids in the place of former ones.
    pub fn rename(&mut self, renames: &Renames) {
        for known in &mut self.known {
            if let Some(present) = renames.present(&known.id) {
                known.id = present;
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
