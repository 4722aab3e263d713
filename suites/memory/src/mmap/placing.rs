//! Where a mapping comes to stand.

use crate::mapped::{Mapped, NO_FILE, READ_WRITE, denied, held, lettered, lettered_file, with};
use kit::prelude::*;
use libc::{MAP_ANONYMOUS, MAP_FIXED_NOREPLACE, MAP_PRIVATE, MAP_SHARED, PROT_NONE};

/// MAP_FIXED puts a mapping exactly at the address and discards what was mapped there, and no more than that.
#[harness::test(
    id = "mmap.fixed-replaces",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "The flags argument", "MAP_FIXED")],
    covers = ["behaviours:mmap.fixed-replaces"],
    layers = [libc, nix, raw],
)]
fn map_fixed_replaces_what_was_there() -> TestResult {
    let (file, page) = (lettered_file(2)?, page_size());
    let memory = Mapped::anonymous(4, MAP_SHARED)?;
    memory.write(0, &vec![b'm'; 4 * page]);
    assert_eq!(memory.replace(page, 2 * page, MAP_SHARED, &file), Ok(memory.start() + page));
    assert_eq!(memory.loads()?, [Ok(b'm'), Ok(b'a'), Ok(b'b'), Ok(b'm')]);
    memory.write(page, b"xyz");
    assert_eq!(held(&file, 2 * page), Ok(with(lettered(2), 0, b"xyz")));
    Ok(())
}

/// MAP_FIXED_NOREPLACE fails with EEXIST if its range overlaps a mapping, by one page at either end as well, and leaves that as it
/// is; where nothing is mapped, it puts the mapping exactly there.
#[harness::test(
    id = "mmap.fixed-noreplace",
    cite = [man("mmap.2", "The flags argument", "MAP_FIXED_NOREPLACE"), man("mmap.2", "ERRORS", "EEXIST")],
    covers = ["behaviours:mmap.fixed-noreplace", "errors:mmap.mmap.EEXIST"],
    layers = [libc, nix, raw],
)]
fn map_fixed_noreplace_replaces_nothing() -> TestResult {
    let page = page_size();
    let (file, memory) = (lettered_file(6)?, Mapped::of(lettered_file(6)?, 6, MAP_SHARED)?);
    let map = |first: usize, pages: usize| {
        mmap(memory.start() + first * page, pages * page, READ_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, &file, 0)
    };
    memory.unmap(2 * page, 2 * page)?;
    for (first, pages) in [(0, 6), (1, 2), (3, 2), (0, 1), (1, 4)] {
        assert_errno!(map(first, pages), EEXIST);
    }
    assert_eq!(map(2, 2), Ok(memory.start() + 2 * page));
    assert_eq!(memory.loads()?, [b'a', b'b', b'a', b'b', b'e', b'f'].map(Ok));
    memory.write(3 * page, b"xyz");
    assert_eq!(held(&file, 6 * page), Ok(with(lettered(6), page, b"xyz")));
    Ok(())
}

/// An address without MAP_FIXED is a hint only: where it is taken, the mapping comes to stand elsewhere, and both can be used.
#[harness::test(
    id = "mmap.hint",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "DESCRIPTION")],
    covers = ["behaviours:mmap.hint-nonbinding"],
    layers = [libc, nix, raw],
)]
fn an_address_is_a_hint() -> TestResult {
    let page = page_size();
    let (file, memory) = (lettered_file(2)?, Mapped::anonymous(3, MAP_SHARED)?);
    memory.write(0, &vec![b'm'; 3 * page]);
    let start = assert_ok!(mmap(memory.start() + page, 2 * page, READ_WRITE, MAP_SHARED, &file, 0));
    let mapping = Mapped::at(start, 2 * page);
    assert!(start + 2 * page <= memory.start() || memory.start() + 3 * page <= start, "they overlap");
    assert_eq!((start % page, mapping.read()), (0, lettered(2)));
    mapping.write(page, b"xyz");
    assert_eq!(held(&file, 2 * page), Ok(with(lettered(2), page, b"xyz")));
    assert_eq!(memory.read(), Bytes::of(b'm', 3 * page));
    Ok(())
}

/// MAP_POPULATE makes the pages of a mapping, of a file or not, shared or private, resident before mmap returns; they hold what others
/// would: the file's bytes, and zeros.
#[harness::test(
    id = "mmap.populate",
    cite = [man("mmap.2", "The flags argument", "MAP_POPULATE")],
    covers = ["behaviours:mmap.populate"],
    layers = [libc, raw],
)]
fn map_populate_makes_the_pages_present() -> TestResult {
    let file = lettered_file(3)?;
    for flags in [MAP_PRIVATE, MAP_SHARED] {
        let mapping = assert_ok!(Mapped::of(&file, 3, flags | libc::MAP_POPULATE));
        assert_eq!(mincore(mapping.start(), 3), Ok(vec![true; 3]));
        assert_eq!(mapping.read(), lettered(3));
        mapping.write(page_size(), b"xyz");
        let stored = with(lettered(3), page_size(), b"xyz");
        assert_eq!(held(&file, 3 * page_size()), Ok(if flags == MAP_SHARED { stored } else { lettered(3) }));
    }
    let memory = assert_ok!(Mapped::anonymous(3, MAP_PRIVATE | libc::MAP_POPULATE));
    assert_eq!((mincore(memory.start(), 3), memory.read()), (Ok(vec![true; 3]), Bytes::of(0, 3 * page_size())));
    Ok(())
}

/// A mapping that may not be accessed reserves its range: MAP_FIXED_NOREPLACE finds it, and access is denied.
#[harness::test(
    id = "mmap.reserved",
    cite = [man("mmap.2", "Using MAP_FIXED safely"), man("mmap.2", "DESCRIPTION", "PROT_NONE")],
    covers = ["behaviours:mmap.fixed-noreplace", "errors:mmap.mmap.EEXIST"],
    layers = [libc, nix, raw],
)]
fn memory_without_access_is_taken() -> TestResult {
    let page = page_size();
    let range = Mapped::new(2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, NO_FILE, 0)?;
    let flags = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    assert_errno!(mmap(range.start() + page, page, READ_WRITE, flags, NO_FILE, 0), EEXIST);
    assert_eq!(range.loads()?, [denied(0), denied(page)]);
    Ok(())
}
