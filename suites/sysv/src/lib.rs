//! System V IPC.

// The harness's assertions, which count and keep what they compared, in the place of the standard ones.
#[macro_use]
extern crate harness;

/// Named by the binary, so that the linker keeps the specs of this crate.
pub const FAMILY: &str = "sysv";

mod identifiers;
mod keys;
pub mod needs;
pub mod objects;
pub mod sysv_key;
pub mod sysv_msg;
pub mod sysv_sem;
pub mod sysv_shm;
pub mod tools;
