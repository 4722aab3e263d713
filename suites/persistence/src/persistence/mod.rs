//! How long objects live: process, kernel or filesystem persistence.

mod kernel;
mod posix;
mod process;
pub mod reboot;
mod returned;
mod tmpfs;
mod unlink;

use kit::prelude::*;
use std::ffi::OsString;

/// The data that these specs leave in objects.
const TEXT: &[u8] = b"left behind";

/// The data that these specs leave in memory: it begins a third page.
fn pages_of_text() -> Bytes {
    Bytes::sequence(2 * page_size() + TEXT.len())
}

/// The n-th argument of an unrelated process.
fn argument(arguments: &[OsString], at: usize) -> TestResult<&str> {
    arguments.get(at).and_then(|text| text.to_str()).ok_or_else(|| Stop::broken("too few arguments"))
}
