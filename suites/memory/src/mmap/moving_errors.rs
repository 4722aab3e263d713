//! Errors of mremap. None changes the memory that is there.

use super::moving::move_to;
use crate::limits::limit_locks;
use crate::mapped::{Mapped, denied, lettered, lettered_file, unmapped};
use crate::needs::MEMLOCK;
use calls::for_layers::libc_nix_raw as by;
use kit::prelude::*;
use libc::{MAP_PRIVATE, MAP_SHARED, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE, PROT_NONE, PROT_READ};

/// mremap(2) of the first pages of a range to another size.
fn resize(memory: &Mapped, pages: usize, length: usize, flags: i32) -> Result<usize> {
    // SAFETY: nobody borrows from the ranges that specs map.
    unsafe { by::mremap(memory.start(), pages * page_size(), length, flags, 0) }
}

/// mremap without MREMAP_MAYMOVE fails with ENOMEM where something is mapped behind the mapping; where nothing is, it grows in place.
#[harness::test(
    id = "mmap.mremap-no-room",
    cite = [man("mremap.2", "ERRORS", "ENOMEM"), man("mremap.2", "DESCRIPTION", "MREMAP_MAYMOVE")],
    covers = ["errors:mmap.mremap.ENOMEM"],
    layers = [libc, nix, raw],
)]
fn a_mapping_cannot_grow_over_its_neighbour() -> TestResult {
    let page = page_size();
    let memory = Mapped::of(lettered_file(4)?, 4, MAP_SHARED)?;
    memory.protect(2 * page, 2 * page, PROT_READ)?;
    assert_errno!(resize(&memory, 2, 3 * page, 0), ENOMEM);
    assert_eq!(memory.read(), lettered(4));
    memory.unmap(2 * page, page)?;
    assert_errno!(resize(&memory, 2, 4 * page, 0), ENOMEM);
    assert_eq!(resize(&memory, 2, 3 * page, 0), Ok(memory.start()));
    assert_eq!(
        (memory.read(), memory.stores(b'x')?),
        (lettered(4), vec![Ok(b'x'), Ok(b'x'), Ok(b'x'), denied(3 * page)])
    );
    Ok(())
}

/// mremap fails with EFAULT if its old range is not mapped, or only in part, and if it is to resize a range of mappings of different
/// kinds.
#[harness::test(
    id = "mmap.mremap-bad-range",
    cite = [man("mremap.2", "ERRORS", "EFAULT")],
    covers = ["errors:mmap.mremap.EFAULT", "errors:mmap.mremap.EFAULT.2"],
    layers = [libc, nix, raw],
)]
fn mremap_wants_one_mapping() -> TestResult {
    let (file, page) = (lettered_file(6)?, page_size());
    let memory = Mapped::of(&file, 6, MAP_SHARED)?;
    memory.protect(page, page, PROT_NONE)?;
    memory.unmap(3 * page, page)?;
    assert_errno!(resize(&memory, 2, 3 * page, MREMAP_MAYMOVE), EFAULT);
    let (nothing, rest) =
        (Mapped::at(memory.start() + 3 * page, page), Mapped::at(memory.start() + 2 * page, 2 * page));
    assert_errno!(resize(&nothing, 1, 2 * page, MREMAP_MAYMOVE), EFAULT);
    assert_errno!(resize(&rest, 2, 3 * page, MREMAP_MAYMOVE), EFAULT);
    let left = [Ok(b'a'), denied(page), Ok(b'c'), unmapped(3 * page), Ok(b'e'), Ok(b'f')];
    assert_eq!(memory.loads()?, left);
    Ok(())
}

/// mremap fails with EINVAL for an undefined flag, a new size of 0, a new address within a page, and MREMAP_FIXED or MREMAP_DONTUNMAP
/// without MREMAP_MAYMOVE.
#[harness::test(
    id = "mmap.mremap-invalid",
    cite = [man("mremap.2", "ERRORS", "EINVAL")],
    covers = [
        "errors:mmap.mremap.EINVAL.2", "errors:mmap.mremap.EINVAL.3", "errors:mmap.mremap.EINVAL.4",
        "errors:mmap.mremap.EINVAL.6",
    ],
    layers = [libc, nix, raw],
)]
fn mremap_refuses_invalid_arguments() -> TestResult {
    const UNDEFINED: i32 = 8;
    let page = page_size();
    let (memory, target) = (Mapped::anonymous(2, MAP_PRIVATE)?, Mapped::anonymous(3, MAP_PRIVATE)?);
    memory.write(0, &lettered(2).0);
    for (length, flags) in [(2 * page, MREMAP_MAYMOVE | UNDEFINED), (0, MREMAP_MAYMOVE), (2 * page, MREMAP_DONTUNMAP)] {
        assert_errno!(resize(&memory, 2, length, flags), EINVAL);
    }
    assert_errno!(move_to(&memory, 0, 2 * page, target.start() + 1, MREMAP_FIXED), EINVAL);
    // SAFETY: nobody borrows from the ranges.
    let fixed = unsafe { mremap(memory.start(), 2 * page, 2 * page, MREMAP_FIXED, target.start()) };
    assert_errno!(fixed, EINVAL);
    assert_eq!((memory.read(), target.read()), (lettered(2), Bytes::of(0, 3 * page)));
    Ok(())
}

