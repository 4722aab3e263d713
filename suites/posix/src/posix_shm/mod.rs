//! POSIX shared memory.

mod access;
mod errors;
mod mapping;
mod opening;
mod sizes;

use harness::need::Need;
use harness::registry::NEEDS;
use kit::needs::DEV_SHM;
use kit::prelude::*;
use linkme::distributed_slice;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

#[distributed_slice(NEEDS)]
static NEEDED: (&str, Need) = ("posix-shm", DEV_SHM);

/// The size of an object of these specs: it begins a third page.
fn size() -> usize {
    2 * page_size() + 14
}

/// The data that these specs write into an object.
fn text() -> Bytes {
    Bytes::sequence(size())
}

/// Other data of the same size, each page of which differs.
fn other_text() -> Bytes {
    Bytes(text().0.into_iter().rev().collect())
}

/// Does something in a child that has a tmpfs with these options at /dev/shm. Needs `mounts`.
fn with_tmpfs(options: &str, body: impl FnOnce() -> TestResult) -> TestResult {
    let child = fork(|| -> TestResult {
        // A mount namespace of its own, so that its mounts are gone when it exits.
        unshare(CloneFlags::CLONE_NEWNS)?;
        mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(Some("tmpfs"), "/dev/shm", Some("tmpfs"), flags, Some(options))?;
        body()
    })?;
    child.join()
}
