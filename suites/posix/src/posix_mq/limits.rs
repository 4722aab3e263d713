//! RLIMIT_MSGQUEUE, and how many queues there may be.

use crate::needs::MQUEUE_SETTINGS;
use calls::for_layers::libc_nix_raw::mq_open;
use calls::queues::{Attributes, queue_attributes};
use harness::need::{CAP_SYS_RESOURCE, IPCNS, OWN_UID};
use kit::posix::MessageQueue;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::setting;
use libc::{O_CREAT, O_EXCL, O_RDWR};
use nix::sys::resource::Resource;

/// Makes a queue of these attributes.
pub(super) fn create(name: &MessageQueue, messages: i64, size: i64) -> Result<Fd> {
    mq_open(name.name(), O_CREAT | O_EXCL | O_RDWR, 0o600, Some(&queue_attributes(messages, size)))
}

/// How many bytes a message has at most besides its own that count for it: sizeof(struct msg_msg) and sizeof(struct
/// posix_msg_tree_node) are smaller, on every machine.
const OVERHEAD: u64 = 512;

/// Lets the queues of this process's user have so many bytes.
fn limit_queues(bytes: u64) -> TestResult {
    kit::limits::limit(Resource::RLIMIT_MSGQUEUE, bytes)
}

#[rstest]
#[case::of_messages(4, 64)]
#[case::of_one_message(1, 4000)]
#[case::of_short_messages(10, 1)]
/// mq_open fails with EMFILE if the messages of the new queue, times their size and with an overhead for each, and the queues that its
/// real user has would pass RLIMIT_MSGQUEUE; no queue is made. It succeeds where they fit.
#[harness::test(
    id = "posix-mq.rlimit",
    cite = [
        kernel("ipc/mqueue.c", "mqueue_get_inode", "6.18"),
        man("getrlimit.2", "DESCRIPTION", "RLIMIT_MSGQUEUE"),
        man("mq_overview.7", "Resource limit"),
    ],
    covers = ["behaviours:mq.rlimit-msgqueue", "behaviours:mq.rlimit-counts", "errors:posix-mq.mq_open.EMFILE"],
    needs = [OWN_UID],
    layers = [libc, nix, raw],
)]
fn the_bytes_of_a_user_are_limited(#[case] messages: i64, #[case] size: i64) -> TestResult {
    let [first, second] = [MessageQueue::new(), MessageQueue::new()];
    let own = messages as u64 * size as u64;
    // The overhead of each message does not fit.
    for bytes in [0, 1, own - 1, own, own + messages as u64] {
        limit_queues(bytes)?;
        assert_errno!(create(&first, messages, size), EMFILE);
        assert_errno!(mq_open(first.name(), O_RDWR, 0, None), ENOENT);
    }
    limit_queues(own + messages as u64 * OVERHEAD)?;
    let queue = create(&first, messages, size)?;
    // Two have an overhead, too.
    limit_queues(2 * own)?;
    assert_errno!(create(&second, messages, size), EMFILE);
    mq_unlink(first.name())?;
    assert_errno!(create(&second, messages, size), EMFILE);
    drop(queue);
    limit_queues(own + messages as u64 * OVERHEAD)?;
    let queue = create(&second, messages, size)?;
    assert_eq!(mq_getattr(&queue), Ok(Attributes { flags: 0, messages, size, queued: 0 }));
    Ok(())
}

