//! POSIX message queues: they live in their IPC namespace, wherever it is mounted.

use super::{TEXT, enter};
use harness::need::{IPCNS, MOUNTS};
use kit::mounted::Mounted;
use kit::needs::MQUEUE;
use kit::posix::MessageQueue;
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDONLY, O_RDWR};
use nix::sched::{CloneFlags, unshare};

/// A POSIX message queue outlives its creator in its IPC namespace and is not visible in another; a namespace created after the last
/// member process has terminated does not contain it.
#[harness::test(
    id = "persistence.posix-mq-namespace",
    cite = [man("ipc_namespaces.7", "DESCRIPTION"), man("mq_overview.7", "Persistence")],
    covers = ["behaviours:ipcns.destroy-with-last", "errors:posix-mq.mq_open.ENOENT"],
    needs = [IPCNS, MQUEUE],
    layers = [libc, nix, raw],
)]
fn a_queue_lives_as_long_as_its_namespace() -> TestResult {
    let queue = MessageQueue::new();
    let member = holder(|| {
        unshare(CloneFlags::CLONE_NEWIPC)?;
        // Created by a process that exits at once: only the namespace keeps it.
        fork(|| leave_message(&queue))?.join()
    })?;
    let namespace = format!("/proc/{}/ns/ipc", member.pid());
    let visitor = fork(|| -> TestResult {
        enter(&namespace)?;
        assert_holds_message(&queue);
        Ok(())
    })?;
    visitor.join()?;
    assert_errno!(mq_open(queue.name(), O_RDWR, 0, None), ENOENT);
    member.kill()?;
    assert_errno!(open(&namespace, O_RDONLY), ENOENT);
    let latecomer = fork(|| -> TestResult {
        unshare(CloneFlags::CLONE_NEWIPC)?;
        assert_errno!(mq_open(queue.name(), O_RDWR, 0, None), ENOENT);
        Ok(())
    })?;
    latecomer.join()
}

/// A POSIX message queue and its messages stay when a message queue file system that showed them is unmounted: the queue exists until
/// it is unlinked or the system is shut down. Mounted again, the file system shows it again.
#[harness::test(
    id = "persistence.posix-mq-unmount",
    cite = [man("mq_overview.7", "Persistence"), man("mq_overview.7", "Mounting the message queue filesystem")],
    covers = ["behaviours:mq.kernel-persistence"],
    needs = [MOUNTS, MQUEUE],
    layers = [libc, nix, raw],
)]
fn a_queue_outlives_the_mount_that_shows_it() -> TestResult {
    let queue = MessageQueue::new();
    let shown = || Mounted::new("mqueue", "").map(|files| object_at(files.join(&queue.name()[1..])));
    leave_message(&queue)?;
    let (first, again) = (shown()?, shown()?);
    let first = assert_ok!(first);
    assert_eq!(again, Ok(first));
    assert_holds_message(&queue);
    Ok(())
}

/// Creates the queue, with one message, and closes it.
fn leave_message(queue: &MessageQueue) -> TestResult {
    use calls::for_layers::libc_nix_raw::mq_send;
    Ok(mq_send(&queue.create()?, TEXT, 3)?)
}

/// Asserts that the queue has the message, and takes it.
fn assert_holds_message(queue: &MessageQueue) {
    use calls::for_layers::libc_nix_raw::{mq_open, mq_receive};
    let found = assert_ok!(mq_open(queue.name(), O_RDONLY | O_NONBLOCK, 0, None));
    assert_eq!(mq_receive(&found, MessageQueue::SIZE), Ok((TEXT.to_vec(), 3)));
    assert_errno!(mq_receive(&found, MessageQueue::SIZE), EAGAIN);
}
