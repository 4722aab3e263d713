//! The limits on segments, which are per IPC namespace, and what else a namespace has of its own.

use super::{size, text};
use crate::needs::{FREE_HUGE_PAGES, HUGE_PAGES, OVERCOMMIT_BY_HEURISTIC};
use calls::sysv::{SegmentLimits, SegmentStatus};
use harness::need::{IPCNS, ROOT, SECOND_ID, SECOND_UID};
use kit::fault::write_at;
use kit::limits::limit;
use kit::needs::{SYSV, ipc_setting};
use kit::prelude::*;
use kit::privilege::{become_user, drop_capabilities};
use kit::setting::{change, text as setting_text};
use kit::sysv::{Segment, unused_key};
use libc::{IPC_CREAT, IPC_EXCL, IPC_PRIVATE, SHM_HUGETLB, SHM_NORESERVE};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::Resource;

const NEW: i32 = IPC_CREAT | IPC_EXCL | 0o600;

/// In a new IPC namespace SHMMAX and SHMALL are ULONG_MAX - 2^24, SHMMNI is 4096 and SHMMIN is 1.
#[harness::test(
    id = "sysv-shm.default-limits",
    cite = [
        man("shmget.2", "Shared memory limits", "SHMMAX"),
        man("shmget.2", "Shared memory limits", "SHMALL"),
        man("shmget.2", "Shared memory limits", "SHMMNI"),
        man("shmget.2", "Shared memory limits", "SHMMIN"),
    ],
    covers = [
        "behaviours:sysvshm.shmmax-default", "behaviours:sysvshm.shmmni-default", "behaviours:sysvshm.shmmin-1",
        "notes:shm.capacity-controllable",
    ],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn a_namespace_begins_with_the_default_limits() -> TestResult {
    const MOST: u64 = u64::MAX - (1 << 24);
    let limits = segment_limits().map(|(_, limits)| limits);
    assert_eq!(limits, Ok(SegmentLimits { shmmax: MOST, shmmin: 1, shmmni: 4096, shmall: MOST }));
    let set = ["kernel/shmmax", "kernel/shmmni", "kernel/shmall"].map(|name| setting_text(name).ok());
    assert_eq!(set, [MOST, 4096, MOST].map(|limit| Some(limit.to_string())));
    for size in [1, 64 << 20] {
        let segment = Segment::adopt(assert_ok!(shmget(IPC_PRIVATE, size, NEW)), IPC_PRIVATE);
        assert_eq!(segment.status(), Ok(SegmentStatus::new(IPC_PRIVATE, size)));
    }
    assert_errno!(shmget(IPC_PRIVATE, 0, NEW), EINVAL);
    Ok(())
}

const SHMMAX: &str = "kernel/shmmax";
const SHMALL: &str = "kernel/shmall";

/// SHMMAX and SHMALL hold as they are set: no new segment may be larger by a byte, and all together may not have a page more. Segments that
/// there are stay, though they pass a limit, and once it is raised larger ones can be made.
#[harness::test(
    id = "sysv-shm.limits-as-set",
    cite = [
        man("shmget.2", "Shared memory limits", "SHMMAX"),
        man("shmget.2", "Shared memory limits", "SHMALL"),
        man("proc_sys_kernel.5", "DESCRIPTION", "/proc/sys/kernel/shmmax"),
    ],
    covers = [
        "behaviours:sysvshm.shmmax-limit", "behaviours:sysvshm.shmall-limit", "errors:sysv-shm.shmget.EINVAL.2",
        "errors:sysv-shm.shmget.ENOSPC.2",
    ],
    needs = [SYSV, IPCNS, ipc_setting(SHMMAX), ipc_setting(SHMALL)],
    layers = [libc, raw],
)]
fn limits_hold_as_they_are_set() -> TestResult {
    let new = |size: usize| shmget(IPC_PRIVATE, size, NEW).map(|id| Segment::adopt(id, IPC_PRIVATE));
    let sized = |size| Ok(SegmentStatus::new(IPC_PRIVATE, size));
    let large = Segment::new(IPC_PRIVATE, size())?;
    let lowered = change(SHMMAX, page_size())?;
    assert_errno!(new(page_size() + 1), EINVAL);
    let page = assert_ok!(new(page_size()));
    drop(lowered);
    // Four pages are in use.
    let lowered = change(SHMALL, 5)?;
    assert_errno!(new(page_size() + 1), ENOSPC);
    let byte = assert_ok!(new(1));
    assert_errno!(new(1), ENOSPC);
    drop(lowered);
    let more = assert_ok!(new(size()));
    let found = [&large, &page, &byte, &more].map(|segment| segment.status());
    assert_eq!(found, [sized(size()), sized(page_size()), sized(1), sized(size())]);
    Ok(())
}

