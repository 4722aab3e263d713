//! What is in a segment, and who sees it.

use super::{other_text, size, text};
use calls::sysv::SegmentStatus;
use kit::fault::{Fault, read_at, write_at};
use kit::memory::Mapping;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::{Attachment, Segment};
use libc::{IPC_CREAT, IPC_PRIVATE, SHM_RDONLY};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A new segment is zero throughout, whatever removed segments had in their memory.
#[harness::test(
    id = "sysv-shm.zero-filled",
    cite = [posix("shmget.3p", "DESCRIPTION"), man("shmget.2", "DESCRIPTION")],
    covers = ["behaviours:sysvshm.zero-filled"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_new_segment_is_zero() -> TestResult {
    const PAGES: usize = 24;
    for round in 0..8 {
        let made = shmget(IPC_PRIVATE, PAGES * page_size(), IPC_CREAT | 0o600);
        let segment = Segment::adopt(assert_ok!(made), IPC_PRIVATE);
        assert_eq!(segment.status(), Ok(SegmentStatus::new(IPC_PRIVATE, PAGES * page_size())));
        let attachment = segment.attach()?;
        let found = attachment.read().iter().position(|byte| *byte != 0);
        assert_eq!((round, found), (round, None));
        attachment.write(&vec![0xff; PAGES * page_size()]);
        assert_eq!(segment.remove(), Ok(()));
    }
    Ok(())
}

/// The memory of a segment is whole pages: behind its size, up to the end of the page, it can be used, is zero at first, and is shared;
/// the page behind that is not the segment's. shm_segsz is the size that was asked for.
#[harness::test(
    id = "sysv-shm.whole-pages",
    cite = [man("shmget.2", "DESCRIPTION"), posix("shmctl.3p", "DESCRIPTION", "IPC_STAT")],
    covers = ["behaviours:sysvshm.size-rounded-pages"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_segment_has_whole_pages() -> TestResult {
    let (segment, around) = (Segment::new(IPC_PRIVATE, size())?, Mapping::anonymous(4 * page_size())?);
    around.write(&vec![b'x'; 4 * page_size()]);
    // SAFETY: nothing is in the mapping but bytes, of which the last page is left.
    let attachment = assert_ok!(unsafe { Attachment::over(segment.id(), around.address(), 0) });
    let (behind, last) = (attachment.address() + size(), attachment.address() + 3 * page_size() - 1);
    let found = [read_at(behind)?, read_at(last)?, read_at(last + 1)?];
    assert_eq!(found, [Ok(0), Ok(0), Ok(b'x')]);
    // A child writes, and another reads.
    let (written, found) = (write_at(last, 7)?, read_at(last)?);
    assert_eq!((written, found), (Ok(7), Ok(7)));
    let again = segment.attach()?;
    let found = read_at(again.address() + 3 * page_size() - 1)?;
    assert_eq!(found, Ok(7));
    // The last child has detached its own.
    let status = segment.status()?;
    assert_eq!(status, SegmentStatus { attachments: 2, last: status.last, ..SegmentStatus::new(IPC_PRIVATE, size()) });
    // The end of the mapping around it detaches it.
    attachment.let_go();
    Ok(())
}

/// Two processes that have a segment attached at different addresses have the same memory: what one stores, on the first page and on
/// the last, the other finds.
#[harness::test(
    id = "sysv-shm.shared",
    cite = [posix("shmat.3p", "DESCRIPTION"), man("shmop.2", "NOTES")],
    covers = ["behaviours:sysvshm.shared-visibility", "notes:shm.maps-common-memory", "notes:shm.created-by-one-used-by-many"],
    needs = [SYSV],
)]
fn processes_share_a_segment() -> TestResult {
    let (segment, written, answered) = (Segment::new(IPC_PRIVATE, size())?, Latch::new()?, Latch::new()?);
    let attachment = segment.attach()?;
    let (here, theirs) = (attachment.address(), Shared::new(AtomicUsize::new(0))?);
    let other = fork(|| -> TestResult {
        // The inherited one is still at its address.
        let own = segment.attach()?;
        theirs.store(own.address(), Ordering::Release);
        attachment.detach()?;
        written.wait_for(1);
        assert_eq!(Bytes(own.read()), text());
        own.write(&other_text().0);
        answered.arrive();
        written.wait_for(2);
        assert_eq!(Bytes(own.read()), text());
        Ok(())
    })?;
    attachment.write(&text().0);
    written.arrive();
    other.wait_until_blocked_in(calls::FUTEX)?;
    assert_eq!((answered.arrivals(), Bytes(attachment.read())), (1, other_text()));
    assert_ne!(theirs.load(Ordering::Acquire), here);
    let both = SegmentStatus { attachments: 2, last: other.pid(), ..SegmentStatus::new(IPC_PRIVATE, size()) };
    assert_eq!(segment.status(), Ok(both));
    evidence("attachments of the segment by two processes", both.attachments);
    attachment.write(&text().0);
    written.arrive();
    other.join()
}

/// One process may have a segment attached twice, for reading only and for writing: both show the same contents, and each counts in
/// shm_nattch.
#[harness::test(
    id = "sysv-shm.attached-twice",
    cite = [man("shmop.2", "DESCRIPTION", "SHM_REMAP"), man("shmop.2", "shmat()")],
    covers = [
        "behaviours:sysvshm.multiple-attach", "behaviours:sysvshm.readonly-and-write", "behaviours:sysvshm.stat-nattch",
        "notes:shm.nattch-counts-processes",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_segment_is_attached_twice() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let (reader, writer) = (assert_ok!(Attachment::new(segment.id(), SHM_RDONLY)), segment.attach()?);
    assert_ne!(reader.address(), writer.address());
    writer.write(&text().0);
    assert_eq!(Bytes(reader.read()), text());
    let once = SegmentStatus { attachments: 1, last: own_pid(), ..SegmentStatus::new(IPC_PRIVATE, size()) };
    let twice = SegmentStatus { attachments: 2, ..once };
    assert_eq!(segment.status(), Ok(twice));
    evidence("shm_nattch of a segment that one process has attached twice", twice.attachments);
    let child = fork(|| {
        assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 4, ..twice }));
    })?;
    child.join()?;
    assert_eq!(writer.detach(), Ok(()));
    assert_eq!(segment.status(), Ok(once));
    let stored = write_at(reader.address(), 7)?;
    assert_eq!((stored, Bytes(reader.read())), (Err(Fault::denied(reader.address())), text()));
    Ok(())
}
