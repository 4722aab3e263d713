//! fs.mqueue.msg_max and fs.mqueue.msgsize_max: ceilings, for whom they hold, and their own limits.

use super::limits::create;
use crate::needs::MQUEUE_SETTINGS;
use calls::queues::{Attributes, queue_attributes};
use harness::need::{CAP_SYS_RESOURCE, IPCNS};
use kit::needs::ipc_setting;
use kit::posix::MessageQueue;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::setting;
use libc::{CLONE_NEWIPC, O_CREAT, O_RDWR, O_WRONLY};
use nix::sys::resource::{Resource, rlim_t, setrlimit};

const MSG_MAX: &str = "fs/mqueue/msg_max";
const MSGSIZE_MAX: &str = "fs/mqueue/msgsize_max";

/// HARD_MSGMAX and HARD_MSGSIZEMAX: no queue has more messages, or longer ones.
const HARD_MSGMAX: i64 = 65_536;
const HARD_MSGSIZEMAX: i64 = 16_777_216;

/// The attributes of a queue that has so much of what a setting is the ceiling of.
type Attaining = fn(i64) -> (i64, i64);

#[harness::errors(
    family = "limit-reached",
    rows = [
        ("posix-mq.above-msg-max", "errors:posix-mq.mq_open.EINVAL.3", (MSG_MAX, |most| (most, 1))),
        ("posix-mq.above-msgsize-max", "errors:posix-mq.mq_open.EINVAL.4", (MSGSIZE_MAX, |most| (1, most))),
    ],
    needs = [IPCNS, MQUEUE_SETTINGS],
    layers = [libc, nix, raw],
)]
fn an_unprivileged_process_keeps_to_the_ceilings(ceiling: (&'static str, Attaining)) -> TestResult {
    let (setting, attributes) = ceiling;
    let most = setting::number(setting)? as i64;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        for more in [most + 1, 2 * most, i64::MAX] {
            let (name, (messages, size)) = (MessageQueue::new(), attributes(more));
            let refused = mq_open(name.name(), O_CREAT | O_RDWR, 0o600, Some(&queue_attributes(messages, size)));
            assert_errno!(refused, EINVAL);
            assert_errno!(mq_open(name.name(), O_RDWR, 0, None), ENOENT);
        }
        let (name, (messages, size)) = (MessageQueue::new(), attributes(most));
        let queue = mq_open(name.name(), O_CREAT | O_RDWR, 0o600, Some(&queue_attributes(messages, size)))?;
        assert_eq!(mq_getattr(&queue), Ok(Attributes { flags: 0, messages, size, queued: 0 }));
        Ok(())
    })?;
    child.join()
}

/// Lets the queues of this process's user have any number of bytes, as a process with CAP_SYS_RESOURCE can.
fn lift_limit() -> TestResult {
    Ok(setrlimit(Resource::RLIMIT_MSGQUEUE, rlim_t::MAX, rlim_t::MAX)?)
}

/// A process with CAP_SYS_RESOURCE makes queues of more messages than fs.mqueue.msg_max and of longer ones than fs.mqueue.msgsize_max, up
/// to 65536 messages, or to 16777216 bytes; for more mq_open fails with EINVAL even then.
#[harness::test(
    id = "posix-mq.hard-limits",
    cite = [
        man("mq_overview.7", "/proc interfaces", "/proc/sys/fs/mqueue/msg_max"),
        man("mq_overview.7", "/proc interfaces", "/proc/sys/fs/mqueue/msgsize_max"),
        man("mq_open.3", "ERRORS", "EINVAL"),
    ],
    covers = [
        "behaviours:mq.hard-max-65536", "behaviours:mq.hard-size-16m", "behaviours:mq.priv-bypasses-limits",
        "errors:posix-mq.mq_open.EINVAL.5",
    ],
    needs = [IPCNS, CAP_SYS_RESOURCE, MQUEUE_SETTINGS],
    layers = [libc, nix, raw],
)]
fn hard_limits_hold_for_the_privileged() -> TestResult {
    lift_limit()?;
    let above = [setting::number(MSG_MAX)? as i64 + 1, setting::number(MSGSIZE_MAX)? as i64 + 1];
    for (messages, size) in [(above[0], 1), (1, above[1]), (HARD_MSGMAX, 1), (1, HARD_MSGSIZEMAX)] {
        let name = MessageQueue::new();
        let queue = create(&name, messages, size)?;
        assert_eq!(mq_getattr(&queue), Ok(Attributes { flags: 0, messages, size, queued: 0 }));
    }
    for (messages, size) in [(HARD_MSGMAX + 1, 1), (1, HARD_MSGSIZEMAX + 1), (i64::MAX, i64::MAX)] {
        let name = MessageQueue::new();
        assert_errno!(create(&name, messages, size), EINVAL);
        assert_errno!(mq_open(name.name(), O_RDWR, 0, None), ENOENT);
    }
    Ok(())
}

