//! mremap: larger, smaller, elsewhere. remap_file_pages.

use crate::mapped::{Mapped, NO_FILE, READ_WRITE, denied, held, letter, lettered, lettered_file, unmapped, with};
use calls::for_layers::libc_nix_raw as by;
use kit::prelude::*;
use libc::{
    MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE, PROT_NONE, PROT_READ,
};

/// mremap(2) of a part of a range, to a place in another.
pub(super) fn move_to(from: &Mapped, offset: usize, length: usize, to: usize, flags: i32) -> Result<usize> {
    // SAFETY: nobody borrows from the ranges that specs map.
    unsafe { by::mremap(from.start() + offset, length, length, MREMAP_MAYMOVE | flags, to) }
}

#[rstest]
#[case::shared(MAP_SHARED)]
#[case::private(MAP_PRIVATE)]
/// mremap with MREMAP_MAYMOVE expands a mapping that cannot grow where it is: it moves, contents and kind included, goes on with the
/// next pages of its file, and leaves nothing at its former address.
#[harness::test(
    id = "mmap.mremap-maymove",
    cite = [man("mremap.2", "DESCRIPTION", "MREMAP_MAYMOVE"), man("mremap.2", "DESCRIPTION")],
    covers = ["behaviours:mmap.mremap-maymove", "behaviours:mmap.mremap-grow"],
    layers = [libc, nix, raw],
)]
fn a_mapping_moves_to_grow(#[case] flags: i32) -> TestResult {
    let (file, page) = (lettered_file(4)?, page_size());
    let range = Mapped::anonymous(3, MAP_SHARED)?;
    range.replace(0, 2 * page, flags, &file)?;
    let old = Mapped::at(range.start(), 2 * page);
    old.write(page, b"stored");
    let new = assert_ok!(old.remap(4 * page, MREMAP_MAYMOVE));
    assert_eq!((new.loads()?, new.piece(page, 7)), ([b'a', b's', b'c', b'd'].map(Ok).to_vec(), "storedb".into()));
    assert_ne!(new.start(), old.start());
    assert_eq!(range.loads()?, [unmapped(0), unmapped(page), Ok(0)]);
    new.write(3 * page, b"later");
    let stored = with(with(lettered(4), page, b"stored"), 3 * page, b"later");
    assert_eq!(held(&file, 4 * page), Ok(if flags == MAP_SHARED { stored } else { lettered(4) }));
    Ok(())
}

/// Anonymous memory that mremap expands reads as zero behind what it held.
#[harness::test(
    id = "mmap.mremap-zeros",
    cite = [man("mremap.2", "DESCRIPTION"), man("mmap.2", "The flags argument", "MAP_ANONYMOUS")],
    covers = ["behaviours:mmap.mremap-grow", "behaviours:mmap.mremap-maymove"],
    layers = [libc, nix, raw],
)]
fn expanded_anonymous_memory_is_zero() -> TestResult {
    let page = page_size();
    let memory = Mapped::anonymous(2, MAP_PRIVATE)?;
    memory.write(0, &lettered(2).0);
    let larger = assert_ok!(memory.remap(5 * page, MREMAP_MAYMOVE));
    assert_eq!((larger.piece(0, 2 * page), larger.piece(2 * page, 3 * page)), (lettered(2), Bytes::of(0, 3 * page)));
    assert_eq!(larger.stores(b'x')?, [Ok(b'x'); 5]);
    Ok(())
}

/// mremap to a smaller size leaves the mapping where it is and unmaps its last pages.
#[harness::test(
    id = "mmap.mremap-shrink",
    cite = [man("mremap.2", "DESCRIPTION")],
    covers = ["behaviours:mmap.mremap-shrink"],
    layers = [libc, nix, raw],
)]
fn shrinking_unmaps_the_tail() -> TestResult {
    let (mapping, page) = (Mapped::of(lettered_file(5)?, 5, MAP_SHARED)?, page_size());
    let smaller = assert_ok!(mapping.remap(2 * page + 1, 0));
    assert_eq!(smaller.start(), mapping.start());
    assert_eq!(mapping.loads()?, [Ok(b'a'), Ok(b'b'), Ok(b'c'), unmapped(3 * page), unmapped(4 * page)]);
    Ok(())
}

/// mremap with MREMAP_FIXED moves a mapping exactly to the address, unmaps what was there, and leaves nothing at the old one.
#[harness::test(
    id = "mmap.mremap-fixed",
    cite = [man("mremap.2", "DESCRIPTION", "MREMAP_FIXED")],
    covers = ["behaviours:mmap.mremap-fixed"],
    layers = [libc, nix, raw],
)]
fn mremap_fixed_replaces_what_was_there() -> TestResult {
    let (mapping, page) = (Mapped::of(lettered_file(3)?, 3, MAP_SHARED)?, page_size());
    let target = Mapped::anonymous(4, MAP_SHARED)?;
    target.write(0, &vec![b't'; 4 * page]);
    assert_eq!(move_to(&mapping, page, 2 * page, target.start() + page, MREMAP_FIXED), Ok(target.start() + page));
    assert_eq!(mapping.loads()?, [Ok(b'a'), unmapped(page), unmapped(2 * page)]);
    assert_eq!(target.loads()?, [b't', b'b', b'c', b't'].map(Ok));
    Ok(())
}

