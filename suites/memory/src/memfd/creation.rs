//! What memfd_create makes.

use crate::mapped::{Mapped, held, letter, lettered};
use crate::needs::{HUGE_PAGE_FILE, MEMFD_EXEC, huge_page_size};
use harness::raw::arguments;
use kit::limits::limit;
use kit::prelude::*;
use libc::{
    F_SEAL_EXEC, F_SEAL_SEAL, FD_CLOEXEC, MAP_SHARED, MFD_ALLOW_SEALING, MFD_CLOEXEC, MFD_EXEC, MFD_HUGETLB,
    MFD_NOEXEC_SEAL, O_ACCMODE, O_RDWR,
};
use nix::sys::resource::Resource::RLIMIT_NOFILE;
use nix::sys::stat::{Mode, fchmod};
use std::ffi::CString;

/// A memory file begins without names and without bytes, open for reading and writing, and not close-on-exec.
#[harness::test(
    id = "memfd.new",
    cite = [man("memfd_create.2", "DESCRIPTION")],
    covers = ["behaviours:memfd.initial-size-zero", "behaviours:memfd.read-write-fd", "behaviours:memfd.anonymous"],
    layers = [libc, nix, raw],
)]
fn a_memory_file_begins_empty() -> TestResult {
    let file = assert_ok!(memfd_create(c"new", 0));
    let (node, identity) = object_of(&file)?;
    assert_eq!(node, Node { links: 0, ..Node::new(&node.kind) });
    assert_eq!(node.kind.chars().next(), Some('-'));
    assert_eq!(get_flags(&file)? & O_ACCMODE, O_RDWR);
    assert_eq!(get_descriptor_flags(&file), Ok(0));
    assert_eq!(read_bytes(&file, 1), Ok(Bytes::from("")));
    assert_eq!(ftruncate(&file, 3 * page_size() as i64), Ok(()));
    assert_eq!(held(&file, 3 * page_size()), Ok(Bytes::of(0, 3 * page_size())));
    assert_eq!(write(&file, &lettered(4).0), Ok(4 * page_size()));
    assert_eq!(held(&file, 4 * page_size()), Ok(lettered(4)));
    assert_eq!(object_of(&file), Ok((Node { size: 4 * page_size() as i64, ..node }, identity)));
    Ok(())
}

/// A memory file stays until its last reference is gone, which may be a mapping: nothing else gives access to it, and another file of
/// the same name is empty.
#[harness::test(
    id = "memfd.last-reference",
    cite = [man("memfd_create.2", "DESCRIPTION")],
    covers = ["behaviours:memfd.anonymous", "behaviours:memfd.same-name-distinct"],
    layers = [libc, nix, raw],
)]
fn a_memory_file_goes_with_its_last_reference() -> TestResult {
    let file = memfd_create(c"file", 0)?;
    write_all(&file, &lettered(3).0)?;
    let path = format!("/proc/self/fd/{}", file.number());
    let mapping = Mapped::of(&file, 3, MAP_SHARED)?;
    file.close();
    assert_errno!(open(&path, O_RDWR), ENOENT);
    assert_eq!(mapping.read(), lettered(3));
    let other = assert_ok!(memfd_create(c"file", 0));
    assert_eq!(read_bytes(&other, 1), Ok(Bytes::from("")));
    Ok(())
}

/// Two memory files with the same name are two files: each has its own bytes, size and inode.
#[harness::test(
    id = "memfd.same-name",
    cite = [man("memfd_create.2", "DESCRIPTION")],
    covers = ["behaviours:memfd.same-name-distinct"],
    layers = [libc, nix, raw],
)]
fn files_of_the_same_name_are_distinct() -> TestResult {
    let (one, other) = (assert_ok!(memfd_create(c"name", 0)), assert_ok!(memfd_create(c"name", 0)));
    assert_eq!((write(&one, b"one"), write(&other, b"other")), (Ok(3), Ok(5)));
    assert_eq!([held(&one, 3), held(&other, 5)], [Ok("one".into()), Ok("other".into())]);
    let [(_, first), (_, second)] = [object_of(&one)?, object_of(&other)?];
    assert_ne!(first, second);
    Ok(())
}

