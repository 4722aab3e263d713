//! What a reboot leaves: the bodies run on the second boot of a target whose first boot made the objects named here.

use super::kernel::assert_all_missing;
use fixtures::prelude::*;
use fixtures::sys::posix::{mq_open, sem_open, shm_open};

/// The key of the System V objects that the first boot makes, one of each kind.
pub const KEY: i32 = 0x4950_4353;
/// The name of the POSIX objects that the first boot makes, one of each kind.
pub const NAME: &str = "/ipcspec-first-boot";

/// System V objects do not survive a reboot.
#[harness::test(
    id = "persistence.sysv-reboot",
    cite = "sysvipc(7); POSIX.1-2024 XSH, XSI Interprocess Communication",
    covers = ["notes:persist.sysv-gone-after-reboot"],
    needs = [reboot],
)]
fn system_v_objects_do_not_survive_a_reboot() -> Scene {
    assert_all_missing(KEY);
    Ok(())
}

/// POSIX shared memory, queues and named semaphores do not survive a reboot of Linux, which holds them in memory.
#[harness::test(
    id = "persistence.posix-reboot",
    cite = "shm_overview(7), Persistence; mq_overview(7), Persistence; sem_overview(7), Persistence",
    covers = ["notes:persist.posix-filesystem"],
    needs = [reboot, dev_shm, mqueue],
)]
fn posix_objects_do_not_survive_a_reboot() -> Scene {
    let opened = (shm_open(NAME, libc::O_RDWR, 0), mq_open(NAME, libc::O_RDWR, 0, None), sem_open(NAME, 0, 0, 0));
    observe("opened on the second boot", format!("{opened:?}"));
    assert_errno!(opened.0, ENOENT);
    assert_errno!(opened.1, ENOENT);
    assert_errno!(opened.2, ENOENT);
    Ok(())
}
