//! What an audit found.

use crate::Environment;
use crate::Source;
use crate::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The findings of one audit.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// The version of ipcspec that made the audit.
    pub version: String,
    /// The machine.
    pub environment: Environment,
    /// When only some mutations were tried: the glob that names them.
    pub only: Option<String>,
    /// Every spec that was selected, by id.
    pub specs: Vec<Audited>,
    /// Wall-clock time of the audit in microseconds.
    pub wall_us: u64,
}

/// What was found about one spec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Audited {
    /// Its id.
    pub id: String,
    /// The first part of the id.
    pub mechanism: String,
    /// Where it stands.
    pub source: Source,
    /// Why it was not audited: a need that is missing, or a verdict that is another one when the spec is watched.
    pub left_out: Option<LeftOut>,
    /// What was tried, in the order of the calls.
    pub tried: Vec<Tried>,
}

/// Why a spec was not audited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// Needs are missing: a spec that is skipped cannot be seen to fail.
    Skipped(String),
    /// It does not conform, watched or not.
    DoesNotConform(Verdict),
    /// It conforms, but gets this verdict when it is watched.
    NotWhenWatched(Verdict, String),
}

/// One mutation of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tried {
    /// The name by which it can be done again: process, call and kind, as in `child1/read#2:stale-byte`.
    pub mutation: String,
    /// The assertion that judges the call; none for a call that sets the scene.
    pub judged: Option<Source>,
    /// The verdict of the spec; none when the call was not made this time.
    pub verdict: Option<Verdict>,
}

/// What became of a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The spec did not conform.
    Noticed,
    /// It conformed all the same.
    Missed,
    /// The call was not made this time.
    NotMade,
}

impl Tried {
    /// What became of it.
    pub fn outcome(&self) -> Outcome {
        match self.verdict {
            None => Outcome::NotMade,
            Some(Verdict::Conforms) => Outcome::Missed,
            Some(_) => Outcome::Noticed,
        }
    }
}

impl Audited {
    /// Whether nothing that goes wrong makes an assertion of it fail: not one mutation of a call that it judges was noticed, and
    /// no other one made it deviate.
    pub fn is_vacuous(&self) -> bool {
        let shows = |tried: &Tried| {
            tried.verdict == Some(Verdict::Deviates) || tried.judged.is_some() && tried.outcome() == Outcome::Noticed
        };
        self.left_out.is_none() && !self.tried.iter().any(shows)
    }
}