/// RLIMIT_MSGQUEUE counts all queues of a user: those that another process of the same user has made as well, but not messages, of
/// which a queue has its place from the beginning.
#[harness::test(
    id = "posix-mq.rlimit-of-the-user",
    cite = [man("getrlimit.2", "DESCRIPTION", "RLIMIT_MSGQUEUE"), man("mq_overview.7", "Resource limit")],
    covers = ["behaviours:mq.rlimit-msgqueue", "behaviours:mq.rlimit-counts", "errors:posix-mq.mq_open.EMFILE"],
    needs = [OWN_UID],
    layers = [libc, nix, raw],
)]
fn the_queues_of_all_processes_count() -> TestResult {
    const BYTES: u64 = 4 * (1000 + OVERHEAD);
    limit_queues(BYTES)?;
    let [theirs, ours] = [MessageQueue::new(), MessageQueue::new()];
    let creator = fork(|| -> TestResult {
        drop(create(&theirs, 4, 1000)?);
        Ok(())
    })?;
    creator.join()?;
    assert_errno!(create(&ours, 4, 1000), EMFILE);
    let queue = mq_open(theirs.name(), O_RDWR, 0, None)?;
    for _ in 0..4 {
        mq_send(&queue, &[b'x'; 1000], 1)?;
    }
    assert_errno!(create(&ours, 4, 1000), EMFILE);
    mq_unlink(theirs.name())?;
    drop(queue);
    let queue = create(&ours, 4, 1000)?;
    assert_eq!(mq_getattr(&queue), Ok(Attributes { flags: 0, messages: 4, size: 1000, queued: 0 }));
    Ok(())
}

/// The setting of how many queues there may be.
const QUEUES_MAX: &str = "fs/mqueue/queues_max";

/// Makes queues until there are so many. In a child, as user without privileges, by the descriptor of none: each is closed.
fn create_queues(names: &[MessageQueue]) -> Result<()> {
    names.iter().try_for_each(|name| create(name, 1, 1).map(drop))
}

/// A process without CAP_SYS_RESOURCE makes as many queues as fs.mqueue.queues_max says; one more fails with ENOSPC, until one is
/// destroyed. Those that exist can be opened.
#[harness::test(
    id = "posix-mq.queues-max",
    cite = [
        posix("mq_open.3p", "ERRORS", "ENOSPC"),
        man("mq_open.3", "ERRORS", "ENOSPC"),
        man("mq_overview.7", "/proc interfaces", "/proc/sys/fs/mqueue/queues_max"),
    ],
    covers = ["errors:posix-mq.mq_open.ENOSPC"],
    needs = [IPCNS, OWN_UID, MQUEUE_SETTINGS],
    layers = [libc, nix, raw],
)]
fn there_are_at_most_queues_max_queues() -> TestResult {
    let most = setting::number(QUEUES_MAX)?;
    let names: Vec<_> = (0..most).map(|_| MessageQueue::new()).collect();
    let more = MessageQueue::new();
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        create_queues(&names)?;
        assert_errno!(create(&more, 1, 1), ENOSPC);
        let one = mq_open(names[0].name(), O_CREAT | O_RDWR, 0o600, None)?;
        assert_eq!(mq_getattr(&one), Ok(Attributes { flags: 0, messages: 1, size: 1, queued: 0 }));
        drop(one);
        mq_unlink(names[0].name())?;
        drop(create(&more, 1, 1)?);
        assert_errno!(create(&names[0], 1, 1), ENOSPC);
        Ok(())
    })?;
    child.join()
}

/// A process with CAP_SYS_RESOURCE makes a queue although there are fs.mqueue.queues_max.
#[harness::test(
    id = "posix-mq.beyond-queues-max",
    cite = [man("mq_overview.7", "/proc interfaces", "/proc/sys/fs/mqueue/queues_max")],
    covers = ["behaviours:mq.priv-bypasses-limits"],
    needs = [IPCNS, CAP_SYS_RESOURCE, MQUEUE_SETTINGS],
    layers = [libc, nix, raw],
)]
fn a_privileged_process_passes_queues_max() -> TestResult {
    let most = setting::number(QUEUES_MAX)?;
    let names: Vec<_> = (0..most).map(|_| MessageQueue::new()).collect();
    create_queues(&names)?;
    let [one, another] = [MessageQueue::new(), MessageQueue::new()];
    drop(create(&one, 1, 1)?);
    assert_ok!(mq_open(one.name(), O_RDWR, 0, None));
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        assert_errno!(create(&another, 1, 1), ENOSPC);
        Ok(())
    })?;
    child.join()
}
