//! What IPC_RMID does to a segment.

use super::{other_text, size, text};
use calls::sysv::{SHM_DEST, SegmentStatus};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::{Attachment, Segment, unused_key};
use libc::{IPC_CREAT, IPC_EXCL, IPC_PRIVATE};

/// IPC_RMID of an attached segment is deferred: the segment remains usable until the last process detaches it, and is
/// then destroyed.
#[harness::test(
    id = "sysv-shm.rmid-deferred",
    cite = [man("shmctl.2", "DESCRIPTION", "IPC_RMID"), man("shmop.2", "shmdt()")],
    covers = [
        "notes:shm.destroyed-after-all-detach", "behaviours:sysvshm.rmid-deferred", "behaviours:sysvshm.stat-nattch",
        "errors:sysv-shm.shmctl.EINVAL", "errors:sysv-shm.shmat.EINVAL",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn removal_is_deferred_until_the_last_detach() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let (attachment, alone) = (segment.attach()?, Latch::new()?);
    let marked = SegmentStatus { mode: 0o600 | SHM_DEST, ..SegmentStatus::new(IPC_PRIVATE, size()) };
    let parent = own_pid();
    let other = fork(|| -> TestResult {
        attachment.detach()?;
        let own = segment.attach()?;
        alone.wait_for(1);
        assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 1, last: parent, ..marked }));
        assert_eq!(Bytes(own.read()), text());
        assert_eq!(own.detach(), Ok(()));
        // Destroyed by the detach, before this process exits.
        assert_errno!(segment.status(), EINVAL);
        Ok(())
    })?;
    other.wait_until_blocked_in(calls::FUTEX)?;
    let attached_by_both = SegmentStatus { attachments: 2, last: other.pid(), ..marked };
    assert_eq!(segment.status(), Ok(SegmentStatus { mode: 0o600, ..attached_by_both }));
    assert_eq!(segment.remove(), Ok(()));
    attachment.write(&text().0);
    assert_eq!(segment.status(), Ok(attached_by_both));
    assert_eq!(attachment.detach(), Ok(()));
    alone.arrive();
    other.join()?;
    assert_errno!(shmat(segment.id(), 0, 0), EINVAL);
    Ok(())
}

/// IPC_RMID of a segment without attachments destroys it at once: its key and its identifier become invalid.
#[harness::test(
    id = "sysv-shm.rmid-unattached",
    cite = [posix("shmctl.3p", "DESCRIPTION", "IPC_RMID"), man("shmctl.2", "DESCRIPTION", "IPC_RMID")],
    covers = [
        "behaviours:sysvshm.rmid-unattached-immediate", "notes:shm.rmid-marks-only", "errors:sysv-shm.shmget.ENOENT",
        "errors:sysv-shm.shmctl.EINVAL", "errors:sysv-shm.shmat.EINVAL",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn removal_of_an_unattached_segment_is_immediate() -> TestResult {
    let segment = Segment::new(unused_key()?, size())?;
    assert_eq!(shmget(segment.key(), 0, 0), Ok(segment.id()));
    assert_eq!(segment.status(), Ok(SegmentStatus::new(segment.key(), size())));
    assert_eq!(segment.remove(), Ok(()));
    let status = segment.status();
    evidence("IPC_STAT after IPC_RMID of a segment without attachments", format!("{status:?}"));
    assert_errno!(status, EINVAL);
    assert_errno!(shmat(segment.id(), 0, 0), EINVAL);
    assert_errno!(shmget(segment.key(), 0, 0), ENOENT);
    Ok(())
}

/// IPC_RMID of an attached segment sets SHM_DEST in its mode and keeps its contents; the segment can still be attached.
#[harness::test(
    id = "sysv-shm.rmid-marks",
    cite = [man("shmctl.2", "DESCRIPTION", "IPC_RMID"), man("shmop.2", "NOTES"), man("shmctl.2", "VERSIONS")],
    covers = [
        "notes:shm.rmid-marks-only", "behaviours:sysvshm.rmid-dest-flag", "behaviours:sysvshm.attach-after-rmid-linux",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn removal_of_an_attached_segment_marks_it() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let attachment = segment.attach()?;
    attachment.write(&text().0);
    let attached = SegmentStatus { attachments: 1, last: own_pid(), ..SegmentStatus::new(IPC_PRIVATE, size()) };
    assert_eq!(segment.status(), Ok(attached));
    assert_eq!(segment.remove(), Ok(()));
    let marked = SegmentStatus { mode: 0o600 | SHM_DEST, ..attached };
    assert_eq!(segment.status(), Ok(marked));
    evidence("mode after IPC_RMID of an attached segment", format!("{:#o}", segment.status()?.mode));
    assert_eq!(Bytes(attachment.read()), text());
    let attached_again = assert_ok!(Attachment::new(segment.id(), 0));
    assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 2, ..marked }));
    assert_eq!(Bytes(attached_again.read()), text());
    attached_again.write(&other_text().0);
    assert_eq!(Bytes(attachment.read()), other_text());
    Ok(())
}

