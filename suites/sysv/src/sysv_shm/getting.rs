//! The errors of shmget. None makes a segment, and none changes one that there is.

use calls::sysv::{Permissions, SegmentStatus};
use harness::need::IPCNS;
use kit::needs::{SYSV, ipc_setting};
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::setting::change;
use kit::sysv::{Segment, unused_key};
use libc::{IPC_CREAT, IPC_EXCL, IPC_PRIVATE};

/// The flags of a new segment of its owner.
const NEW: i32 = IPC_CREAT | IPC_EXCL | 0o600;

const SHMMAX: &str = "kernel/shmmax";
const SHMMNI: &str = "kernel/shmmni";
const SHMALL: &str = "kernel/shmall";

#[harness::errors(
    family = "invalid-length",
    rows = [("sysv-shm.new-empty", "errors:sysv-shm.shmget.EINVAL", 0)],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_new_segment_would_be_empty(size: usize) -> TestResult {
    let key = unused_key()?;
    assert_errno!(shmget(key, size, NEW), EINVAL);
    assert_errno!(shmget(IPC_PRIVATE, size, 0o600), EINVAL);
    assert_errno!(shmget(key, 0, 0), ENOENT);
    Ok(())
}

#[harness::errors(
    family = "invalid-length",
    rows = [("sysv-shm.above-shmmax", "errors:sysv-shm.shmget.EINVAL.2", 2)],
    needs = [SYSV, IPCNS, ipc_setting(SHMMAX)],
    layers = [libc, raw],
)]
fn a_new_segment_would_be_too_large(pages: usize) -> TestResult {
    let (key, most) = (unused_key()?, pages * page_size());
    let _changed = change(SHMMAX, most)?;
    assert_errno!(shmget(key, most + 1, NEW), EINVAL);
    assert_errno!(shmget(IPC_PRIVATE, most + 1, 0o600), EINVAL);
    assert_errno!(shmget(key, 0, 0), ENOENT);
    let segment = Segment::adopt(assert_ok!(shmget(key, most, NEW)), key);
    assert_eq!(segment.status(), Ok(SegmentStatus::new(key, most)));
    Ok(())
}

#[harness::errors(
    family = "invalid-length",
    rows = [
        ("sysv-shm.larger-than-existing/one-byte", "errors:sysv-shm.shmget.EINVAL.3", 1),
        ("sysv-shm.larger-than-existing/pages", "errors:sysv-shm.shmget.EINVAL.3", 1 << 20),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_existing_segment_is_smaller(more: usize) -> TestResult {
    let segment = Segment::new(unused_key()?, super::size())?;
    assert_errno!(shmget(segment.key(), super::size() + more, 0), EINVAL);
    assert_errno!(shmget(segment.key(), super::size() + more, IPC_CREAT | 0o600), EINVAL);
    assert_eq!(shmget(segment.key(), super::size(), 0), Ok(segment.id()));
    assert_eq!(segment.status(), Ok(SegmentStatus::new(segment.key(), super::size())));
    Ok(())
}

#[harness::errors(
    family = "key-exists",
    rows = [
        ("sysv-shm.exclusive/as-large", "errors:sysv-shm.shmget.EEXIST", 0),
        ("sysv-shm.exclusive/larger", "errors:sysv-shm.shmget.EEXIST", 1),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_key_has_a_segment(more: usize) -> TestResult {
    let segment = Segment::new(unused_key()?, super::size())?;
    assert_errno!(shmget(segment.key(), super::size() + more, NEW), EEXIST);
    assert_eq!(shmget(segment.key(), 0, 0), Ok(segment.id()));
    assert_eq!(segment.status(), Ok(SegmentStatus::new(segment.key(), super::size())));
    Ok(())
}

#[harness::errors(
    family = "key-missing",
    rows = [("sysv-shm.no-such-key", "errors:sysv-shm.shmget.ENOENT", unused_key)],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_key_has_no_segment(key: fn() -> TestResult<i32>) -> TestResult {
    let key = key()?;
    for flags in [0, 0o600, IPC_EXCL | 0o600] {
        assert_errno!(shmget(key, 1, flags), ENOENT);
    }
    let segment = Segment::adopt(assert_ok!(shmget(key, 1, NEW)), key);
    assert_eq!(segment.status(), Ok(SegmentStatus::new(key, 1)));
    assert_eq!(shmget(key, 1, 0), Ok(segment.id()));
    segment.remove()?;
    assert_errno!(shmget(key, 1, 0), ENOENT);
    Ok(())
}

#[harness::errors(
    family = "mode-denied",
    rows = [
        ("sysv-shm.key-denied/write", "errors:sysv-shm.shmget.EACCES", (0o400, 0o200)),
        ("sysv-shm.key-denied/read", "errors:sysv-shm.shmget.EACCES", (0o200, 0o400)),
        ("sysv-shm.key-denied/both", "errors:sysv-shm.shmget.EACCES", (0o200, 0o600)),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_mode_denies_what_shmget_asks_for(modes: (u32, i32)) -> TestResult {
    let (mode, asked) = modes;
    let segment = Segment::new(unused_key()?, 1)?;
    let permissions = segment_object_status(segment.id())?.permissions;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        set_segment_permissions(segment.id(), Permissions { mode, ..permissions })?;
        assert_errno!(shmget(segment.key(), 1, asked), EACCES);
        assert_errno!(shmget(segment.key(), 1, IPC_CREAT | asked), EACCES);
        assert_eq!(shmget(segment.key(), 1, mode as i32), Ok(segment.id()));
        assert_eq!(shmget(segment.key(), 1, 0), Ok(segment.id()));
        Ok(())
    })?;
    child.join()
}

#[harness::errors(
    family = "limit-reached",
    rows = [
        ("sysv-shm.limit-of-segments", "errors:sysv-shm.shmget.ENOSPC", (SHMMNI, 2)),
        ("sysv-shm.limit-of-pages", "errors:sysv-shm.shmget.ENOSPC.2", (SHMALL, 4)),
    ],
    needs = [SYSV, IPCNS, ipc_setting(SHMMNI), ipc_setting(SHMALL)],
    layers = [libc, raw],
)]
fn a_new_segment_would_pass_the_limit(limit: (&'static str, usize)) -> TestResult {
    let _changed = change(limit.0, limit.1)?;
    let (key, two_pages) = (unused_key()?, 2 * page_size());
    let one = Segment::new(IPC_PRIVATE, two_pages)?;
    let other = Segment::new(unused_key()?, two_pages)?;
    assert_errno!(shmget(key, 1, NEW), ENOSPC);
    assert_errno!(shmget(IPC_PRIVATE, 1, 0o600), ENOSPC);
    assert_errno!(shmget(key, 0, 0), ENOENT);
    assert_eq!(other.status(), Ok(SegmentStatus::new(other.key(), two_pages)));
    one.remove()?;
    let new = Segment::adopt(assert_ok!(shmget(key, two_pages, NEW)), key);
    assert_eq!(new.status(), Ok(SegmentStatus::new(key, two_pages)));
    assert_errno!(shmget(IPC_PRIVATE, 1, 0o600), ENOSPC);
    Ok(())
}