#[rstest]
#[case::as_large(size())]
#[case::smaller(1)]
#[case::size_0(0)]
/// shmget with the key of a segment returns its identifier for its size, for a smaller one and for 0, with IPC_CREAT or without; the
/// segment stays as it is.
#[harness::test(
    id = "sysv-shm.found-by-key",
    cite = [posix("shmget.3p", "ERRORS", "EINVAL"), man("shmget.2", "ERRORS", "EINVAL"), man("shmget.2", "DESCRIPTION")],
    covers = ["behaviours:sysvshm.smaller-size-ok", "notes:shm.shmget-creates-or-finds"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_segment_is_found_by_its_key(#[case] asked: usize) -> TestResult {
    let key = unused_key()?;
    assert_errno!(shmget(key, asked, 0), ENOENT);
    let segment = Segment::adopt(assert_ok!(shmget(key, size(), NEW)), key);
    let attachment = segment.attach()?;
    attachment.write(&text().0);
    let before = segment.record()?;
    for flags in [0, 0o600, IPC_CREAT, IPC_CREAT | 0o400] {
        assert_eq!(shmget(key, asked, flags), Ok(segment.id()));
    }
    assert_eq!((segment.record(), Bytes(attachment.read())), (Ok(before), text()));
    Ok(())
}

/// A segment is found by its key, and known by its identifier, in its own IPC namespace only: in a new one there is none, the key can be
/// used for another segment, and the end of that namespace leaves the first as it is.
#[harness::test(
    id = "sysv-shm.namespace",
    cite = [man("ipc_namespaces.7", "DESCRIPTION")],
    covers = ["behaviours:sysvshm.namespace", "notes:shm.same-host-only"],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn a_namespace_has_segments_of_its_own() -> TestResult {
    let segment = Segment::new(unused_key()?, size())?;
    let attachment = segment.attach()?;
    attachment.write(&text().0);
    let before = segment.status()?;
    let child = fork(|| -> TestResult {
        unshare(CloneFlags::CLONE_NEWIPC)?;
        assert_errno!(shmget(segment.key(), 0, 0), ENOENT);
        assert_errno!(segment.status(), EINVAL);
        assert_errno!(shmat(segment.id(), 0, 0), EINVAL);
        // It ends with the namespace.
        let own = assert_ok!(shmget(segment.key(), 1, NEW));
        assert_eq!(segment_status(own), Ok(SegmentStatus::new(segment.key(), 1)));
        Ok(())
    })?;
    let pid = child.pid();
    child.join()?;
    assert_eq!(segment.status(), Ok(SegmentStatus { last: pid, ..before }));
    assert_eq!((shmget(segment.key(), size(), 0), Bytes(attachment.read())), (Ok(segment.id()), text()));
    Ok(())
}

const NEXT_ID: &str = "kernel/shm_next_id";

/// kernel.shm_next_id chooses the identifier of the next segment, and is -1 again after it.
#[harness::test(
    id = "sysv-shm.next-id",
    cite = [kernel("ipc/util.c", "ipc_idr_alloc", "6.18")],
    covers = ["behaviours:sysvshm.next-id-sysctl"],
    needs = [SYSV, IPCNS, ipc_setting(NEXT_ID)],
    layers = [libc, raw],
)]
fn the_next_identifier_can_be_chosen() -> TestResult {
    const CHOSEN: i32 = 5 << 15 | 9;
    let (key, _chosen) = (unused_key()?, change(NEXT_ID, CHOSEN)?);
    let segment = Segment::adopt(assert_ok!(shmget(key, size(), NEW)), key);
    let next = setting_text(NEXT_ID)?;
    assert_eq!((segment.id(), &*next), (CHOSEN, "-1"));
    assert_eq!(segment.status(), Ok(SegmentStatus::new(key, size())));
    let other = Segment::new(IPC_PRIVATE, size())?;
    assert_ne!(other.id(), segment.id());
    Ok(())
}

/// A number of KiB in /proc/meminfo, in bytes.
fn memory(name: &str) -> TestResult<usize> {
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let words = line.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let Some([number, "kB"]) = words.as_deref() else { return Err(Stop::broken("/proc/meminfo has no such line")) };
    Ok(number.parse::<usize>()? << 10)
}

