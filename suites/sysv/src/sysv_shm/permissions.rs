//! Who may do what with a segment: each class of users by its own bits of the mode, for each call.

use super::{set_mode, size, text};
use calls::sysv::{Permissions, SHM_STAT, SHM_STAT_ANY, SegmentRecord, SegmentStatus};
use harness::need::{IPCNS, SECOND_ID, SECOND_UID};
use kit::fault::{Fault, write_at};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::privilege::{become_user, drop_capabilities};
use kit::sysv::{Attachment, Segment, unused_key};
use libc::{IPC_CREAT, IPC_PRIVATE, SHM_RDONLY};

const READ: u32 = 0o4;
const WRITE: u32 = 0o2;

/// Asserts of a segment with this status that the calls that need a permission which is among these succeed, and that the others fail
/// with EACCES.
fn check_access(segment: &Segment, bits: u32, status: SegmentStatus) -> TestResult {
    use calls::for_layers::libc_raw::{segment_status, shmat, shmdt, shmget};
    let (id, key) = (segment.id(), segment.key());
    let attach = |flags| -> TestResult {
        let address = assert_ok!(shmat(id, 0, flags));
        let stored = write_at(address, 7)?;
        assert_eq!(stored, if flags == SHM_RDONLY { Err(Fault::denied(address)) } else { Ok(7) });
        // SAFETY: nothing uses the memory.
        assert_eq!(unsafe { shmdt(address) }, Ok(()));
        assert_eq!(segment_status(id), Ok(SegmentStatus { last: own_pid(), ..status }));
        Ok(())
    };
    if bits & READ != 0 {
        assert_eq!(segment_status(id), Ok(status));
        attach(SHM_RDONLY)?;
        assert_eq!(shmget(key, size(), 0o444), Ok(id));
    } else {
        assert_errno!(shmat(id, 0, SHM_RDONLY), EACCES);
        assert_errno!(segment_status(id), EACCES);
        assert_errno!(shmget(key, size(), 0o400), EACCES);
        assert_errno!(shmget(key, size(), IPC_CREAT | 0o040), EACCES);
    }
    if bits & WRITE != 0 {
        assert_eq!(shmget(key, size(), 0o222), Ok(id));
    } else {
        assert_errno!(shmget(key, size(), 0o200), EACCES);
        assert_errno!(shmget(key, size(), 0o006), EACCES);
    }
    if bits == READ | WRITE {
        attach(0)?;
    } else {
        assert_errno!(shmat(id, 0, 0), EACCES);
    }
    assert_eq!(shmget(key, 0, 0), Ok(id));
    Ok(())
}

/// The ids of a segment's owner, of the process that uses it, and by how many bits its digit of the mode is shifted.
struct Class {
    owner: (u32, u32),
    user: (u32, u32),
    shift: u32,
}

const OTHER: u32 = SECOND_ID;

#[rstest]
#[case::owner(Class { owner: (OTHER, 0), user: (OTHER, OTHER), shift: 6 })]
#[case::creator(Class { owner: (OTHER, OTHER), user: (0, 0), shift: 6 })]
#[case::group_of_owner(Class { owner: (0, OTHER), user: (OTHER, OTHER), shift: 3 })]
#[case::group_of_creator(Class { owner: (0, OTHER), user: (OTHER, 0), shift: 3 })]
#[case::others(Class { owner: (0, 0), user: (OTHER, OTHER), shift: 0 })]
/// The user bits of a segment's mode are for its owner and its creator, the group bits for others in the owner's or the creator's group,
/// and the other bits for all others. Each needs read permission to attach the segment for reading and for IPC_STAT, read and write
/// permission to attach it for writing, and for shmget what that asks for.
#[harness::test(
    id = "sysv-shm.permission-classes",
    cite = [posix("XSH", "2.7.1 IPC General Description"), man("shmctl.2", "DESCRIPTION", "shm_perm"), man("shmop.2", "DESCRIPTION", "SHM_RDONLY")],
    covers = [
        "behaviours:sysvshm.permission-classes", "behaviours:sysvshm.no-write-only", "errors:sysv-shm.shmat.EACCES",
        "errors:sysv-shm.shmget.EACCES", "errors:sysv-shm.shmctl.EACCES",
    ],
    needs = [SYSV, SECOND_UID],
    layers = [libc, raw],
)]
fn each_class_has_its_own_bits(#[case] class: Class) -> TestResult {
    let Class { owner: (uid, gid), user: (user, group), shift } = class;
    for bits in [READ | WRITE, READ, WRITE, 0] {
        let segment = Segment::new(unused_key()?, size())?;
        let before = segment.status()?;
        // All others have what the class has not.
        let mode = (0o666 & !((0o7 << shift) | (bits * 0o111))) | (bits << shift);
        set_segment_permissions(segment.id(), Permissions { uid, gid, mode })?;
        let status = SegmentStatus { mode, ..before };
        let child = fork(|| -> TestResult {
            become_user(user, group)?;
            drop_capabilities()?;
            check_access(&segment, bits, status)
        })?;
        child.join()?;
    }
    Ok(())
}

