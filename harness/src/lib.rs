//! What a spec is and how one is run: the registry, needs, the sandbox, the watchdog, records, and the runner.

extern crate self as harness;

pub mod audit;
pub mod ended;
pub mod environment;
pub mod judge;
pub mod ladder;
pub mod layer;
pub mod ledger;
pub mod libtest;
pub mod mark;
pub mod need;
pub mod record;
pub mod registry;
pub mod runner;
pub mod sandbox;
pub mod selection;
pub mod spec;
pub mod standing;
pub mod target;
pub mod trace;
pub mod verdict;

pub use harness_macros::test;
pub use judge::CallError;
pub use layer::Layer;
pub use need::Need;
pub use nix::errno::Errno;
pub use spec::{Scene, Spec};
pub use verdict::Verdict;

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
    pub use crate::judge::{CallError, Stop, observe};
    pub use crate::{Errno, Layer, Scene};
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
