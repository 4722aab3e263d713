//! Where shmat attaches a segment.

use super::{other_text, size, text};
use calls::sysv::SegmentStatus;
use harness::raw::arguments;
use kit::fault::{Fault, read_at, write_at};
use kit::needs::{SHM_RMID_NOT_FORCED, SYSV};
use kit::prelude::*;
use kit::sysv::{Attachment, Segment, unused_key};
use libc::{IPC_PRIVATE, SHM_RDONLY, SHM_RND};
use std::fs;

/// How much memory a segment of these specs takes.
fn whole_pages() -> usize {
    3 * page_size()
}

/// The address of memory that shmat has chosen for a segment of this size, and that is free again.
fn free_memory() -> TestResult<usize> {
    let attachment = Segment::new(IPC_PRIVATE, size())?.attach()?;
    let address = attachment.address();
    attachment.detach()?;
    Ok(address)
}

/// Without an address shmat chooses one that is a multiple of the page size, each time another, so that no two attachments, of one
/// segment or of two, have memory in common.
#[harness::test(
    id = "sysv-shm.chosen-address",
    cite = [posix("shmat.3p", "DESCRIPTION"), man("shmop.2", "shmat()")],
    covers = ["behaviours:sysvshm.null-addr-picks", "notes:shm.shmat-returns-address"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn shmat_chooses_free_pages() -> TestResult {
    let (segment, other) = (Segment::new(IPC_PRIVATE, size())?, Segment::new(IPC_PRIVATE, size())?);
    let attach = |segment: &Segment| Attachment::new(segment.id(), 0);
    let attachments = [attach(&segment), attach(&other), attach(&segment), attach(&segment)].map(|it| assert_ok!(it));
    let mut addresses = attachments.each_ref().map(Attachment::address);
    addresses.sort_unstable();
    assert!(addresses[0] != 0 && addresses.iter().all(|address| address % page_size() == 0), "{addresses:x?}");
    assert!(addresses.windows(2).all(|two| two[1] - two[0] >= whole_pages()), "{addresses:x?}");
    let attached = SegmentStatus { last: own_pid(), ..SegmentStatus::new(IPC_PRIVATE, size()) };
    assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 3, ..attached }));
    assert_eq!(other.status(), Ok(SegmentStatus { attachments: 1, ..attached }));
    Ok(())
}

#[rstest]
#[case::at_a_page(0, 0)]
#[case::one_byte_more(1, SHM_RND)]
#[case::half_a_page_more(2048, SHM_RND)]
#[case::at_a_page_with_shm_rnd(0, SHM_RND)]
#[case::read_only(100, SHM_RND | SHM_RDONLY)]
/// shmat attaches a segment at the address that it is given, or with SHM_RND at the next lower multiple of SHMLBA.
#[harness::test(
    id = "sysv-shm.given-address",
    cite = [posix("shmat.3p", "DESCRIPTION"), man("shmop.2", "shmat()"), man("shmop.2", "NOTES", "SHMLBA")],
    covers = ["behaviours:sysvshm.rnd-rounds"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn shmat_attaches_at_a_given_address(#[case] more: usize, #[case] flags: i32) -> TestResult {
    let (segment, address) = (Segment::new(IPC_PRIVATE, size())?, free_memory()?);
    let attachment = assert_ok!(Attachment::at(segment.id(), address + more, flags));
    assert_eq!(attachment.address(), address);
    assert_eq!(Bytes(attachment.read()), Bytes::of(0, size()));
    let status = SegmentStatus { last: own_pid(), ..SegmentStatus::new(IPC_PRIVATE, size()) };
    assert_eq!(segment.status(), Ok(SegmentStatus { attachments: 1, ..status }));
    let (stored, denied) = (write_at(address, 7)?, flags & SHM_RDONLY != 0);
    assert_eq!(stored, if denied { Err(Fault::denied(address)) } else { Ok(7) });
    Ok(())
}

#[rstest]
#[case::in_the_first_page(2)]
#[case::in_the_last_page(-2)]
#[case::everywhere(0)]
/// shmat fails with EINVAL where one page of the segment would be in the place of another mapping, which stays as it is.
#[harness::test(
    id = "sysv-shm.address-in-use",
    cite = [man("shmop.2", "ERRORS", "EINVAL"), man("shmop.2", "DESCRIPTION", "SHM_REMAP")],
    covers = ["errors:sysv-shm.shmat.EINVAL.4"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn shmat_takes_no_other_mappings_place(#[case] pages: isize) -> TestResult {
    let (segment, other) = (Segment::new(IPC_PRIVATE, size())?, Segment::new(IPC_PRIVATE, size())?);
    let there = other.attach()?;
    there.write(&text().0);
    let before = other.status()?;
    let address = there.address().wrapping_add_signed(pages * page_size() as isize);
    assert_errno!(shmat(segment.id(), address, 0), EINVAL);
    assert_errno!(shmat(segment.id(), address + 1, SHM_RND), EINVAL);
    assert_eq!(segment.status(), Ok(SegmentStatus::new(IPC_PRIVATE, size())));
    assert_eq!((other.status(), Bytes(there.read())), (Ok(before), text()));
    Ok(())
}

#[rstest]
#[case::all_of_it(3, 0)]
#[case::its_beginning(1, 1)]
/// With SHM_REMAP shmat attaches a segment in the place of what is mapped at the address: of another segment's attachment those pages
/// are gone, and further ones stay.
#[harness::test(
    id = "sysv-shm.remap",
    cite = [man("shmop.2", "DESCRIPTION", "SHM_REMAP")],
    covers = ["behaviours:sysvshm.remap-replaces"],
    needs = [SYSV, SHM_RMID_NOT_FORCED],
    layers = [libc, raw],
)]
fn shm_remap_replaces_mappings(#[case] pages: usize, #[case] left: u64) -> TestResult {
    let (replaced, new) = (Segment::new(IPC_PRIVATE, size())?, Segment::new(IPC_PRIVATE, pages * page_size())?);
    let attachment = replaced.attach()?;
    attachment.write(&text().0);
    let address = attachment.address();
    attachment.let_go();
    // SAFETY: the attachment was given up.
    let over = assert_ok!(unsafe { Attachment::over(new.id(), address, 0) });
    assert_eq!(over.address(), address);
    assert_eq!(Bytes(over.read()), Bytes::of(0, pages * page_size()));
    over.write(&other_text().0[..page_size()]);
    let attached =
        SegmentStatus { last: own_pid(), attachments: 1, ..SegmentStatus::new(IPC_PRIVATE, pages * page_size()) };
    assert_eq!(new.status(), Ok(attached));
    assert_eq!(replaced.status(), Ok(SegmentStatus { attachments: left, size: size(), ..attached }));
    let anew = replaced.attach()?;
    assert_eq!(Bytes(anew.read()), text());
    if left > 0 {
        let last = read_at(address + 2 * page_size() + 6)?;
        assert_eq!(last, Ok(text().0[2 * page_size() + 6]));
        assert_eq!(over.detach(), Ok(()));
        // SAFETY: the rest of the attachment that was given up.
        assert_eq!(unsafe { shmdt(address) }, Ok(()));
        let attachments = [&new, &replaced].map(|segment| segment.status().map(|status| status.attachments));
        assert_eq!(attachments, [Ok(0), Ok(1)]);
    }
    Ok(())
}