/// mremap with MREMAP_FIXED fails with EINVAL where the new range overlaps the old one, by one page at either end as well.
#[harness::test(
    id = "mmap.mremap-overlap",
    cite = [man("mremap.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.mremap.EINVAL.5"],
    layers = [libc, nix, raw],
)]
fn a_mapping_does_not_move_into_itself() -> TestResult {
    let page = page_size();
    let memory = Mapped::of(lettered_file(5)?, 5, MAP_SHARED)?;
    for to in [0, 1, 2] {
        assert_errno!(move_to(&memory, page, 2 * page, memory.start() + to * page, MREMAP_FIXED), EINVAL);
    }
    assert_eq!(memory.read(), lettered(5));
    assert_eq!(
        move_to(&memory, page, 2 * page, memory.start() + 3 * page, MREMAP_FIXED),
        Ok(memory.start() + 3 * page)
    );
    assert_eq!(memory.loads()?, [Ok(b'a'), unmapped(page), unmapped(2 * page), Ok(b'b'), Ok(b'c')]);
    Ok(())
}

/// mremap with the old size 0 fails with EINVAL for a private mapping, and with MREMAP_DONTUNMAP if both sizes differ.
#[harness::test(
    id = "mmap.mremap-invalid-sizes",
    cite = [man("mremap.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.mremap.EINVAL.8", "errors:mmap.mremap.EINVAL.9"],
    layers = [libc, raw],
)]
fn mremap_refuses_sizes_that_do_not_fit() -> TestResult {
    let page = page_size();
    let (memory, of_file) = (Mapped::anonymous(2, MAP_PRIVATE)?, Mapped::of(lettered_file(2)?, 2, MAP_PRIVATE)?);
    memory.write(0, &lettered(2).0);
    for private in [&memory, &of_file] {
        assert_errno!(resize(private, 0, 2 * page, MREMAP_MAYMOVE), EINVAL);
    }
    for length in [page, 3 * page] {
        assert_errno!(resize(&memory, 2, length, MREMAP_MAYMOVE | MREMAP_DONTUNMAP), EINVAL);
    }
    assert_eq!([memory.read(), of_file.read()], [lettered(2), lettered(2)]);
    Ok(())
}

/// mremap with the old size 0 fails with ENOMEM without MREMAP_MAYMOVE, and changes nothing.
#[harness::test(
    id = "mmap.mremap-copy-in-place",
    cite = [kernel("mm/mremap.c", "vrm_can_expand_in_place", "6.18")],
    covers = ["errors:mmap.mremap.ENOMEM"],
    layers = [libc, nix, raw],
)]
fn a_second_mapping_stands_elsewhere() -> TestResult {
    let (memory, page) = (Mapped::of(lettered_file(2)?, 2, MAP_SHARED)?, page_size());
    assert_errno!(resize(&memory, 0, 2 * page, 0), ENOMEM);
    assert_eq!(memory.read(), lettered(2));
    Ok(())
}

/// mremap that expands a locked mapping beyond RLIMIT_MEMLOCK fails with EAGAIN for a process without CAP_IPC_LOCK, and leaves the
/// mapping locked.
#[harness::test(
    id = "mmap.mremap-locked",
    cite = [man("mremap.2", "ERRORS", "EAGAIN")],
    covers = ["errors:mmap.mremap.EAGAIN"],
    needs = [MEMLOCK],
    layers = [libc, nix, raw],
)]
fn a_locked_mapping_grows_up_to_the_limit() -> TestResult {
    let page = page_size();
    let memory = Mapped::of(lettered_file(5)?, 2, MAP_SHARED)?;
    let child = fork(|| -> TestResult {
        limit_locks(4 * page)?;
        mlock(memory.start(), 2 * page)?;
        assert_errno!(resize(&memory, 2, 5 * page, MREMAP_MAYMOVE), EAGAIN);
        assert_eq!((memory.locked()?, memory.read()), (vec![true; 2], lettered(2)));
        let larger = Mapped::at(assert_ok!(resize(&memory, 2, 4 * page, MREMAP_MAYMOVE)), 4 * page);
        assert_eq!((larger.locked()?, larger.read()), (vec![true; 4], lettered(4)));
        Ok(())
    })?;
    child.join()
}
