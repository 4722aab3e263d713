//! The times of a segment, and the processes that are named in it: which call sets which. Times count in seconds, so these specs wait
//! until one has passed.

use super::{assert_record, new_record, size};
use calls::sysv::{Permissions, SegmentRecord, SegmentStatus};
use harness::need::{SECOND_ID, SECOND_UID};
use kit::needs::{SHM_RMID_NOT_FORCED, SYSV};
use kit::prelude::*;
use kit::sysv::{Attachment, Segment, clock, unused_key, wait_until_clock_is_past};
use libc::{IPC_CREAT, IPC_EXCL, IPC_PRIVATE};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{setegid, seteuid};

#[rstest]
#[case::mode_0400(0o400)]
#[case::mode_0664(0o664)]
#[case::mode_0777(0o777)]
/// A new segment has its key, its size, the caller's effective user and group as owner and creator, the 9 permission bits of shmflg,
/// whatever the file mode creation mask is, the caller as shm_cpid, 0 as shm_lpid, shm_nattch, shm_atime and shm_dtime, and the current
/// time as shm_ctime.
#[harness::test(
    id = "sysv-shm.status-of-new",
    cite = [posix("shmget.3p", "DESCRIPTION"), man("shmget.2", "DESCRIPTION"), man("shmctl.2", "DESCRIPTION", "shm_cpid")],
    covers = ["behaviours:sysvshm.init-fields", "behaviours:sysvshm.mode-9-bits", "behaviours:sysvshm.owner-ids"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_new_segment_has_what_was_asked_for(#[case] mode: u16) -> TestResult {
    umask(Mode::from_bits_truncate(0o777));
    let (key, since) = (unused_key()?, clock()?);
    let segment = Segment::adopt(assert_ok!(shmget(key, size(), IPC_CREAT | IPC_EXCL | i32::from(mode))), key);
    let status = SegmentStatus { mode: mode.into(), ..SegmentStatus::new(key, size()) };
    assert_record(&segment, SegmentRecord { status, ..new_record(key, since) })
}

/// Owner and creator of a new segment are the effective user and group, not the real ones.
#[harness::test(
    id = "sysv-shm.effective-owner",
    cite = [posix("shmget.3p", "DESCRIPTION"), man("shmget.2", "DESCRIPTION")],
    covers = ["behaviours:sysvshm.owner-ids"],
    needs = [SYSV, SECOND_UID],
    layers = [libc, raw],
)]
fn a_new_segment_belongs_to_the_effective_ids() -> TestResult {
    let child = fork(|| -> TestResult {
        setegid(SECOND_ID.into())?;
        seteuid(SECOND_ID.into())?;
        let (key, since) = (unused_key()?, clock()?);
        let segment = Segment::adopt(assert_ok!(shmget(key, size(), IPC_CREAT | IPC_EXCL | 0o600)), key);
        let (uid, gid, cuid, cgid) = (SECOND_ID, SECOND_ID, SECOND_ID, SECOND_ID);
        assert_record(&segment, SegmentRecord { uid, gid, cuid, cgid, ..new_record(key, since) })
    })?;
    child.join()
}

