//! What a queue has that is made without attributes, and what a new namespace has.

use crate::needs::{DEFAULT_QUEUE, MQUEUE_SETTINGS};
use calls::queues::Attributes;
use harness::need::IPCNS;
use kit::needs::ipc_setting;
use kit::posix::MessageQueue;
use kit::prelude::*;
use kit::setting::{change, number};
use libc::{O_CREAT, O_RDWR};

const MSG_DEFAULT: &str = "fs/mqueue/msg_default";
const MSG_MAX: &str = "fs/mqueue/msg_max";
const MSGSIZE_DEFAULT: &str = "fs/mqueue/msgsize_default";
const MSGSIZE_MAX: &str = "fs/mqueue/msgsize_max";

/// Asserts what a queue has that is made without attributes.
fn check_new_queue(messages: usize, size: usize) -> TestResult {
    use calls::for_layers::libc_nix_raw::{mq_getattr, mq_open};
    let name = MessageQueue::new();
    let queue = mq_open(name.name(), O_CREAT | O_RDWR, 0o600, None)?;
    let made = Attributes { flags: 0, messages: messages as i64, size: size as i64, queued: 0 };
    assert_eq!(mq_getattr(&queue), Ok(made));
    Ok(())
}

/// A queue that is made without attributes holds fs.mqueue.msg_default messages of fs.mqueue.msgsize_default bytes, or msg_max and
/// msgsize_max where those are less.
#[harness::test(
    id = "posix-mq.defaults",
    cite = [
        man("mq_overview.7", "/proc interfaces", "/proc/sys/fs/mqueue/msg_default"),
        man("mq_overview.7", "/proc interfaces", "/proc/sys/fs/mqueue/msgsize_default"),
    ],
    covers = ["behaviours:mq.msg-default", "behaviours:mq.msgsize-default"],
    needs = [MQUEUE_SETTINGS, DEFAULT_QUEUE],
    layers = [libc, raw],
)]
fn a_queue_without_attributes_has_the_defaults() -> TestResult {
    let messages = number(MSG_DEFAULT)?.min(number(MSG_MAX)?);
    let size = number(MSGSIZE_DEFAULT)?.min(number(MSGSIZE_MAX)?);
    check_new_queue(messages, size)
}

/// fs.mqueue.msg_default and msgsize_default decide what a queue has that is made without attributes; where they are above msg_max and
/// msgsize_max, those do.
#[harness::test(
    id = "posix-mq.changed-defaults",
    cite = [
        man("mq_overview.7", "/proc interfaces", "/proc/sys/fs/mqueue/msg_default"),
        man("mq_overview.7", "/proc interfaces", "/proc/sys/fs/mqueue/msgsize_default"),
    ],
    covers = ["behaviours:mq.msg-default", "behaviours:mq.msgsize-default"],
    needs = [IPCNS, ipc_setting(MSG_DEFAULT)],
    layers = [libc, raw],
)]
fn the_defaults_are_capped() -> TestResult {
    let _sizes = (change(MSG_MAX, 5)?, change(MSGSIZE_MAX, 500)?);
    let _defaults = (change(MSG_DEFAULT, 3)?, change(MSGSIZE_DEFAULT, 200)?);
    check_new_queue(3, 200)?;
    let _equal = (change(MSG_DEFAULT, 5)?, change(MSGSIZE_DEFAULT, 500)?);
    check_new_queue(5, 500)?;
    let _above = (change(MSG_DEFAULT, 6)?, change(MSGSIZE_DEFAULT, 501)?);
    check_new_queue(5, 500)
}

#[rstest]
#[case::msg_max("fs/mqueue/msg_max", 10)]
#[case::msgsize_max("fs/mqueue/msgsize_max", 8192)]
#[case::queues_max("fs/mqueue/queues_max", 256)]
#[case::msg_default("fs/mqueue/msg_default", 10)]
#[case::msgsize_default("fs/mqueue/msgsize_default", 8192)]
/// In a new IPC namespace a queue may have 10 messages of 8192 bytes, and has as many without attributes, and there may be 256 queues.
#[harness::test(
    id = "posix-mq.new-namespace",
    cite = [man("mq_overview.7", "/proc interfaces"), man("ipc_namespaces.7", "DESCRIPTION")],
    covers = [
        "behaviours:mq.msg-max-default", "behaviours:mq.msgsize-max-default", "behaviours:mq.queues-max-default",
        "behaviours:mq.msg-default", "behaviours:mq.msgsize-default",
    ],
    needs = [IPCNS, MQUEUE_SETTINGS],
)]
fn a_new_namespace_has_default_settings(#[case] setting: &str, #[case] default: usize) -> TestResult {
    let found = number(setting)?;
    assert_eq!(found, default);
    Ok(())
}
