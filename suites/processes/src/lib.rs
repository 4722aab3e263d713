//! Processes: how they begin, end, and are waited for.

// The harness's assertions, which count and keep what they compared, in the place of the standard ones.
#[macro_use]
extern crate harness;

/// Named by the binary, so that the linker keeps the specs of this crate.
pub const FAMILY: &str = "processes";

pub mod kcmp;
pub mod needs;
pub mod pidfd;
pub mod prctl;
mod proc;
pub mod process;
pub mod ptrace;
pub mod terminal;
pub mod wait;
