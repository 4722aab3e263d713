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
use libc::{FD_CLOEXEC, O_ACCMODE, O_APPEND, O_PATH, O_SYNC};
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

/// Asserts of a descriptor that shm_open has returned that it is for this access, and is closed by execve. O_NONBLOCK, which the
/// library musl sets, means nothing for memory.
#[track_caller]
fn assert_opened(fd: &Fd, access: i32) {
    use calls::for_layers::libc::{get_descriptor_flags, get_flags};
    let found = (get_flags(fd).map(|flags| flags & (O_ACCMODE | O_PATH | O_APPEND | O_SYNC)), get_descriptor_flags(fd));
    assert_eq!(found, (Ok(access & O_ACCMODE), Ok(FD_CLOEXEC)));
}

/// An object of these specs with this length.
fn of_length(length: usize) -> Node {
    Node { size: length as i64, ..Node::new("-0600") }
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
