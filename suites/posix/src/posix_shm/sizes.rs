//! ftruncate, and what lies behind the end of an object.

use super::{assert_opened, of_length, other_text, size, text};
use kit::fault::{Fault, read_at, write_at};
use kit::memory::Mapping;
use kit::posix::SharedMemory;
use kit::prelude::*;
use libc::{O_CREAT, O_EXCL, O_RDWR, SEEK_CUR, SEEK_SET};

/// An object of this content, and its mapping.
fn object(memory: &SharedMemory, content: &Bytes) -> TestResult<(Fd, Mapping)> {
    let fd = memory.create(content.0.len())?;
    let mapping = Mapping::new(&fd, content.0.len())?;
    mapping.write(&content.0);
    Ok((fd, mapping))
}

/// Of an object that ftruncate makes longer the new bytes are zero, to be read and through a mapping.
#[harness::test(
    id = "posix-shm.grown",
    cite = [posix("ftruncate.3p", "DESCRIPTION"), man("shm_open.3", "DESCRIPTION", "O_CREAT")],
    covers = ["behaviours:pshm.new-bytes-zero", "behaviours:pshm.new-length-zero"],
    layers = [libc, nix, raw],
)]
fn new_bytes_are_zero() -> TestResult {
    let memory = SharedMemory::new();
    let fd = assert_ok!(shm_open(memory.name(), O_CREAT | O_EXCL | O_RDWR, 0o600));
    assert_opened(&fd, O_RDWR);
    assert_eq!((node_of(&fd), read(&fd, &mut [0; 1])), (Ok(of_length(0)), Ok(0)));
    for length in [1, size(), 24 * page_size()] {
        assert_eq!(ftruncate(&fd, length as i64), Ok(()));
        assert_eq!(node_of(&fd), Ok(of_length(length)));
        let mapping = Mapping::new(&fd, length)?;
        assert_eq!(Bytes(mapping.read()), Bytes::of(0, length));
        let mut content = vec![1; length + 1];
        assert_eq!(pread(&fd, &mut content, 0), Ok(length));
        assert_eq!(Bytes(content[..length].to_vec()), Bytes::of(0, length));
        // It is the object that is mapped.
        mapping.write(&vec![7; length]);
        assert_eq!(pread(&fd, &mut content, 0), Ok(length));
        assert_eq!(Bytes(content[..length].to_vec()), Bytes::of(7, length));
        mapping.write(&vec![0; length]);
    }
    Ok(())
}

#[rstest]
#[case::to_the_middle_of_a_page(1)]
#[case::to_a_page(0)]
/// Of an object that ftruncate makes shorter the bytes behind the new end are gone: when it is made as long as before they are zero.
/// Those before it stay.
#[harness::test(
    id = "posix-shm.shrunk",
    cite = [posix("ftruncate.3p", "DESCRIPTION"), man("truncate.2", "DESCRIPTION")],
    covers = ["behaviours:pshm.shrink-drops-data", "behaviours:pshm.regrow-zero"],
    layers = [libc, nix, raw],
)]
fn bytes_behind_the_end_are_gone(#[case] more: usize) -> TestResult {
    let memory = SharedMemory::new();
    let (fd, mapping) = object(&memory, &text())?;
    let left = page_size() + more;
    assert_eq!(ftruncate(&fd, left as i64), Ok(()));
    assert_eq!(node_of(&fd), Ok(of_length(left)));
    let mut content = vec![0; size()];
    assert_eq!(pread(&fd, &mut content, 0), Ok(left));
    assert_eq!(content[..left], text().0[..left]);
    assert_eq!((ftruncate(&fd, size() as i64), node_of(&fd)), (Ok(()), Ok(of_length(size()))));
    let mut expected = text().0;
    expected[left..].fill(0);
    assert_eq!(Bytes(mapping.read()), Bytes(expected.clone()));
    content.fill(1);
    assert_eq!(pread(&fd, &mut content, 0), Ok(size()));
    assert_eq!(Bytes(content), Bytes(expected));
    Ok(())
}

/// ftruncate leaves the file offset, also where it is behind the end then.
#[harness::test(
    id = "posix-shm.offset",
    cite = [posix("ftruncate.3p", "DESCRIPTION"), man("truncate.2", "DESCRIPTION")],
    covers = ["behaviours:pshm.offset-unchanged"],
    layers = [libc, nix, raw],
)]
fn ftruncate_leaves_the_offset() -> TestResult {
    let memory = SharedMemory::new();
    let (fd, _mapping) = object(&memory, &text())?;
    lseek(&fd, 5, SEEK_SET)?;
    for length in [size() - 1, 5, 1, 0, 3 * size()] {
        assert_eq!(ftruncate(&fd, length as i64), Ok(()));
        assert_eq!((lseek(&fd, 0, SEEK_CUR), node_of(&fd)), (Ok(5), Ok(of_length(length))));
    }
    assert_eq!(write(&fd, b"x"), Ok(1));
    let (mut content, mut expected) = (vec![1; 3 * size() + 1], vec![0; 3 * size()]);
    expected[5] = b'x';
    assert_eq!(pread(&fd, &mut content, 0), Ok(3 * size()));
    assert_eq!(Bytes(content[..3 * size()].to_vec()), Bytes(expected));
    Ok(())
}

