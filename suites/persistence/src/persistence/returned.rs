//! The pages of shared memory come back.

use harness::need::MOUNTS;
use kit::memory::Mapping;
use kit::needs::DEV_SHM;
use kit::posix::SharedMemory;
use kit::prelude::*;
use nix::sys::statfs::{TMPFS_MAGIC, statfs};

/// How many blocks of the file system at /dev/shm are free. statfs(2), f_bfree.
fn free_pages() -> TestResult<u64> {
    let status = statfs("/dev/shm")?;
    assert_eq!(status.filesystem_type(), TMPFS_MAGIC);
    Ok(status.blocks_free())
}

/// The pages of a POSIX shared memory object are in use after it was unlinked and closed while it is mapped, with their
/// contents, and free once the last mapping is gone.
#[harness::test(
    id = "persistence.shm-pages-come-back",
    cite = [man("shm_open.3", "DESCRIPTION"), man("shm_overview.7", "Persistence"), posix("shm_unlink.3p", "DESCRIPTION")],
    covers = ["behaviours:pshm.memory-freed-after-last", "behaviours:pshm.unlink-keeps-mappings"],
    // So that nobody else uses the file system.
    needs = [DEV_SHM, MOUNTS],
    layers = [libc, nix, raw],
)]
fn the_pages_are_free_after_the_last_unmapping() -> TestResult {
    const PAGES: usize = 16;
    let text = vec![b'x'; PAGES * page_size()];
    let (memory, before) = (SharedMemory::new(), free_pages()?);
    let fd = memory.create(text.len())?;
    let (one, other) = (Mapping::new(&fd, text.len())?, Mapping::new(&fd, text.len())?);
    one.write(&text);
    assert_eq!(free_pages()?, before - PAGES as u64);
    assert_eq!(shm_unlink(memory.name()), Ok(()));
    drop(fd);
    drop(one);
    assert_eq!(free_pages()?, before - PAGES as u64);
    assert!(other.read() == text);
    drop(other);
    assert_eq!(free_pages()?, before);
    Ok(())
}
