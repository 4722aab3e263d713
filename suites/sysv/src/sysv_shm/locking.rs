//! SHM_LOCK and SHM_UNLOCK. What a process may lock is limited for its user, who may have locked memory elsewhere: so these specs assert
//! what holds whatever that is.

use super::{in_use, set_mode, size, text};
use crate::needs::{LOCKABLE_MEMORY, SMALL_SHARED_PAGES};
use calls::sysv::{Permissions, SHM_LOCKED, SegmentStatus, SegmentsInUse};
use harness::need::{IPCNS, SECOND_ID, SECOND_UID};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::privilege::{become_user, drop_capabilities};
use kit::sysv::Segment;
use libc::IPC_PRIVATE;
use nix::sys::resource::{Resource, getrlimit};

/// Sets the soft limit of what this process may lock.
fn limit(bytes: usize) -> TestResult {
    kit::limits::limit(Resource::RLIMIT_MEMLOCK, bytes as u64)
}

/// SHM_LOCK sets SHM_LOCKED in the mode of a segment, also when its process ends then, and SHM_UNLOCK takes it away; neither needs a
/// permission, and the permissions, the contents and the attachments stay.
#[harness::test(
    id = "sysv-shm.lock",
    cite = [man("shmctl.2", "DESCRIPTION", "SHM_LOCK"), man("shmctl.2", "DESCRIPTION", "SHM_UNLOCK")],
    covers = ["behaviours:sysvshm.lock-flag", "behaviours:sysvshm.lock-unpriv-limit", "behaviours:sysvshm.lock-by-owner"],
    needs = [SYSV, LOCKABLE_MEMORY],
    layers = [libc, raw],
)]
fn shm_lock_marks_the_segment() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let attachment = segment.attach()?;
    attachment.write(&text().0);
    let unlocked = segment.status()?;
    let locked = SegmentStatus { mode: 0o600 | SHM_LOCKED, attachments: 2, ..unlocked };
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        assert_eq!(lock_segment(segment.id()), Ok(()));
        assert_eq!(segment.status(), Ok(locked));
        set_mode(&segment, 0)?;
        assert_eq!(unlock_segment(segment.id()), Ok(()));
        set_mode(&segment, 0o600)?;
        assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 2, ..unlocked }));
        assert_eq!(lock_segment(segment.id()), Ok(()));
        Ok(())
    })?;
    child.join()?;
    // The end of the process that locked it does not unlock it.
    let status = SegmentStatus { mode: locked.mode, last: segment.status()?.last, ..unlocked };
    assert_eq!((segment.status(), Bytes(attachment.read())), (Ok(status), text()));
    assert_eq!(unlock_segment(segment.id()), Ok(()));
    assert_eq!(segment.status(), Ok(SegmentStatus { mode: 0o600, ..status }));
    Ok(())
}

/// SHM_LOCK makes no page of a segment present: pages are in memory once they were touched.
#[harness::test(
    id = "sysv-shm.lock-faults-nothing-in",
    cite = [man("shmctl.2", "DESCRIPTION", "SHM_LOCK")],
    covers = ["behaviours:sysvshm.lock-fault-still-needed", "behaviours:sysvshm.shm-info", "notes:shm.occupies-memory"],
    needs = [SYSV, IPCNS, SMALL_SHARED_PAGES, LOCKABLE_MEMORY],
    layers = [libc, raw],
)]
fn shm_lock_makes_no_page_present() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let attachment = segment.attach()?;
    let untouched = SegmentsInUse { segments: 1, pages: 3, resident: 0, swapped: 0 };
    assert_eq!(in_use(), Ok((0, untouched)));
    assert_eq!(lock_segment(segment.id()), Ok(()));
    let status = SegmentStatus { attachments: 1, last: own_pid(), ..SegmentStatus::new(IPC_PRIVATE, size()) };
    assert_eq!(segment.status(), Ok(SegmentStatus { mode: 0o600 | SHM_LOCKED, ..status }));
    assert_eq!(in_use(), Ok((0, untouched)));
    attachment.write(&text().0);
    let touched = in_use();
    assert_eq!(touched, Ok((0, SegmentsInUse { resident: 3, ..untouched })));
    evidence(
        "pages of 3 that are in memory before they are written, and after",
        format!("{}, {}", untouched.resident, touched?.1.resident),
    );
    assert_eq!(unlock_segment(segment.id()), Ok(()));
    assert_eq!((segment.status(), in_use()), (Ok(status), touched));
    Ok(())
}

