//! How long objects live: as long as a process, as the kernel, or as a file system.

mod kernel;
mod posix;
mod process;
pub mod reboot;
mod tmpfs;
mod unlink;

use kit::prelude::*;
use std::ffi::OsString;

/// What the specs here leave in objects.
const TEXT: &[u8] = b"left behind";

/// An argument of an unrelated process.
fn word(arguments: &[OsString], at: usize) -> Scene<&str> {
    arguments.get(at).and_then(|word| word.to_str()).ok_or_else(|| Stop::broken("too few arguments"))
}
