//! Protections, and the signals of access against them.

use crate::mapped::{Mapped, NO_FILE, READ_WRITE, denied, lettered, lettered_file};
use kit::file::file_of;
use kit::prelude::*;
use libc::{MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, O_RDONLY, PROT_NONE, PROT_READ};

#[rstest]
#[case::shared(MAP_SHARED)]
#[case::private(MAP_PRIVATE)]
/// Access that the protection of a mapping denies raises SIGSEGV, with si_code SEGV_ACCERR and the address in si_addr: any to
/// PROT_NONE, and a write to PROT_READ. Without a handler it ends the process.
#[harness::test(
    id = "mmap.access-denied",
    cite = [
        posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "ERRORS", "SIGSEGV"), man("sigaction.2", "The si_code field"),
    ],
    covers = ["behaviours:mmap.prot-none-sigsegv"],
    layers = [libc, nix, raw],
)]
fn access_against_the_protection_raises_sigsegv(#[case] flags: i32) -> TestResult {
    let (file, page) = (lettered_file(2)?, page_size());
    let none = assert_ok!(Mapped::new(2 * page, PROT_NONE, flags, &file, 0));
    let read = assert_ok!(Mapped::new(2 * page, PROT_READ, flags, &file, 0));
    assert_eq!([none.loads()?, none.stores(b'x')?], [[denied(0), denied(page)], [denied(0), denied(page)]]);
    assert_eq!(none.load(page + 7)?, denied(page + 7));
    assert_eq!((read.read(), read.stores(b'x')?), (lettered(2), vec![denied(0), denied(page)]));
    assert_eq!(crate::mapped::held(&file, 2 * page), Ok(lettered(2)));
    let child = fork(|| read.write(page, b"x"))?;
    let ended = child.wait()?;
    assert_eq!(ended, Ended::Killed { by: Signal(libc::SIGSEGV), core: false });
    Ok(())
}

#[rstest]
#[case::shared(MAP_SHARED)]
#[case::private(MAP_PRIVATE)]
/// mprotect changes what may be done to whole pages of its range at once, to those that were used before as well, and leaves other
/// pages and the contents as they are.
#[harness::test(
    id = "mmap.mprotect-effect",
    cite = [posix("mprotect.3p", "DESCRIPTION"), man("mprotect.2", "DESCRIPTION")],
    covers = ["behaviours:mmap.mprotect-effect"],
    layers = [libc, nix, raw],
)]
fn mprotect_holds_at_once_for_whole_pages(#[case] flags: i32) -> TestResult {
    let (memory, page) = (Mapped::anonymous(4, MAP_ANONYMOUS | flags)?, page_size());
    memory.write(0, &lettered(4).0);
    // One byte of the third page.
    assert_eq!(memory.protect(page, page + 1, PROT_READ), Ok(()));
    assert_eq!(memory.stores(b'x')?, [Ok(b'x'), denied(page), denied(2 * page), Ok(b'x')]);
    assert_eq!(memory.loads()?, [Ok(b'x'), Ok(b'b'), Ok(b'c'), Ok(b'x')]);
    assert_eq!(memory.protect(2 * page, 2 * page, PROT_NONE), Ok(()));
    assert_eq!(memory.loads()?, [Ok(b'x'), Ok(b'b'), denied(2 * page), denied(3 * page)]);
    assert_eq!(memory.protect(0, 4 * page, READ_WRITE), Ok(()));
    assert_eq!(memory.loads()?, [Ok(b'x'), Ok(b'b'), Ok(b'c'), Ok(b'x')]);
    assert_eq!(memory.stores(b'y')?, [Ok(b'y'); 4]);
    Ok(())
}

/// mprotect that would add write access to a shared mapping of a descriptor that is open for reading only fails with EACCES; to a
/// private mapping of it, it adds it.
#[harness::test(
    id = "mmap.mprotect-read-only-file",
    cite = [posix("mprotect.3p", "ERRORS", "EACCES"), man("mprotect.2", "ERRORS", "EACCES")],
    covers = ["behaviours:mmap.mprotect-add-write-ro-fd", "errors:mmap.mprotect.EACCES"],
    layers = [libc, nix, raw],
)]
fn write_access_is_not_added_to_what_is_open_for_reading() -> TestResult {
    let (file, page) = (file_of(&lettered(2).0, O_RDONLY)?, page_size());
    let shared = Mapped::new(2 * page, PROT_READ, MAP_SHARED, &file, 0)?;
    let private = Mapped::new(2 * page, PROT_READ, MAP_PRIVATE, &file, 0)?;
    assert_errno!(shared.protect(0, 2 * page, READ_WRITE), EACCES);
    assert_errno!(shared.protect(page, page, READ_WRITE), EACCES);
    assert_eq!(shared.stores(b'x')?, [denied(0), denied(page)]);
    assert_eq!(private.protect(0, 2 * page, READ_WRITE), Ok(()));
    assert_eq!(private.stores(b'x')?, [Ok(b'x'), Ok(b'x')]);
    assert_eq!(shared.read(), lettered(2));
    Ok(())
}

/// A child of fork has the protections of its parent's mappings; what one changes of them holds for it alone.
#[harness::test(
    id = "mmap.fork-protections",
    cite = [man("mmap.2", "NOTES"), posix("fork.3p", "DESCRIPTION")],
    covers = ["behaviours:mmap.fork-inherits"],
    layers = [libc, nix, raw],
)]
fn a_child_inherits_protections() -> TestResult {
    let page = page_size();
    let memory = Mapped::anonymous(3, MAP_SHARED)?;
    let hidden = Mapped::new(page, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, NO_FILE, 0)?;
    memory.write(0, &lettered(3).0);
    memory.protect(page, page, PROT_READ)?;
    let child = fork(|| -> TestResult {
        assert_eq!(memory.stores(b'x')?, [Ok(b'x'), denied(page), Ok(b'x')]);
        assert_eq!((memory.load(page)?, hidden.load(0)?), (Ok(b'b'), denied(0)));
        assert_eq!(memory.protect(0, 3 * page, PROT_NONE), Ok(()));
        assert_eq!(memory.loads()?, [denied(0), denied(page), denied(2 * page)]);
        Ok(())
    })?;
    child.join()?;
    assert_eq!(memory.loads()?, [Ok(b'x'), Ok(b'b'), Ok(b'x')]);
    Ok(())
}
