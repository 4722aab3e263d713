//! Pipes, FIFOs and splice.

// The harness's assertions, which count and keep what they compared, in the place of the standard ones.
#[macro_use]
extern crate harness;

/// Named by the binary, so that the linker keeps the specs of this crate.
pub const FAMILY: &str = "pipes";

pub mod before_waiting;
mod bystanders;
pub mod channels;
pub mod crowds;
pub mod extremes;
pub mod fifo;
pub mod needs;
pub mod notifications;
pub mod pipe;
pub mod restarts;
pub mod splice;
pub mod unsupported;
pub mod user_pages;
mod waiters;
pub mod wakeups;
pub mod wrong_type;
