//! The memory of a segment comes back.

use super::in_use;
use crate::needs::SMALL_SHARED_PAGES;
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
    needs = [SYSV, IPCNS, SMALL_SHARED_PAGES],
    layers = [libc, raw],
)]
fn the_pages_come_back_with_the_last_detach() -> TestResult {
    const NONE: SegmentsInUse = SegmentsInUse { segments: 0, pages: 0, resident: 0, swapped: 0 };
    const NEW: SegmentsInUse = SegmentsInUse { segments: 1, pages: 3, ..NONE };
    const TOUCHED: SegmentsInUse = SegmentsInUse { resident: 3, ..NEW };
    assert_eq!(in_use(), Ok((0, NONE)));
    let segment = Segment::new(IPC_PRIVATE, 3 * page_size())?;
    assert_eq!(in_use(), Ok((0, NEW)));
    let (one, other) = (segment.attach()?, segment.attach()?);
    one.write(&vec![b'x'; 3 * page_size()]);
    assert_eq!(segment.remove(), Ok(()));
    assert_eq!(one.detach(), Ok(()));
    assert_eq!(in_use(), Ok((0, TOUCHED)));
    assert_eq!(other.read(), vec![b'x'; 3 * page_size()]);
    assert_eq!(other.detach(), Ok(()));
    assert_eq!(in_use(), Ok((0, NONE)));
    Ok(())
}
