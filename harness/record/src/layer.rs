//! How the system is asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The way by which a spec reaches the kernel. A deviation on `libc` that `raw` does not share is the library's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The C library's function.
    Libc,
    /// The nix crate's function.
    Nix,
    /// The system call itself, by number.
    Raw,
}

impl Layer {
    /// Every layer, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Libc, Self::Nix, Self::Raw];

    /// The word used in ids, on the command line and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Libc => "libc",
            Self::Nix => "nix",
            Self::Raw => "raw",
        }
    }

    /// The layer of this word, if there is one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.word() == word)
    }
}

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}
