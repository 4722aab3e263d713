//! What there is: SHM_INFO, SHM_STAT, SHM_STAT_ANY, IPC_INFO, and /proc/sysvipc/shm. The segments of an IPC namespace of one's own are
//! known.

use super::{in_use, set_mode, size};
use crate::needs::SMALL_SHARED_PAGES;
use calls::sysv::{SHM_STAT, SHM_STAT_ANY, SegmentLimits, SegmentRecord, SegmentStatus, SegmentsInUse};
use harness::need::IPCNS;
use harness::raw::{Argument as _, arguments};
use kit::needs::{SYSV, ipc_setting};
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::setting::change;
use kit::sysv::{Segment, unused_key};
use libc::IPC_PRIVATE;

/// SHM_INFO counts the segments, their pages, of which a segment of one byte has one, and those of them that are in memory, and returns
/// the highest index in use.
#[harness::test(
    id = "sysv-shm.shm-info",
    cite = [man("shmctl.2", "DESCRIPTION", "SHM_INFO"), man("shmctl.2", "RETURN VALUE")],
    covers = ["behaviours:sysvshm.shm-info", "behaviours:sysvshm.size-rounded-pages", "behaviours:sysvshm.shmmin-1"],
    needs = [SYSV, IPCNS, SMALL_SHARED_PAGES],
    layers = [libc, raw],
)]
fn shm_info_counts_what_is_in_use() -> TestResult {
    let none = SegmentsInUse { segments: 0, pages: 0, resident: 0, swapped: 0 };
    let one = Segment::new(IPC_PRIVATE, 1)?;
    assert_eq!(in_use(), Ok((0, SegmentsInUse { segments: 1, pages: 1, ..none })));
    let page = Segment::new(IPC_PRIVATE, page_size())?;
    assert_eq!(in_use(), Ok((1, SegmentsInUse { segments: 2, pages: 2, ..none })));
    let more = Segment::new(IPC_PRIVATE, page_size() + 1)?;
    assert_eq!(in_use(), Ok((2, SegmentsInUse { segments: 3, pages: 4, ..none })));
    assert_eq!(
        [&one, &page, &more].map(|it| it.status()),
        [1, page_size(), page_size() + 1].map(|size| Ok(SegmentStatus::new(IPC_PRIVATE, size)))
    );
    more.attach()?.write(b"a page");
    assert_eq!(in_use(), Ok((2, SegmentsInUse { segments: 3, pages: 4, resident: 1, ..none })));
    one.remove()?;
    assert_eq!(in_use(), Ok((2, SegmentsInUse { segments: 2, pages: 3, resident: 1, ..none })));
    more.remove()?;
    assert_eq!(in_use(), Ok((1, SegmentsInUse { segments: 1, pages: 1, ..none })));
    page.remove()?;
    Ok(())
}

#[rstest]
#[case::shm_stat(SHM_STAT)]
#[case::shm_stat_any(SHM_STAT_ANY)]
/// SHM_STAT and SHM_STAT_ANY take an index up to the one that SHM_INFO returns, return the identifier of the segment there, and tell of
/// it what IPC_STAT does; at an index without a segment they fail with EINVAL.
#[harness::test(
    id = "sysv-shm.stat-by-index",
    cite = [
        man("shmctl.2", "DESCRIPTION", "SHM_STAT"),
        man("shmctl.2", "RETURN VALUE"),
        man("shmctl.2", "ERRORS", "EINVAL"),
        man("shmctl.2", "DESCRIPTION", "SHM_STAT_ANY"),
    ],
    covers = ["behaviours:sysvshm.shm-stat-index", "behaviours:sysvshm.shm-stat-any", "errors:sysv-shm.shmctl.EINVAL.3"],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn segments_are_found_by_their_index(#[case] command: i32) -> TestResult {
    let segments = [Segment::new(unused_key()?, 1)?, Segment::new(IPC_PRIVATE, size())?, Segment::new(IPC_PRIVATE, 2)?];
    let _attachment = segments[1].attach()?;
    let told = segments.each_ref().map(|segment| segment.record().map(|record| (segment.id(), record)));
    let (highest, _) = segments_in_use()?;
    let found: Vec<_> = (0..=highest).map(|index| segment_at(index, command)).collect();
    assert_eq!(found, told);
    segments[0].remove()?;
    assert_errno!(segment_at(0, command), EINVAL);
    assert_eq!([1, 2].map(|index| segment_at(index, command)), told[1..]);
    Ok(())
}

#[harness::errors(
    family = "invalid-id",
    rows = [
        ("sysv-shm.unused-index/shm-stat", "errors:sysv-shm.shmctl.EINVAL.3", SHM_STAT),
        ("sysv-shm.unused-index/shm-stat-any", "errors:sysv-shm.shmctl.EINVAL.3", SHM_STAT_ANY),
    ],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn no_segment_has_the_index(command: i32) -> TestResult {
    assert_errno!(segment_at(0, command), EINVAL);
    let segment = Segment::new(IPC_PRIVATE, 1)?;
    assert_eq!(segment_at(0, command), Ok((segment.id(), segment.record()?)));
    for index in [1, 2, 4095, -1] {
        assert_errno!(segment_at(index, command), EINVAL);
    }
    Ok(())
}