#[harness::errors(
    family = "limit-reached",
    rows = [
        ("sysv-shm.lock-above-limit/one-segment", "errors:sysv-shm.shmctl.ENOMEM", (0, 2)),
        ("sysv-shm.lock-above-limit/two-segments", "errors:sysv-shm.shmctl.ENOMEM", (1, 3)),
    ],
    covers = ["behaviours:sysvshm.lock-unpriv-limit"],
    needs = [SYSV, LOCKABLE_MEMORY],
    layers = [libc, raw],
)]
fn the_segments_would_pass_the_limit(pages: (usize, usize)) -> TestResult {
    let (locked, allowed) = pages;
    let segments = [Segment::new(IPC_PRIVATE, size())?, Segment::new(IPC_PRIVATE, size())?];
    let [other, segment] = &segments;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        if locked > 0 {
            lock_segment(other.id())?;
        }
        let (before, (soft, _)) = (segment.status()?, getrlimit(Resource::RLIMIT_MEMLOCK)?);
        limit(allowed * page_size())?;
        assert_errno!(lock_segment(segment.id()), ENOMEM);
        assert_eq!(segment.status(), Ok(before));
        limit(soft as usize)?;
        assert_eq!(lock_segment(segment.id()), Ok(()));
        assert_eq!(segment.status(), Ok(SegmentStatus { mode: 0o600 | SHM_LOCKED, ..before }));
        segments.iter().try_for_each(|segment| unlock_segment(segment.id()))?;
        Ok(())
    })?;
    child.join()
}

#[harness::errors(
    family = "limit-reached",
    rows = [("sysv-shm.lock-without-limit", "errors:sysv-shm.shmctl.EPERM.2", 0)],
    needs = [SYSV, LOCKABLE_MEMORY],
    layers = [libc, raw],
)]
fn the_limit_is_zero(bytes: usize) -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let before = segment.status()?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        let (soft, _) = getrlimit(Resource::RLIMIT_MEMLOCK)?;
        limit(bytes)?;
        assert_errno!(lock_segment(segment.id()), EPERM);
        assert_eq!(segment.status(), Ok(before));
        limit(soft as usize)?;
        assert_eq!(lock_segment(segment.id()), Ok(()));
        assert_eq!(segment.status(), Ok(SegmentStatus { mode: 0o600 | SHM_LOCKED, ..before }));
        limit(bytes)?;
        let unlocked = unlock_segment(segment.id());
        observe("SHM_UNLOCK with RLIMIT_MEMLOCK 0", if unlocked.is_ok() { "succeeds" } else { "fails" });
        limit(soft as usize)?;
        assert_eq!((unlock_segment(segment.id()), segment.status()), (Ok(()), Ok(before)));
        Ok(())
    })?;
    child.join()
}

#[harness::errors(
    family = "not-permitted",
    rows = [
        ("sysv-shm.lock-eperm/shm-lock", "errors:sysv-shm.shmctl.EPERM.4", true),
        ("sysv-shm.lock-eperm/shm-unlock", "errors:sysv-shm.shmctl.EPERM.4", false),
    ],
    needs = [SYSV, SECOND_UID, LOCKABLE_MEMORY],
    layers = [libc, raw],
)]
fn another_user_cannot_lock_it(locks: bool) -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    set_mode(&segment, 0o666)?;
    if !locks {
        lock_segment(segment.id())?;
    }
    let before = segment.status()?;
    let child = fork(|| -> TestResult {
        become_user(SECOND_ID, SECOND_ID)?;
        drop_capabilities()?;
        assert_errno!(if locks { lock_segment(segment.id()) } else { unlock_segment(segment.id()) }, EPERM);
        Ok(())
    })?;
    child.join()?;
    assert_eq!(segment.status(), Ok(before));
    Ok(())
}

#[rstest]
#[case::owner((SECOND_ID, SECOND_ID))]
#[case::creator((0, 0))]
/// The owner of a segment and its creator, when they are different users without privileges, may both lock and unlock it.
#[harness::test(
    id = "sysv-shm.owner-and-creator-lock",
    cite = [man("shmctl.2", "DESCRIPTION", "SHM_UNLOCK")],
    covers = ["behaviours:sysvshm.lock-by-owner"],
    needs = [SYSV, SECOND_UID, LOCKABLE_MEMORY],
    layers = [libc, raw],
)]
fn owner_and_creator_lock_a_segment(#[case] user: (u32, u32)) -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    set_segment_permissions(segment.id(), Permissions { uid: SECOND_ID, gid: SECOND_ID, mode: 0o600 })?;
    let before = segment.status()?;
    let child = fork(|| -> TestResult {
        become_user(user.0, user.1)?;
        drop_capabilities()?;
        assert_eq!(lock_segment(segment.id()), Ok(()));
        assert_eq!(segment.status(), Ok(SegmentStatus { mode: 0o600 | SHM_LOCKED, ..before }));
        assert_eq!(unlock_segment(segment.id()), Ok(()));
        assert_eq!(segment.status(), Ok(before));
        Ok(())
    })?;
    child.join()
}