/// Where memory is overcommitted by heuristic, shmget refuses a segment that is larger than memory and swap space together, but not with
/// SHM_NORESERVE, which reserves none: the first page and the last can be used.
#[harness::test(
    id = "sysv-shm.noreserve",
    cite = [
        man("shmget.2", "DESCRIPTION", "SHM_NORESERVE"),
        man("proc_sys_vm.5", "DESCRIPTION", "/proc/sys/vm/overcommit_memory"),
    ],
    covers = ["behaviours:sysvshm.noreserve"],
    needs = [SYSV, IPCNS, OVERCOMMIT_BY_HEURISTIC],
    layers = [libc, raw],
)]
fn shm_noreserve_reserves_no_swap_space() -> TestResult {
    let size = (2 * (memory("MemTotal")? + memory("SwapTotal")?)).next_multiple_of(page_size());
    assert_errno!(shmget(IPC_PRIVATE, size, NEW), ENOMEM);
    let id = assert_ok!(shmget(IPC_PRIVATE, size, NEW | SHM_NORESERVE));
    let segment = Segment::adopt(id, IPC_PRIVATE);
    assert_eq!(segment.status(), Ok(SegmentStatus::new(IPC_PRIVATE, size)));
    let attachment = segment.attach()?;
    let stored = [write_at(attachment.address(), 7)?, write_at(attachment.address() + size - 1, 8)?];
    assert_eq!(stored, [Ok(7), Ok(8)]);
    Ok(())
}

#[harness::errors(
    family = "not-permitted",
    rows = [("sysv-shm.huge-pages-eperm", "errors:sysv-shm.shmget.EPERM", SHM_HUGETLB)],
    needs = [SYSV, SECOND_UID, HUGE_PAGES],
    layers = [libc, raw],
)]
fn huge_pages_are_for_the_privileged(flag: i32) -> TestResult {
    let child = fork(|| -> TestResult {
        become_user(SECOND_ID, SECOND_ID)?;
        drop_capabilities()?;
        // Older kernels let a process have as many as it may lock.
        limit(Resource::RLIMIT_MEMLOCK, 0)?;
        let key = unused_key()?;
        assert_errno!(shmget(key, 1, NEW | flag), EPERM);
        assert_errno!(shmget(key, 0, 0), ENOENT);
        let segment = Segment::adopt(assert_ok!(shmget(key, 1, NEW)), key);
        assert_eq!(segment.status(), Ok(SegmentStatus::new(key, 1)));
        Ok(())
    })?;
    child.join()
}

/// A segment that was made with SHM_HUGETLB is of huge pages: its attachment begins at a multiple of their size, and
/// /proc/PID/smaps has that as the size of its pages.
#[harness::test(
    id = "sysv-shm.huge-pages",
    cite = [man("shmget.2", "DESCRIPTION", "SHM_HUGETLB"), man("proc_pid_smaps.5", "DESCRIPTION", "/proc/pid/smaps")],
    covers = ["behaviours:sysvshm.hugetlb"],
    needs = [SYSV, ROOT, FREE_HUGE_PAGES],
    layers = [libc, raw],
)]
fn a_segment_is_of_huge_pages() -> TestResult {
    let large = memory("Hugepagesize")?;
    let segment = Segment::adopt(assert_ok!(shmget(IPC_PRIVATE, 14, NEW | SHM_HUGETLB)), IPC_PRIVATE);
    assert_eq!(segment.status(), Ok(SegmentStatus::new(IPC_PRIVATE, 14)));
    let attachment = segment.attach()?;
    assert_eq!((attachment.address() % large, Bytes(attachment.read())), (0, Bytes::of(0, 14)));
    let stored = [write_at(attachment.address(), 7)?, write_at(attachment.address() + large - 1, 8)?];
    assert_eq!((stored, attachment.read()[0]), ([Ok(7), Ok(8)], 7));
    let smaps = std::fs::read_to_string("/proc/self/smaps")?;
    let ours = smaps.split_once(&format!("{:x}-", attachment.address())).map_or("", |(_, ours)| ours);
    let pages = ours.lines().find_map(|line| line.strip_prefix("KernelPageSize:")).map(str::trim);
    assert_eq!(pages, Some(&*format!("{} kB", large >> 10)));
    Ok(())
}
