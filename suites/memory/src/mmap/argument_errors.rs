//! Errors that an argument causes. None changes the memory that is there.

use crate::mapped::{Mapped, READ_WRITE, lettered, lettered_file, unmapped};
use crate::needs::{MEMLOCK, MEMLOCK_ALL};
use calls::for_layers::libc_nix_raw as by;
use calls::for_layers::libc_raw;
use harness::need::ROOT;
use harness::raw::arguments;
use kit::file::file_of;
use kit::prelude::*;
use libc::{
    MADV_NORMAL, MADV_WILLNEED, MAP_PRIVATE, MAP_SHARED, MREMAP_MAYMOVE, MS_SYNC, O_RDWR, PROT_EXEC, PROT_NONE,
    PROT_READ,
};

/// A call on a range of memory, with an address in it and a length.
type OnRange = fn(usize, usize) -> Result<()>;

const MUNMAP: OnRange = |address, length| {
    // SAFETY: nobody borrows from the ranges that specs map; so for all of these.
    unsafe { by::munmap(address, length) }
};
const MPROTECT: OnRange = |address, length| {
    // SAFETY: as above.
    unsafe { by::mprotect(address, length, READ_WRITE) }
};
const MREMAP: OnRange = |address, length| {
    // SAFETY: as above.
    unsafe { by::mremap(address, length, length, MREMAP_MAYMOVE, 0) }.map(drop)
};
const MSYNC: OnRange = |address, length| by::msync(address, length, MS_SYNC);
const MADVISE: OnRange = |address, length| {
    // SAFETY: as above.
    unsafe { libc_raw::madvise(address, length, MADV_NORMAL) }
};
const MINCORE: OnRange = |address, length| libc_raw::mincore(address, length.div_ceil(page_size())).map(drop);
const MLOCK: OnRange = by::mlock;
const MUNLOCK: OnRange = by::munlock;

#[harness::errors(
    family = "misaligned-address",
    rows = [
        ("mmap.misaligned/munmap", "errors:mmap.munmap.EINVAL", MUNMAP),
        ("mmap.misaligned/mprotect", "errors:mmap.mprotect.EINVAL", MPROTECT),
        ("mmap.misaligned/mremap", "errors:mmap.mremap.EINVAL", MREMAP),
        ("mmap.misaligned/msync", "errors:mmap.msync.EINVAL", MSYNC),
        ("mmap.misaligned/madvise", "errors:mmap.madvise.EINVAL", MADVISE),
        ("mmap.misaligned/mincore", "errors:mmap.mincore.EINVAL", MINCORE),
    ],
    layers = [libc, raw],
)]
fn the_address_lies_within_a_page(call: OnRange) -> TestResult {
    let (memory, page) = (Mapped::of(lettered_file(3)?, 3, MAP_SHARED)?, page_size());
    for (offset, length) in [(1, page), (page - 1, page + 1), (page + page / 2, page)] {
        assert_errno!(call(memory.start() + offset, length), EINVAL);
    }
    assert_eq!(memory.read(), lettered(3));
    assert_eq!(memory.stores(b'x')?, [Ok(b'x'); 3]);
    Ok(call(memory.start(), 3 * page)?)
}

#[harness::errors(
    family = "unmapped-range",
    rows = [
        ("mmap.unmapped-range/mprotect", "errors:mmap.mprotect.ENOMEM.2", MPROTECT),
        ("mmap.unmapped-range/msync", "errors:mmap.msync.ENOMEM", MSYNC),
        ("mmap.unmapped-range/madvise", "errors:mmap.madvise.ENOMEM", MADVISE),
        ("mmap.unmapped-range/mincore", "errors:mmap.mincore.ENOMEM", MINCORE),
        ("mmap.unmapped-range/mlock", "errors:mmap.mlock.ENOMEM", MLOCK),
        ("mmap.unmapped-range/munlock", "errors:mmap.munlock.ENOMEM", MUNLOCK),
    ],
    needs = [MEMLOCK],
    layers = [libc, raw],
)]
fn the_range_includes_unmapped_memory(call: OnRange) -> TestResult {
    let (memory, page) = (Mapped::of(lettered_file(4)?, 4, MAP_SHARED)?, page_size());
    memory.unmap(2 * page, page)?;
    for (first, pages) in [(2, 1), (1, 2), (2, 2), (0, 4)] {
        assert_errno!(call(memory.start() + first * page, pages * page), ENOMEM);
    }
    assert_eq!(memory.loads()?, [Ok(b'a'), Ok(b'b'), unmapped(2 * page), Ok(b'd')]);
    call(memory.start(), 2 * page)?;
    Ok(call(memory.start() + 3 * page, page)?)
}

