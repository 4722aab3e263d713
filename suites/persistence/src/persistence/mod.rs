//! How long objects live: process, kernel or filesystem persistence.

mod kernel;
mod mqueue;
mod posix;
mod process;
pub mod reboot;
mod returned;
mod tmpfs;
mod unlink;

use kit::prelude::*;
use nix::sched::{CloneFlags, setns};
use std::ffi::OsString;
use std::os::fd::{AsRawFd, BorrowedFd};

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

/// Makes this process a member of the IPC namespace at this path: see namespaces(7), The /proc/pid/ns/ directory.
fn enter(namespace: &str) -> TestResult {
    use calls::for_layers::libc_nix_raw::open;
    let namespace = open(namespace, libc::O_RDONLY)?;
    // SAFETY: open until the end of this function.
    setns(unsafe { BorrowedFd::borrow_raw(namespace.as_raw_fd()) }, CloneFlags::CLONE_NEWIPC)?;
    Ok(())
}
