//! ipcrm removes objects by their identifier or their key.

use super::output;
use crate::objects::{Make, QUEUE, SEGMENT, SEMAPHORES};
use calls::sysv::{SHM_DEST, SegmentStatus};
use harness::need::SECOND_UID;
use kit::needs::{SHM_RMID_NOT_FORCED, SYSV, program};
use kit::prelude::*;
use kit::privilege::become_second_user;
use kit::sysv::{Segment, unused_key};

/// An object, and the options of ipcrm that take its identifier and its key.
type Removed = (Make, &'static str, &'static str);

/// Asserts that ipcrm with these arguments succeeds, or fails.
fn ipcrm(arguments: &[&str], succeeds: bool) -> TestResult {
    let words: Vec<_> = ["ipcrm"].iter().chain(arguments).copied().collect();
    let ended = output(&words)?.ended;
    assert!((ended == Ended::Exited(0)) == succeeds, "ipcrm {arguments:?} ends with {ended}");
    Ok(())
}

/// ipcrm removes an object by its identifier, and one by its key, and leaves others; once it is removed ipcrm fails.
#[harness::test(
    rows = [
        ("tools.ipcrm/shared-memory", ["behaviours:sysvshm.rmid-unattached-immediate"], (SEGMENT, "-m", "-M")),
        ("tools.ipcrm/semaphores", ["notes:tools.ipcs-s"], (SEMAPHORES, "-s", "-S")),
        ("tools.ipcrm/queue", ["behaviours:sysvmsg.rmid-id-invalid"], (QUEUE, "-q", "-Q")),
    ],
    cite = [posix("ipcrm.1p", "OPTIONS"), posix("ipcrm.1p", "EXIT STATUS")],
    needs = [SYSV, program("ipcrm")],
)]
fn ipcrm_removes_an_object(removed: Removed) -> TestResult {
    let (make, by_id, by_key) = removed;
    let objects = [make(unused_key()?)?, make(unused_key()?)?, make(unused_key()?)?];
    let (id, key) = (objects[0].id().to_string(), format!("{:#x}", objects[1].key()));
    let kept = objects[2].status()?;
    ipcrm(&[by_id, &id], true)?;
    assert_errno!(objects[0].status(), EINVAL);
    assert_eq!(objects[1].get(objects[1].key(), 0), Ok(objects[1].id()));
    ipcrm(&[by_key, &key], true)?;
    assert_errno!(objects[1].status(), EINVAL);
    ipcrm(&[by_id, &id], false)?;
    ipcrm(&[by_key, &key], false)?;
    assert_eq!(objects[2].status(), Ok(kept));
    assert_errno!(objects[0].remove(), EINVAL);
    assert_errno!(objects[1].remove(), EINVAL);
    Ok(())
}

/// ipcrm of a segment that is attached marks it; the last detach destroys it.
#[harness::test(
    id = "tools.ipcrm-attached",
    cite = [man("shmctl.2", "DESCRIPTION", "IPC_RMID"), posix("ipcrm.1p", "OPTIONS", "-m")],
    covers = ["behaviours:sysvshm.rmid-deferred", "behaviours:sysvshm.rmid-dest-flag"],
    needs = [SYSV, SHM_RMID_NOT_FORCED, program("ipcrm")],
)]
fn ipcrm_marks_what_is_attached() -> TestResult {
    let segment = Segment::new(unused_key()?, 1)?;
    let attachment = segment.attach()?;
    attachment.write(b"x");
    ipcrm(&["-m", &segment.id().to_string()], true)?;
    let marked = SegmentStatus { mode: 0o600 | SHM_DEST, attachments: 1, ..SegmentStatus::new(0, 1) };
    let status = segment.status().map(|status| SegmentStatus { last: 0, ..status });
    assert_eq!((status, attachment.read()), (Ok(marked), b"x".to_vec()));
    assert_eq!(attachment.detach(), Ok(()));
    assert_errno!(segment.status(), EINVAL);
    Ok(())
}

/// ipcrm of another user's object fails, and leaves it.
#[harness::test(
    id = "tools.ipcrm-not-permitted",
    cite = [man("shmctl.2", "ERRORS", "EPERM"), posix("ipcrm.1p", "EXIT STATUS")],
    covers = ["behaviours:sysvshm.control-by-owner"],
    needs = [SYSV, SECOND_UID, program("ipcrm")],
)]
fn ipcrm_needs_permission() -> TestResult {
    let object = SEGMENT(unused_key()?)?;
    let before = object.status()?;
    let child = fork(|| -> TestResult {
        become_second_user()?;
        ipcrm(&["-m", &object.id().to_string()], false)?;
        ipcrm(&["-M", &format!("{:#x}", object.key())], false)
    })?;
    child.join()?;
    assert_eq!(object.status(), Ok(before));
    Ok(())
}
