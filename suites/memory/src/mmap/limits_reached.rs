//! Errors where a limit is reached: of resources, of locks, and of the number of mappings.

use crate::limits::limit_locks;
use crate::mapped::{Mapped, NO_FILE, READ_WRITE, denied, lettered, lettered_file};
use crate::needs::{MAPPING_LIMIT, MEMLOCK};
use calls::for_layers::libc_nix_raw as by;
use calls::for_layers::raw::mlock2;
use harness::mark;
use kit::limits::{limit, unlimit};
use kit::prelude::*;
use kit::setting;
use libc::{
    MAP_ANONYMOUS, MAP_LOCKED, MAP_PRIVATE, MAP_SHARED, MCL_FUTURE, MREMAP_DONTUNMAP, MREMAP_MAYMOVE, PROT_NONE,
    PROT_READ,
};
use nix::sys::resource::Resource::{RLIMIT_AS, RLIMIT_DATA};

const MIB: usize = 1 << 20;

/// mmap fails with ENOMEM if the address space would pass RLIMIT_AS, and so does mremap with MREMAP_DONTUNMAP, which leaves the old
/// mapping; up to the limit both succeed.
#[harness::test(
    id = "mmap.address-space-limit",
    cite = [man("mmap.2", "ERRORS", "ENOMEM"), man("mremap.2", "ERRORS", "ENOMEM"), man("getrlimit.2", "DESCRIPTION", "RLIMIT_AS")],
    covers = ["errors:mmap.mmap.ENOMEM", "errors:mmap.mremap.ENOMEM.2"],
    layers = [libc, raw],
)]
fn the_address_space_has_a_limit() -> TestResult {
    const HALF: usize = 512 * MIB;
    let reserve = |length| Mapped::new(length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, NO_FILE, 0);
    let child = fork(|| -> TestResult {
        let first = reserve(HALF)?;
        limit(RLIMIT_AS, 2 * HALF as u64)?;
        assert_errno!(reserve(HALF), ENOMEM);
        assert_errno!(first.remap(HALF, MREMAP_MAYMOVE | MREMAP_DONTUNMAP), ENOMEM);
        assert_ok!(reserve(HALF / 8));
        unlimit(RLIMIT_AS)?;
        assert_ok!(reserve(HALF));
        let moved = assert_ok!(first.remap(HALF, MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
        assert_eq!((first.load(0)?, moved.load(0)?), (denied(0), denied(0)));
        Ok(())
    })?;
    child.join()
}

/// mmap of private memory that may be written fails with ENOMEM if it would pass RLIMIT_DATA; shared memory and memory that may only
/// be read do not count.
#[harness::test(
    id = "mmap.data-limit",
    cite = [man("mmap.2", "ERRORS", "ENOMEM"), man("getrlimit.2", "DESCRIPTION", "RLIMIT_DATA")],
    covers = ["errors:mmap.mmap.ENOMEM.3"],
    layers = [libc, nix, raw],
)]
fn private_memory_has_a_limit() -> TestResult {
    const LIMIT: usize = 64 * MIB;
    let map = |length, protection, kind| Mapped::new(length, protection, kind | MAP_ANONYMOUS, NO_FILE, 0);
    let child = fork(|| -> TestResult {
        limit(RLIMIT_DATA, LIMIT as u64)?;
        assert_errno!(map(LIMIT, READ_WRITE, MAP_PRIVATE), ENOMEM);
        assert_eq!(assert_ok!(map(LIMIT, READ_WRITE, MAP_SHARED)).store(0, b'x')?, Ok(b'x'));
        assert_ok!(map(LIMIT, PROT_READ, MAP_PRIVATE));
        assert_ok!(map(LIMIT / 8, READ_WRITE, MAP_PRIVATE));
        unlimit(RLIMIT_DATA)?;
        assert_ok!(map(LIMIT, READ_WRITE, MAP_PRIVATE));
        Ok(())
    })?;
    child.join()
}

/// A call that locks the range.
type Lock = fn(&Mapped) -> Result<()>;

const LOCK: Lock = |memory| by::mlock(memory.start(), memory.length());
const LOCK2: Lock = |memory| mlock2(memory.start(), memory.length(), 0);
const LOCK_ALL: Lock = |_| by::mlockall(MCL_FUTURE);

#[harness::errors(
    family = "limit-reached",
    rows = [
        ("mmap.lock-limit/mlock", "errors:mmap.mlock.ENOMEM.2", LOCK),
        ("mmap.lock-limit/mlock2", "errors:mmap.mlock2.ENOMEM.2", LOCK2),
    ],
    needs = [MEMLOCK],
)]
fn more_would_be_locked_than_the_limit(lock: Lock) -> TestResult {
    let (memory, page) = (Mapped::anonymous(4, MAP_PRIVATE)?, page_size());
    let child = fork(|| -> TestResult {
        limit_locks(3 * page)?;
        assert_errno!(lock(&memory), ENOMEM);
        assert_eq!(memory.locked()?, [false; 4]);
        assert_eq!(lock(&Mapped::at(memory.start(), 3 * page)), Ok(()));
        assert_eq!(mincore(memory.start(), 3), Ok(vec![true; 3]));
        assert_errno!(lock(&Mapped::at(memory.start() + 3 * page, page)), ENOMEM);
        assert_eq!((memory.locked()?, memory.read()), (vec![true, true, true, false], Bytes::of(0, 4 * page)));
        Ok(())
    })?;
    child.join()
}

