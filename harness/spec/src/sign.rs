//! Signs in the calls of a spec, for a run under strace: where it begins, what the harness does for itself, and where an
//! assertion fails.
//!
//! A sign is a write to descriptor -1, which does nothing. It is made only in a run that is traced, since a spec is
//! otherwise left alone with its calls.

use crate::raw::{self, Argument};
use std::sync::atomic::{AtomicBool, Ordering};

/// What every sign begins with.
pub const PREFIX: &str = "ipcspec: ";

/// A place in the calls of a spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// What this process does from here on is the spec's.
    Begin,
    /// What comes is the harness's.
    Aside,
    /// What comes is the spec's again.
    Back,
    /// An assertion failed.
    Failed,
}

impl Sign {
    /// Every sign.
    pub const ALL: [Self; 4] = [Self::Begin, Self::Aside, Self::Back, Self::Failed];

    /// Its word, behind [`PREFIX`]; both fit into what strace shows of a string.
    pub fn word(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Aside => "aside",
            Self::Back => "back",
            Self::Failed => "failed",
        }
    }
}

static TRACED: AtomicBool = AtomicBool::new(false);

/// From here on this process and those that it forks make signs.
pub fn make_signs() {
    TRACED.store(true, Ordering::Relaxed);
}

/// Whether this process makes signs.
pub fn are_made() -> bool {
    TRACED.load(Ordering::Relaxed)
}

/// Makes a sign, if this run is traced.
pub fn sign(sign: Sign) {
    if are_made() {
        let text = format!("{PREFIX}{}", sign.word());
        // Not the C library's function: a preloaded library may have its own.
        // SAFETY: reads the text; there is no descriptor -1.
        let _ = unsafe {
            raw::syscall(raw::Sysno::write, raw::arguments([(-1_i32).register(), text.as_ptr().register(), text.len()]))
        };
    }
}
