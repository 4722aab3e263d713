//! The errors of shmat, shmdt and shmctl that an argument causes. None changes the segment.

use calls::sysv::{Permissions, SegmentStatus};
use harness::raw::{Argument as _, arguments};
use kit::needs::{SHM_RMID_NOT_FORCED, SYSV};
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::sysv::{Attachment, Segment};
use libc::{IPC_PRIVATE, IPC_SET, IPC_STAT, SHM_RDONLY, SHM_REMAP, SHM_RND};

#[harness::errors(
    family = "mode-denied",
    rows = [
        ("sysv-shm.attach-denied/read-only", "errors:sysv-shm.shmat.EACCES", (0o277, SHM_RDONLY)),
        ("sysv-shm.attach-denied/read-write-unreadable", "errors:sysv-shm.shmat.EACCES", (0o277, 0)),
        ("sysv-shm.attach-denied/read-write-unwritable", "errors:sysv-shm.shmat.EACCES", (0o477, 0)),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_mode_denies_the_attachment(asked: (u32, i32)) -> TestResult {
    let (mode, flags) = asked;
    let segment = Segment::new(IPC_PRIVATE, super::size())?;
    let permissions = segment_object_status(segment.id())?.permissions;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        set_segment_permissions(segment.id(), Permissions { mode, ..permissions })?;
        assert_errno!(shmat(segment.id(), 0, flags), EACCES);
        set_segment_permissions(segment.id(), permissions)?;
        let attachment = assert_ok!(Attachment::new(segment.id(), flags));
        assert_eq!(Bytes(attachment.read()), Bytes::of(0, super::size()));
        Ok(())
    })?;
    child.join()
}

#[harness::errors(
    family = "misaligned-address",
    rows = [
        ("sysv-shm.misaligned/one-byte", "errors:sysv-shm.shmat.EINVAL.2", 1),
        ("sysv-shm.misaligned/half-a-page", "errors:sysv-shm.shmat.EINVAL.2", 2048),
    ],
    needs = [SYSV, SHM_RMID_NOT_FORCED],
    layers = [libc, raw],
)]
fn the_address_of_the_attachment_is_misaligned(more: usize) -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, super::size())?;
    let free = shmat(segment.id(), 0, 0)?;
    // SAFETY: nothing uses the memory.
    unsafe { shmdt(free) }?;
    let status = segment.status()?;
    assert_errno!(shmat(segment.id(), free + more, 0), EINVAL);
    assert_eq!(segment.status(), Ok(status));
    assert_eq!(shmat(segment.id(), free + more, SHM_RND), Ok(free));
    assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 1, ..status }));
    // SAFETY: as above.
    Ok(unsafe { shmdt(free) }?)
}

/// shmat with SHM_REMAP fails with EINVAL without an address.
#[harness::test(
    id = "sysv-shm.remap-without-address",
    cite = [man("shmop.2", "ERRORS", "EINVAL")],
    covers = ["errors:sysv-shm.shmat.EINVAL.3"],
    needs = [SYSV],
)]
fn shm_remap_needs_an_address() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, super::size())?;
    let call = arguments([segment.id().register(), 0, SHM_REMAP.register()]);
    // SAFETY: the kernel refuses it, and chooses a free address if it does not.
    assert_errno!(unsafe { syscall("shmat", Sysno::shmat, call) }, EINVAL);
    assert_eq!(segment.status(), Ok(SegmentStatus::new(IPC_PRIVATE, super::size())));
    Ok(())
}

#[harness::errors(
    family = "misaligned-address",
    rows = [("sysv-shm.detach-misaligned", "errors:sysv-shm.shmdt.EINVAL.2", 1)],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_address_to_detach_is_misaligned(more: usize) -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, super::size())?;
    let attached = shmat(segment.id(), 0, 0)?;
    let status = segment.status()?;
    // SAFETY: nothing uses the memory.
    assert_errno!(unsafe { shmdt(attached + more) }, EINVAL);
    assert_eq!((segment.status(), status.attachments), (Ok(status), 1));
    // SAFETY: as above.
    assert_eq!(unsafe { shmdt(attached) }, Ok(()));
    assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 0, ..status }));
    Ok(())
}

/// shmdt fails with EINVAL where no segment is attached: inside of a segment, and where one was.
#[harness::test(
    id = "sysv-shm.detach-nothing",
    cite = [posix("shmdt.3p", "ERRORS", "EINVAL"), man("shmop.2", "ERRORS", "EINVAL")],
    covers = ["errors:sysv-shm.shmdt.EINVAL"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn nothing_is_attached_at_the_address() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, super::size())?;
    let attached = shmat(segment.id(), 0, 0)?;
    let status = segment.status()?;
    // SAFETY: nothing uses the memory.
    assert_errno!(unsafe { shmdt(attached + page_size()) }, EINVAL);
    assert_eq!((segment.status(), status.attachments), (Ok(status), 1));
    // SAFETY: as above.
    assert_eq!(unsafe { shmdt(attached) }, Ok(()));
    // SAFETY: as above.
    assert_errno!(unsafe { shmdt(attached) }, EINVAL);
    Ok(())
}

/// shmctl with this command and address, through the kernel.
fn control(segment: &Segment, command: i32, address: usize) -> Result<i64> {
    let call = arguments([segment.id().register(), command.register(), address]);
    // SAFETY: these specs give no address but one outside the address space.
    unsafe { syscall("shmctl", Sysno::shmctl, call) }
}

#[harness::errors(
    family = "bad-address",
    rows = [
        ("sysv-shm.bad-buffer/ipc-stat", "errors:sysv-shm.shmctl.EFAULT", IPC_STAT),
        ("sysv-shm.bad-buffer/ipc-set", "errors:sysv-shm.shmctl.EFAULT", IPC_SET),
    ],
    needs = [SYSV],
)]
fn the_buffer_is_outside_the_address_space(command: i32) -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, super::size())?;
    let before = segment_object_status(segment.id())?;
    assert_errno!(control(&segment, command, BAD_ADDRESS), EFAULT);
    assert_eq!(segment_object_status(segment.id()), Ok(before));
    Ok(())
}

#[harness::errors(
    family = "invalid-command",
    rows = [
        ("sysv-shm.unknown-command/negative", "errors:sysv-shm.shmctl.EINVAL.2", -1),
        ("sysv-shm.unknown-command/between", "errors:sysv-shm.shmctl.EINVAL.2", 4),
        ("sysv-shm.unknown-command/above-all", "errors:sysv-shm.shmctl.EINVAL.2", 16),
    ],
    needs = [SYSV],
)]
fn there_is_no_such_command(command: i32) -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, super::size())?;
    let before = segment_object_status(segment.id())?;
    assert_errno!(control(&segment, command, 0), EINVAL);
    assert_eq!(segment_object_status(segment.id()), Ok(before));
    Ok(())
}
