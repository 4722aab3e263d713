//! Which call sets which time and which process id.

use super::{ROOM, holding};
use calls::sysv::{Message, QueueStatus};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::{Queue, clock, wait_until_clock_is_past};
use kit::thread;
use libc::{IPC_NOWAIT, IPC_PRIVATE};

/// msgsnd sets msg_lspid to the process that sends and msgrcv sets msg_lrpid to the one that receives, whether it found the message or
/// waited for it; each leaves the other's, and one that fails leaves both.
#[harness::test(
    id = "sysv-msg.pids",
    cite = [posix("msgsnd.3p", "DESCRIPTION"), posix("msgrcv.3p", "DESCRIPTION"), man("msgop.2", "DESCRIPTION")],
    covers = [
        "behaviours:sysvmsg.send-updates", "behaviours:sysvmsg.recv-updates", "behaviours:sysvmsg.stat-fields",
        "behaviours:sysvmsg.cbytes",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn each_call_leaves_its_process_id() -> TestResult {
    let queue = Queue::of_size(5)?;
    let message = Message::new(1, "12345");
    let (new, sent) = (queue.status()?.undated(), std::slice::from_ref(&message));
    let status = || queue.status().map(QueueStatus::undated);
    let send = || assert_eq!(msgsnd(queue.id(), &message, IPC_NOWAIT), Ok(()));
    let receive = || assert_eq!(msgrcv(queue.id(), ROOM, 0, 0), Ok(message.clone()));
    let sender = fork(send)?;
    let lspid = sender.pid();
    sender.join()?;
    let held = QueueStatus { lspid, ..holding(new, sent) };
    assert_eq!(status(), Ok(held));
    fork(|| assert_errno!(msgsnd(queue.id(), &message, IPC_NOWAIT), EAGAIN))?.join()?;
    fork(|| assert_errno!(msgrcv(queue.id(), 4, 0, IPC_NOWAIT), E2BIG))?.join()?;
    assert_eq!(status(), Ok(held));
    let receiver = fork(receive)?;
    let lrpid = receiver.pid();
    receiver.join()?;
    assert_eq!(status(), Ok(QueueStatus { lspid, lrpid, ..new }));
    fork(|| assert_errno!(msgrcv(queue.id(), ROOM, 0, IPC_NOWAIT), ENOMSG))?.join()?;
    assert_eq!(status(), Ok(QueueStatus { lspid, lrpid, ..new }));
    let waiting = fork(receive)?;
    waiting.wait_until_blocked_in(calls::MSGRCV)?;
    let lrpid = waiting.pid();
    send();
    waiting.join()?;
    assert_eq!(status(), Ok(QueueStatus { lspid: own_pid(), lrpid, ..new }));
    Ok(())
}

/// A thread that is not the first of its process leaves the id of the process, not its own, in msg_lspid when it sends, and in msg_lrpid
/// when it receives a message that it has found.
#[harness::test(
    id = "sysv-msg.pids-of-threads",
    cite = [posix("msgsnd.3p", "DESCRIPTION"), posix("msgrcv.3p", "DESCRIPTION"), man("msgop.2", "DESCRIPTION")],
    covers = ["behaviours:sysvmsg.send-updates", "behaviours:sysvmsg.recv-updates"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn threads_leave_the_id_of_their_process() -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let (id, new) = (queue.id(), queue.status()?.undated());
    let exchange = thread::spawn(move || {
        let message = Message::new(1, "12345");
        assert_eq!(msgsnd(id, &message, 0), Ok(()));
        assert_eq!(msgrcv(id, ROOM, 0, 0), Ok(message));
    })?;
    exchange.join()?;
    let left = QueueStatus { lspid: own_pid(), lrpid: own_pid(), ..new };
    assert_eq!(queue.status().map(QueueStatus::undated), Ok(left));
    let waiting = thread::spawn(move || assert_eq!(msgrcv(id, ROOM, 0, 0), Ok(Message::new(1, "67890"))))?;
    waiting.wait_until_blocked_in(calls::MSGRCV)?;
    assert_eq!(msgsnd(id, &Message::new(1, "67890"), 0), Ok(()));
    let lrpid = queue.status()?.lrpid;
    let whose = if lrpid == waiting.tid() { "the id of the thread" } else { "another id" };
    observe(
        "msg_lrpid after a thread has waited for a message",
        if lrpid == own_pid() { "the id of its process" } else { whose },
    );
    waiting.join()
}

/// msgsnd sets msg_stime to the present, msgrcv sets msg_rtime, and IPC_SET sets msg_ctime; each leaves the two other times, and neither
/// IPC_STAT nor a call that fails sets any.
#[harness::test(
    id = "sysv-msg.times",
    cite = [
        posix("msgsnd.3p", "DESCRIPTION"),
        posix("msgrcv.3p", "DESCRIPTION"),
        posix("msgctl.3p", "DESCRIPTION", "IPC_SET"),
        man("msgop.2", "DESCRIPTION"),
        man("msgctl.2", "DESCRIPTION"),
    ],
    covers = [
        "behaviours:sysvmsg.send-updates", "behaviours:sysvmsg.recv-updates", "behaviours:sysvmsg.set-ctime",
        "behaviours:sysvmsg.stat-fields",
    ],
    needs = [SYSV],
)]
fn each_call_sets_its_time() -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let message = Message::new(1, "12345");
    let made = queue.status()?;
    let later = wait_until_clock_is_past(made.ctime)?;
    let is_present = |time: i64| clock().is_ok_and(|now| (later..=now).contains(&time));
    assert_errno!(msgrcv(queue.id(), ROOM, 0, IPC_NOWAIT), ENOMSG);
    assert_errno!(msgsnd(queue.id(), &Message::new(0, ""), IPC_NOWAIT), EINVAL);
    assert_eq!(queue.status(), Ok(made));
    assert_eq!(msgsnd(queue.id(), &message, 0), Ok(()));
    let sent = assert_ok!(queue.status());
    assert!(is_present(sent.stime), "stime is {}, later is {later}", sent.stime);
    assert_eq!(sent, QueueStatus { qnum: 1, cbytes: 5, lspid: own_pid(), stime: sent.stime, ..made });
    assert_errno!(msgrcv(queue.id(), 1, 0, IPC_NOWAIT), E2BIG);
    assert_eq!(queue.status(), Ok(sent));
    assert_eq!(msgrcv(queue.id(), ROOM, 0, 0), Ok(message));
    let received = assert_ok!(queue.status());
    assert!(is_present(received.rtime), "rtime is {}, later is {later}", received.rtime);
    assert_eq!(received, QueueStatus { qnum: 0, cbytes: 0, lrpid: own_pid(), rtime: received.rtime, ..sent });
    assert_eq!(set_queue(queue.id(), made.permissions(), made.qbytes), Ok(()));
    let set = assert_ok!(queue.status());
    assert!(is_present(set.ctime), "ctime is {}, later is {later}", set.ctime);
    assert_eq!(set, QueueStatus { ctime: set.ctime, ..received });
    Ok(())
}
