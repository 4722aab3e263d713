//! What munmap takes away.

use crate::mapped::{Mapped, held, lettered, lettered_file, unmapped, with};
use kit::prelude::*;
use libc::{MAP_PRIVATE, MAP_SHARED};

#[rstest]
#[case::shared(MAP_SHARED)]
#[case::private(MAP_PRIVATE)]
/// Access to unmapped memory raises SIGSEGV, with si_code SEGV_MAPERR and the address in si_addr. Without a handler it ends the
/// process.
#[harness::test(
    id = "mmap.unmapped-access",
    cite = [posix("munmap.3p", "DESCRIPTION"), man("mmap.2", "munmap()"), man("sigaction.2", "The si_code field")],
    covers = ["behaviours:mmap.munmap-sigsegv", "notes:mmap.out-of-bounds-segv"],
    layers = [libc, nix, raw],
)]
fn access_after_munmap_raises_sigsegv(#[case] flags: i32) -> TestResult {
    let (file, page) = (lettered_file(3)?, page_size());
    let mapping = Mapped::of(&file, 3, flags)?;
    assert_eq!(mapping.loads()?, [b'a', b'b', b'c'].map(Ok));
    assert_eq!(mapping.unmap(0, 3 * page), Ok(()));
    let found = mapping.loads()?;
    evidence("access to three unmapped pages", format!("{found:?}"));
    assert_eq!(found, [unmapped(0), unmapped(page), unmapped(2 * page)]);
    assert_eq!(mapping.store(2 * page + 9, b'x')?, unmapped(2 * page + 9));
    let child = fork(|| mapping.write(page, b"x"))?;
    let ended = child.wait()?;
    assert_eq!(ended, Ended::Killed { by: Signal(libc::SIGSEGV), core: false });
    Ok(())
}

/// munmap of the middle of a mapping leaves what is before and behind it mapped, and can be repeated where nothing is mapped any more.
#[harness::test(
    id = "mmap.munmap-parts",
    cite = [man("mmap.2", "munmap()"), posix("munmap.3p", "DESCRIPTION")],
    covers = [
        "behaviours:mmap.munmap-hole", "behaviours:mmap.munmap-unmapped-ok", "notes:mmap.original-address-needed",
    ],
    layers = [libc, nix, raw],
)]
fn unmapping_the_middle_leaves_both_ends() -> TestResult {
    let (file, page) = (lettered_file(5)?, page_size());
    let mapping = Mapped::of(&file, 5, MAP_SHARED)?;
    // One byte of the third page.
    let removals = [mapping.unmap(page, page + 1), mapping.unmap(page, 2 * page)];
    evidence("munmap of the middle of a mapping, twice", format!("{removals:?}"));
    assert_eq!(removals, [Ok(()), Ok(())]);
    let left = [Ok(b'a'), unmapped(page), unmapped(2 * page), Ok(b'd'), Ok(b'e')];
    assert_eq!(mapping.loads()?, left);
    mapping.write(3 * page, &vec![b'x'; 2 * page]);
    assert_eq!(held(&file, 5 * page), Ok(with(lettered(5), 3 * page, &vec![b'x'; 2 * page])));
    assert_eq!(mapping.unmap(0, 5 * page), Ok(()));
    assert_eq!(mapping.loads()?, [0, 1, 2, 3, 4].map(|number| unmapped(number * page)));
    Ok(())
}

/// munmap of a pointer that was moved by a byte fails with EINVAL and leaves the mapping; with the first address it succeeds.
#[harness::test(
    id = "mmap.munmap-moved-pointer",
    cite = [posix("munmap.3p", "ERRORS", "EINVAL"), man("mmap.2", "munmap()")],
    covers = ["errors:mmap.munmap.EINVAL", "notes:mmap.munmap-after-increment"],
    layers = [libc, nix, raw],
)]
fn a_moved_pointer_cannot_be_unmapped() -> TestResult {
    let (file, page) = (lettered_file(3)?, page_size());
    let mapping = Mapped::of(&file, 3, MAP_SHARED)?;
    assert_errno!(mapping.unmap(1, 3 * page), EINVAL);
    assert_errno!(mapping.unmap(page - 1, page), EINVAL);
    assert_errno!(mapping.unmap(0, 0), EINVAL);
    assert_eq!(mapping.read(), lettered(3));
    assert_eq!(mapping.unmap(0, 3 * page), Ok(()));
    assert_eq!(mapping.loads()?, [0, 1, 2].map(|number| unmapped(number * page)));
    Ok(())
}

/// An access beyond a mapping does not raise a signal where another mapping is: it reaches that one.
#[harness::test(
    id = "mmap.neighbour-reached",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "ERRORS", "SIGSEGV")],
    covers = ["notes:mmap.out-of-bounds-segv"],
    layers = [libc, nix, raw],
)]
fn an_access_beyond_a_mapping_reaches_its_neighbour() -> TestResult {
    let (file, page) = (lettered_file(2)?, page_size());
    let memory = Mapped::anonymous(4, MAP_PRIVATE)?;
    assert_eq!(memory.replace(2 * page, 2 * page, MAP_SHARED, &file), Ok(memory.start() + 2 * page));
    memory.write(2 * page - 1, b"xy");
    let reached = held(&file, 2 * page)?;
    evidence("the file mapped behind a mapping that was overrun", format!("{reached:?}"));
    assert_eq!(reached, with(lettered(2), 0, b"y"));
    assert_eq!(memory.loads()?, [0, 0, b'y', b'b'].map(Ok));
    Ok(())
}
