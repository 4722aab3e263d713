//! What detaching does to a segment, and what process termination does to attachments.

use super::{size, text};
use calls::sysv::SegmentStatus;
use kit::limits::while_limited;
use kit::needs::{SHM_RMID_NOT_FORCED, SYSV};
use kit::prelude::*;
use kit::sysv::Segment;
use libc::IPC_PRIVATE;
use nix::sys::resource::Resource;
use nix::sys::signal::Signal::SIGKILL;

/// The last shmdt leaves an unmarked segment and its contents in place; if the segment is marked with IPC_RMID, it
/// destroys the segment.
#[harness::test(
    id = "sysv-shm.no-attachments",
    cite = [man("shmop.2", "shmdt()"), man("shmctl.2", "DESCRIPTION", "IPC_RMID")],
    covers = ["notes:shm.destroyed-at-zero-attach", "errors:sysv-shm.shmctl.EINVAL"],
    needs = [SYSV, SHM_RMID_NOT_FORCED],
    layers = [libc, raw],
)]
fn last_detach_destroys_only_a_marked_segment() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let attachment = segment.attach()?;
    attachment.write(&text().0);
    let attached_here = SegmentStatus { last: own_pid(), attachments: 1, ..SegmentStatus::new(IPC_PRIVATE, size()) };
    assert_eq!(segment.status(), Ok(attached_here));
    assert_eq!(attachment.detach(), Ok(()));
    assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 0, ..attached_here }));
    evidence("attachments of an unmarked segment that still exists", segment.status()?.attachments);
    let attachment = segment.attach()?;
    assert_eq!(Bytes(attachment.read()), text());
    assert_eq!(segment.remove(), Ok(()));
    assert_eq!(attachment.detach(), Ok(()));
    assert_errno!(segment.status(), EINVAL);
    Ok(())
}

/// shmat fails with ENOMEM if the address space that RLIMIT_AS leaves is too small for the segment, which is not attached then.
#[harness::test(
    id = "sysv-shm.no-address-space",
    cite = [posix("shmat.3p", "ERRORS", "ENOMEM"), man("getrlimit.2", "DESCRIPTION", "RLIMIT_AS")],
    covers = ["errors:sysv-shm.shmat.ENOMEM"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_segment_needs_address_space() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    // Nothing else is allocated meanwhile.
    let refused = while_limited(Resource::RLIMIT_AS, 0, || shmat(segment.id(), 0, 0))?;
    assert_errno!(refused, ENOMEM);
    assert_eq!(segment.status(), Ok(SegmentStatus::new(IPC_PRIVATE, size())));
    drop(segment.attach()?);
    Ok(())
}

// The cases come first: rstest applies attributes and comments above a case to that case only.
#[rstest]
#[case::exit(Ended::Exited(7))]
#[case::kill(Ended::Killed { by: Signal(SIGKILL as i32), core: false })]
/// Process termination, by exit or by SIGKILL, detaches all attached segments; it does not mark them for removal or
/// change their contents.
#[harness::test(
    id = "sysv-shm.termination-detaches",
    cite = [
        posix("_Exit.3p", "Consequences of Process Termination"),
        man("shmop.2", "shmat()"),
        man("shmop.2", "NOTES"),
    ],
    covers = [
        "notes:shm.exit-marks-for-deletion", "notes:shm.shmdt-optional", "behaviours:sysvshm.exit-detaches",
        "behaviours:sysvshm.stat-nattch",
    ],
    needs = [SYSV, SHM_RMID_NOT_FORCED],
)]
fn process_termination_only_detaches(#[case] end: Ended) -> TestResult {
    let (segment, leave) = (Segment::new(IPC_PRIVATE, size())?, Latch::new()?);
    let created = SegmentStatus::new(IPC_PRIVATE, size());
    let user = fork(|| -> TestResult {
        let (first, _second) = (segment.attach()?, segment.attach()?);
        first.write(&text().0);
        leave.wait_for(1);
        exit(7)
    })?;
    user.wait_until_blocked_in(calls::FUTEX)?;
    assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 2, last: user.pid(), ..created }));
    match end {
        Ended::Killed { by, .. } => user.signal(by)?,
        _ => leave.arrive(),
    }
    assert_eq!(user.wait()?, end);
    // Not attached, and not marked with SHM_DEST.
    assert_eq!(segment.status(), Ok(SegmentStatus { last: user.pid(), ..created }));
    evidence("mode of the segment after the end of its user", format!("{:#o}", segment.status()?.mode));
    let attachment = segment.attach()?;
    assert_eq!(Bytes(attachment.read()), text());
    Ok(())
}
