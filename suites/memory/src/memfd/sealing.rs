//! Adding seals, and asking for them.

use super::{reopened, sealable};
use crate::mapped::{Mapped, held, lettered};
use kit::prelude::*;
use libc::{
    F_SEAL_FUTURE_WRITE, F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_WRITE, MAP_PRIVATE, MAP_SHARED, O_RDONLY,
    O_RDWR,
};

/// Seals are added to those that a file has, one again changes nothing, and none is removed.
#[harness::test(
    id = "memfd.seals-added",
    cite = [man("fcntl.2", "File Sealing"), man("fcntl.2", "File Sealing", "F_ADD_SEALS")],
    covers = ["behaviours:seal.add-only", "behaviours:seal.add-again", "behaviours:seal.get-seals"],
    layers = [libc, nix, raw],
)]
fn seals_are_added_and_stay() -> TestResult {
    let file = sealable(2)?;
    let mut all = 0;
    for seals in [F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_SHRINK, 0, F_SEAL_FUTURE_WRITE, F_SEAL_WRITE | F_SEAL_GROW] {
        all |= seals;
        assert_eq!((add_seals(&file, seals), get_seals(&file)), (Ok(()), Ok(all)));
    }
    assert_eq!((add_seals(&file, F_SEAL_SEAL), get_seals(&file)), (Ok(()), Ok(all | F_SEAL_SEAL)));
    Ok(())
}

/// Seals belong to the file: every description of it has those that were added through another, in another process as well.
#[harness::test(
    id = "memfd.seals-of-inode",
    cite = [man("fcntl.2", "File Sealing")],
    covers = ["behaviours:seal.shared-by-inode"],
    layers = [libc, nix, raw],
)]
fn seals_belong_to_the_file() -> TestResult {
    let file = sealable(2)?;
    let (other, same) = (reopened(&file, O_RDWR)?, dup(&file)?);
    assert_eq!(add_seals(&other, F_SEAL_SHRINK), Ok(()));
    fork(|| assert_eq!(add_seals(&same, F_SEAL_GROW), Ok(())))?.join()?;
    let read_only = reopened(&file, O_RDONLY)?;
    let seals = [&file, &other, &same, &read_only].map(get_seals);
    assert_eq!(seals, [Ok(F_SEAL_SHRINK | F_SEAL_GROW); 4]);
    assert_errno!(ftruncate(&file, 0), EPERM);
    Ok(())
}

/// With F_SEAL_SEAL, F_ADD_SEALS fails with EPERM, also of a seal that is set; the seals stay in force.
#[harness::test(
    id = "memfd.seal-seal",
    cite = [man("fcntl.2", "ERRORS", "EPERM"), man("fcntl.2", "File Sealing", "F_SEAL_SEAL")],
    covers = ["behaviours:seal.seal-seal", "errors:memfd.fcntl(F_ADD_SEALS).EPERM.2"],
    layers = [libc, nix, raw],
)]
fn f_seal_seal_prevents_further_seals() -> TestResult {
    let file = sealable(2)?;
    assert_eq!(add_seals(&file, F_SEAL_SEAL | F_SEAL_SHRINK), Ok(()));
    for seals in [F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_SHRINK, F_SEAL_SEAL] {
        assert_errno!(add_seals(&file, seals), EPERM);
    }
    assert_eq!(get_seals(&file), Ok(F_SEAL_SEAL | F_SEAL_SHRINK));
    assert_errno!(ftruncate(&file, 1), EPERM);
    assert_eq!(held(&file, 2 * page_size()), Ok(lettered(2)));
    let unsealable = memfd_create(c"file", 0)?;
    write_all(&unsealable, b"abc")?;
    assert_errno!(add_seals(&unsealable, F_SEAL_SHRINK), EPERM);
    assert_eq!(get_seals(&unsealable), Ok(F_SEAL_SEAL));
    assert_eq!((ftruncate(&unsealable, 1), held(&unsealable, 1)), (Ok(()), Ok("a".into())));
    Ok(())
}

/// F_ADD_SEALS through a descriptor that is open for reading only fails with EPERM; it can be asked for the seals.
#[harness::test(
    id = "memfd.seal-read-only",
    cite = [man("fcntl.2", "File Sealing", "F_ADD_SEALS"), man("fcntl.2", "ERRORS", "EPERM")],
    covers = ["behaviours:seal.needs-writable-fd", "errors:memfd.fcntl(F_ADD_SEALS).EPERM"],
    layers = [libc, nix, raw],
)]
fn seals_are_added_by_a_writer() -> TestResult {
    let file = sealable(2)?;
    let read_only = reopened(&file, O_RDONLY)?;
    assert_errno!(add_seals(&read_only, F_SEAL_WRITE), EPERM);
    assert_eq!(get_seals(&read_only), Ok(0));
    assert_eq!(add_seals(&file, F_SEAL_WRITE), Ok(()));
    assert_eq!(get_seals(&read_only), Ok(F_SEAL_WRITE));
    Ok(())
}

/// F_SEAL_WRITE fails with EBUSY while a shared mapping exists that may be written, in any process, and is not set; a private one and
/// one of a read-only descriptor do not matter.
#[harness::test(
    id = "memfd.seal-mapped",
    cite = [man("fcntl.2", "File Sealing", "F_SEAL_WRITE"), man("fcntl.2", "ERRORS", "EBUSY")],
    covers = ["behaviours:seal.busy-with-map", "errors:memfd.fcntl(F_ADD_SEALS).EBUSY"],
    layers = [libc, nix, raw],
)]
fn a_file_that_is_mapped_for_writing_is_not_sealed() -> TestResult {
    let (file, length) = (sealable(3)?, 3 * page_size());
    let read_only = reopened(&file, O_RDONLY)?;
    let _others =
        [Mapped::of(&file, 3, MAP_PRIVATE)?, Mapped::new(length, libc::PROT_READ, MAP_SHARED, &read_only, 0)?];
    let child = holder(|| Ok(Mapped::of(&file, 3, MAP_SHARED)?))?;
    let mapping = Mapped::of(&file, 3, MAP_SHARED)?;
    assert_errno!(add_seals(&file, F_SEAL_WRITE), EBUSY);
    mapping.unmap(page_size(), 2 * page_size())?;
    assert_errno!(add_seals(&file, F_SEAL_WRITE), EBUSY);
    mapping.unmap(0, page_size())?;
    assert_errno!(add_seals(&file, F_SEAL_WRITE), EBUSY);
    assert_eq!(get_seals(&file), Ok(0));
    child.kill()?;
    assert_eq!((add_seals(&file, F_SEAL_WRITE), get_seals(&file)), (Ok(()), Ok(F_SEAL_WRITE)));
    assert_eq!(held(&file, length), Ok(lettered(3)));
    Ok(())
}
