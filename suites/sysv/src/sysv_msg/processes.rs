//! Queues and processes: what outlives a process, an exec and a fork, and who finds a queue.

use super::{ROOM, drain, holding};
use calls::for_layers::libc::ftok;
use calls::sysv::{Message, QueueStatus};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::Queue;
use kit::unrelated::{self, PROGRAMS, Program};
use libc::{IPC_NOWAIT, IPC_PRIVATE};
use linkme::distributed_slice;
use std::ffi::OsString;

fn message(text: &str) -> Message {
    Message::new(1, text)
}

#[rstest]
#[case::exit(|| exit(0))]
#[case::sigkill(kill_self)]
/// A message stays when the process ends that has sent it, by exit or by SIGKILL, and a process that was forked before receives it,
/// although nobody else uses the queue.
#[harness::test(
    id = "sysv-msg.outlives-sender",
    cite = [
        posix("_Exit.3p", "Consequences of Process Termination"),
        man("msgop.2", "DESCRIPTION"),
        man("msgctl.2", "DESCRIPTION", "IPC_RMID"),
    ],
    covers = [
        "behaviours:sysvmsg.data-survives-sender", "behaviours:sysvmsg.persist-after-exit", "behaviours:sysvmsg.fork-same-id",
        "notes:msg.kernel-linked-list", "notes:msg.indirect", "notes:msg.leftover-messages", "notes:msg.removed-after-read",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_message_outlives_its_sender(#[case] end: fn() -> TestResult) -> TestResult {
    let (queue, sent) = (Queue::new(IPC_PRIVATE)?, Latch::new()?);
    let new = queue.status()?;
    let receiver = fork(|| -> TestResult {
        sent.wait_for(1);
        assert_eq!(msgrcv(queue.id(), ROOM, 0, IPC_NOWAIT), Ok(message("left behind")));
        assert_errno!(msgrcv(queue.id(), ROOM, 0, IPC_NOWAIT), ENOMSG);
        Ok(())
    })?;
    let sender = fork(|| -> TestResult {
        assert_eq!(msgsnd(queue.id(), &message("left behind"), 0), Ok(()));
        end()
    })?;
    sender.wait()?;
    let left = QueueStatus { lspid: sender.pid(), ..holding(new, &[message("left behind")]) };
    assert_eq!(queue.status().map(QueueStatus::undated), Ok(left));
    sent.arrive();
    receiver.join()?;
    assert_eq!(drain(&queue), Ok(vec![]));
    Ok(())
}

/// An identifier that a process has from before an execve names the queue after it too, to receive what was sent before, and to send.
#[harness::test(
    id = "sysv-msg.exec",
    cite = [man("sysvipc.7", "Message queues", "msgget(2)"), man("msgop.2", "DESCRIPTION")],
    covers = ["behaviours:sysvmsg.exec-same-id", "behaviours:sysvmsg.data-survives-sender"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_identifier_is_good_after_execve() -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let program = unrelated::start_after(&ANSWERS, || {
        assert_eq!(msgsnd(queue.id(), &message("before execve"), 0), Ok(()));
        Ok(vec![queue.id().to_string().into()])
    })?;
    program.join()?;
    assert_eq!(drain(&queue), Ok(vec![message("after execve")]));
    Ok(())
}

fn argument(arguments: &[OsString]) -> TestResult<&str> {
    arguments.first().and_then(|text| text.to_str()).ok_or_else(|| Stop::broken("the argument is missing"))
}

#[distributed_slice(PROGRAMS)]
static ANSWERS: Program = Program {
    name: "that answers a message",
    body: |arguments| {
        use calls::for_layers::libc_raw::{msgrcv, msgsnd};
        let id = argument(arguments)?.parse()?;
        assert_eq!(msgrcv(id, ROOM, 0, IPC_NOWAIT), Ok(message("before execve")));
        assert_eq!(msgsnd(id, &message("after execve"), IPC_NOWAIT), Ok(()));
        Ok(())
    },
};

/// Two unrelated processes that know only a pathname find the same queue by the key that ftok makes of it, and exchange messages.
#[harness::test(
    id = "sysv-msg.unrelated",
    cite = [man("ftok.3", "DESCRIPTION"), man("msgget.2", "DESCRIPTION"), posix("msgget.3p", "DESCRIPTION")],
    covers = [
        "notes:msg.any-processes", "behaviours:sysvmsg.key-finds-existing", "behaviours:sysvmsg.fork-same-id",
        "behaviours:ftok.same-file-same-key",
    ],
    needs = [SYSV],
)]
fn unrelated_processes_find_a_queue_by_a_file() -> TestResult {
    let file = Name::file("rendezvous")?;
    let queue = Queue::new(ftok(&file, PROJECT)?)?;
    assert_eq!(msgsnd(queue.id(), &message("question"), 0), Ok(()));
    unrelated::start(&FINDS_BY_FILE, &[file.as_os_str().into()])?.join()?;
    assert_eq!(drain(&queue), Ok(vec![message("answer")]));
    Ok(())
}

/// The project of these specs. ftok(3).
const PROJECT: i32 = b'x' as i32;

#[distributed_slice(PROGRAMS)]
static FINDS_BY_FILE: Program = Program {
    name: "that finds a queue by a file",
    body: |arguments| {
        use calls::for_layers::libc_raw::{msgget, msgrcv, msgsnd};
        let key = assert_ok!(ftok(argument(arguments)?, PROJECT));
        let id = assert_ok!(msgget(key, 0));
        assert_eq!(msgrcv(id, ROOM, 0, IPC_NOWAIT), Ok(message("question")));
        assert_eq!(msgsnd(id, &message("answer"), IPC_NOWAIT), Ok(()));
        Ok(())
    },
};