/// Asserts that a setting can be what its limits are, and cannot be what is beyond: it then stays.
fn check_range(name: &'static str, least: i64, most: i64) -> TestResult {
    use calls::for_layers::libc::{open, pwrite};
    let _changed = setting::change(name, most)?;
    let file = open(format!("/proc/sys/{name}"), O_WRONLY)?;
    for value in [least, least + 1, most - 1, most] {
        let text = value.to_string();
        assert_eq!(pwrite(&file, text.as_bytes(), 0), Ok(text.len()));
        let found = setting::number(name)?;
        assert_eq!(found, value as usize);
    }
    for value in [least - 1, most + 1, -1] {
        assert_errno!(pwrite(&file, value.to_string().as_bytes(), 0), EINVAL);
        let found = setting::number(name)?;
        assert_eq!(found, most as usize);
    }
    Ok(())
}

/// fs.mqueue.msg_max can be set from 1 to 65536, and to nothing else.
#[harness::test(
    id = "posix-mq.msg-max-range",
    cite = [man("mq_overview.7", "/proc interfaces", "/proc/sys/fs/mqueue/msg_max")],
    covers = ["behaviours:mq.msg-max-range"],
    needs = [IPCNS, ipc_setting(MSG_MAX)],
)]
fn msg_max_has_a_range() -> TestResult {
    check_range(MSG_MAX, 1, HARD_MSGMAX)
}

/// fs.mqueue.msgsize_max can be set from 128 to 16777216, and to nothing else.
#[harness::test(
    id = "posix-mq.msgsize-max-range",
    cite = [man("mq_overview.7", "/proc interfaces", "/proc/sys/fs/mqueue/msgsize_max")],
    covers = ["behaviours:mq.msgsize-max-range"],
    needs = [IPCNS, ipc_setting(MSGSIZE_MAX)],
)]
fn msgsize_max_has_a_range() -> TestResult {
    check_range(MSGSIZE_MAX, 128, HARD_MSGSIZEMAX)
}

/// Each IPC namespace has queues and settings of its own: those of another are not found by their names, and a setting that one has
/// changed the other has as before.
#[harness::test(
    id = "posix-mq.namespace",
    cite = [man("ipc_namespaces.7", "DESCRIPTION"), man("mq_overview.7", "IPC namespaces")],
    covers = ["behaviours:mq.sysctl-per-ipcns"],
    needs = [IPCNS, ipc_setting(MSG_MAX)],
    layers = [libc, nix, raw],
)]
fn a_namespace_has_its_own_settings() -> TestResult {
    let name = MessageQueue::new();
    let queue = name.create()?;
    let _lowered = setting::change(MSG_MAX, 7)?;
    let child = kit::process::clone(CLONE_NEWIPC, || -> TestResult {
        let new = setting::number(MSG_MAX)?;
        assert_eq!(new, 10);
        let _lowered = setting::change(MSG_MAX, 5)?;
        assert_errno!(mq_open(name.name(), O_RDWR, 0, None), ENOENT);
        let own = create(&name, 4, 16)?;
        assert_ne!(object_of(&own)?.1, object_of(&queue)?.1);
        Ok(mq_send(&own, b"theirs", 1)?)
    })?;
    child.join()?;
    let ours = setting::number(MSG_MAX)?;
    assert_eq!(ours, 7);
    assert_eq!(mq_getattr(&queue), Ok(super::nonblocking(0)));
    let again = mq_open(name.name(), O_RDWR, 0, None)?;
    assert_eq!(object_of(&again), object_of(&queue));
    Ok(())
}
