//! kernel.shm_rmid_forced, which is per IPC namespace.

use super::{size, text};
use calls::sysv::SegmentStatus;
use harness::need::IPCNS;
use kit::needs::{SYSV, ipc_setting};
use kit::prelude::*;
use kit::setting::change;
use kit::sysv::Segment;
use libc::IPC_PRIVATE;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

const SETTING: &str = "kernel/shm_rmid_forced";

/// With kernel.shm_rmid_forced set to 1, the last shmdt destroys a segment even without IPC_RMID.
#[harness::test(
    id = "sysv-shm.rmid-forced",
    cite = [man("proc_sys_kernel.5", "DESCRIPTION", "/proc/sys/kernel/shm_rmid_forced")],
    covers = ["behaviours:sysvshm.rmid-forced", "notes:persist.sysv-kernel-shm"],
    needs = [IPCNS, SYSV, ipc_setting(SETTING)],
)]
fn last_detach_destroys_with_shm_rmid_forced() -> TestResult {
    let _forced = change(SETTING, 1)?;
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let (first, second) = (segment.attach()?, segment.attach()?);
    first.write(&text().0);
    assert_eq!(first.detach(), Ok(()));
    let unattached = SegmentStatus::new(IPC_PRIVATE, size());
    assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 1, last: own_pid(), ..unattached }));
    assert_eq!(Bytes(second.read()), text());
    assert_eq!(second.detach(), Ok(()));
    assert_errno!(segment.status(), EINVAL);
    Ok(())
}

/// With kernel.shm_rmid_forced set to 1, termination of the creator destroys a segment that was never attached; a
/// segment that another process has attached remains.
#[harness::test(
    id = "sysv-shm.rmid-forced-creator",
    cite = [man("proc_sys_kernel.5", "DESCRIPTION", "/proc/sys/kernel/shm_rmid_forced")],
    covers = ["behaviours:sysvshm.rmid-forced-creator-exit"],
    needs = [IPCNS, SYSV, ipc_setting(SETTING)],
)]
fn creator_termination_destroys_with_shm_rmid_forced() -> TestResult {
    let _forced = change(SETTING, 1)?;
    let ids = Shared::new([const { AtomicI32::new(-1) }; 2])?;
    let creator = holder(|| {
        let segments = [Segment::new(IPC_PRIVATE, size())?, Segment::new(IPC_PRIVATE, size())?];
        ids.iter().zip(&segments).for_each(|(id, segment)| id.store(segment.id(), Relaxed));
        Ok(segments)
    })?;
    let [never, attached] = [0, 1].map(|at| ids[at].load(Relaxed));
    let attached = Segment::adopt(attached, IPC_PRIVATE);
    let _attachment = attached.attach()?;
    let unattached = SegmentStatus { creator: creator.pid(), ..SegmentStatus::new(IPC_PRIVATE, size()) };
    assert_eq!(segment_status(never), Ok(unattached));
    creator.kill()?;
    assert_errno!(segment_status(never), EINVAL);
    assert_eq!(attached.status(), Ok(SegmentStatus { attachments: 1, last: own_pid(), ..unattached }));
    Ok(())
}
