//! Where Linux keeps POSIX IPC objects: filesystems that are in memory only.

use super::TEXT;
use calls::sysv::Message;
use harness::need::{IPCNS, MOUNTS};
use kit::file::content;
use kit::memory::Mapping;
use kit::needs::{DEV_SHM, MQUEUE, PIPE_PAGES};
use kit::posix::{MessageQueue, NamedSemaphore, SharedMemory};
use kit::prelude::*;
use kit::watch::Watch;
use libc::{IPC_CREAT, IPC_EXCL, IPC_NOWAIT, O_RDONLY, O_RDWR, TMPFS_MAGIC};
use nix::mount::{MsFlags, mount, umount};
use nix::sched::{CloneFlags, unshare};
use std::fs;
use std::path::Path;

/// MQUEUE_MAGIC of the kernel's ipc/mqueue.c; it is in no header.
const MQUEUE_MAGIC: i64 = 0x1980_0202;

/// POSIX shared memory objects and named semaphores are files in the tmpfs at /dev/shm, and POSIX message queues are
/// files in an mqueue filesystem.
#[harness::test(
    id = "persistence.posix-in-memory",
    cite = [
        man("shm_overview.7", "Accessing shared memory objects via the filesystem"),
        man("sem_overview.7", "Accessing named semaphores via the filesystem"),
        man("mq_overview.7", "Mounting the message queue filesystem"),
    ],
    covers = ["notes:persist.posix-filesystem", "behaviours:pshm.file-dev-shm", "behaviours:psem.file-dev-shm"],
    needs = [DEV_SHM, MQUEUE],
)]
fn posix_objects_are_files_in_virtual_filesystems() -> TestResult {
    let (memory, queue, semaphore) = (SharedMemory::new(), MessageQueue::new(), NamedSemaphore::new());
    let created = (memory.create(TEXT.len())?, queue.create()?, semaphore.create(1)?);
    let file = Path::new("/dev/shm").join(&memory.name()[1..]);
    assert_eq!(node_at(&file), Ok(Node { size: TEXT.len() as i64, ..Node::new("-0600") }));
    let (of_memory, of_queue) = (file_system_type(&created.0), file_system_type(&created.1));
    let of_semaphore = open(format!("/dev/shm/sem.{}", &semaphore.name()[1..]), O_RDONLY).and_then(file_system_type);
    assert_eq!(of_memory, Ok(TMPFS_MAGIC));
    assert_eq!(of_semaphore, Ok(TMPFS_MAGIC));
    assert_eq!(of_queue, Ok(MQUEUE_MAGIC));
    for (object, found) in [("shared memory", of_memory), ("a named semaphore", of_semaphore), ("a queue", of_queue)] {
        evidence(&format!("file system type of {object}"), format!("{:#x}", found?));
    }
    Ok(())
}

