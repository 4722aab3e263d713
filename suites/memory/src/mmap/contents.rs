//! What a mapping holds, and who sees what is stored into it.

use crate::mapped::{Mapped, READ_WRITE, held, lettered, lettered_file};
use kit::prelude::*;
use libc::{MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, MAP_SHARED_VALIDATE, O_RDONLY};

/// Other contents of the same size.
fn reversed(pages: usize) -> Bytes {
    Bytes(lettered(pages).0.into_iter().rev().collect())
}

#[rstest]
#[case::shared(MAP_SHARED)]
#[case::shared_validate(MAP_SHARED_VALIDATE)]
/// Bytes stored into a MAP_SHARED or MAP_SHARED_VALIDATE mapping of a file are seen by read and in other mappings of the file, and
/// bytes written to the file in the mapping.
#[harness::test(
    id = "mmap.shared-visible",
    cite = [man("mmap.2", "The flags argument", "MAP_SHARED_VALIDATE"), posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "The flags argument", "MAP_SHARED")],
    covers = ["behaviours:mmap.shared-visible", "behaviours:mmap.shared-validate", "notes:mmap.file-into-memory"],
    layers = [libc, nix, raw],
)]
fn what_is_stored_into_a_shared_mapping_is_seen_by_all(#[case] flags: i32) -> TestResult {
    let file = lettered_file(3)?;
    let mapping = assert_ok!(Mapped::of(&file, 3, flags));
    let other = Mapped::of(&file, 3, MAP_SHARED)?;
    assert_ne!(mapping.start(), other.start());
    assert_eq!([mapping.read(), other.read()], [lettered(3), lettered(3)]);
    mapping.write(0, &reversed(3).0);
    assert_eq!([Ok(other.read()), held(&file, 3 * page_size())], [Ok(reversed(3)), Ok(reversed(3))]);
    evidence("the file after a store into a shared mapping", format!("{:?}", held(&file, 3 * page_size())?));
    assert_eq!(write(&file, &lettered(3).0), Ok(3 * page_size()));
    assert_eq!([mapping.read(), other.read()], [lettered(3), lettered(3)]);
    assert_eq!(held(&file, 3 * page_size()), Ok(lettered(3)));
    Ok(())
}

/// Bytes stored into a MAP_PRIVATE mapping of a file are seen by no other mapping of it and never reach the file, which may be open
/// for reading only.
#[harness::test(
    id = "mmap.private-cow",
    cite = [man("mmap.2", "The flags argument", "MAP_PRIVATE"), posix("mmap.3p", "DESCRIPTION")],
    covers = ["behaviours:mmap.private-cow", "notes:mmap.file-into-memory"],
    layers = [libc, nix, raw],
)]
fn what_is_stored_into_a_private_mapping_stays_there() -> TestResult {
    let file = kit::file::file_of(&lettered(3).0, O_RDONLY)?;
    let mapping = assert_ok!(Mapped::of(&file, 3, MAP_PRIVATE));
    let other = Mapped::of(&file, 3, MAP_PRIVATE)?;
    let shared = Mapped::new(3 * page_size(), libc::PROT_READ, MAP_SHARED, &file, 0)?;
    mapping.write(page_size(), b"xyz");
    let mut changed = lettered(3);
    changed.0[page_size()..page_size() + 3].copy_from_slice(b"xyz");
    assert_eq!([mapping.read(), other.read(), shared.read()], [changed, lettered(3), lettered(3)]);
    mapping.write(0, &reversed(3).0);
    assert_eq!([mapping.read(), other.read(), shared.read()], [reversed(3), lettered(3), lettered(3)]);
    assert_eq!(held(&file, 3 * page_size()), Ok(lettered(3)));
    Ok(())
}

/// Anonymous memory, shared and private, reads as zero on each of its pages, also where other memory was unmapped.
#[harness::test(
    id = "mmap.anonymous-zero",
    cite = [man("mmap.2", "The flags argument", "MAP_ANONYMOUS")],
    covers = ["behaviours:mmap.anonymous-zero"],
    layers = [libc, nix, raw],
)]
fn anonymous_memory_is_zero() -> TestResult {
    for flags in [MAP_SHARED, MAP_PRIVATE] {
        let former = Mapped::anonymous(3, flags)?;
        former.write(0, &lettered(3).0);
        former.unmap(0, former.length())?;
        let memory = assert_ok!(Mapped::anonymous(3, flags));
        assert_eq!(memory.read(), Bytes::of(0, 3 * page_size()));
        fork(|| memory.write(0, &lettered(3).0))?.join()?;
        assert_eq!(memory.read(), if flags == MAP_SHARED { lettered(3) } else { Bytes::of(0, 3 * page_size()) });
    }
    Ok(())
}