/// mlock2 fails with ENOMEM where a page of the range is not mapped, and with EINVAL for an undefined flag; then nothing is locked
/// that was not.
#[harness::test(
    id = "mmap.mlock2-errors",
    cite = [man("mlock.2", "ERRORS", "ENOMEM"), man("mlock.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.mlock2.ENOMEM", "errors:mmap.mlock2.EINVAL"],
    needs = [MEMLOCK],
    layers = [raw],
)]
fn mlock2_refuses_what_is_unmapped_and_undefined_flags() -> TestResult {
    const UNDEFINED: i32 = 2;
    let (memory, page) = (Mapped::of(lettered_file(4)?, 4, MAP_SHARED)?, page_size());
    memory.unmap(3 * page, page)?;
    let mapped = Mapped::at(memory.start(), 3 * page);
    assert_errno!(mlock2(memory.start() + 2 * page, 2 * page, UNDEFINED), EINVAL);
    assert_errno!(mlock2(memory.start() + 3 * page, page, 0), ENOMEM);
    assert_errno!(mlock2(memory.start(), 2 * page, UNDEFINED), EINVAL);
    assert_eq!((mapped.locked()?, mapped.read()), (vec![false; 3], lettered(3)));
    Ok(())
}

/// mlock and munlock fail with EINVAL if the address plus the length overflows: mlock of a process that no limit holds.
#[harness::test(
    id = "mmap.mlock-overflow",
    cite = [man("mlock.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.mlock.EINVAL", "errors:mmap.munlock.EINVAL"],
    needs = [ROOT, MEMLOCK_ALL],
    layers = [libc, nix, raw],
)]
fn a_range_to_lock_does_not_overflow() -> TestResult {
    let (memory, page) = (Mapped::of(lettered_file(2)?, 2, MAP_SHARED)?, page_size());
    let length = usize::MAX - memory.start() + 4 * page;
    assert_errno!(mlock(memory.start(), length), EINVAL);
    assert_errno!(munlock(memory.start(), length), EINVAL);
    assert_eq!((memory.locked()?, memory.read()), (vec![false; 2], lettered(2)));
    Ok(())
}

/// mprotect fails with EINVAL for an undefined bit of the protection, and for PROT_GROWSUP together with PROT_GROWSDOWN.
#[harness::test(
    id = "mmap.mprotect-invalid",
    cite = [man("mprotect.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.mprotect.EINVAL.2", "errors:mmap.mprotect.EINVAL.3"],
    layers = [libc, nix, raw],
)]
fn mprotect_refuses_undefined_bits() -> TestResult {
    const UNDEFINED: i32 = 1 << 20;
    let (memory, page) = (Mapped::of(lettered_file(2)?, 2, MAP_SHARED)?, page_size());
    for protection in [PROT_READ | UNDEFINED, PROT_NONE | libc::PROT_GROWSUP | libc::PROT_GROWSDOWN] {
        assert_errno!(memory.protect(0, 2 * page, protection), EINVAL);
    }
    assert_eq!((memory.read(), memory.stores(b'x')?), (lettered(2), vec![Ok(b'x'); 2]));
    Ok(())
}

/// pkey_mprotect fails with EINVAL for a protection key that was not allocated, and changes no protection.
#[harness::test(
    id = "mmap.protection-key-unallocated",
    cite = [man("mprotect.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.pkey_mprotect.EINVAL"],
    needs = [crate::needs::PROTECTION_KEY_CALLS],
)]
fn a_protection_key_is_allocated_first() -> TestResult {
    const KEY: usize = 9;
    let (memory, page) = (Mapped::of(lettered_file(2)?, 2, MAP_SHARED)?, page_size());
    let call = arguments([memory.start(), 2 * page, PROT_NONE as usize, KEY]);
    // SAFETY: nobody borrows from the range.
    assert_errno!(unsafe { syscall("pkey_mprotect", Sysno::pkey_mprotect, call) }, EINVAL);
    assert_eq!((memory.read(), memory.stores(b'x')?), (lettered(2), vec![Ok(b'x'); 2]));
    Ok(())
}