/// IPC_RMID of an attached segment sets its key to IPC_PRIVATE (0); the former key can be used at once to create a new
/// segment.
#[harness::test(
    id = "sysv-shm.rmid-frees-key",
    cite = [kernel("ipc/shm.c", "do_shm_rmid", "6.18")],
    covers = ["notes:shm.marked-key-zero", "behaviours:sysvshm.rmid-key-private", "errors:sysv-shm.shmget.ENOENT"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn marked_segment_loses_its_key() -> TestResult {
    let segment = Segment::new(unused_key()?, size())?;
    let attachment = segment.attach()?;
    attachment.write(&text().0);
    let attached = SegmentStatus { attachments: 1, last: own_pid(), ..SegmentStatus::new(segment.key(), size()) };
    assert_eq!(segment.status(), Ok(attached));
    assert_eq!(segment.remove(), Ok(()));
    assert_eq!(segment.status(), Ok(SegmentStatus { key: 0, mode: 0o600 | SHM_DEST, ..attached }));
    assert_errno!(shmget(segment.key(), 0, 0), ENOENT);
    let created_again = assert_ok!(shmget(segment.key(), size(), IPC_CREAT | IPC_EXCL | 0o600));
    let successor = Segment::adopt(created_again, segment.key());
    assert_ne!(successor.id(), segment.id());
    assert_eq!(shmget(segment.key(), 0, 0), Ok(successor.id()));
    assert_eq!(successor.status(), Ok(SegmentStatus::new(segment.key(), size())));
    let new = successor.attach()?;
    assert_eq!(Bytes(new.read()), Bytes::of(0, size()));
    assert_eq!(Bytes(attachment.read()), text());
    Ok(())
}

/// IPC_RMID of a segment already marked for removal succeeds while the segment is attached; once the segment is
/// destroyed, IPC_RMID fails with EINVAL.
#[harness::test(
    id = "sysv-shm.rmid-repeatable",
    cite = [
        kernel("ipc/shm.c", "shmctl_down", "6.18"),
        man("shmctl.2", "DESCRIPTION", "IPC_RMID"),
        posix("shmctl.3p", "ERRORS", "EINVAL"),
        man("shmctl.2", "ERRORS", "EINVAL"),
    ],
    covers = ["notes:shm.rmid-repeatable", "errors:sysv-shm.shmctl.EINVAL"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn removal_can_be_repeated_until_the_segment_is_destroyed() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let attachment = segment.attach()?;
    attachment.write(&text().0);
    let removals = [segment.remove(), segment.remove(), segment.remove()];
    assert_eq!(removals, [Ok(()); 3]);
    assert_eq!(Bytes(attachment.read()), text());
    let marked = SegmentStatus { mode: 0o600 | SHM_DEST, ..SegmentStatus::new(IPC_PRIVATE, size()) };
    assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 1, last: own_pid(), ..marked }));
    assert_eq!(attachment.detach(), Ok(()));
    let late_removal = segment.remove();
    evidence("IPC_RMID while attached, three times", format!("{removals:?}"));
    evidence("IPC_RMID after the segment was destroyed", format!("{late_removal:?}"));
    assert_errno!(late_removal, EINVAL);
    Ok(())
}

/// After one process calls IPC_RMID, another process that has the segment attached can continue to use it; the segment
/// is destroyed when that process exits.
#[harness::test(
    id = "sysv-shm.rmid-by-one",
    cite = [man("shmctl.2", "DESCRIPTION", "IPC_RMID"), man("shmop.2", "NOTES")],
    covers = ["notes:shm.one-process-removes", "errors:sysv-shm.shmctl.EINVAL"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn one_process_removes_for_all() -> TestResult {
    let (segment, removed) = (Segment::new(IPC_PRIVATE, size())?, Latch::new()?);
    let user = fork(|| -> TestResult {
        let attachment = segment.attach()?;
        attachment.write(&text().0);
        removed.wait_for(1);
        assert_eq!(Bytes(attachment.read()), text());
        attachment.write(&other_text().0);
        assert_eq!(Bytes(attachment.read()), other_text());
        // Still attached: process termination detaches.
        exit(0)
    })?;
    user.wait_until_blocked_in(calls::FUTEX)?;
    assert_eq!(segment.remove(), Ok(()));
    let marked = SegmentStatus { mode: 0o600 | SHM_DEST, ..SegmentStatus::new(IPC_PRIVATE, size()) };
    assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 1, last: user.pid(), ..marked }));
    removed.arrive();
    user.join()?;
    assert_errno!(segment.status(), EINVAL);
    Ok(())
}