/// shmat sets shm_atime to the current time and shm_lpid to the caller, counts one more in shm_nattch, and leaves the rest. What fails,
/// or only queries, leaves all.
#[harness::test(
    id = "sysv-shm.attach-updates",
    cite = [posix("shmat.3p", "DESCRIPTION"), man("shmop.2", "shmat()")],
    covers = ["behaviours:sysvshm.attach-updates"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn shmat_updates_the_segment() -> TestResult {
    let (segment, leave) = (Segment::new(unused_key()?, size())?, Latch::new()?);
    let made = segment.record()?;
    let now = wait_until_clock_is_past(made.ctime)?;
    assert_errno!(shmat(segment.id(), 1, 0), EINVAL);
    assert_eq!(shmget(segment.key(), 0, 0), Ok(segment.id()));
    assert_eq!(segment.record(), Ok(made));
    let other = fork(|| -> TestResult {
        let attachment = assert_ok!(Attachment::new(segment.id(), 0));
        attachment.write(b"text");
        leave.wait_for(1);
        Ok(())
    })?;
    other.wait_until_blocked_in(calls::FUTEX)?;
    let status = SegmentStatus { attachments: 1, last: other.pid(), ..made.status };
    assert_record(&segment, SegmentRecord { status, atime: now, ..made })?;
    leave.arrive();
    other.join()
}

/// shmdt sets shm_dtime to the current time and shm_lpid to the caller, counts one less in shm_nattch, and leaves the rest. What fails
/// leaves all.
#[harness::test(
    id = "sysv-shm.detach-updates",
    cite = [posix("shmdt.3p", "DESCRIPTION"), man("shmop.2", "shmdt()")],
    covers = ["behaviours:sysvshm.detach-updates"],
    needs = [SYSV, SHM_RMID_NOT_FORCED],
    layers = [libc, raw],
)]
fn shmdt_updates_the_segment() -> TestResult {
    let (segment, leave) = (Segment::new(IPC_PRIVATE, size())?, Latch::new()?);
    let (attachment, _other) = (segment.attach()?, segment.attach()?);
    let attached = segment.record()?;
    // The child has both attachments too.
    let child = fork(|| -> TestResult {
        leave.wait_for(1);
        let inherited = segment.record()?;
        let now = wait_until_clock_is_past(inherited.atime)?;
        // SAFETY: nothing is attached there.
        assert_errno!(unsafe { shmdt(attachment.address() + 1) }, EINVAL);
        assert_eq!(segment.record(), Ok(inherited));
        assert_eq!(attachment.detach(), Ok(()));
        let status = SegmentStatus { attachments: 3, last: own_pid(), ..attached.status };
        assert_record(&segment, SegmentRecord { status, dtime: now, ..inherited })
    })?;
    leave.arrive();
    child.join()
}

#[rstest]
#[case::mode(0o640, 0o640)]
#[case::all_bits(0o777, 0o777)]
#[case::more_bits(0o7640, 0o640)]
/// IPC_SET changes the lowest 9 bits of the mode, and sets shm_ctime to the current time; all else stays, and so do the contents.
#[harness::test(
    id = "sysv-shm.ipc-set",
    cite = [posix("shmctl.3p", "DESCRIPTION", "IPC_SET"), man("shmctl.2", "DESCRIPTION", "IPC_SET")],
    covers = ["behaviours:sysvshm.set-fields"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn ipc_set_changes_the_mode(#[case] asked: u32, #[case] mode: u32) -> TestResult {
    let segment = Segment::new(unused_key()?, size())?;
    let attachment = segment.attach()?;
    attachment.write(b"text");
    let before = segment.record()?;
    let now = wait_until_clock_is_past(before.ctime)?;
    let permissions = Permissions { mode: asked, ..before.permissions() };
    assert_eq!(set_segment_permissions(segment.id(), permissions), Ok(()));
    let status = SegmentStatus { mode, ..before.status };
    assert_record(&segment, SegmentRecord { status, ctime: now, ..before })?;
    assert_eq!((&attachment.read()[..4], shmget(segment.key(), size(), 0)), (&b"text"[..], Ok(segment.id())));
    Ok(())
}

/// IPC_SET makes another user and another group the owner; the creator stays.
#[harness::test(
    id = "sysv-shm.ipc-set-owner",
    cite = [posix("shmctl.3p", "DESCRIPTION", "IPC_SET"), man("shmctl.2", "DESCRIPTION", "IPC_SET")],
    covers = ["behaviours:sysvshm.set-fields"],
    needs = [SYSV, SECOND_UID],
    layers = [libc, raw],
)]
fn ipc_set_changes_the_owner() -> TestResult {
    let segment = Segment::new(unused_key()?, size())?;
    let before = segment.record()?;
    for (uid, gid) in [(SECOND_ID, before.gid), (before.uid, SECOND_ID), (SECOND_ID, SECOND_ID)] {
        assert_eq!(set_segment_permissions(segment.id(), Permissions { uid, gid, mode: 0o600 }), Ok(()));
        assert_record(&segment, SegmentRecord { uid, gid, ..before })?;
    }
    Ok(())
}