/// mremap with the old size 0 makes a second mapping of the pages of a shared one, which stays.
#[harness::test(
    id = "mmap.mremap-twice",
    cite = [man("mremap.2", "DESCRIPTION")],
    covers = ["behaviours:mmap.mremap-zero-old-size"],
    layers = [libc, nix, raw],
)]
fn an_old_size_of_0_maps_the_pages_once_more() -> TestResult {
    for memory in [Mapped::of(lettered_file(3)?, 3, MAP_SHARED)?, Mapped::anonymous(3, MAP_SHARED)?] {
        memory.write(0, &lettered(3).0);
        let second = assert_ok!(Mapped::at(memory.start(), 0).remap(3 * page_size(), MREMAP_MAYMOVE));
        let second = Mapped::at(second.start(), 3 * page_size());
        assert_eq!((second.read(), memory.read()), (lettered(3), lettered(3)));
        second.write(page_size(), &vec![b'x'; 2 * page_size()]);
        assert_eq!(memory.loads()?, [b'a', b'x', b'x'].map(Ok));
        memory.write(0, b"y");
        assert_eq!(second.loads()?, [b'y', b'x', b'x'].map(Ok));
    }
    Ok(())
}

/// mremap with MREMAP_DONTUNMAP moves the pages of private anonymous memory and leaves the old range mapped: it reads as zero and can
/// be written again.
#[harness::test(
    id = "mmap.mremap-dontunmap",
    cite = [man("mremap.2", "DESCRIPTION", "MREMAP_DONTUNMAP")],
    covers = ["behaviours:mmap.mremap-dontunmap"],
    layers = [libc, raw],
)]
fn mremap_dontunmap_leaves_empty_pages() -> TestResult {
    let memory = Mapped::anonymous(3, MAP_PRIVATE)?;
    memory.write(0, &lettered(3).0);
    let moved = assert_ok!(memory.remap(3 * page_size(), MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
    assert_ne!(moved.start(), memory.start());
    assert_eq!((moved.read(), memory.read()), (lettered(3), Bytes::of(0, 3 * page_size())));
    memory.write(page_size(), b"again");
    assert_eq!((moved.read(), memory.loads()?), (lettered(3), [0, b'a', 0].map(Ok).to_vec()));
    Ok(())
}

/// A mapping that is moved keeps its protections, page by page.
#[harness::test(
    id = "mmap.mremap-protections",
    cite = [kernel("mm/mremap.c", "move_vma", "6.18"), man("mremap.2", "DESCRIPTION", "MREMAP_FIXED")],
    covers = ["behaviours:mmap.mremap-fixed"],
    layers = [libc, nix, raw],
)]
fn a_moved_mapping_keeps_its_protection() -> TestResult {
    let page = page_size();
    let memory = Mapped::of(lettered_file(3)?, 3, MAP_SHARED)?;
    let target = Mapped::new(2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, NO_FILE, 0)?;
    memory.protect(page, page, PROT_READ)?;
    memory.protect(2 * page, page, PROT_NONE)?;
    for (index, number) in [1, 2].into_iter().enumerate() {
        let to = target.start() + index * page;
        assert_eq!(move_to(&memory, number * page, page, to, MREMAP_FIXED), Ok(to));
    }
    assert_eq!(target.stores(b'x')?, [denied(0), denied(page)]);
    assert_eq!(target.loads()?, [Ok(b'b'), denied(page)]);
    target.protect(0, 2 * page, READ_WRITE)?;
    assert_eq!(target.loads()?, [Ok(b'b'), Ok(letter(2))]);
    Ok(())
}

/// remap_file_pages puts other pages of the file, as many as asked for, into a range of a shared mapping: also a page twice.
#[harness::test(
    id = "mmap.remap-pages",
    cite = [man("remap_file_pages.2", "DESCRIPTION")],
    covers = ["behaviours:mmap.remap-pages"],
    layers = [raw],
)]
fn remap_file_pages_rearranges_pages() -> TestResult {
    let (file, page) = (lettered_file(4)?, page_size());
    let mapping = Mapped::of(&file, 4, MAP_SHARED)?;
    // SAFETY: nobody borrows from the range.
    let remap = |to: usize, pages: usize, from: usize| unsafe {
        remap_file_pages(mapping.start() + to * page, pages * page, 0, from)
    };
    assert_eq!(remap(0, 2, 2), Ok(()));
    assert_eq!(mapping.loads()?, [b'c', b'd', b'c', b'd'].map(Ok));
    assert_eq!(remap(3, 1, 0), Ok(()));
    assert_eq!(mapping.loads()?, [b'c', b'd', b'c', b'a'].map(Ok));
    mapping.write(0, &vec![b'x'; page]);
    assert_eq!(mapping.loads()?, [b'x', b'd', b'x', b'a'].map(Ok));
    assert_eq!(held(&file, 4 * page), Ok(with(lettered(4), 2 * page, &vec![b'x'; page])));
    Ok(())
}
