//! The memory of a segment comes back.

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
    assert_eq!(all_segments(), Ok((0, 0, 0)));
    let segment = Segment::new(IPC_PRIVATE, 3 * page_size())?;
    assert_eq!(all_segments(), Ok((0, 1, 3)));
    let (one, other) = (segment.attach()?, segment.attach()?);
    one.write(&vec![b'x'; 3 * page_size()]);
    assert_eq!(segment.remove(), Ok(()));
    assert_eq!(one.detach(), Ok(()));
    assert_eq!(all_segments(), Ok((0, 1, 3)));
    assert_eq!(other.read(), vec![b'x'; 3 * page_size()]);
    assert_eq!(other.detach(), Ok(()));
    assert_eq!(all_segments(), Ok((0, 0, 0)));
    Ok(())
}
