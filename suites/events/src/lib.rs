//! Timers, and descriptors and signals that report events.

// The harness's assertions, which count and keep what they compared, in the place of the standard ones.
#[macro_use]
extern crate harness;

/// Named by the binary, so that the linker keeps the specs of this crate.
pub const FAMILY: &str = "events";

mod bad_address;
mod inheritance;
pub mod itimer;
mod kinds;
pub mod needs;
pub mod posix_timer;
mod rules;
pub mod signal_io;
pub mod signalfd;
pub mod timerfd;