/// madvise fails with EINVAL for advice that is not valid, and for a length that is negative.
#[harness::test(
    id = "mmap.madvise-invalid",
    cite = [man("madvise.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.madvise.EINVAL.2", "errors:mmap.madvise.EINVAL"],
    layers = [libc, raw],
)]
fn madvise_refuses_invalid_advice() -> TestResult {
    let (memory, page) = (Mapped::of(lettered_file(2)?, 2, MAP_SHARED)?, page_size());
    for advice in [-1, 7, 1 << 20] {
        assert_errno!(memory.advise(0, 2 * page, advice), EINVAL);
    }
    assert_errno!(memory.advise(0, usize::MAX - page, MADV_WILLNEED), EINVAL);
    assert_eq!(memory.read(), lettered(2));
    Ok(memory.advise(0, 2 * page, MADV_WILLNEED)?)
}

/// mincore fails with EFAULT if its vector is outside the address space.
#[harness::test(
    id = "mmap.mincore-bad-vector",
    cite = [man("mincore.2", "ERRORS", "EFAULT")],
    covers = ["errors:mmap.mincore.EFAULT"],
)]
fn mincore_refuses_a_bad_vector() -> TestResult {
    let memory = Mapped::of(lettered_file(2)?, 2, MAP_SHARED)?;
    let call = arguments([memory.start(), 2 * page_size(), BAD_ADDRESS]);
    // SAFETY: the kernel can write to no such address.
    assert_errno!(unsafe { syscall("mincore", Sysno::mincore, call) }, EFAULT);
    Ok(())
}

/// mlockall fails with EINVAL without a flag, for an undefined one, and for MCL_ONFAULT alone; then nothing is locked.
#[harness::test(
    id = "mmap.mlockall-invalid",
    cite = [posix("mlockall.3p", "ERRORS", "EINVAL"), man("mlock.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.mlockall.EINVAL", "errors:mmap.mlockall.EINVAL.2"],
    layers = [libc, nix, raw],
)]
fn mlockall_wants_to_know_what() -> TestResult {
    const UNDEFINED: i32 = 8;
    let memory = Mapped::anonymous(2, MAP_SHARED)?;
    for flags in [0, UNDEFINED, libc::MCL_FUTURE | UNDEFINED, libc::MCL_ONFAULT] {
        assert_errno!(mlockall(flags), EINVAL);
    }
    assert_eq!((memory.locked()?, Mapped::anonymous(2, MAP_PRIVATE)?.locked()?), (vec![false; 2], vec![false; 2]));
    Ok(())
}

/// remap_file_pages fails with EINVAL in a private mapping and where nothing is mapped, and with a protection that is not 0.
#[harness::test(
    id = "mmap.remap-invalid",
    cite = [man("remap_file_pages.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.remap_file_pages.EINVAL", "errors:mmap.remap_file_pages.EINVAL.2"],
    layers = [raw],
)]
fn remap_file_pages_wants_a_shared_mapping() -> TestResult {
    let (file, page) = (file_of(&lettered(3).0, O_RDWR)?, page_size());
    let (shared, private) = (Mapped::of(&file, 3, MAP_SHARED)?, Mapped::of(&file, 3, MAP_PRIVATE)?);
    // SAFETY: nobody borrows from the ranges.
    let remap = |mapping: &Mapped, protection| unsafe { remap_file_pages(mapping.start(), page, protection, 2) };
    assert_errno!(remap(&private, 0), EINVAL);
    assert_errno!(remap(&shared, PROT_READ), EINVAL);
    assert_errno!(remap(&shared, PROT_EXEC), EINVAL);
    assert_eq!([private.read(), shared.read()], [lettered(3), lettered(3)]);
    shared.unmap(0, page)?;
    assert_errno!(remap(&shared, 0), EINVAL);
    assert_eq!(shared.loads()?, [unmapped(0), Ok(b'b'), Ok(b'c')]);
    Ok(())
}