/// POSIX shared memory objects and named semaphores are discarded when the tmpfs at /dev/shm is unmounted: a new tmpfs
/// mounted there does not contain them.
#[harness::test(
    id = "persistence.posix-unmount",
    cite = [
        man("tmpfs.5", "DESCRIPTION"),
        man("shm_overview.7", "Accessing shared memory objects via the filesystem"),
        man("sem_overview.7", "Accessing named semaphores via the filesystem"),
    ],
    covers = ["notes:persist.posix-filesystem", "errors:posix-shm.shm_open.ENOENT", "errors:posix-sem.sem_open.ENOENT"],
    needs = [DEV_SHM, MOUNTS],
)]
fn posix_objects_are_discarded_with_their_tmpfs() -> TestResult {
    let (memory, semaphore) = (SharedMemory::new(), NamedSemaphore::new());
    let child = fork(|| -> TestResult {
        // A mount namespace of its own, so that its mounts are gone when it exits.
        unshare(CloneFlags::CLONE_NEWNS)?;
        mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
        mount_tmpfs()?;
        Mapping::new(&memory.create(TEXT.len())?, TEXT.len())?.write(TEXT);
        drop(semaphore.create(3)?);
        let of_text = Node { size: TEXT.len() as i64, ..Node::new("-0600") };
        let (open_memory, open_semaphore) = (shm_open(memory.name(), O_RDWR, 0)?, sem_open(semaphore.name(), 0, 0, 0)?);
        assert_eq!(node_of(&open_memory), Ok(of_text));
        assert_eq!(sem_getvalue(&open_semaphore), Ok(3));
        drop((open_memory, open_semaphore));
        umount("/dev/shm")?;
        assert_errno!(shm_open(memory.name(), O_RDWR, 0), ENOENT);
        mount_tmpfs()?;
        let (of_memory, of_semaphore) = (shm_open(memory.name(), O_RDWR, 0), sem_open(semaphore.name(), 0, 0, 0));
        evidence("opened after the remount", format!("{of_memory:?}; {of_semaphore:?}"));
        assert_errno!(of_memory, ENOENT);
        assert_errno!(of_semaphore, ENOENT);
        Ok(())
    })?;
    child.join()
}

fn mount_tmpfs() -> nix::Result<()> {
    mount(Some("tmpfs"), "/dev/shm", Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, None::<&str>)
}

/// IPC objects have process, kernel or filesystem persistence: a pipe is gone with its last process, a System V message
/// queue survives its creator but is not in a new IPC namespace, and a file is unaffected by either.
#[harness::test(
    id = "persistence.classes",
    cite = [
        man("ipc_namespaces.7", "DESCRIPTION"),
        posix("close.3p", "DESCRIPTION"),
        posix("_Exit.3p", "Consequences of Process Termination"),
    ],
    covers = ["notes:persist.three-classes"],
    needs = [IPCNS, PIPE_PAGES],
)]
fn objects_have_process_kernel_or_filesystem_persistence() -> TestResult {
    let (key, file) = (kit::sysv::unused_key()?, Name::free("file"));
    let namespace = fork(|| -> TestResult {
        unshare(CloneFlags::CLONE_NEWIPC)?;
        let (reader, writer) = pipe()?;
        let watch = Watch::new(&[&reader, &writer])?;
        let process = holder(|| leave_in_each(&writer, key, &file))?;
        drop((reader, writer));
        assert_eq!(watch.present()?, [0, 1]);
        process.kill()?;
        assert_eq!(watch.present()?, Watch::NONE);
        let left = msgget(key, 0).and_then(|id| msgrcv(id, TEXT.len(), 0, IPC_NOWAIT));
        assert_eq!(left, Ok(Message { kind: 1, text: TEXT.to_vec() }));
        assert_eq!(open(&file, O_RDONLY).and_then(content), Ok(TEXT.into()));
        Ok(())
    })?;
    namespace.join()?;
    let next_namespace = fork(|| -> TestResult {
        unshare(CloneFlags::CLONE_NEWIPC)?;
        assert_errno!(msgget(key, 0), ENOENT);
        assert_eq!(open(&file, O_RDONLY).and_then(content), Ok(TEXT.into()));
        Ok(())
    })?;
    next_namespace.join()
}

/// Leaves the text in a pipe, in a System V queue that no fixture removes, and through a shared mapping in a file.
fn leave_in_each(pipe: &Fd, key: i32, file: &Path) -> TestResult {
    use calls::for_layers::libc_nix_raw::open;
    use calls::for_layers::libc_raw::{msgget, msgsnd};
    write_all(pipe, TEXT)?;
    let id = msgget(key, IPC_CREAT | IPC_EXCL | 0o600)?;
    msgsnd(id, &Message { kind: 1, text: TEXT.to_vec() }, 0)?;
    fs::write(file, [0; TEXT.len()])?;
    Mapping::new(open(file, O_RDWR)?, TEXT.len())?.write(TEXT);
    Ok(())
}
