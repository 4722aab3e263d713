//! What a run means: its exit code, its baseline, and what becomes of several runs.

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
