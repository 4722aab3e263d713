//! Memory files and seals.

mod creation;
mod errors;
mod processes;
mod sealing;
mod seals;
mod secret;

use crate::mapped::lettered;
use kit::prelude::*;
use libc::MFD_ALLOW_SEALING;

/// A memory file of so many pages, each full of its letter, that can be sealed.
fn sealable(pages: usize) -> TestResult<Fd> {
    use calls::for_layers::libc_nix_raw::memfd_create;
    let file = memfd_create(c"sealable", MFD_ALLOW_SEALING)?;
    write_all(&file, &lettered(pages).0)?;
    Ok(file)
}

/// Another description of an open file.
fn reopened(file: &Fd, flags: i32) -> Result<Fd> {
    calls::for_layers::libc_nix_raw::open(format!("/proc/self/fd/{}", file.number()), flags)
}
