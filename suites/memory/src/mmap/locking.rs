//! Locks on memory: which pages have them, and what takes them away.

use crate::mapped::{Mapped, lettered, lettered_file};
use crate::needs::{MEMLOCK, MEMLOCK_ALL};
use calls::mapping::ONFAULT;
use harness::need::ROOT;
use kit::prelude::*;
use kit::unrelated::{PROGRAMS, Program, start_after};
use libc::{MAP_ANONYMOUS, MAP_LOCKED, MAP_PRIVATE, MAP_SHARED, MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT};
use linkme::distributed_slice;

/// mlock locks all pages that contain a part of its range and makes them resident, and munlock unlocks such pages; neither changes
/// what they hold.
#[harness::test(
    id = "mmap.mlock-pages",
    cite = [man("mlock.2", "mlock(), mlock2(), and munlock()"), posix("mlock.3p", "DESCRIPTION")],
    covers = ["behaviours:mlock.whole-pages", "behaviours:mincore.resident"],
    needs = [MEMLOCK],
    layers = [libc, raw],
)]
fn mlock_locks_whole_pages() -> TestResult {
    let page = page_size();
    let memory = Mapped::anonymous(4, MAP_SHARED)?;
    assert_eq!((mincore(memory.start(), 4), memory.locked()?), (Ok(vec![false; 4]), vec![false; 4]));
    // The last byte of the second page and the first of the third.
    assert_eq!(mlock(memory.start() + 2 * page - 1, 2), Ok(()));
    assert_eq!(memory.locked()?, [false, true, true, false]);
    assert_eq!(mincore(memory.start() + page, 2), Ok(vec![true; 2]));
    memory.write(0, &lettered(4).0);
    assert_eq!(munlock(memory.start() + 3 * page - 1, 1), Ok(()));
    assert_eq!((memory.locked()?, memory.read()), (vec![false, true, false, false], lettered(4)));
    mlock(memory.start() + 3 * page, page)?;
    assert_eq!((munlock(memory.start(), 4 * page), memory.locked()?), (Ok(()), vec![false; 4]));
    Ok(())
}

/// Locks on memory do not stack: one munlock unlocks pages that were locked several times, of each kind.
#[harness::test(
    id = "mmap.mlock-not-stacked",
    cite = [man("mlock.2", "NOTES"), posix("mlock.3p", "DESCRIPTION")],
    covers = ["behaviours:mlock.not-stacked"],
    needs = [MEMLOCK],
    layers = [libc, nix, raw],
)]
fn one_munlock_undoes_several_mlocks() -> TestResult {
    let page = page_size();
    let memory = Mapped::of(lettered_file(3)?, 3, MAP_SHARED)?;
    for _ in 0..3 {
        mlock(memory.start(), 3 * page)?;
    }
    assert_eq!(memory.locked()?, [true; 3]);
    assert_eq!(munlock(memory.start(), 2 * page), Ok(()));
    assert_eq!(memory.locked()?, [false, false, true]);
    Ok(())
}

/// A lock on memory goes with its mapping: what is mapped at the same address after munmap is not locked, and of a mapping that is
/// unmapped in part, the rest stays locked.
#[harness::test(
    id = "mmap.mlock-unmapped",
    cite = [man("mlock.2", "NOTES"), posix("munlock.3p", "DESCRIPTION")],
    covers = ["behaviours:mlock.munmap-unlocks"],
    needs = [MEMLOCK],
    layers = [libc, nix, raw],
)]
fn munmap_removes_locks() -> TestResult {
    let (memory, page) = (Mapped::anonymous(3, MAP_SHARED)?, page_size());
    mlock(memory.start(), 3 * page)?;
    assert_eq!(memory.locked()?, [true; 3]);
    assert_eq!(memory.unmap(0, 2 * page), Ok(()));
    let flags = MAP_SHARED | MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
    mmap(memory.start(), 2 * page, crate::mapped::READ_WRITE, flags, crate::mapped::NO_FILE, 0)?;
    assert_eq!(memory.locked()?, [false, false, true]);
    Ok(())
}

