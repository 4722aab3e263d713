//! What each seal forbids, and what it does not.

use super::{reopened, sealable};
use crate::mapped::{Mapped, READ_WRITE, denied, held, lettered, with};
use kit::prelude::*;
use libc::{
    F_SEAL_FUTURE_WRITE, F_SEAL_GROW, F_SEAL_SHRINK, F_SEAL_WRITE, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE,
    MAP_PRIVATE, MAP_SHARED, O_RDONLY, O_RDWR, O_TRUNC, PROT_READ, SEEK_END, SEEK_SET,
};

const PUNCH_HOLE: i32 = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

/// With F_SEAL_SHRINK a file cannot be shortened: ftruncate and open with O_TRUNC fail with EPERM and leave it; it can still grow and
/// be written.
#[harness::test(
    id = "memfd.seal-shrink",
    cite = [man("fcntl.2", "File Sealing", "F_SEAL_SHRINK"), man("truncate.2", "ERRORS", "EPERM")],
    covers = [
        "behaviours:seal.shrink", "behaviours:seal.shrink-permits-growth", "errors:memfd.ftruncate.EPERM",
        "errors:fifo.open.EPERM",
    ],
    layers = [libc, nix, raw],
)]
fn f_seal_shrink_keeps_the_size() -> TestResult {
    let (file, size) = (sealable(3)?, 3 * page_size());
    assert_eq!(add_seals(&file, F_SEAL_SHRINK), Ok(()));
    for less in [0, page_size(), size - 1] {
        assert_errno!(ftruncate(&file, less as i64), EPERM);
    }
    assert_errno!(reopened(&file, O_RDWR | O_TRUNC), EPERM);
    assert_eq!(held(&file, size), Ok(lettered(3)));
    ftruncate(&file, size as i64)?;
    assert_eq!(ftruncate(&file, size as i64 + 1), Ok(()));
    assert_eq!((lseek(&file, 1, SEEK_SET), write(&file, b"xyz")), (Ok(1), Ok(3)));
    let mut changed = lettered(3).0;
    changed[1..4].copy_from_slice(b"xyz");
    changed.push(0);
    assert_eq!(held(&file, size + 1), Ok(Bytes(changed)));
    Ok(())
}

/// A hole that fallocate punches into a memory file, over parts of pages as well, reads as zero through the file and through all its
/// mappings; the rest and the size stay, also where it reaches beyond the end.
#[harness::test(
    id = "memfd.hole",
    cite = [man("fallocate.2", "Deallocating file space")],
    covers = ["behaviours:memfd.hole"],
    layers = [libc, nix, raw],
)]
fn a_hole_reads_as_zero_everywhere() -> TestResult {
    let (file, page) = (sealable(4)?, page_size());
    let (mapping, other) = (Mapped::of(&file, 4, MAP_SHARED)?, Mapped::of(reopened(&file, O_RDWR)?, 4, MAP_SHARED)?);
    assert_eq!(other.read(), lettered(4));
    assert_eq!(fallocate(&file, PUNCH_HOLE, page as i64 - 5, 2 * page as i64), Ok(()));
    let left = with(lettered(4), page - 5, &vec![0; 2 * page]);
    assert_eq!([mapping.read(), other.read()], [left.clone(), left.clone()]);
    assert_eq!(held(&file, 4 * page), Ok(left.clone()));
    assert_eq!(fallocate(&file, PUNCH_HOLE, 3 * page as i64, page as i64 + 5), Ok(()));
    let left = with(left, 3 * page, &vec![0; page]);
    assert_eq!((mapping.read(), held(&file, 4 * page)), (left.clone(), Ok(left)));
    Ok(())
}