#[rstest]
#[case::read(READ)]
#[case::write(WRITE)]
#[case::both(READ | WRITE)]
#[case::neither(0)]
/// The owner of a segment, without privileges, has the user bits of its mode alone: with write permission only it cannot attach the
/// segment at all.
#[harness::test(
    id = "sysv-shm.owner-access",
    cite = [posix("shmat.3p", "ERRORS", "EACCES"), man("shmop.2", "DESCRIPTION", "SHM_RDONLY")],
    covers = [
        "behaviours:sysvshm.no-write-only", "errors:sysv-shm.shmat.EACCES", "errors:sysv-shm.shmget.EACCES",
        "errors:sysv-shm.shmctl.EACCES",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_owner_needs_permission(#[case] bits: u32) -> TestResult {
    let segment = Segment::new(unused_key()?, size())?;
    let made = segment.status()?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        let mode = (bits << 6) | ((!bits & 0o6) * 0o11);
        set_mode(&segment, mode)?;
        check_access(&segment, bits, SegmentStatus { mode, ..made })
    })?;
    child.join()
}

/// A process with CAP_IPC_OWNER can do all of this with a segment whose mode is 0; without it nothing.
#[harness::test(
    id = "sysv-shm.cap-ipc-owner",
    cite = [man("shmop.2", "ERRORS", "EACCES"), man("capabilities.7", "Capabilities list", "CAP_IPC_OWNER")],
    covers = ["behaviours:sysvshm.cap-ipc-owner"],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn a_privileged_process_needs_no_permission() -> TestResult {
    let segment = Segment::new(unused_key()?, size())?;
    set_mode(&segment, 0)?;
    let status = segment.status()?;
    check_access(&segment, READ | WRITE, status)?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        check_access(&segment, 0, status)
    })?;
    child.join()
}

/// IPC_SET that takes all permissions away leaves the attachments that there are: who attached the segment for writing goes on reading
/// and writing, and cannot attach it again.
#[harness::test(
    id = "sysv-shm.denied-after-attach",
    cite = [man("shmctl.2", "DESCRIPTION", "IPC_SET"), posix("shmctl.3p", "DESCRIPTION", "IPC_SET")],
    covers = ["behaviours:sysvshm.perm-change-after-attach", "errors:sysv-shm.shmat.EACCES"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn attachments_stay_when_permissions_go() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        let attachment = segment.attach()?;
        set_mode(&segment, 0)?;
        attachment.write(&text().0);
        assert_eq!(Bytes(attachment.read()), text());
        let stored = write_at(attachment.address() + size() - 1, 7)?;
        assert_eq!((stored, attachment.read()[size() - 1]), (Ok(7), 7));
        assert_errno!(shmat(segment.id(), 0, SHM_RDONLY), EACCES);
        assert_errno!(shmat(segment.id(), 0, 0), EACCES);
        set_mode(&segment, 0o400)?;
        let again = assert_ok!(Attachment::new(segment.id(), SHM_RDONLY));
        assert_eq!(again.read(), attachment.read());
        Ok(())
    })?;
    child.join()
}

#[rstest]
#[case::owner(OTHER)]
#[case::creator(0)]
/// The owner of a segment and its creator, when they are different users, may both change its permissions by IPC_SET, and remove it,
/// whatever its mode.
#[harness::test(
    id = "sysv-shm.owner-and-creator-control",
    cite = [
        posix("shmctl.3p", "DESCRIPTION", "IPC_SET"),
        posix("shmctl.3p", "DESCRIPTION", "IPC_RMID"),
        man("shmctl.2", "ERRORS", "EPERM"),
    ],
    covers = ["behaviours:sysvshm.control-by-owner"],
    needs = [SYSV, SECOND_UID],
    layers = [libc, raw],
)]
fn owner_and_creator_control_a_segment(#[case] user: u32) -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let owned = Permissions { uid: OTHER, gid: OTHER, mode: 0 };
    let before = segment.status()?;
    set_segment_permissions(segment.id(), owned)?;
    let child = fork(|| -> TestResult {
        become_user(user, user)?;
        drop_capabilities()?;
        assert_errno!(segment.status(), EACCES);
        assert_eq!(set_segment_permissions(segment.id(), Permissions { mode: 0o400, ..owned }), Ok(()));
        assert_eq!(segment.status(), Ok(SegmentStatus { mode: 0o400, ..before }));
        assert_eq!(set_segment_permissions(segment.id(), owned), Ok(()));
        assert_errno!(segment.status(), EACCES);
        assert_eq!(segment.remove(), Ok(()));
        Ok(())
    })?;
    child.join()?;
    assert_errno!(segment.status(), EINVAL);
    Ok(())
}

/// SHM_STAT needs read permission; SHM_STAT_ANY needs none, and SHM_INFO and IPC_INFO are about no segment.
#[harness::test(
    id = "sysv-shm.stat-any",
    cite = [man("shmctl.2", "DESCRIPTION", "SHM_STAT_ANY"), man("shmctl.2", "ERRORS", "EACCES")],
    covers = ["behaviours:sysvshm.shm-stat-any", "errors:sysv-shm.shmctl.EACCES"],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn shm_stat_any_needs_no_permission() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    set_mode(&segment, 0)?;
    let (record, in_use, limits) = (segment.record()?, segments_in_use()?, segment_limits()?);
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        assert_errno!(segment.record(), EACCES);
        assert_errno!(segment_at(0, SHM_STAT), EACCES);
        assert_eq!(segment_at(0, SHM_STAT_ANY), Ok((segment.id(), record)));
        assert_eq!((segments_in_use(), segment_limits()), (Ok(in_use), Ok(limits)));
        set_mode(&segment, 0o400)?;
        let readable = SegmentRecord { status: SegmentStatus { mode: 0o400, ..record.status }, ..segment.record()? };
        assert_eq!(segment_at(0, SHM_STAT), Ok((segment.id(), readable)));
        Ok(())
    })?;
    child.join()
}
