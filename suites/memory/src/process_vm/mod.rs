//! Access to another process's memory.

mod advice;
mod errors;
mod permissions;
mod proc_mem;
mod transfers;

use crate::mapped::Mapped;
use kit::prelude::*;

/// A child that has other bytes than this process in its copy of private memory, at the same addresses, and sleeps.
fn other_holder(memory: &Mapped, bytes: &Bytes) -> TestResult<Child> {
    holder(|| {
        memory.write(0, &bytes.0);
        Ok(())
    })
}

/// Bytes of so many pages, none of them zero, that differ from page to page.
fn text(pages: usize) -> Bytes {
    Bytes((0..pages * page_size()).map(|at| (at % 251) as u8 + 1).collect())
}

/// A child that has made itself not dumpable, and sleeps: only the privileged have access to it. PR_SET_DUMPABLE(2const)
fn undumpable() -> TestResult<Child> {
    holder(|| Ok(nix::sys::prctl::set_dumpable(false)?))
}
