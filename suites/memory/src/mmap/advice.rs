//! madvise: advice that changes what an access finds, or what a child has.

use crate::mapped::{Mapped, NO_FILE, READ_WRITE, beyond, denied, held, lettered, lettered_file, unmapped};
use crate::needs::{MEMLOCK, POPULATE};
use kit::prelude::*;
use libc::{
    MADV_DOFORK, MADV_DONTFORK, MADV_DONTNEED, MADV_FREE, MADV_KEEPONFORK, MADV_POPULATE_READ, MADV_POPULATE_WRITE,
    MADV_REMOVE, MADV_WIPEONFORK, MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_NONE, PROT_READ,
};

#[rstest]
#[case::shared(MAP_SHARED)]
#[case::private(MAP_PRIVATE)]
/// Pages with MADV_DONTFORK are not mapped in a child of fork, and stay in the parent; MADV_DOFORK undoes that.
#[harness::test(
    id = "mmap.dontfork",
    cite = [
        man("madvise.2", "Linux-specific advice values", "MADV_DONTFORK"),
        man("madvise.2", "Linux-specific advice values", "MADV_DOFORK"),
    ],
    covers = ["behaviours:mmap.dontfork", "behaviours:madvise.dofork"],
    layers = [libc, raw],
)]
fn dontfork_pages_are_absent_in_a_child(#[case] flags: i32) -> TestResult {
    let (memory, page) = (Mapped::anonymous(4, flags)?, page_size());
    memory.write(0, &lettered(4).0);
    assert_eq!(memory.advise(page, 2 * page, MADV_DONTFORK), Ok(()));
    memory.advise(3 * page, page, MADV_DONTFORK)?;
    assert_eq!(memory.advise(3 * page, page, MADV_DOFORK), Ok(()));
    let child = fork(|| -> TestResult {
        assert_eq!(memory.loads()?, [Ok(b'a'), unmapped(page), unmapped(2 * page), Ok(b'd')]);
        Ok(())
    })?;
    child.join()?;
    assert_eq!(memory.read(), lettered(4));
    Ok(())
}

/// Private anonymous pages with MADV_WIPEONFORK read as zero in a child of fork and in its children, and stay as they are in the
/// parent; MADV_KEEPONFORK undoes that.
#[harness::test(
    id = "mmap.wipeonfork",
    cite = [
        man("madvise.2", "Linux-specific advice values", "MADV_WIPEONFORK"),
        man("madvise.2", "Linux-specific advice values", "MADV_KEEPONFORK"),
    ],
    covers = ["behaviours:mmap.wipeonfork", "behaviours:madvise.keeponfork"],
    layers = [libc, raw],
)]
fn wipeonfork_pages_are_zero_in_a_child() -> TestResult {
    let (memory, page) = (Mapped::anonymous(4, MAP_PRIVATE)?, page_size());
    memory.write(0, &lettered(4).0);
    assert_eq!(memory.advise(page, 2 * page, MADV_WIPEONFORK), Ok(()));
    memory.advise(3 * page, page, MADV_WIPEONFORK)?;
    assert_eq!(memory.advise(3 * page, page, MADV_KEEPONFORK), Ok(()));
    let child = fork(|| -> TestResult {
        assert_eq!(memory.piece(page, 2 * page), Bytes::of(0, 2 * page));
        assert_eq!(memory.loads()?, [b'a', 0, 0, b'd'].map(Ok));
        memory.write(page, &vec![b'x'; 2 * page]);
        let grandchild = fork(|| assert_eq!(memory.loads().ok(), Some([b'a', 0, 0, b'd'].map(Ok).to_vec())))?;
        grandchild.join()
    })?;
    child.join()?;
    assert_eq!(memory.read(), lettered(4));
    Ok(())
}

/// After MADV_DONTNEED the pages of its range can be used: private anonymous ones read as zero; others stay as they are.
#[harness::test(
    id = "mmap.dontneed-private",
    cite = [man("madvise.2", "Conventional advice values", "MADV_DONTNEED")],
    covers = ["behaviours:madvise.dontneed-private"],
    layers = [libc, raw],
)]
fn dontneed_empties_private_memory() -> TestResult {
    let (memory, page) = (Mapped::anonymous(4, MAP_PRIVATE)?, page_size());
    memory.write(0, &lettered(4).0);
    // One byte of the third page.
    assert_eq!(memory.advise(page, page + 1, MADV_DONTNEED), Ok(()));
    assert_eq!(memory.piece(page, 2 * page), Bytes::of(0, 2 * page));
    assert_eq!(memory.loads()?, [b'a', 0, 0, b'd'].map(Ok));
    assert_eq!(memory.stores(b'x')?, [Ok(b'x'); 4]);
    Ok(())
}

