//! The end of the file, inside of a mapping.

use crate::mapped::{Mapped, beyond, held, lettered, lettered_file, with};
use kit::file::file_of;
use kit::prelude::*;
use libc::{MAP_PRIVATE, MAP_SHARED, O_RDWR};

/// How many bytes of the file are in its last page.
const REST: usize = 100;

/// A file of two pages and a piece of a third.
fn file() -> TestResult<(Fd, Bytes)> {
    let content = Bytes::sequence(2 * page_size() + REST);
    Ok((file_of(&content.0, O_RDWR)?, content))
}

#[rstest]
#[case::shared(MAP_SHARED)]
#[case::private(MAP_PRIVATE)]
/// A mapping covers whole pages: in the last page of the file, the bytes behind its end read as zero.
#[harness::test(
    id = "mmap.last-page-zero",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "NOTES")],
    covers = ["behaviours:mmap.length-rounded", "notes:mmap.out-of-bounds-segv"],
    layers = [libc, nix, raw],
)]
fn the_last_page_is_filled_with_zeros(#[case] flags: i32) -> TestResult {
    let (file, content) = file()?;
    let mapping = assert_ok!(Mapped::new(content.0.len(), crate::mapped::READ_WRITE, flags, &file, 0));
    let behind = page_size() - REST;
    assert_eq!(mapping.read(), content);
    assert_eq!(mapping.piece(content.0.len(), behind), Bytes::of(0, behind));
    assert_eq!(mapping.store(3 * page_size() - 1, b'x')?, Ok(b'x'));
    mapping.write(page_size(), b"stored");
    let stored = with(content.clone(), page_size(), b"stored");
    assert_eq!(held(&file, content.0.len()), Ok(if flags == MAP_SHARED { stored } else { content }));
    evidence("a store behind the end of a file, in its last page", "no signal");
    Ok(())
}

/// What is stored behind the end of a file, in its last page, is not written to the file, whose size stays.
#[harness::test(
    id = "mmap.tail-writes-lost",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "NOTES")],
    covers = ["behaviours:mmap.tail-writes-lost"],
    layers = [libc, nix, raw],
)]
fn what_is_stored_behind_the_end_is_not_in_the_file() -> TestResult {
    let (file, mut content) = file()?;
    let size = content.0.len();
    let mapping = assert_ok!(Mapped::of(&file, 3, MAP_SHARED));
    mapping.write(size - 2, b"abcdef");
    content.0[size - 2..].copy_from_slice(b"ab");
    assert_eq!(mapping.sync(0, 3 * page_size(), libc::MS_SYNC), Ok(()));
    assert_eq!(held(&file, size), Ok(content));
    Ok(())
}

#[rstest]
#[case::shared(MAP_SHARED)]
#[case::private(MAP_PRIVATE)]
/// Access to whole pages of a mapping that lie beyond the end of the file raises SIGBUS, with si_code BUS_ADRERR and the address in
/// si_addr; the pages before it can be used.
#[harness::test(
    id = "mmap.beyond-end",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "ERRORS", "SIGBUS"), man("sigaction.2", "The si_code field")],
    covers = ["behaviours:mmap.sigbus-past-end", "notes:mmap.out-of-bounds-segv"],
    layers = [libc, nix, raw],
)]
fn access_beyond_the_end_of_the_file_raises_sigbus(#[case] flags: i32) -> TestResult {
    let (file, page) = (lettered_file(2)?, page_size());
    let mapping = assert_ok!(Mapped::of(&file, 4, flags));
    let found = mapping.loads()?;
    evidence("access to the pages of a mapping, of which the file has two", format!("{found:?}"));
    assert_eq!(found, [Ok(b'a'), Ok(b'b'), beyond(2 * page), beyond(3 * page)]);
    assert_eq!(mapping.stores(b'x')?, [Ok(b'x'), Ok(b'x'), beyond(2 * page), beyond(3 * page)]);
    let stored = with(with(lettered(2), 0, b"x"), page, b"x");
    assert_eq!(held(&file, 2 * page), Ok(if flags == MAP_SHARED { stored } else { lettered(2) }));
    assert_eq!(mapping.store(3 * page + 5, b'x')?, beyond(3 * page + 5));
    assert_eq!(mapping.load(2 * page - 1)?, Ok(b'b'));
    let child = fork(|| mapping.write(2 * page, b"x"))?;
    let ended = child.wait()?;
    assert_eq!(ended, Ended::Killed { by: Signal(libc::SIGBUS), core: false });
    Ok(())
}

/// A memory file of three lettered pages.
fn memory_file() -> TestResult<Fd> {
    let file = calls::for_layers::libc_nix_raw::memfd_create(c"file", 0)?;
    write_all(&file, &lettered(3).0)?;
    Ok(file)
}

#[rstest]
#[case::file(|| lettered_file(3))]
#[case::memory_file(memory_file)]
/// ftruncate that shortens a mapped file discards whole pages beyond the new end: access to them raises SIGBUS. When the file has
/// grown again they read as zero.
#[harness::test(
    id = "mmap.truncate-discards",
    cite = [posix("ftruncate.3p", "DESCRIPTION"), man("truncate.2", "DESCRIPTION")],
    covers = ["behaviours:mmap.truncate-discards"],
    layers = [libc, nix, raw],
)]
fn pages_that_the_file_loses_are_discarded(#[case] make: fn() -> TestResult<Fd>) -> TestResult {
    let (file, page) = (make()?, page_size());
    let mapping = Mapped::of(&file, 3, MAP_SHARED)?;
    assert_eq!(mapping.loads()?, [Ok(b'a'), Ok(b'b'), Ok(b'c')]);
    assert_eq!(ftruncate(&file, page as i64), Ok(()));
    assert_eq!(mapping.loads()?, [Ok(b'a'), beyond(page), beyond(2 * page)]);
    assert_eq!(mapping.stores(b'x')?, [Ok(b'x'), beyond(page), beyond(2 * page)]);
    let left = with(lettered(1), 0, b"x");
    assert_eq!(held(&file, page), Ok(left.clone()));
    assert_eq!(ftruncate(&file, 3 * page as i64), Ok(()));
    assert_eq!(mapping.loads()?, [Ok(b'x'), Ok(0), Ok(0)]);
    mapping.write(2 * page, b"new");
    let grown = with(Bytes([left.0, vec![0; 2 * page]].concat()), 2 * page, b"new");
    assert_eq!(held(&file, 3 * page), Ok(grown));
    Ok(())
}

/// An empty file can be mapped: access raises SIGBUS until ftruncate has made the file larger, and then the same mapping can be used.
#[harness::test(
    id = "mmap.empty-file",
    cite = [kernel("mm/filemap.c", "filemap_fault", "6.18"), posix("mmap.3p", "DESCRIPTION")],
    covers = ["notes:mmap.file-must-not-be-empty"],
    layers = [libc, nix, raw],
)]
fn an_empty_file_can_be_mapped() -> TestResult {
    let (file, page) = (file_of(b"", O_RDWR)?, page_size());
    let mapping = assert_ok!(Mapped::of(&file, 2, MAP_SHARED));
    let found = mapping.stores(b'x')?;
    evidence("stores into two pages of an empty file", format!("{found:?}"));
    assert_eq!(found, [beyond(0), beyond(page)]);
    assert_eq!(ftruncate(&file, 10), Ok(()));
    assert_eq!(mapping.stores(b'x')?, [Ok(b'x'), beyond(page)]);
    assert_eq!(held(&file, 10), Ok(Bytes::from("x\0\0\0\0\0\0\0\0\0")));
    Ok(())
}
