//! What the founding notes say of POSIX queues, beside those of System V.

use super::{SIZE, fill_queue, message, receive};
use calls::sysv::Message;
use harness::need::{IPCNS, SECOND_UID};
use kit::needs::{SYSV, program};
use kit::posix::MessageQueue;
use kit::prelude::*;
use kit::privilege::become_second_user;
use kit::sysv::{Queue, unused_key};
use libc::{IPC_NOWAIT, O_NONBLOCK, O_RDWR};

/// POSIX and System V queues exist side by side and are not the same: a message that one gets the other does not, and ipcs lists
/// those of System V alone.
#[harness::test(
    id = "posix-mq.beside-system-v",
    cite = [man("mq_overview.7", "DESCRIPTION"), man("sysvipc.7", "DESCRIPTION")],
    covers = ["notes:mq.two-kinds"],
    needs = [SYSV, IPCNS, program("ipcs")],
)]
fn there_are_two_kinds_of_queues() -> TestResult {
    let name = MessageQueue::new();
    let (ours, theirs) = (name.create()?, Queue::new(unused_key()?)?);
    assert_eq!(mq_send(&ours, b"posix", 1), Ok(()));
    assert_eq!(msgsnd(theirs.id(), &Message::new(1, "sysv"), IPC_NOWAIT), Ok(()));
    let (no_input, _) = pipe2(libc::O_CLOEXEC)?;
    let listed = kit::program::run(&["ipcs", "-q"], &no_input)?.printed;
    let lines = listed.lines().filter(|line| line.starts_with("0x")).count();
    assert_eq!(lines, 1);
    evidence("queues that ipcs lists beside a POSIX queue", lines);
    assert_eq!(receive(&ours), Ok(message("posix", 1)));
    assert_eq!(msgrcv(theirs.id(), SIZE, 0, IPC_NOWAIT), Ok(Message::new(1, "sysv")));
    assert_errno!(mq_receive(&ours, SIZE), EAGAIN);
    assert_errno!(msgrcv(theirs.id(), SIZE, 0, IPC_NOWAIT), ENOMSG);
    Ok(())
}

/// A POSIX queue is a list of messages of processes that have permission: one of another user is refused, messages are received
/// whole and by priority, and the list has a limit in their number and in their size.
#[harness::test(
    id = "posix-mq.list-of-messages",
    cite = [man("mq_overview.7", "DESCRIPTION"), man("mq_open.3", "ERRORS", "EACCES"), posix("mq_send.3p", "ERRORS")],
    covers = ["notes:mq.same-model"],
    needs = [SECOND_UID],
    layers = [libc, nix, raw],
)]
fn a_queue_is_a_list_of_messages() -> TestResult {
    let name = MessageQueue::new();
    let queue = name.create()?;
    let other = fork(|| -> TestResult {
        become_second_user()?;
        assert_errno!(mq_open(name.name(), O_RDWR | O_NONBLOCK, 0, None), EACCES);
        Ok(())
    })?;
    other.join()?;
    let sender = fork(|| {
        assert_eq!(mq_send(&queue, b"low", 1), Ok(()));
        assert_eq!(mq_send(&queue, b"high", 9), Ok(()));
    })?;
    sender.join()?;
    assert_errno!(mq_receive(&queue, SIZE - 1), EMSGSIZE);
    assert_eq!(mq_receive(&queue, SIZE), Ok((b"high".to_vec(), 9)));
    assert_eq!(mq_receive(&queue, SIZE), Ok((b"low".to_vec(), 1)));
    fill_queue(&queue)?;
    assert_errno!(mq_send(&queue, b"more", 1), EAGAIN);
    Ok(())
}