/// mlockall with MCL_CURRENT fails with ENOMEM if more would be locked than RLIMIT_MEMLOCK allows a process without CAP_IPC_LOCK; with
/// MCL_FUTURE, it is later mmap that fails, with EAGAIN, as it does with MAP_LOCKED.
#[harness::test(
    id = "mmap.lock-all-limit",
    cite = [man("mlock.2", "ERRORS", "ENOMEM"), man("mlock.2", "mlockall() and munlockall()"), man("mmap.2", "ERRORS", "EAGAIN")],
    covers = ["errors:mmap.mlockall.ENOMEM", "errors:mmap.mmap.EAGAIN.2"],
    needs = [MEMLOCK],
    layers = [libc, raw],
)]
fn mlockall_keeps_to_the_limit() -> TestResult {
    let before = Mapped::anonymous(4, MAP_SHARED)?;
    let child = fork(|| -> TestResult {
        limit_locks(3 * page_size())?;
        assert_errno!(mlockall(libc::MCL_CURRENT), ENOMEM);
        assert_errno!(Mapped::anonymous(4, MAP_SHARED | MAP_LOCKED), EAGAIN);
        assert_eq!(before.locked()?, [false; 4]);
        assert_eq!(mlockall(MCL_FUTURE), Ok(()));
        assert_errno!(Mapped::anonymous(4, MAP_SHARED), EAGAIN);
        let last = assert_ok!(Mapped::anonymous(3, MAP_PRIVATE));
        assert_eq!((last.locked()?, mincore(last.start(), 3)), (vec![true; 3], Ok(vec![true; 3])));
        Ok(())
    })?;
    child.join()
}

#[harness::errors(
    family = "not-permitted",
    rows = [
        ("mmap.lock-denied/mlock", "errors:mmap.mlock.EPERM", LOCK),
        ("mmap.lock-denied/mlockall", "errors:mmap.mlockall.EPERM", LOCK_ALL),
    ],
    layers = [libc, nix, raw],
)]
fn nothing_may_be_locked(lock: Lock) -> TestResult {
    let memory = Mapped::of(lettered_file(2)?, 2, MAP_SHARED)?;
    let child = fork(|| -> TestResult {
        limit_locks(0)?;
        assert_errno!(lock(&memory), EPERM);
        assert_eq!((memory.locked()?, memory.read()), (vec![false; 2], lettered(2)));
        assert_eq!(assert_ok!(Mapped::anonymous(2, MAP_PRIVATE)).locked()?, [false; 2]);
        Ok(())
    })?;
    child.join()
}

/// A call that needs one mapping more than there is; it has two pages in the middle of which a mapping can be split.
type Split = fn(&Mapped) -> Result<()>;

/// Linux lets mmap have the one mapping more that a split is refused.
const MMAP: Split = |_| {
    let one = || Mapped::anonymous(1, MAP_SHARED);
    one().and_then(|_| one()).map(drop)
};
const MUNMAP: Split = |memory| memory.unmap(page_size(), page_size());
const MPROTECT: Split = |memory| memory.protect(page_size(), page_size(), PROT_READ);
const MLOCK: Split = |memory| by::mlock(memory.start() + page_size(), page_size());

#[harness::errors(
    family = "limit-reached",
    rows = [
        ("mmap.mapping-limit/mmap", "errors:mmap.mmap.ENOMEM.2", MMAP),
        ("mmap.mapping-limit/munmap", "errors:mmap.munmap.ENOMEM", MUNMAP),
        ("mmap.mapping-limit/mprotect", "errors:mmap.mprotect.ENOMEM.3", MPROTECT),
        ("mmap.mapping-limit/mlock", "errors:mmap.mlock.ENOMEM.3", MLOCK),
    ],
    needs = [MAPPING_LIMIT, MEMLOCK],
)]
fn one_mapping_more_than_the_limit(split: Split) -> TestResult {
    let page = page_size();
    let child = fork(|| -> TestResult {
        let memory = Mapped::of(lettered_file(3)?, 3, MAP_SHARED)?;
        let many = mark::by_harness(mappings_up_to_the_limit)?;
        assert_errno!(split(&memory), ENOMEM);
        // Sixteen mappings less: to read into memory may take one, too.
        many.protect(0, 17 * page, PROT_NONE)?;
        assert_eq!(memory.read(), lettered(3));
        assert_eq!(memory.stores(b'x')?, [Ok(b'x'); 3]);
        assert_eq!(split(&memory), Ok(()));
        Ok(())
    })?;
    child.join()
}

/// Splits memory until it cannot be split any more: each second page gets another protection.
fn mappings_up_to_the_limit() -> TestResult<Mapped> {
    let page = page_size();
    let pages = setting::number("vm/max_map_count")? + 2;
    let many = Mapped::new(pages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, NO_FILE, 0)?;
    for number in (1..pages).step_by(2) {
        if many.protect(number * page, page, PROT_READ).is_err() {
            // The last one that there is place for: from a split at the end of a mapping.
            let _ = many.protect((pages - 1) * page, page, PROT_READ);
            return Ok(many);
        }
    }
    Err(Stop::broken("there was no limit"))
}
