//! What a spec is made of: the registry, needs, assertions, the event log, and what a spec may know of where it runs. All that a
//! spec links of the harness.

extern crate self as harness;

pub mod assertions;
pub mod bounded;
pub mod call;
pub mod ended;
pub mod event_log;
pub mod inherited;
pub mod judge;
pub mod label;
pub mod layer;
pub mod mark;
pub mod need;
pub mod place;
pub mod process_state;
pub mod raw;
pub mod registry;
pub mod sign;
pub mod spec;

pub use harness_macros::{errors, rstest, test};
pub use judge::CallError;
pub use need::Need;
pub use nix::errno::Errno;
pub use record::{Citation, Layer, Level, Verdict};
pub use spec::{Spec, TestResult};

// For the code that `#[harness::test]` writes.
#[doc(hidden)]
pub use linkme;
#[doc(hidden)]
pub mod cases {
    // rstest knows an attribute for tests by its last word.
    pub use harness_macros::test_of_case as test;
}

/// What a file of specs uses.
pub mod prelude {
    pub use crate::judge::{CallError, Stop, evidence, observe};
    pub use crate::{Errno, Layer, TestResult, rstest};
}

/// What chance draws from in specs: 0, or the seed of the run's order.
static SEED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// The seed of this run.
pub fn seed() -> u64 {
    SEED.load(std::sync::atomic::Ordering::Relaxed)
}

/// Sets the seed, before specs are started.
pub fn set_seed(seed: u64) {
    SEED.store(seed, std::sync::atomic::Ordering::Relaxed);
}
