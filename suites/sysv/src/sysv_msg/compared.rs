//! What the notes say of message queues beside other means.

use super::{ROOM, drain, holding};
use calls::sysv::{Message, QueueStatus};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::Queue;
use libc::{IPC_NOWAIT, IPC_PRIVATE};

/// Messages of 3, 5 and 2 bytes are received as such, each with its type, where one read of a pipe gets all 10 bytes that three writes
/// have put there.
#[harness::test(
    id = "sysv-msg.boundaries",
    cite = [man("sysvipc.7", "DESCRIPTION", "msgsnd(2)"), man("msgop.2", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
    covers = [
        "notes:msg.structured-unlike-pipe", "notes:msg.discrete-blocks", "notes:msg.array-of-messages",
        "behaviours:sysvmsg.message-atomic", "behaviours:sysvmsg.return-bytes",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn messages_keep_their_boundaries() -> TestResult {
    let (queue, (reader, writer)) = (Queue::new(IPC_PRIVATE)?, pipe2(0)?);
    let messages = [(7, "one"), (5, "other"), (7, "so")].map(|(kind, text)| Message::new(kind, text));
    for message in &messages {
        assert_eq!(msgsnd(queue.id(), message, IPC_NOWAIT), Ok(()));
        write_all(&writer, &message.text)?;
    }
    let received = assert_ok!(drain(&queue));
    let lengths: Vec<_> = received.iter().map(|message| message.text.len()).collect();
    evidence("types and lengths of what is received, which the texts do not tell", format!("{lengths:?}"));
    assert_eq!(received, messages);
    assert_eq!(read_bytes(&reader, ROOM), Ok("oneotherso".into()));
    Ok(())
}

/// msgsnd returns when the message is queued, although nobody waits to receive it.
#[harness::test(
    id = "sysv-msg.send-returns",
    cite = [man("msgop.2", "DESCRIPTION", "msgsnd()"), posix("msgsnd.3p", "DESCRIPTION")],
    covers = ["notes:msg.send-returns-after-enqueue", "behaviours:sysvmsg.send-updates"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn msgsnd_does_not_wait_for_a_receiver() -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let (new, sent) = (queue.status()?, Message::new(1, "sent"));
    assert_eq!(msgsnd(queue.id(), &sent, 0), Ok(()));
    assert_eq!(queue.status().map(QueueStatus::undated), Ok(holding(new, std::slice::from_ref(&sent))));
    assert_eq!(drain(&queue), Ok(vec![sent]));
    Ok(())
}
