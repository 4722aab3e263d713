//! The calls that create and open FIFOs, with one signature each, for table-driven specs.

use calls::for_layers::libc_nix_raw::{get_flags, mkfifo, mkfifoat, mknod, mknodat, open, openat};
use kit::prelude::*;
use libc::{AT_FDCWD, S_IFIFO};
use std::path::Path;

/// A call that creates a FIFO with this mode.
pub type Make = fn(&Path, u32) -> Result<()>;

pub const MKFIFO: Make = |path, mode| mkfifo(path, mode);
pub const MKFIFOAT: Make = |path, mode| mkfifoat(AT_FDCWD, path, mode);
pub const MKNOD: Make = |path, mode| mknod(path, S_IFIFO | mode, 0);
pub const MKNODAT: Make = |path, mode| mknodat(AT_FDCWD, path, S_IFIFO | mode, 0);

/// A call that creates a FIFO at a pathname relative to a directory descriptor.
pub type MakeAt = fn(&dyn Descriptor, &Path) -> Result<()>;

pub const MKFIFOAT_FROM: MakeAt = |dirfd, path| mkfifoat(dirfd, path, 0o600);
pub const MKNODAT_FROM: MakeAt = |dirfd, path| mknodat(dirfd, path, S_IFIFO | 0o600, 0);

/// A call that opens a file with these flags.
pub type Open = fn(&Path, i32) -> Result<Fd>;

pub const OPEN: Open = |path, flags| open(path, flags);
pub const OPENAT: Open = |path, flags| openat(AT_FDCWD, path, flags);

/// The access mode and the status flags of an open file description that a spec can set.
pub fn access_and_status(fd: &Fd) -> Result<i32> {
    const STATUS: i32 =
        libc::O_NONBLOCK | libc::O_APPEND | libc::O_ASYNC | libc::O_DIRECT | libc::O_NOATIME | libc::O_SYNC;
    get_flags(fd).map(|flags| flags & (libc::O_ACCMODE | STATUS))
}
