//! What a spec is and how one is run: the registry, needs, the sandbox, the watchdog, records, and the runner.

pub mod environment;
pub mod layer;
pub mod record;
pub mod verdict;
