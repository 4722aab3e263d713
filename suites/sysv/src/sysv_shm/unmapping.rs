//! What ends an attachment beside shmdt: execve, and munmap of all of it or of a part.

use super::{size, text};
use calls::sysv::SegmentStatus;
use kit::fault::read_at;
use kit::needs::{SHM_RMID_NOT_FORCED, SYSV};
use kit::prelude::*;
use kit::sysv::Segment;
use kit::unrelated::{PROGRAMS, Program, start_after};
use libc::IPC_PRIVATE;
use linkme::distributed_slice;
use std::ffi::{OsString, c_void};
use std::ptr::NonNull;

/// execve detaches all segments that the process had attached: while the new program runs they are not in shm_nattch. They remain, with
/// their contents.
#[harness::test(
    id = "sysv-shm.exec-detaches",
    cite = [posix("exec.3p", "DESCRIPTION"), man("shmop.2", "NOTES"), man("execve.2", "Effect on process attributes")],
    covers = ["behaviours:sysvshm.exec-detaches", "notes:shm.shmdt-optional"],
    needs = [SYSV, SHM_RMID_NOT_FORCED],
)]
fn execve_detaches() -> TestResult {
    let segments = [Segment::new(IPC_PRIVATE, size())?, Segment::new(IPC_PRIVATE, size())?];
    let creator = own_pid();
    let program = start_after(&LOOKS_AT_SEGMENTS, || {
        for segment in &segments {
            let (one, other) = (segment.attach()?, segment.attach()?);
            one.write(&text().0);
            let twice =
                SegmentStatus { attachments: 2, last: own_pid(), creator, ..SegmentStatus::new(IPC_PRIVATE, size()) };
            assert_eq!(segment.status(), Ok(twice));
            one.let_go();
            other.let_go();
        }
        let numbers = [creator, segments[0].id(), segments[1].id()];
        Ok(numbers.iter().map(|number| number.to_string().into()).collect())
    })?;
    program.join()?;
    for segment in &segments {
        let attachment = segment.attach()?;
        assert_eq!(Bytes(attachment.read()), text());
    }
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static LOOKS_AT_SEGMENTS: Program = Program {
    name: "that looks at segments",
    body: |arguments| {
        use calls::for_layers::libc_raw::segment_status;
        let number = |argument: &OsString| argument.to_str().and_then(|number| number.parse().ok());
        let numbers: Vec<i32> = arguments.iter().filter_map(number).collect();
        let [creator, ids @ ..] = &numbers[..] else { return Err(Stop::broken("no arguments")) };
        for id in ids {
            // The process that attached it is this one.
            let left = SegmentStatus { creator: *creator, last: own_pid(), ..SegmentStatus::new(IPC_PRIVATE, size()) };
            assert_eq!(segment_status(*id), Ok(left));
        }
        Ok(())
    },
};

/// Unmaps pages of an attachment, from this one on.
fn unmap(attached: usize, from: usize, pages: usize) -> TestResult {
    let start = NonNull::new(std::ptr::with_exposed_provenance_mut::<c_void>(attached + from * page_size()));
    let start = start.ok_or_else(|| Stop::broken("attached at 0"))?;
    // SAFETY: pages of an attachment of which nobody uses them any more.
    Ok(unsafe { nix::sys::mman::munmap(start, pages * page_size()) }?)
}

/// munmap of all pages of an attachment detaches it as shmdt does: it is no longer counted in shm_nattch, and a segment that is marked
/// for removal is destroyed.
#[harness::test(
    id = "sysv-shm.munmap-detaches",
    cite = [kernel("ipc/shm.c", "shm_close", "6.18")],
    covers = ["behaviours:sysvshm.munmap-partial-detach", "errors:sysv-shm.shmctl.EINVAL"],
    needs = [SYSV, SHM_RMID_NOT_FORCED],
)]
fn munmap_detaches() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let (one, other) = (segment.attach()?, segment.attach()?);
    other.write(&text().0);
    unmap(one.address(), 0, 3)?;
    one.let_go();
    let once = SegmentStatus { attachments: 1, last: own_pid(), ..SegmentStatus::new(IPC_PRIVATE, size()) };
    assert_eq!(segment.status(), Ok(once));
    assert_eq!(Bytes(other.read()), text());
    assert_eq!(segment.remove(), Ok(()));
    unmap(other.address(), 0, 3)?;
    other.let_go();
    assert_errno!(segment.status(), EINVAL);
    Ok(())
}

#[rstest]
#[case::the_first_page(0)]
#[case::the_middle(1)]
#[case::the_last_page(2)]
/// shmdt detaches what is left of an attachment of which one page was unmapped, before or behind it, at the address of the whole.
#[harness::test(
    id = "sysv-shm.detach-fragments",
    cite = [kernel("ipc/shm.c", "ksys_shmdt", "6.18")],
    covers = ["behaviours:sysvshm.detach-fragments", "errors:sysv-shm.shmdt.EINVAL"],
    needs = [SYSV, SHM_RMID_NOT_FORCED],
    layers = [libc, raw],
)]
fn shmdt_detaches_fragments(#[case] unmapped: usize) -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let attachment = segment.attach()?;
    attachment.write(&text().0);
    let address = attachment.address();
    unmap(address, unmapped, 1)?;
    for left in (0..3).filter(|page| *page != unmapped) {
        let found = read_at(address + left * page_size() + 6)?;
        assert_eq!(found, Ok(text().0[left * page_size() + 6]));
    }
    observe("shm_nattch of an attachment without this page", segment.status()?.attachments);
    assert_eq!(attachment.detach(), Ok(()));
    let none = SegmentStatus { last: own_pid(), ..SegmentStatus::new(IPC_PRIVATE, size()) };
    assert_eq!(segment.status(), Ok(none));
    // SAFETY: nothing uses the memory.
    assert_errno!(unsafe { shmdt(address) }, EINVAL);
    let anew = segment.attach()?;
    assert_eq!(Bytes(anew.read()), text());
    Ok(())
}