/// With F_SEAL_GROW a file cannot grow: ftruncate, fallocate and a write that begins at its end or beyond fail with EPERM and leave it;
/// it can still be shortened and written.
#[harness::test(
    id = "memfd.seal-grow",
    cite = [man("fcntl.2", "File Sealing", "F_SEAL_GROW"), man("truncate.2", "ERRORS", "EPERM")],
    covers = [
        "behaviours:seal.grow", "behaviours:seal.grow-permits-shrinking", "errors:memfd.ftruncate.EPERM.2",
        "errors:memfd.fallocate.EPERM.2", "errors:memfd.write.EPERM.2",
    ],
    layers = [libc, nix, raw],
)]
fn f_seal_grow_keeps_the_size() -> TestResult {
    let (file, page) = (sealable(3)?, page_size());
    let size = 3 * page as i64;
    assert_eq!(add_seals(&file, F_SEAL_GROW), Ok(()));
    assert_errno!(ftruncate(&file, size + 1), EPERM);
    assert_errno!(fallocate(&file, 0, 2 * page as i64, page as i64 + 1), EPERM);
    for beyond in [0, 1, size] {
        lseek(&file, beyond, SEEK_END)?;
        assert_errno!(write(&file, b"more"), EPERM);
    }
    assert_eq!(held(&file, 3 * page), Ok(lettered(3)));
    fallocate(&file, 0, 0, size)?;
    assert_eq!((lseek(&file, 0, SEEK_SET), write(&file, &vec![b'x'; page])), (Ok(0), Ok(page)));
    let mut shorter = with(lettered(3), 0, &vec![b'x'; page]);
    shorter.0.pop();
    assert_eq!((ftruncate(&file, size - 1), held(&file, 3 * page - 1)), (Ok(()), Ok(shorter)));
    Ok(())
}

/// With F_SEAL_GROW a write that crosses the end of the file does not make it longer: it writes the bytes up to the end, or fails with
/// EPERM and writes none.
#[harness::test(
    id = "memfd.seal-grow-partial-write",
    cite = [kernel("mm/shmem.c", "shmem_write_begin", "6.18"), man("fcntl.2", "File Sealing", "F_SEAL_GROW")],
    covers = ["behaviours:seal.grow-write-partial"],
    layers = [libc, nix, raw],
)]
fn a_write_across_the_end_is_cut() -> TestResult {
    let (file, page) = (sealable(2)?, page_size());
    assert_eq!(add_seals(&file, F_SEAL_GROW), Ok(()));
    assert_eq!(lseek(&file, page as i64, SEEK_SET), Ok(page as i64));
    let written = write(&file, &vec![b'x'; page + 5]);
    // The kernel looks at the end once for each folio, and how large those are is its own choice.
    let (cut, end) = if written == Ok(page) { (vec![b'x'; page], 2 * page) } else { (vec![b'b'; page], page) };
    assert!(written == Ok(page) || matches!(&written, Err(error) if error.errno == Errno::EPERM));
    assert_eq!(lseek(&file, 0, libc::SEEK_CUR), Ok(end as i64));
    assert_eq!(held(&file, 2 * page), Ok(Bytes([vec![b'a'; page], cut].concat())));
    observe("a write across the end of a file that may not grow", format!("{written:?}"));
    Ok(())
}

/// With F_SEAL_WRITE the bytes of a file cannot change: write and fallocate that punches a hole fail with EPERM, and so does a shared
/// mapping that may be written; its size can change, and a private mapping of it be written.
#[harness::test(
    id = "memfd.seal-write",
    cite = [man("fcntl.2", "File Sealing", "F_SEAL_WRITE"), man("mmap.2", "ERRORS", "EPERM")],
    covers = [
        "behaviours:seal.write", "behaviours:seal.write-private-map-ok", "behaviours:seal.write-no-holes",
        "behaviours:seal.write-permits-resizing", "errors:memfd.write.EPERM", "errors:memfd.fallocate.EPERM",
        "errors:mmap.mmap.EPERM.2",
    ],
    layers = [libc, nix, raw],
)]
fn f_seal_write_keeps_the_bytes() -> TestResult {
    let (file, page) = (sealable(3)?, page_size());
    assert_eq!(add_seals(&file, F_SEAL_WRITE), Ok(()));
    for offset in [0, 3 * page as i64] {
        lseek(&file, offset, SEEK_SET)?;
        assert_errno!(write(&file, b"x"), EPERM);
    }
    assert_errno!(fallocate(&file, PUNCH_HOLE, page as i64, page as i64), EPERM);
    assert_errno!(Mapped::of(&file, 3, MAP_SHARED), EPERM);
    assert_eq!(held(&file, 3 * page), Ok(lettered(3)));
    let private = assert_ok!(Mapped::of(&file, 3, MAP_PRIVATE));
    assert_eq!(private.stores(b'x')?, [Ok(b'x'); 3]);
    let larger = Bytes([lettered(3).0, vec![0; page]].concat());
    assert_eq!((ftruncate(&file, 4 * page as i64), held(&file, 4 * page)), (Ok(()), Ok(larger)));
    assert_eq!((ftruncate(&file, page as i64), held(&file, page)), (Ok(()), Ok(lettered(1))));
    Ok(())
}

