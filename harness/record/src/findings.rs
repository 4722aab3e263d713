//! What an audit found.

use crate::Environment;
use crate::Shard;
use crate::Source;
use crate::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The findings of one audit.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// The version of ipcspec that made the audit.
    pub version: String,
    /// The machine.
    pub environment: Environment,
    /// If only some mutations were tried: the glob that selects them.
    pub only: Option<String>,
    /// If only some specs were audited: which part of them.
    pub shard: Option<Shard>,
    /// If only some mutations were tried, by chance.
    pub sample: Option<Sample>,
    /// Every spec that was selected, by id.
    pub specs: Vec<Audited>,
    /// Wall-clock time of the audit in microseconds.
    pub wall_us: u64,
}

/// Some of all mutations, by chance. The same seed chooses the same of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// How many of a hundred.
    pub percent: u8,
    /// The seed.
    pub seed: u64,
}

impl Sample {
    /// Whether a mutation of a spec is among them.
    pub fn has(&self, spec: &str, mutation: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        (self.seed, spec, mutation).hash(&mut hasher);
        hasher.finish() % 100 < u64::from(self.percent)
    }
}

/// What was found about one spec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Audited {
    /// Its id.
    pub id: String,
    /// The first part of the id.
    pub mechanism: String,
    /// Where it is defined.
    pub source: Source,
    /// Why it was not audited: a need is not met, or the spec does not conform, or not while it is traced.
    pub left_out: Option<LeftOut>,
    /// What was tried, in the order of the calls.
    pub tried: Vec<Tried>,
}

/// Why a spec was not audited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// Needs are not met: a skipped spec cannot be seen to fail.
    Skipped(String),
    /// It does not conform, traced or not.
    DoesNotConform(Verdict),
    /// It conforms, but has this verdict while it is traced, for this reason.
    NotWhenTraced(Verdict, String),
}

/// One mutation of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tried {
    /// Its name: process, call and effect, as in `child1/read#2:stale-byte`.
    pub mutation: String,
    /// The assertion that the call belongs to; null for a call of the setup.
    pub assertion: Option<Source>,
    /// The verdict of the spec; null if the call was not reached.
    pub verdict: Option<Verdict>,
    /// Whether the call ended as it would have without the mutation, and did nothing else.
    pub equivalent: bool,
}

/// The result of a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The spec did not conform.
    Caught,
    /// The spec conformed.
    Missed,
    /// The call was not reached.
    NotReached,
    /// It made no difference to the call, and the spec conformed.
    Equivalent,
}

impl Findings {
    /// Whether some mutations of the selected specs were not tried.
    pub fn is_partial(&self) -> bool {
        self.only.is_some() || self.sample.is_some()
    }

    /// What was left out on purpose, as sentences.
    pub fn parts(&self) -> impl Iterator<Item = String> {
        let shard = self.shard.map(|shard| format!("This is shard {shard} of the selected specs."));
        let sample = self.sample.map(|Sample { percent, seed }| {
            format!("This is a sample of {percent} % of the mutations; again with --seed {seed}.")
        });
        shard.into_iter().chain(sample)
    }
}

impl Tried {
    /// Its result.
    pub fn outcome(&self) -> Outcome {
        match self.verdict {
            Some(Verdict::Conforms) | None if self.equivalent => Outcome::Equivalent,
            None => Outcome::NotReached,
            Some(Verdict::Conforms) => Outcome::Missed,
            Some(_) => Outcome::Caught,
        }
    }
}

impl Audited {
    /// Whether no mutation makes an assertion fail: none of a call that it asserts on was caught, and no other made it deviate.
    pub fn is_vacuous(&self) -> bool {
        let shows = |tried: &Tried| {
            tried.verdict == Some(Verdict::Deviates) || tried.assertion.is_some() && tried.outcome() == Outcome::Caught
        };
        self.left_out.is_none() && !self.tried.iter().any(shows)
    }
}