/// After MADV_DONTNEED the pages of a shared mapping, of a file or not, hold what they held, and stay shared.
#[harness::test(
    id = "mmap.dontneed-shared",
    cite = [man("madvise.2", "Conventional advice values", "MADV_DONTNEED")],
    covers = ["behaviours:madvise.dontneed-shared"],
    layers = [libc, raw],
)]
fn dontneed_keeps_shared_memory() -> TestResult {
    let page = page_size();
    for memory in [Mapped::of(lettered_file(3)?, 3, MAP_SHARED)?, Mapped::anonymous(3, MAP_SHARED)?] {
        memory.write(0, &vec![b'z'; 3 * page]);
        assert_eq!(memory.advise(0, 3 * page, MADV_DONTNEED), Ok(()));
        assert_eq!(memory.read(), Bytes::of(b'z', 3 * page));
        fork(|| memory.write(0, &lettered(3).0))?.join()?;
        assert_eq!(memory.advise(page, 2 * page, MADV_DONTNEED), Ok(()));
        assert_eq!(memory.read(), lettered(3));
    }
    Ok(())
}

/// MADV_REMOVE of pages of a shared mapping punches a hole into the memory file: read and all mappings find zeros there, and its
/// size stays.
#[harness::test(
    id = "mmap.remove",
    cite = [man("madvise.2", "Linux-specific advice values", "MADV_REMOVE")],
    covers = ["behaviours:madvise.remove"],
    layers = [libc, raw],
)]
fn remove_punches_a_hole() -> TestResult {
    let (file, page) = (memfd_create(c"file", 0)?, page_size());
    write_all(&file, &lettered(4).0)?;
    let (mapping, other) = (Mapped::of(&file, 4, MAP_SHARED)?, Mapped::of(&file, 4, MAP_SHARED)?);
    assert_eq!(other.read(), lettered(4));
    assert_eq!(mapping.advise(page, 2 * page, MADV_REMOVE), Ok(()));
    let left = [vec![b'a'; page], vec![0; 2 * page], vec![b'd'; page]].concat();
    assert_eq!([mapping.read(), other.read()], [Bytes(left.clone()), Bytes(left.clone())]);
    assert_eq!(held(&file, 4 * page), Ok(Bytes(left)));
    Ok(())
}

/// MADV_POPULATE_READ makes the pages of a mapping resident and leaves what they hold; those of a private mapping still are the
/// file's.
#[harness::test(
    id = "mmap.populate-read",
    cite = [man("madvise.2", "Linux-specific advice values", "MADV_POPULATE_READ")],
    covers = ["behaviours:madvise.populate-read"],
    needs = [POPULATE],
    layers = [libc, raw],
)]
fn populate_read_changes_nothing() -> TestResult {
    let (file, hole, page) = (lettered_file(3)?, Mapped::anonymous(3, MAP_SHARED)?, page_size());
    assert_eq!(mincore(hole.start(), 3), Ok(vec![false; 3]));
    assert_eq!(hole.advise(0, 3 * page, MADV_POPULATE_READ), Ok(()));
    assert_eq!((mincore(hole.start(), 3), hole.read()), (Ok(vec![true; 3]), Bytes::of(0, 3 * page)));
    let private = Mapped::of(&file, 3, MAP_PRIVATE)?;
    private.advise(0, 3 * page, MADV_POPULATE_READ)?;
    assert_eq!(private.read(), lettered(3));
    Ok(())
}

/// MADV_POPULATE_WRITE makes the pages of its range writable at once: a private mapping has copies of them, which do not follow the
/// file any more.
#[harness::test(
    id = "mmap.populate-write",
    cite = [man("madvise.2", "Linux-specific advice values", "MADV_POPULATE_WRITE")],
    covers = ["behaviours:madvise.populate-write"],
    needs = [POPULATE],
    layers = [libc, raw],
)]
fn populate_write_copies_private_pages() -> TestResult {
    let (file, page) = (lettered_file(3)?, page_size());
    let (private, hole) = (Mapped::of(&file, 3, MAP_PRIVATE)?, Mapped::anonymous(3, MAP_SHARED)?);
    assert_eq!(private.advise(page, 2 * page, MADV_POPULATE_WRITE), Ok(()));
    assert_eq!(private.read(), lettered(3));
    write_all(&file, &vec![b'x'; 3 * page])?;
    assert_eq!(held(&file, 3 * page), Ok(Bytes::of(b'x', 3 * page)));
    assert_eq!(private.piece(page, 2 * page), Bytes(lettered(3).0.split_off(page)));
    assert_eq!(hole.advise(0, 3 * page, MADV_POPULATE_WRITE), Ok(()));
    assert_eq!((mincore(hole.start(), 3), hole.read()), (Ok(vec![true; 3]), Bytes::of(0, 3 * page)));
    Ok(())
}

