//! What a child process has of its parent's segments.

use super::{other_text, size, text};
use calls::sysv::SegmentStatus;
use kit::needs::{SHM_RMID_NOT_FORCED, SYSV};
use kit::prelude::*;
use kit::process::clone;
use kit::sysv::Segment;
use libc::IPC_PRIVATE;
use rstest::rstest;

#[rstest]
#[case::fork(false)]
#[case::clone(true)]
/// A child process, created by fork or by clone, inherits the attachments of its parent, and nattch includes them. When
/// the child exits they are detached; the segment and its contents remain.
#[harness::test(
    id = "sysv-shm.child-inherits",
    cite = [man("shmop.2", "NOTES"), man("shmop.2", "shmat()")],
    covers = ["behaviours:sysvshm.fork-inherits"],
    needs = [SYSV, SHM_RMID_NOT_FORCED],
)]
fn a_child_inherits_attachments(#[case] by_clone: bool) -> TestResult {
    let (segment, leave) = (Segment::new(IPC_PRIVATE, size())?, Latch::new()?);
    let attachment = segment.attach()?;
    attachment.write(&text().0);
    let status = SegmentStatus { last: own_pid(), ..SegmentStatus::new(IPC_PRIVATE, size()) };
    let mut segment = Some(segment);
    let body = || {
        assert_eq!(Bytes(attachment.read()), text());
        attachment.write(&other_text().0);
        // The child's copy of the owner of the segment, which must not remove it.
        drop(segment.take());
        leave.wait_for(1);
    };
    let child = if by_clone { clone(0, body)? } else { fork(body)? };
    let segment = segment.ok_or_else(|| Stop::broken("only the child's copy was dropped"))?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 2, ..status }));
    leave.arrive();
    let pid = child.pid();
    child.join()?;
    assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 1, last: pid, ..status }));
    assert_eq!(Bytes(attachment.read()), other_text());
    Ok(())
}
