//! What msgctl tells of all queues: MSG_STAT, MSG_STAT_ANY, MSG_INFO and IPC_INFO.

use super::{drain, send};
use calls::sysv::{MSG_STAT_ANY, Message, QueueLimits, QueueStatus, QueuesInUse};
use harness::need::IPCNS;
use kit::needs::{SYSV, ipc_setting};
use kit::prelude::*;
use kit::setting::change;
use kit::sysv::{Queue, unused_key};
use libc::{IPC_PRIVATE, MSG_STAT};

/// What the command finds at the indices up to this one, each the identifier and the status; none where it fails with EINVAL.
fn found(highest: i32, command: i32) -> Vec<Option<(i32, QueueStatus)>> {
    use calls::for_layers::libc_raw::queue_status_at;
    let at = |index| match queue_status_at(index, command) {
        Err(CallError { errno: Errno::EINVAL, .. }) => None,
        found => Some(assert_ok!(found)),
    };
    (0..=highest).map(at).collect()
}

#[rstest]
#[case::msg_stat(MSG_STAT)]
#[case::msg_stat_any(MSG_STAT_ANY)]
/// MSG_STAT and MSG_STAT_ANY take an index up to the one that MSG_INFO returns, return the identifier of the queue there, and tell what
/// IPC_STAT tells; at an index without a queue they fail with EINVAL.
#[harness::test(
    id = "sysv-msg.stat-by-index",
    cite = [
        man("msgctl.2", "DESCRIPTION", "MSG_STAT"),
        man("msgctl.2", "RETURN VALUE"),
        man("msgctl.2", "ERRORS", "EINVAL"),
    ],
    covers = ["behaviours:sysvmsg.msg-stat-index", "behaviours:sysvmsg.msg-info", "errors:sysv-msg.msgctl.EINVAL.3"],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn queues_are_found_by_index(#[case] command: i32) -> TestResult {
    let queues = [Queue::new(unused_key()?)?, Queue::new(IPC_PRIVATE)?, Queue::of_size(5)?];
    send(&queues[2], &[Message::new(1, "text")])?;
    let (highest, in_use) = assert_ok!(queues_in_use());
    assert_eq!(in_use, QueuesInUse { queues: 3, messages: 1, bytes: 4 });
    let [first, removed, last] = queues.each_ref().map(|queue| (queue.id(), queue.status()));
    let all = [&first, &removed, &last].map(|(id, status)| Some((*id, (*status).ok()?)));
    let queued = found(highest, command);
    assert_eq!(queued.iter().copied().filter(Option::is_some).collect::<Vec<_>>(), all);
    assert!(queued.last().is_some_and(Option::is_some), "no queue has the highest index");
    let place = queued.iter().position(|queue| *queue == all[1]);
    let index = place.ok_or_else(|| Stop::broken("the second queue is not found"))? as i32;
    queues[1].remove()?;
    assert_errno!(queue_status_at(index, command), EINVAL);
    assert_errno!(queue_status_at(highest + 1, command), EINVAL);
    assert_errno!(queue_status_at(-1, command), EINVAL);
    let left = found(highest, command).into_iter().filter(Option::is_some).collect::<Vec<_>>();
    assert_eq!(left, [all[0], all[2]]);
    Ok(())
}

/// MSG_INFO tells how many queues there are in the IPC namespace, how many messages they hold, and how many bytes these have: 0 in a
/// new one, and what is left after messages were received and queues removed.
#[harness::test(
    id = "sysv-msg.in-use",
    cite = [man("msgctl.2", "DESCRIPTION", "MSG_INFO")],
    covers = ["behaviours:sysvmsg.msg-info"],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn msg_info_counts_what_there_is() -> TestResult {
    let in_use = |queues, messages, bytes| Ok(QueuesInUse { queues, messages, bytes });
    let asked = || queues_in_use().map(|(_, in_use)| in_use);
    assert_eq!(asked(), in_use(0, 0, 0));
    let queues = [Queue::new(IPC_PRIVATE)?, Queue::new(IPC_PRIVATE)?];
    assert_eq!(asked(), in_use(2, 0, 0));
    send(&queues[0], &[Message::new(1, "12345"), Message::new(1, "")])?;
    send(&queues[1], &[Message::new(1, "123")])?;
    assert_eq!(asked(), in_use(2, 3, 8));
    queues[0].remove()?;
    assert_eq!(asked(), in_use(1, 1, 3));
    drain(&queues[1])?;
    assert_eq!(asked(), in_use(1, 0, 0));
    Ok(())
}

/// IPC_INFO returns kernel.msgmax, kernel.msgmnb and kernel.msgmni as they are set in the caller's IPC namespace, and the highest index
/// that is in use, as MSG_INFO does.
#[harness::test(
    id = "sysv-msg.ipc-info",
    cite = [man("msgctl.2", "DESCRIPTION", "IPC_INFO"), man("msgctl.2", "RETURN VALUE")],
    covers = ["behaviours:sysvmsg.ipc-info"],
    needs = [SYSV, IPCNS, ipc_setting("kernel/msgmni")],
    layers = [libc, raw],
)]
fn ipc_info_tells_the_limits() -> TestResult {
    let limits = QueueLimits { msgmax: 1000, msgmnb: 2000, msgmni: 30 };
    let _set = [
        change("kernel/msgmax", limits.msgmax as usize)?,
        change("kernel/msgmnb", limits.msgmnb as usize)?,
        change("kernel/msgmni", limits.msgmni as usize)?,
    ];
    let queues = [Queue::new(IPC_PRIVATE)?, Queue::new(IPC_PRIVATE)?];
    let (highest, in_use) = assert_ok!(queues_in_use());
    assert_eq!(in_use, QueuesInUse { queues: 2, messages: 0, bytes: 0 });
    let last = queues[1].status()?;
    assert_eq!(queue_status_at(highest, MSG_STAT), Ok((queues[1].id(), last)));
    assert_eq!(queue_limits(), Ok((highest, limits)));
    Ok(())
}