#[rstest]
#[case::anonymous(MAP_ANONYMOUS)]
#[case::file(0)]
/// What parent and child store into a shared mapping that was made before the fork, anonymous or of a file, each sees of the other.
#[harness::test(
    id = "mmap.fork-shares",
    cite = [man("mmap.2", "NOTES"), man("mmap.2", "The flags argument", "MAP_ANONYMOUS"), posix("fork.3p", "DESCRIPTION")],
    covers = [
        "behaviours:mmap.anon-shared-fork", "behaviours:mmap.fork-inherits", "notes:mmap.related-create-before-fork",
        "notes:mmap.each-process-own-memory",
    ],
    layers = [libc, nix, raw],
)]
fn a_shared_mapping_is_shared_with_forked_children(#[case] flags: i32) -> TestResult {
    let (file, stored) = (lettered_file(3)?, Latch::new()?);
    let mapping = assert_ok!(Mapped::of(&file, 3, MAP_SHARED | flags));
    mapping.write(0, &lettered(3).0);
    let waiting = fork(|| {
        stored.wait_for(1);
        assert_eq!(mapping.read(), lettered(3));
    })?;
    let storing = fork(|| {
        assert_eq!(mapping.read(), lettered(3));
        mapping.write(0, &reversed(3).0);
    })?;
    storing.join()?;
    assert_eq!(mapping.read(), reversed(3));
    evidence("the parent's mapping after a store of its child", format!("{:?}", mapping.read()));
    mapping.write(0, &lettered(3).0);
    stored.arrive();
    waiting.join()
}

/// Private anonymous memory is copied on write after a fork, page by page: parent and child each keep what they had, but for what
/// they store themselves.
#[harness::test(
    id = "mmap.fork-copies",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("fork.2", "NOTES"), man("mmap.2", "The flags argument", "MAP_PRIVATE")],
    covers = [
        "behaviours:mmap.private-anon-fork-copy", "notes:mmap.related-create-before-fork",
        "notes:mmap.each-process-own-memory",
    ],
    layers = [libc, nix, raw],
)]
fn private_memory_is_copied_after_a_fork() -> TestResult {
    let (memory, stored) = (Mapped::anonymous(3, MAP_PRIVATE)?, Latch::new()?);
    memory.write(0, &lettered(3).0);
    let child = fork(|| {
        stored.wait_for(1);
        assert_eq!(memory.read(), lettered(3));
        memory.write(page_size(), &vec![b'x'; page_size()]);
        assert_eq!(memory.loads().ok(), Some([b'a', b'x', b'c'].map(Ok).to_vec()));
    })?;
    memory.write(0, &vec![b'z'; page_size()]);
    stored.arrive();
    child.join()?;
    let pages = memory.loads()?;
    evidence("pages of the parent after a store of its child", format!("{pages:?}"));
    assert_eq!(pages, [b'z', b'b', b'c'].map(Ok));
    Ok(())
}

/// A mapping stays usable when all descriptors of its file are closed, and the file has what is stored into it then.
#[harness::test(
    id = "mmap.fd-close-keeps",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "DESCRIPTION")],
    covers = ["behaviours:mmap.fd-close-keeps", "notes:mmap.close-fd-harmless"],
    layers = [libc, nix, raw],
)]
fn closing_the_descriptor_does_not_unmap() -> TestResult {
    let name = Name::file("mapped")?;
    std::fs::write(&name, lettered(3).0)?;
    let file = open(&name, libc::O_RDWR)?;
    let mapping = Mapped::of(&file, 3, MAP_SHARED)?;
    file.close();
    assert_eq!(mapping.read(), lettered(3));
    mapping.write(0, &reversed(3).0);
    let again = open(&name, O_RDONLY)?;
    assert_eq!(held(&again, 3 * page_size()), Ok(reversed(3)));
    Ok(())
}

/// A mapping begins at the offset in the file, and has so many bytes of it as was asked for, in whole pages.
#[harness::test(
    id = "mmap.offset-begins",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "DESCRIPTION")],
    covers = ["behaviours:mmap.offset-begins"],
    layers = [libc, nix, raw],
)]
fn a_mapping_begins_at_the_offset() -> TestResult {
    let file = lettered_file(5)?;
    let page = page_size();
    let mapping = assert_ok!(Mapped::new(2 * page, READ_WRITE, MAP_SHARED, &file, 2 * page as i64));
    assert_eq!(mapping.loads()?, [Ok(b'c'), Ok(b'd')]);
    mapping.write(page, &vec![b'x'; page]);
    let bytes = held(&file, 5 * page)?;
    assert_eq!(bytes.0.iter().step_by(page).copied().collect::<Vec<_>>(), *b"abcxe");
    assert_eq!(Bytes(bytes.0[3 * page..4 * page].to_vec()), Bytes::of(b'x', page));
    Ok(())
}
