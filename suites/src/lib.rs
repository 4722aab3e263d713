//! The specs, a module per mechanism.

// The harness's assertions, which count and keep what they compared, in the place of the standard ones.
#[macro_use]
extern crate harness;

pub mod fifo;
pub mod persistence;
pub mod pipe;
pub mod stream_pipe;
pub mod sysv_shm;
