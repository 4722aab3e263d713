//! System V shared memory.

mod access;
mod argument_errors;
mod attaching;
mod contents;
mod copies;
mod detach;
mod forced;
mod getting;
mod inheritance;
mod limits;
mod listing;
mod locking;
mod permissions;
mod removal;
mod returned;
mod sharing;
mod times;
mod unmapping;
mod updates;

use calls::for_layers::libc_raw as by;
use calls::sysv::{Permissions, SegmentRecord, SegmentStatus, SegmentsInUse};
use kit::prelude::*;
use kit::sysv::{Segment, clock};
use nix::unistd::{getegid, geteuid};

/// The size of a segment of these specs: it begins a third page.
fn size() -> usize {
    2 * page_size() + 14
}

/// The data that these specs write into a segment.
fn text() -> Bytes {
    Bytes::sequence(size())
}

/// Other data of the same size, each page of which differs.
fn other_text() -> Bytes {
    Bytes(text().0.into_iter().rev().collect())
}

/// Gives the segment, which is this process's own, another mode.
fn set_mode(segment: &Segment, mode: u32) -> Result<()> {
    let own = Permissions { uid: geteuid().as_raw(), gid: getegid().as_raw(), mode };
    by::set_segment_permissions(segment.id(), own)
}

/// SHM_INFO: the highest index in use, and what there is. A page that is in swap space counts as one in memory: the kernel moves them.
fn in_use() -> Result<(i32, SegmentsInUse)> {
    let (highest, found) = by::segments_in_use()?;
    Ok((highest, SegmentsInUse { resident: found.resident.wrapping_add(found.swapped), swapped: 0, ..found }))
}

/// What IPC_STAT tells of a segment of these specs that this process makes at a time, and that nobody has used yet.
fn new_record(key: i32, ctime: i64) -> SegmentRecord {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    SegmentRecord { status: SegmentStatus::new(key, size()), uid, gid, cuid: uid, cgid: gid, atime: 0, dtime: 0, ctime }
}

/// Asserts what IPC_STAT tells of a segment whose times are those here at the earliest, or 0.
#[track_caller]
fn assert_record(segment: &Segment, expected: SegmentRecord) -> TestResult {
    let (found, now) = (assert_ok!(segment.record()), clock()?);
    let SegmentRecord { atime, dtime, ctime, .. } = found;
    let times = [(atime, expected.atime), (dtime, expected.dtime), (ctime, expected.ctime)];
    let fits = |(found, since): (i64, i64)| if since == 0 { found == 0 } else { (since..=now).contains(&found) };
    assert!(times.into_iter().all(fits), "times, and since when, at {now}: {times:?}");
    assert_eq!(found, SegmentRecord { atime, dtime, ctime, ..expected });
    Ok(())
}
