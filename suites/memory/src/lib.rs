//! Memory mappings, memory files and access to another process's memory.

// The harness's assertions, which count and keep what they compared, in the place of the standard ones.
#[macro_use]
extern crate harness;

/// Named by the binary, so that the linker keeps the specs of this crate.
pub const FAMILY: &str = "memory";

mod access;
mod limits;
mod mapped;
pub mod memfd;
pub mod mmap;
pub mod needs;
pub mod process_vm;