/// MADV_POPULATE_READ and MADV_POPULATE_WRITE fail with EFAULT where an access would raise SIGBUS, and with EINVAL where the
/// protection denies it; no signal comes.
#[harness::test(
    id = "mmap.populate-errors",
    cite = [man("madvise.2", "ERRORS", "EFAULT"), man("madvise.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.madvise.EFAULT", "errors:mmap.madvise.EINVAL.5"],
    needs = [POPULATE],
    layers = [libc, raw],
)]
fn populate_fails_where_an_access_would() -> TestResult {
    let page = page_size();
    let mapping = Mapped::of(lettered_file(2)?, 3, MAP_SHARED)?;
    let none = Mapped::new(2 * page, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, NO_FILE, 0)?;
    for advice in [MADV_POPULATE_READ, MADV_POPULATE_WRITE] {
        assert_errno!(mapping.advise(0, 3 * page, advice), EFAULT);
        assert_errno!(none.advise(0, 2 * page, advice), EINVAL);
    }
    none.protect(0, 2 * page, PROT_READ)?;
    assert_errno!(none.advise(0, 2 * page, MADV_POPULATE_WRITE), EINVAL);
    assert_eq!((none.advise(0, 2 * page, MADV_POPULATE_READ), mincore(none.start(), 2)), (Ok(()), Ok(vec![true; 2])));
    assert_eq!(mapping.loads()?, [Ok(b'a'), Ok(b'b'), beyond(2 * page)]);
    assert_eq!(none.stores(b'x')?, [denied(0), denied(page)]);
    Ok(())
}

/// MADV_REMOVE of a mapping that is not shared, or may not be written, fails with EACCES and changes nothing.
#[harness::test(
    id = "mmap.remove-denied",
    cite = [man("madvise.2", "ERRORS", "EACCES")],
    covers = ["errors:mmap.madvise.EACCES"],
    layers = [libc, raw],
)]
fn remove_wants_a_shared_writable_mapping() -> TestResult {
    let (file, page) = (kit::file::file_of(&lettered(2).0, libc::O_RDONLY)?, page_size());
    let private = Mapped::of(&file, 2, MAP_PRIVATE)?;
    let read_only = Mapped::new(2 * page, PROT_READ, MAP_SHARED, &file, 0)?;
    assert_errno!(private.advise(0, 2 * page, MADV_REMOVE), EACCES);
    assert_errno!(read_only.advise(0, 2 * page, MADV_REMOVE), EACCES);
    assert_eq!([private.read(), read_only.read()], [lettered(2), lettered(2)]);
    Ok(())
}

/// MADV_WIPEONFORK fails with EINVAL for a shared mapping or one of a file, and so does MADV_FREE: both are for private anonymous
/// memory.
#[harness::test(
    id = "mmap.wipeonfork-invalid",
    cite = [man("madvise.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.madvise.EINVAL.4"],
    layers = [libc, raw],
)]
fn wipeonfork_wants_private_anonymous_memory() -> TestResult {
    let (file, page) = (lettered_file(2)?, page_size());
    for flags in [MAP_SHARED, MAP_SHARED | MAP_ANONYMOUS, MAP_PRIVATE] {
        let memory = Mapped::new(2 * page, READ_WRITE, flags, &file, 0)?;
        memory.write(0, &lettered(2).0);
        assert_errno!(memory.advise(0, 2 * page, MADV_WIPEONFORK), EINVAL);
        assert_errno!(memory.advise(0, 2 * page, MADV_FREE), EINVAL);
        fork(|| assert_eq!(memory.read(), lettered(2)))?.join()?;
        assert_eq!(memory.read(), lettered(2));
    }
    Ok(())
}

/// MADV_DONTNEED, MADV_REMOVE, MADV_COLD and MADV_PAGEOUT of a range with locked pages fail with EINVAL and leave what they
/// hold.
#[harness::test(
    id = "mmap.advice-of-locked",
    cite = [man("madvise.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.madvise.EINVAL.3", "errors:mmap.madvise.EINVAL.6"],
    needs = [MEMLOCK],
    layers = [libc, raw],
)]
fn locked_pages_are_needed() -> TestResult {
    let (memory, page) = (Mapped::anonymous(2, MAP_SHARED)?, page_size());
    memory.write(0, &lettered(2).0);
    mlock(memory.start(), 2 * page)?;
    for advice in [MADV_DONTNEED, MADV_REMOVE, libc::MADV_COLD, libc::MADV_PAGEOUT] {
        assert_errno!(memory.advise(0, 2 * page, advice), EINVAL);
    }
    assert_eq!((memory.read(), memory.locked()?), (lettered(2), vec![true; 2]));
    munlock(memory.start(), 2 * page)?;
    assert_eq!((memory.advise(0, 2 * page, MADV_REMOVE), memory.read()), (Ok(()), Bytes::of(0, 2 * page)));
    Ok(())
}