/// A child of fork does not inherit its parent's locks on memory, and the parent keeps them; MCL_FUTURE is not inherited either.
#[harness::test(
    id = "mmap.locks-not-inherited",
    cite = [man("mlock.2", "NOTES"), posix("fork.3p", "DESCRIPTION")],
    covers = ["behaviours:mmap.locked-not-inherited", "behaviours:mlock.all-not-inherited"],
    needs = [MEMLOCK],
    layers = [libc, nix, raw],
)]
fn a_child_does_not_inherit_locks() -> TestResult {
    let memory = Mapped::anonymous(3, MAP_SHARED)?;
    mlock(memory.start(), 3 * page_size())?;
    mlockall(MCL_FUTURE)?;
    assert_eq!(memory.locked()?, [true; 3]);
    let child = fork(|| -> TestResult {
        assert_eq!(memory.locked()?, [false; 3]);
        assert_eq!(assert_ok!(Mapped::anonymous(2, MAP_PRIVATE)).locked()?, [false; 2]);
        assert_eq!((mlock(memory.start(), 3 * page_size()), memory.locked()?), (Ok(()), vec![true; 3]));
        Ok(())
    })?;
    child.join()?;
    assert_eq!((memory.locked()?, Mapped::anonymous(2, MAP_PRIVATE)?.locked()?), (vec![true; 3], vec![true; 2]));
    Ok(())
}

/// execve ends MCL_FUTURE: what the new program maps is not locked.
#[harness::test(
    id = "mmap.locks-end-with-execve",
    cite = [man("mlock.2", "NOTES"), posix("mlockall.3p", "DESCRIPTION")],
    covers = ["behaviours:mmap.locked-not-inherited"],
    needs = [MEMLOCK],
    layers = [libc, nix, raw],
)]
fn execve_ends_locks() -> TestResult {
    let before = || {
        mlockall(MCL_FUTURE)?;
        assert_eq!(Mapped::anonymous(2, MAP_PRIVATE)?.locked()?, [true; 2]);
        Ok(Vec::new())
    };
    start_after(&LOCKS_NOTHING, before)?.join()
}

#[distributed_slice(PROGRAMS)]
static LOCKS_NOTHING: Program = Program {
    name: "that locks no memory",
    body: |_| {
        assert_eq!(assert_ok!(Mapped::anonymous(2, MAP_PRIVATE)).locked()?, [false; 2]);
        Ok(())
    },
};

/// mlock2 with MLOCK_ONFAULT locks a range without making its pages resident; those that are touched become so. Without flags it is
/// as mlock.
#[harness::test(
    id = "mmap.mlock2-onfault",
    cite = [man("mlock.2", "mlock(), mlock2(), and munlock()", "MLOCK_ONFAULT")],
    covers = ["behaviours:mlock.onfault"],
    needs = [MEMLOCK],
    layers = [raw],
)]
fn mlock2_locks_pages_as_they_are_touched() -> TestResult {
    use calls::for_layers::libc_raw::mincore;
    let page = page_size();
    let (memory, at_once) = (Mapped::anonymous(3, MAP_SHARED)?, Mapped::anonymous(3, MAP_SHARED)?);
    assert_eq!(mlock2(memory.start(), 3 * page, ONFAULT), Ok(()));
    assert_eq!((memory.locked()?, mincore(memory.start(), 3)), (vec![true; 3], Ok(vec![false; 3])));
    memory.write(2 * page, b"x");
    assert_eq!(mincore(memory.start() + 2 * page, 1), Ok(vec![true]));
    assert_eq!(mlock2(at_once.start(), 3 * page, 0), Ok(()));
    assert_eq!((at_once.locked()?, mincore(at_once.start(), 3)), (vec![true; 3], Ok(vec![true; 3])));
    Ok(())
}