/// An access to a page of a mapping that is wholly behind the end of the object causes SIGBUS with the address, for loads and stores, and
/// for the first page of an empty object; on the last page of the object the bytes behind the end are zero.
#[harness::test(
    id = "posix-shm.beyond-the-end",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "ERRORS", "SIGBUS")],
    covers = ["behaviours:pshm.access-past-end-sigbus", "behaviours:pshm.partial-page-zero"],
    layers = [libc, nix, raw],
)]
fn pages_behind_the_end_fault() -> TestResult {
    let memory = SharedMemory::new();
    let fd = memory.create(0)?;
    let mapping = Mapping::new(&fd, 4 * page_size())?;
    let page = |number: usize| mapping.address() + number * page_size();
    let faults = [read_at(page(0))?, write_at(page(0) + 1, 7)?];
    assert_eq!(faults, [Err(Fault::beyond_the_end(page(0))), Err(Fault::beyond_the_end(page(0) + 1))]);
    assert_eq!(ftruncate(&fd, size() as i64), Ok(()));
    let (behind, last) = (mapping.address() + size(), page(3) - 1);
    let found = [read_at(behind)?, read_at(last)?, write_at(behind - 1, 7)?];
    assert_eq!(found, [Ok(0), Ok(0), Ok(7)]);
    let faults = [read_at(page(3))?, write_at(page(4) - 1, 7)?];
    assert_eq!(faults, [Err(Fault::beyond_the_end(page(3))), Err(Fault::beyond_the_end(page(4) - 1))]);
    assert_eq!(node_of(&fd), Ok(of_length(size())));
    let (mut content, mut expected) = (vec![1; size() + 1], vec![0; size()]);
    expected[size() - 1] = 7;
    assert_eq!(pread(&fd, &mut content, 0), Ok(size()));
    assert_eq!(Bytes(content[..size()].to_vec()), Bytes(expected));
    // mmap(2), BUGS.
    let stored = write_at(last, 9)?;
    assert_eq!((stored, ftruncate(&fd, 4 * page_size() as i64)), (Ok(9), Ok(())));
    assert_eq!(node_of(&fd), Ok(of_length(4 * page_size())));
    observe("a byte stored behind the end of the object, when that has grown", read_at(last)?.unwrap_or_default());
    Ok(())
}

/// ftruncate beneath a mapping takes the pages behind the new end away: an access to them causes SIGBUS with the address, while the others
/// stay. When the object grows again they can be used, and are zero.
#[harness::test(
    id = "posix-shm.truncated-while-mapped",
    cite = [man("mmap.2", "ERRORS", "SIGBUS"), posix("ftruncate.3p", "DESCRIPTION"), posix("mmap.3p", "DESCRIPTION")],
    covers = ["behaviours:pshm.shrink-under-mapping", "behaviours:pshm.grow-under-mapping"],
    layers = [libc, nix, raw],
)]
fn ftruncate_takes_pages_from_mappings() -> TestResult {
    let memory = SharedMemory::new();
    let (fd, mapping) = object(&memory, &text())?;
    let other = Mapping::new(&fd, size())?;
    let left = page_size() + 1;
    assert_eq!((ftruncate(&fd, left as i64), node_of(&fd)), (Ok(()), Ok(of_length(left))));
    for address in [mapping.address(), other.address()] {
        let at = |offset: usize| read_at(address + offset);
        let found = [at(7)?, at(left - 1)?, at(left)?, at(2 * page_size() - 1)?];
        assert_eq!(found, [Ok(text().0[7]), Ok(text().0[left - 1]), Ok(0), Ok(0)]);
        let gone = address + 2 * page_size();
        let faults = [read_at(gone)?, write_at(gone + 13, 7)?];
        assert_eq!(faults, [Err(Fault::beyond_the_end(gone)), Err(Fault::beyond_the_end(gone + 13))]);
    }
    assert_eq!((ftruncate(&fd, size() as i64), node_of(&fd)), (Ok(()), Ok(of_length(size()))));
    let mut expected = text().0;
    expected[left..].fill(0);
    assert_eq!(Bytes(mapping.read()), Bytes(expected));
    mapping.write(&other_text().0);
    assert_eq!(Bytes(other.read()), other_text());
    Ok(())
}
