//! The memory of a segment comes back.

use calls::sysv::SegmentsInUse;
use harness::need::IPCNS;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::Segment;
use libc::IPC_PRIVATE;

/// SHM_INFO counts a segment of three pages from its creation until it is removed and detached: not while it is attached
/// after IPC_RMID, and no page is left afterwards.
#[harness::test(
    id = "sysv-shm.pages-come-back",
    cite = [man("shmctl.2", "DESCRIPTION", "SHM_INFO"), man("shmctl.2", "DESCRIPTION", "IPC_RMID")],
    covers = ["behaviours:sysvshm.shm-info", "behaviours:sysvshm.rmid-deferred"],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn the_pages_come_back_with_the_last_detach() -> TestResult {
    const NONE: SegmentsInUse = SegmentsInUse { segments: 0, pages: 0, resident: 0, swapped: 0 };
    const ONE: SegmentsInUse = SegmentsInUse { segments: 1, pages: 3, ..NONE };
    // Nobody says how many of the pages are in memory, and how many in swap space.
    let in_use = || segments_in_use().map(|(_, found)| SegmentsInUse { resident: 0, swapped: 0, ..found });
    assert_eq!(segments_in_use(), Ok((0, NONE)));
    let segment = Segment::new(IPC_PRIVATE, 3 * page_size())?;
    assert_eq!(in_use(), Ok(ONE));
    let (one, other) = (segment.attach()?, segment.attach()?);
    one.write(&vec![b'x'; 3 * page_size()]);
    assert_eq!(segment.remove(), Ok(()));
    assert_eq!(one.detach(), Ok(()));
    assert_eq!(in_use(), Ok(ONE));
    assert_eq!(other.read(), vec![b'x'; 3 * page_size()]);
    assert_eq!(other.detach(), Ok(()));
    assert_eq!(segments_in_use(), Ok((0, NONE)));
    Ok(())
}