/// The symbolic link of a memory file in /proc/self/fd shows its name behind `memfd:`, and that it has none in a directory.
#[harness::test(
    id = "memfd.proc-name",
    cite = [man("memfd_create.2", "DESCRIPTION"), man("memfd_create.2", "NOTES")],
    covers = ["behaviours:memfd.proc-name"],
    layers = [libc, nix, raw],
)]
fn the_name_is_shown_in_proc() -> TestResult {
    let longest = "n".repeat(249);
    for name in ["file", "", "with space", &longest] {
        let file = assert_ok!(memfd_create(&CString::new(name)?, 0));
        let link = std::fs::read_link(format!("/proc/self/fd/{}", file.number()))?;
        assert_eq!(link.to_string_lossy(), format!("/memfd:{name} (deleted)"));
    }
    Ok(())
}

#[rstest]
#[case::with(MFD_ALLOW_SEALING, 0)]
#[case::without(0, F_SEAL_SEAL)]
/// A memory file has no seal at first if it is made with MFD_ALLOW_SEALING, and F_SEAL_SEAL otherwise.
#[harness::test(
    id = "memfd.first-seals",
    cite = [man("memfd_create.2", "DESCRIPTION", "MFD_ALLOW_SEALING")],
    covers = ["behaviours:memfd.allow-sealing-empty", "behaviours:memfd.no-sealing-default", "behaviours:seal.get-seals"],
    layers = [libc, nix, raw],
)]
fn the_first_seals_follow_from_the_flag(#[case] flags: u32, #[case] seals: i32) -> TestResult {
    let file = assert_ok!(memfd_create(c"file", flags));
    assert_eq!(get_seals(&file), Ok(seals));
    Ok(())
}

/// MFD_CLOEXEC sets the close-on-exec flag of the new descriptor.
#[harness::test(
    id = "memfd.cloexec",
    cite = [man("memfd_create.2", "DESCRIPTION", "MFD_CLOEXEC")],
    covers = ["behaviours:memfd.cloexec-flag"],
    layers = [libc, nix, raw],
)]
fn mfd_cloexec_sets_close_on_exec() -> TestResult {
    let (with, without) = (assert_ok!(memfd_create(c"with", MFD_CLOEXEC)), assert_ok!(memfd_create(c"without", 0)));
    assert_eq!((get_descriptor_flags(&with), get_descriptor_flags(&without)), (Ok(FD_CLOEXEC), Ok(0)));
    Ok(())
}

/// MFD_EXEC makes a memory file with execute permissions, and MFD_NOEXEC_SEAL one without, with F_SEAL_EXEC.
#[harness::test(
    id = "memfd.execute-permission",
    cite = [kernel("mm/memfd.c", "memfd_alloc_file", "6.18")],
    covers = ["behaviours:memfd.exec-flag", "behaviours:memfd.noexec-seal"],
    needs = [MEMFD_EXEC],
    layers = [libc, nix, raw],
)]
fn flags_decide_about_execute_permission() -> TestResult {
    let with = assert_ok!(memfd_create(c"with", MFD_EXEC | MFD_ALLOW_SEALING));
    let without = assert_ok!(memfd_create(c"without", MFD_NOEXEC_SEAL));
    let node = |kind| Ok(Node { links: 0, ..Node::new(kind) });
    assert_eq!((node_of(&with), get_seals(&with)), (node("-0777"), Ok(0)));
    assert_eq!((node_of(&without), get_seals(&without)), (node("-0666"), Ok(F_SEAL_EXEC)));
    Ok(())
}

/// With F_SEAL_EXEC the execute permissions cannot be changed: fchmod that would fails with EPERM; it can change others.
#[harness::test(
    id = "memfd.seal-exec",
    cite = [kernel("mm/shmem.c", "shmem_setattr", "6.18")],
    covers = ["behaviours:seal.exec-seal", "behaviours:memfd.noexec-seal"],
    needs = [MEMFD_EXEC],
    layers = [libc, nix, raw],
)]
fn f_seal_exec_seals_the_execute_permissions() -> TestResult {
    let file = memfd_create(c"file", MFD_EXEC | MFD_ALLOW_SEALING)?;
    let chmod = |mode| {
        let mode = Mode::from_bits_retain(mode);
        file.lend(|file| fchmod(file, mode)).map_err(|errno| CallError::new("fchmod", errno))
    };
    let (_, identity) = object_of(&file)?;
    let node = |kind| Ok((Node { links: 0, ..Node::new(kind) }, identity));
    chmod(0o600)?;
    chmod(0o640)?;
    assert_eq!((add_seals(&file, F_SEAL_EXEC), get_seals(&file)), (Ok(()), Ok(F_SEAL_EXEC)));
    for mode in [0o740, 0o650, 0o641] {
        assert_errno!(chmod(mode), EPERM);
    }
    assert_eq!(object_of(&file), node("-0640"));
    assert_eq!((chmod(0o604), object_of(&file)), (Ok(()), node("-0604")));
    Ok(())
}

