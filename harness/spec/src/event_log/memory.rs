//! The memory that the processes of a spec share: where it comes from, on a kernel in which one way may be broken.

use crate::raw::{self, Argument, Sysno, arguments};
use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where shared memory comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A mapping that has no file. mmap(2), MAP_ANONYMOUS
    Anonymous,
    /// A file without a name. memfd_create(2)
    File,
}

/// Whether it comes from a file, in this process and those that it forks.
static FROM_FILE: AtomicBool = AtomicBool::new(false);

/// Takes event logs from here on from this source: the one that was seen to be shared.
pub fn set_source(source: Source) {
    FROM_FILE.store(source == Source::File, Ordering::Relaxed);
}

pub(super) fn source() -> Source {
    if FROM_FILE.load(Ordering::Relaxed) { Source::File } else { Source::Anonymous }
}

/// A file of so many bytes, all zero, that has no name.
pub(super) fn file(size: usize) -> nix::Result<OwnedFd> {
    let call = [c"ipcspec".as_ptr().register(), libc::MFD_CLOEXEC.register()];
    // SAFETY: the name outlives the call.
    let number = unsafe { raw::syscall(Sysno::memfd_create, arguments(call)) }?;
    // SAFETY: a new descriptor, which nobody else has.
    let file = unsafe { OwnedFd::from_raw_fd(number as i32) };
    // SAFETY: changes the size of the new file.
    unsafe { raw::syscall(Sysno::ftruncate, arguments([file.as_raw_fd().register(), size])) }?;
    Ok(file)
}

/// Maps so many bytes of a file, shared.
pub(super) fn map(file: BorrowedFd, size: usize) -> nix::Result<NonNull<u8>> {
    map_with(libc::MAP_SHARED, file.as_raw_fd(), size)
}

/// Maps so many bytes that have no file, shared.
pub(super) fn anonymous(size: usize) -> nix::Result<NonNull<u8>> {
    map_with(libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1, size)
}

fn map_with(flags: i32, file: i32, size: usize) -> nix::Result<NonNull<u8>> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping touches no memory that exists.
    let start =
        unsafe { raw::syscall(Sysno::mmap, [0, size, access.register(), flags.register(), file.register(), 0]) }?;
    NonNull::new(std::ptr::with_exposed_provenance_mut(start)).ok_or(Errno::ENOMEM)
}

/// Gives a mapping back.
///
/// # Safety
/// It is the caller's, who does not use it any more.
pub(super) unsafe fn unmap(start: NonNull<u8>, size: usize) {
    // SAFETY: the caller's.
    let _ = unsafe { raw::syscall(Sysno::munmap, arguments([start.as_ptr().register(), size])) };
}