/// mlockall with MCL_CURRENT locks what is mapped, and with MCL_FUTURE what will be mapped; munlockall ends both. MCL_ONFAULT beside
/// them makes no page resident.
#[harness::test(
    id = "mmap.mlockall",
    cite = [man("mlock.2", "mlockall() and munlockall()"), man("mlock.2", "mlockall() and munlockall()", "MCL_ONFAULT")],
    covers = ["behaviours:mlock.all-current", "behaviours:mlock.all-future", "behaviours:mlock.all-undone"],
    needs = [MEMLOCK],
    layers = [libc, raw],
)]
fn mlockall_locks_all() -> TestResult {
    let map = || Mapped::anonymous(3, MAP_PRIVATE);
    let (all, none) = (vec![true; 3], vec![false; 3]);
    let before = map()?;
    assert_eq!(mlockall(MCL_FUTURE | MCL_ONFAULT), Ok(()));
    let future = map()?;
    assert_eq!([before.locked()?, future.locked()?], [none.clone(), all.clone()]);
    assert_eq!(mincore(future.start(), 3), Ok(none.clone()));
    assert_eq!(munlockall(), Ok(()));
    assert_eq!([before.locked()?, future.locked()?, map()?.locked()?], [(); 3].map(|()| none.clone()));
    Ok(())
}

/// A mapping made with MAP_LOCKED is locked, and resident.
#[harness::test(
    id = "mmap.map-locked",
    cite = [man("mmap.2", "The flags argument", "MAP_LOCKED")],
    covers = ["behaviours:mlock.whole-pages"],
    needs = [MEMLOCK],
    layers = [libc, raw],
)]
fn map_locked_locks_the_mapping() -> TestResult {
    for kind in [MAP_PRIVATE, MAP_SHARED] {
        let memory = assert_ok!(Mapped::anonymous(3, kind | MAP_LOCKED));
        assert_eq!((memory.locked()?, mincore(memory.start(), 3)), (vec![true; 3], Ok(vec![true; 3])));
        fork(|| memory.write(0, &lettered(3).0))?.join()?;
        assert_eq!(memory.read(), if kind == MAP_SHARED { lettered(3) } else { Bytes::of(0, 3 * page_size()) });
        assert_eq!(munlock(memory.start(), 3 * page_size()), Ok(()));
        assert_eq!(memory.locked()?, [false; 3]);
    }
    Ok(())
}

/// Without a lock, mincore reports pages of a hole that nobody has touched as not resident, of a file and without one.
#[harness::test(
    id = "mmap.mincore-untouched",
    cite = [man("mincore.2", "DESCRIPTION")],
    covers = ["behaviours:mincore.resident"],
    layers = [libc, raw],
)]
fn untouched_pages_are_not_resident() -> TestResult {
    let memory = memfd_create(c"hole", 0)?;
    ftruncate(&memory, 3 * page_size() as i64)?;
    for mapping in [Mapped::of(&memory, 3, MAP_SHARED)?, Mapped::anonymous(3, MAP_PRIVATE)?] {
        assert_eq!(mincore(mapping.start(), 3), Ok(vec![false; 3]));
    }
    Ok(())
}

/// mlockall with MCL_CURRENT locks what is mapped, and not what is mapped later.
#[harness::test(
    id = "mmap.mlockall-current",
    cite = [man("mlock.2", "mlockall() and munlockall()", "MCL_CURRENT"), posix("mlockall.3p", "DESCRIPTION")],
    covers = ["behaviours:mlock.all-current", "behaviours:mlock.all-undone"],
    needs = [ROOT, MEMLOCK_ALL],
    layers = [libc, raw],
)]
fn mlockall_current_locks_what_is_mapped() -> TestResult {
    let before = Mapped::anonymous(3, MAP_SHARED)?;
    assert_eq!((mlockall(MCL_CURRENT), mincore(before.start(), 3)), (Ok(()), Ok(vec![true; 3])));
    let after = Mapped::anonymous(2, MAP_SHARED)?;
    assert_eq!((before.locked()?, after.locked()?), (vec![true; 3], vec![false; 2]));
    assert_eq!(munlockall(), Ok(()));
    assert_eq!(before.locked()?, [false; 3]);
    Ok(())
}
