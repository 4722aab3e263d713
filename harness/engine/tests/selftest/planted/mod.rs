//! Specs made to misbehave, and some that behave where others do not.

mod audited;
mod ends;
mod families;
mod hangs;
mod leaks;
mod signalled;
mod starts;

/// Where the planted specs stand, from the root of the repository.
pub const DIRECTORY: &str = "harness/engine/tests/selftest/planted";

/// How much `planted.prints-megabytes` prints, in bytes.
pub const PRINTED: usize = 3 << 20;
