//! POSIX message queues, semaphores and shared memory.

// The harness's assertions, which count and keep what they compared, in the place of the standard ones.
#[macro_use]
extern crate harness;

/// Named by the binary, so that the linker keeps the specs of this crate.
pub const FAMILY: &str = "posix";

mod deadlines;
mod long_names;
pub mod needs;
pub mod posix_mq;
pub mod posix_sem;
pub mod posix_shm;
mod scheduling;
