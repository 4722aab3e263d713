//! What survives a reboot: these specs run on the second boot of a target on whose first boot [`leave`] was called.

use super::TEXT;
use super::kernel::assert_all_missing;
use calls::queues::queue_attributes;
use harness::need::REBOOT;
use harness::need::{FIRST_BOOT, boot_id, left_by_first_boot};
use kit::needs::{DEV_SHM, MQUEUE, SYSV};
use kit::prelude::*;
use libc::{IPC_CREAT, IPC_EXCL, O_CREAT, O_EXCL, O_RDWR};
use nix::sys::mman::{MapFlags, MsFlags, ProtFlags, mmap, msync};
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::ptr::NonNull;

/// The key of the System V objects that the first boot creates, one of each kind.
const KEY: i32 = 0x4950_4353;
/// The name of the POSIX objects that the first boot creates, one of each kind.
const NAME: &str = "/ipcspec-first-boot";
/// Files that the first boot creates: written and synchronised, synchronised through a mapping, only written.
const WRITTEN: &str = "written";
const MAPPED: &str = "mapped";
const UNSYNCHRONISED: &str = "unsynchronised";

/// Creates objects of every kind, and files in this directory, just before the machine goes down.
pub fn leave(directory: &Path) -> std::result::Result<(), Box<dyn Error>> {
    use calls::for_layers::libc::sem_open;
    use calls::for_layers::libc_nix_raw::{mq_open, shm_open};
    use calls::for_layers::libc_raw::{msgget, semget, shmget};
    let (new, open_new) = (IPC_CREAT | IPC_EXCL | 0o600, O_CREAT | O_EXCL | O_RDWR);
    msgget(KEY, new)?;
    semget(KEY, 1, new)?;
    shmget(KEY, TEXT.len(), new)?;
    shm_open(NAME, open_new, 0o600)?;
    mq_open(NAME, open_new, 0o600, Some(&queue_attributes(1, 1)))?;
    sem_open(NAME, open_new, 0o600, 0)?;

    let mut written = File::create_new(directory.join(WRITTEN))?;
    written.write_all(TEXT)?;
    written.sync_all()?;
    leave_mapped(&directory.join(MAPPED))?;
    let mut unsynchronised = File::create_new(directory.join(UNSYNCHRONISED))?;
    unsynchronised.sync_all()?;
    // Last, as it records that all this is done. The fsync of the directory also covers the names of the other files.
    let mut done = File::create_new(directory.join(FIRST_BOOT))?;
    done.write_all(boot_id()?.as_bytes())?;
    done.sync_all()?;
    File::open(directory)?.sync_all()?;
    unsynchronised.write_all(TEXT)?;
    Ok(())
}

fn leave_mapped(path: &Path) -> io::Result<()> {
    let file = File::options().read(true).write(true).create_new(true).open(path)?;
    file.set_len(TEXT.len() as u64)?;
    file.sync_all()?;
    let length = NonZeroUsize::new(TEXT.len()).expect("there is text");
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: a new mapping, of the length of the file, which no other process has open.
    unsafe {
        let start = mmap(None, length, access, MapFlags::MAP_SHARED, &file, 0)?;
        start.cast().copy_from_nonoverlapping(NonNull::from(TEXT).cast::<u8>(), TEXT.len());
        msync(start, TEXT.len(), MsFlags::MS_SYNC)?;
    }
    Ok(())
}

/// System V IPC objects do not survive a reboot.
#[harness::test(
    id = "persistence.sysv-reboot",
    cite = [kernel("ipc/util.c", "ipc_init_ids", "6.18")],
    covers = ["notes:persist.sysv-gone-after-reboot", "notes:shm.lost-on-machine-crash"],
    needs = [REBOOT, SYSV],
)]
fn system_v_objects_do_not_survive_a_reboot() -> TestResult {
    assert_all_missing(KEY);
    Ok(())
}

/// POSIX shared memory objects, message queues and named semaphores have kernel persistence on Linux: they do not
/// survive a reboot.
#[harness::test(
    id = "persistence.posix-reboot",
    cite = [
        man("shm_overview.7", "Persistence"),
        man("mq_overview.7", "Persistence"),
        man("sem_overview.7", "Persistence"),
    ],
    covers = ["notes:persist.posix-filesystem"],
    needs = [REBOOT, DEV_SHM, MQUEUE],
)]
fn posix_objects_do_not_survive_a_reboot() -> TestResult {
    let opened = (shm_open(NAME, O_RDWR, 0), mq_open(NAME, O_RDWR, 0, None), sem_open(NAME, 0, 0, 0));
    evidence("opened on the second boot", format!("{opened:?}"));
    assert_errno!(opened.0, ENOENT);
    assert_errno!(opened.1, ENOENT);
    assert_errno!(opened.2, ENOENT);
    Ok(())
}

/// File contents have filesystem persistence: data written before fsync returned, or stored through a shared mapping
/// before msync with MS_SYNC returned, is in the file after a reboot.
#[harness::test(
    id = "persistence.file-reboot",
    cite = [man("fsync.2", "DESCRIPTION"), posix("msync.3p", "DESCRIPTION"), posix("fsync.3p", "DESCRIPTION")],
    covers = ["notes:mmap.data-survives-crash"],
    needs = [REBOOT],
)]
fn synchronised_data_survives_a_reboot() -> TestResult {
    let directory = left_by_first_boot().ok_or_else(|| Stop::broken("no first boot"))?;
    let read = |name| fs::read(directory.join(name)).map(Bytes);
    assert_eq!(read(WRITTEN)?.0, TEXT);
    assert_eq!(read(MAPPED)?.0, TEXT);
    observe("bytes of a write without fsync() after a reboot, of 11", read(UNSYNCHRONISED)?.0.len());
    Ok(())
}
