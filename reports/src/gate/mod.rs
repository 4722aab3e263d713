//! What a run means: exit codes, baselines, comparisons and merged runs.

pub mod baseline;
pub mod compare;
pub mod merge;

mod exit;
mod outcome;
mod renames;
mod scope;

pub use exit::Exit;
pub(crate) use exit::shortfall;
pub use outcome::{Finding, Kind, Outcome, gate};
pub use renames::Renames;
pub use scope::Scope;
