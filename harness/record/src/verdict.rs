//! What is said of a spec after a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The five verdicts. Only `conforms` and `skipped` are not failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// At least one assertion about the system was made, and all held.
    Conforms,
    /// An assertion about the system failed.
    Deviates,
    /// It could not be judged: setup failed, nothing was asserted, it ended early, or it left something behind.
    Broken,
    /// The watchdog ended the spec.
    Timeout,
    /// A need is not met on this machine.
    Skipped,
}

impl Verdict {
    /// Every verdict, in the order in which reports count them.
    pub const ALL: [Self; 5] = [Self::Conforms, Self::Deviates, Self::Broken, Self::Timeout, Self::Skipped];

    /// Whether a gate has to stop on it.
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Conforms | Self::Skipped)
    }

    /// The word used in every report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Conforms => "conforms",
            Self::Deviates => "deviates",
            Self::Broken => "broken",
            Self::Timeout => "timeout",
            Self::Skipped => "skipped",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}