/// With F_SEAL_FUTURE_WRITE write fails with EPERM, and so does a new shared mapping that may be written; one that was made before
/// still changes the bytes, which others read.
#[harness::test(
    id = "memfd.seal-future-write",
    cite = [man("fcntl.2", "File Sealing", "F_SEAL_FUTURE_WRITE"), man("mmap.2", "ERRORS", "EPERM")],
    covers = ["behaviours:seal.future-write", "errors:memfd.write.EPERM", "errors:mmap.mmap.EPERM.2"],
    layers = [libc, nix, raw],
)]
fn f_seal_future_write_keeps_former_mappings() -> TestResult {
    let (file, page) = (sealable(3)?, page_size());
    let mapping = Mapped::of(&file, 3, MAP_SHARED)?;
    assert_eq!(add_seals(&file, F_SEAL_FUTURE_WRITE), Ok(()));
    lseek(&file, 0, SEEK_SET)?;
    assert_errno!(write(&file, b"x"), EPERM);
    assert_errno!(Mapped::of(&file, 3, MAP_SHARED), EPERM);
    let reader = Mapped::new(3 * page, PROT_READ, MAP_SHARED, reopened(&file, O_RDONLY)?, 0)?;
    fork(|| mapping.write(page, &vec![b'x'; 2 * page]))?.join()?;
    assert_eq!((reader.loads()?, held(&file, 3 * page)), ([b'a', b'x', b'x'].map(Ok).to_vec(), Ok(reader.read())));
    assert_eq!(mapping.read(), reader.read());
    assert_errno!(reader.protect(0, 3 * page, READ_WRITE), EACCES);
    Ok(())
}

/// With all seals on its data a file can still be read, and mapped for reading, shared and private.
#[harness::test(
    id = "memfd.seals-permit-reading",
    cite = [man("fcntl.2", "File Sealing")],
    covers = ["behaviours:seal.read-still-ok", "behaviours:seal.write-private-map-ok"],
    layers = [libc, nix, raw],
)]
fn seals_permit_reading() -> TestResult {
    let (file, length) = (sealable(3)?, 3 * page_size());
    let all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
    add_seals(&file, all)?;
    assert_eq!(get_seals(&file), Ok(all));
    let read_only = reopened(&file, O_RDONLY)?;
    assert_eq!((lseek(&file, 0, SEEK_SET), read_bytes(&file, length + 1)), (Ok(0), Ok(lettered(3))));
    assert_eq!(read_bytes(&read_only, length + 1), Ok(lettered(3)));
    let mappings = [
        assert_ok!(Mapped::new(length, PROT_READ, MAP_SHARED, &read_only, 0)),
        assert_ok!(Mapped::new(length, PROT_READ, MAP_PRIVATE, &file, 0)),
        assert_ok!(Mapped::of(&file, 3, MAP_PRIVATE)),
    ];
    let [shared, private, written] = [0, 1, 2].map(|number: usize| mappings[number].start());
    assert!(shared != private && private != written && written != shared, "two mappings are at one place");
    assert_eq!(mappings[1].store(0, b'x')?, denied(0));
    assert_eq!(mappings.each_ref().map(Mapped::read), [(); 3].map(|()| lettered(3)));
    mappings[2].write(0, &vec![b'x'; length]);
    assert_eq!([mappings[0].read(), mappings[1].read()], [lettered(3), lettered(3)]);
    assert_eq!(held(&file, length), Ok(lettered(3)));
    Ok(())
}