#[harness::errors(
    family = "bad-address",
    rows = [
        ("sysv-shm.bad-index-buffer/shm-stat", "errors:sysv-shm.shmctl.EFAULT", SHM_STAT),
        ("sysv-shm.bad-index-buffer/shm-stat-any", "errors:sysv-shm.shmctl.EFAULT", SHM_STAT_ANY),
    ],
    needs = [SYSV, IPCNS],
)]
fn the_buffer_is_outside_the_address_space(command: i32) -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, 1)?;
    let before = segment.record()?;
    // SAFETY: the address is outside the address space.
    let refused = unsafe { syscall("shmctl", Sysno::shmctl, arguments([0, command.register(), BAD_ADDRESS])) };
    assert_errno!(refused, EFAULT);
    assert_eq!(segment.record(), Ok(before));
    Ok(())
}

const SHMMAX: &str = "kernel/shmmax";
const SHMMNI: &str = "kernel/shmmni";
const SHMALL: &str = "kernel/shmall";

/// IPC_INFO returns the limits that kernel.shmmax, shmmni and shmall set, and 1 as SHMMIN, and the highest index of a segment, which is 0
/// for the first.
#[harness::test(
    id = "sysv-shm.ipc-info",
    cite = [
        man("shmctl.2", "DESCRIPTION", "IPC_INFO"),
        man("shmctl.2", "RETURN VALUE"),
        man("shmget.2", "Shared memory limits", "SHMMIN"),
    ],
    covers = ["behaviours:sysvshm.ipc-info"],
    needs = [SYSV, IPCNS, ipc_setting(SHMMAX), ipc_setting(SHMMNI), ipc_setting(SHMALL)],
    layers = [libc, raw],
)]
fn ipc_info_tells_the_limits() -> TestResult {
    let _first = Segment::new(IPC_PRIVATE, 1)?;
    for [shmmax, shmmni, shmall] in [[123_456, 12, 345], [1 << 40, 4000, 1 << 33]] {
        let _changed = (change(SHMMAX, shmmax)?, change(SHMMNI, shmmni)?, change(SHMALL, shmall)?);
        assert_eq!(segment_limits(), Ok((0, SegmentLimits { shmmax, shmmin: 1, shmmni, shmall })));
    }
    Ok(())
}

/// The columns of the file, in their order; the last two are pages in memory and in swap space.
const COLUMNS: &str = "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap";

/// What the file has of the segment of this identifier, if anything, and how many of its bytes are in memory or in swap space.
fn listed(id: i32) -> TestResult<Option<(SegmentRecord, usize)>> {
    let text = std::fs::read_to_string("/proc/sysvipc/shm")?;
    let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    assert_eq!(lines.next().unwrap_or_default().join(" "), COLUMNS);
    let Some(line) = lines.find(|line| line.get(1) == Some(&&*id.to_string())) else { return Ok(None) };
    let [key, _, perms, size, cpid, lpid, nattch, uid, gid, cuid, cgid, atime, dtime, ctime, rss, swap] = line[..]
    else {
        return Err(Stop::broken(format!("a line has {} columns", line.len())));
    };
    let status = SegmentStatus {
        key: key.parse()?,
        mode: u32::from_str_radix(perms, 8)?,
        size: size.parse()?,
        attachments: nattch.parse()?,
        creator: cpid.parse()?,
        last: lpid.parse()?,
    };
    let (uid, gid, cuid, cgid) = (uid.parse()?, gid.parse()?, cuid.parse()?, cgid.parse()?);
    let (atime, dtime, ctime) = (atime.parse()?, dtime.parse()?, ctime.parse()?);
    Ok(Some((
        SegmentRecord { status, uid, gid, cuid, cgid, atime, dtime, ctime },
        rss.parse::<usize>()? + swap.parse::<usize>()?,
    )))
}

/// /proc/sysvipc/shm has a line for each segment, with what IPC_STAT tells of it: new, attached, marked for removal, until it is
/// destroyed; who may not read the segment may read the line.
#[harness::test(
    id = "sysv-shm.proc-sysvipc",
    cite = [man("proc_sysvipc.5", "DESCRIPTION", "/proc/sysvipc/"), man("shmctl.2", "DESCRIPTION", "SHM_STAT_ANY")],
    covers = ["behaviours:sysvshm.proc-sysvipc-shm"],
    needs = [SYSV, SMALL_SHARED_PAGES],
    layers = [libc, raw],
)]
fn proc_lists_segments() -> TestResult {
    let segments = [Segment::new(unused_key()?, size())?, Segment::new(IPC_PRIVATE, 1)?];
    let same = |resident: usize| -> TestResult {
        for segment in &segments {
            let (found, record) = (listed(segment.id())?, segment.record()?);
            let pages = if record.status.size == size() { resident } else { 0 };
            assert_eq!(found, Some((record, pages * page_size())));
        }
        Ok(())
    };
    same(0)?;
    let attachment = segments[0].attach()?;
    attachment.write(b"a page");
    same(1)?;
    let hidden = SegmentStatus { mode: 0, ..SegmentStatus::new(IPC_PRIVATE, 1) };
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        set_mode(&segments[1], 0)?;
        assert_errno!(segments[1].status(), EACCES);
        let found = listed(segments[1].id())?.map(|(record, _)| record.status);
        assert_eq!(found, Some(hidden));
        set_mode(&segments[1], 0o600)?;
        Ok(())
    })?;
    child.join()?;
    segments[0].remove()?;
    same(1)?;
    assert_eq!(attachment.detach(), Ok(()));
    let (destroyed, other) = (listed(segments[0].id())?, listed(segments[1].id())?.map(|(record, _)| record));
    assert_eq!((destroyed, other), (None, Some(segments[1].record()?)));
    Ok(())
}