/// A memory file made with MFD_HUGETLB has huge pages: it is mapped in multiples of one, each of which can be used, and munmap of a
/// part of one fails with EINVAL.
#[harness::test(
    id = "memfd.huge-pages",
    cite = [man("memfd_create.2", "DESCRIPTION", "MFD_HUGETLB"), man("mmap.2", "Huge page (Huge TLB) mappings")],
    covers = ["behaviours:memfd.hugetlb"],
    needs = [HUGE_PAGE_FILE],
    layers = [libc, nix, raw],
)]
fn mfd_hugetlb_makes_huge_pages() -> TestResult {
    let size = huge_page_size().map_err(Stop::broken)?;
    let file = assert_ok!(memfd_create(c"huge", MFD_HUGETLB));
    assert_eq!(ftruncate(&file, size as i64), Ok(()));
    let mapping = Mapped::new(size, crate::mapped::READ_WRITE, MAP_SHARED, &file, 0)?;
    assert_eq!(mapping.start() % size, 0);
    mapping.write(size - page_size(), &vec![letter(1); page_size()]);
    assert_eq!(mapping.loads()?.last(), Some(&Ok(letter(1))));
    assert_errno!(mapping.unmap(page_size(), page_size()), EINVAL);
    Ok(())
}

/// memfd_create fails with EINVAL for an undefined flag and for a name of more than 249 bytes.
#[harness::test(
    id = "memfd.invalid",
    cite = [man("memfd_create.2", "ERRORS", "EINVAL")],
    covers = ["errors:memfd.memfd_create.EINVAL", "errors:memfd.memfd_create.EINVAL.2"],
    layers = [libc, nix, raw],
)]
fn memfd_create_refuses_invalid_arguments() -> TestResult {
    const UNDEFINED: u32 = 0x100;
    let name = |length| CString::new(vec![b'n'; length]);
    assert_errno!(memfd_create(c"file", UNDEFINED), EINVAL);
    assert_errno!(memfd_create(c"file", MFD_CLOEXEC | UNDEFINED), EINVAL);
    assert_errno!(memfd_create(&name(250)?, 0), EINVAL);
    drop(assert_ok!(memfd_create(&name(249)?, 0)));
    Ok(())
}

/// memfd_create fails with EFAULT if the name is outside the address space.
#[harness::test(
    id = "memfd.bad-name",
    cite = [man("memfd_create.2", "ERRORS", "EFAULT")],
    covers = ["errors:memfd.memfd_create.EFAULT"],
)]
fn memfd_create_refuses_a_bad_address() -> TestResult {
    // SAFETY: the kernel can read no such address.
    assert_errno!(unsafe { syscall("memfd_create", Sysno::memfd_create, arguments([BAD_ADDRESS])) }, EFAULT);
    Ok(())
}

/// memfd_create fails with EMFILE if the process has as many descriptors as RLIMIT_NOFILE allows.
#[harness::test(
    id = "memfd.no-descriptors",
    cite = [man("memfd_create.2", "ERRORS", "EMFILE")],
    covers = ["errors:memfd.memfd_create.EMFILE"],
    layers = [libc, nix, raw],
)]
fn memfd_create_needs_a_descriptor() -> TestResult {
    let file = memfd_create(c"last", 0)?;
    limit(RLIMIT_NOFILE, file.number() as u64 + 1)?;
    assert_errno!(memfd_create(c"more", 0), EMFILE);
    file.close();
    drop(assert_ok!(memfd_create(c"again", 0)));
    Ok(())
}