/// shmat and shmdt leave the program break as it is.
#[harness::test(
    id = "sysv-shm.program-break",
    cite = [man("shmop.2", "DESCRIPTION", "SHM_REMAP")],
    covers = ["behaviours:sysvshm.brk-unchanged"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_program_break_stays() -> TestResult {
    // SAFETY: no break is at 0: this asks for the one that there is.
    let program_break = || unsafe { syscall("brk", Sysno::brk, arguments([0])) };
    let segment = Segment::new(IPC_PRIVATE, 64 * page_size())?;
    let before = program_break();
    let address = shmat(segment.id(), 0, 0);
    let between = program_break();
    let address = assert_ok!(address);
    // SAFETY: nothing uses the memory.
    let detached = unsafe { shmdt(address) };
    let after = program_break();
    assert_eq!(detached, Ok(()));
    assert_eq!([&between, &after], [&before; 2]);
    Ok(())
}

/// The mapping of this name in /proc/self/maps, if there is one: where it begins and ends, its permissions, and its inode.
fn mapping_of(name: &str) -> TestResult<Option<(usize, usize, String, i32)>> {
    let maps = fs::read_to_string("/proc/self/maps")?;
    let Some(line) = maps.lines().find(|line| line.ends_with(name)) else { return Ok(None) };
    let words: Vec<_> = line.split_whitespace().collect();
    let [range, permissions, _, _, inode, ..] = words[..] else {
        return Err(Stop::broken(format!("/proc/self/maps has the line {line}")));
    };
    let (start, end) = range.split_once('-').unwrap_or_default();
    let number = |digits| usize::from_str_radix(digits, 16);
    Ok(Some((number(start)?, number(end)?, permissions.into(), inode.parse()?)))
}

#[rstest]
#[case::read_write(0, "rw-s")]
#[case::read_only(SHM_RDONLY, "r--s")]
/// /proc/PID/maps lists an attachment from its address to the end of its last page, as shared, with the identifier of the segment as
/// the inode and the key in hexadecimal in the name; before shmat and after shmdt it does not.
#[harness::test(
    id = "sysv-shm.proc-maps",
    cite = [kernel("ipc/shm.c", "newseg", "6.18"), man("proc_pid_maps.5", "DESCRIPTION", "/proc/pid/maps")],
    covers = ["behaviours:sysvshm.proc-maps-sysv", "notes:shm.attached-to-address-space"],
    needs = [SYSV],
)]
fn proc_lists_the_attachment(#[case] flags: i32, #[case] permissions: &str) -> TestResult {
    let segment = Segment::new(unused_key()?, size())?;
    let name = format!(" /SYSV{:08x} (deleted)", segment.key());
    let before = mapping_of(&name)?;
    assert_eq!(before, None);
    let attachment = assert_ok!(Attachment::new(segment.id(), flags));
    let (listed, address) = (mapping_of(&name)?, attachment.address());
    assert_eq!(listed, Some((address, address + whole_pages(), permissions.into(), segment.id())));
    assert_eq!(attachment.detach(), Ok(()));
    let after = mapping_of(&name)?;
    assert_eq!(after, None);
    Ok(())
}
