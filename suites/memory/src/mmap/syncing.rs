//! msync, and the times of a mapped file.

use crate::mapped::{Mapped, held, lettered, lettered_file};
use crate::needs::MEMLOCK;
use kit::prelude::*;
use kit::sysv::wait_until_clock_is_past;
use libc::{MAP_ANONYMOUS, MAP_SHARED, MS_ASYNC, MS_INVALIDATE, MS_SYNC};

#[rstest]
#[case::sync(MS_SYNC)]
#[case::asynchronous(MS_ASYNC)]
#[case::sync_and_invalidate(MS_SYNC | MS_INVALIDATE)]
#[case::async_and_invalidate(MS_ASYNC | MS_INVALIDATE)]
/// After msync, in each mode, the file and all its mappings hold what was stored, and the mapping can be used as before.
#[harness::test(
    id = "mmap.msync",
    cite = [posix("msync.3p", "DESCRIPTION"), man("msync.2", "DESCRIPTION")],
    covers = ["behaviours:mmap.msync-sync"],
    layers = [libc, nix, raw],
)]
fn msync_leaves_what_was_stored(#[case] flags: i32) -> TestResult {
    let (file, page) = (lettered_file(3)?, page_size());
    let (mapping, other) = (Mapped::of(&file, 3, MAP_SHARED)?, Mapped::of(&file, 3, MAP_SHARED)?);
    mapping.write(page, &vec![b'x'; 2 * page]);
    // One byte of the third page.
    assert_eq!(mapping.sync(page, page + 1, flags), Ok(()));
    let stored = [vec![b'a'; page], vec![b'x'; 2 * page]].concat();
    assert_eq!([held(&file, 3 * page), Ok(other.read())], [Ok(Bytes(stored.clone())), Ok(Bytes(stored))]);
    mapping.write(0, &lettered(3).0);
    assert_eq!(mapping.sync(0, 3 * page, flags), Ok(()));
    assert_eq!(held(&file, 3 * page), Ok(lettered(3)));
    Ok(())
}

/// msync fails with EINVAL for an address within a page, for MS_SYNC together with MS_ASYNC, and for an undefined flag; the mapping
/// keeps what it holds.
#[harness::test(
    id = "mmap.msync-invalid",
    cite = [posix("msync.3p", "ERRORS", "EINVAL"), man("msync.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.msync.EINVAL", "errors:mmap.msync.EINVAL.2", "errors:mmap.msync.EINVAL.3"],
    layers = [libc, nix, raw],
)]
fn msync_refuses_invalid_arguments() -> TestResult {
    const UNDEFINED: i32 = 0x40;
    let (mapping, page) = (Mapped::of(lettered_file(2)?, 2, MAP_SHARED)?, page_size());
    for (offset, flags) in [(1, MS_SYNC), (page - 1, MS_ASYNC), (0, MS_SYNC | MS_ASYNC), (0, MS_SYNC | UNDEFINED)] {
        assert_errno!(mapping.sync(offset, page, flags), EINVAL);
    }
    assert_eq!((mapping.sync(0, 2 * page, MS_SYNC), mapping.read()), (Ok(()), lettered(2)));
    Ok(())
}

/// msync with MS_INVALIDATE fails with EBUSY where a page of the range is locked; without the flag it succeeds.
#[harness::test(
    id = "mmap.msync-locked",
    cite = [posix("msync.3p", "ERRORS", "EBUSY"), man("msync.2", "ERRORS", "EBUSY")],
    covers = ["errors:mmap.msync.EBUSY"],
    needs = [MEMLOCK],
    layers = [libc, nix, raw],
)]
fn locked_pages_are_not_invalidated() -> TestResult {
    let (mapping, page) = (Mapped::of(lettered_file(3)?, 3, MAP_SHARED)?, page_size());
    mlock(mapping.start() + page, page)?;
    for flags in [MS_SYNC, MS_ASYNC] {
        assert_errno!(mapping.sync(0, 3 * page, flags | MS_INVALIDATE), EBUSY);
        assert_eq!(mapping.sync(0, 3 * page, flags), Ok(()));
        assert_eq!(mapping.sync(2 * page, page, flags | MS_INVALIDATE), Ok(()));
    }
    munlock(mapping.start(), 3 * page)?;
    assert_eq!((mapping.sync(0, 3 * page, MS_SYNC | MS_INVALIDATE), mapping.read()), (Ok(()), lettered(3)));
    Ok(())
}

/// msync of a range with unmapped pages fails with ENOMEM; what is mapped of it keeps what it holds.
#[harness::test(
    id = "mmap.msync-unmapped",
    cite = [posix("msync.3p", "ERRORS", "ENOMEM"), man("msync.2", "ERRORS", "ENOMEM")],
    covers = ["errors:mmap.msync.ENOMEM"],
    layers = [libc, nix, raw],
)]
fn msync_refuses_unmapped_memory() -> TestResult {
    let (mapping, page) = (Mapped::anonymous(3, MAP_SHARED | MAP_ANONYMOUS)?, page_size());
    mapping.write(0, &lettered(3).0);
    mapping.unmap(page, page)?;
    for flags in [MS_SYNC, MS_ASYNC] {
        assert_errno!(mapping.sync(0, 3 * page, flags), ENOMEM);
        assert_errno!(mapping.sync(page, page, flags), ENOMEM);
        assert_eq!(mapping.sync(2 * page, page, flags), Ok(()));
    }
    assert_eq!([mapping.load(0)?, mapping.load(2 * page)?], [Ok(b'a'), Ok(b'c')]);
    Ok(())
}

/// A store into a shared mapping marks st_mtime and st_ctime of the file for update, which has happened when msync with MS_SYNC
/// returns.
#[harness::test(
    id = "mmap.times",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "Timestamps changes for file-backed mappings")],
    covers = ["behaviours:mmap.shared-atime-mtime"],
    layers = [libc, nix, raw],
)]
fn a_store_updates_the_times_of_the_file() -> TestResult {
    let (file, page) = (memfd_create(c"file", 0)?, page_size());
    write_all(&file, &lettered(2).0)?;
    let mapping = Mapped::of(&file, 2, MAP_SHARED)?;
    let before = fstat(&file)?;
    wait_until_clock_is_past(before.st_mtime.max(before.st_ctime))?;
    mapping.write(page, b"x");
    assert_eq!(mapping.sync(0, 2 * page, MS_SYNC), Ok(()));
    let after = fstat(&file)?;
    assert!(
        before.st_mtime < after.st_mtime && before.st_ctime < after.st_ctime,
        "the times are those before the store"
    );
    assert_eq!(after.st_size, 2 * page as i64);
    Ok(())
}
