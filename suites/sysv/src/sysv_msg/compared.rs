//! What the notes say of message queues beside other means.

use super::{ROOM, drain, holding};
use calls::sysv::{Message, QueueStatus};
use harness::mark;
use harness::raw::{Argument as _, arguments};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::setting;
use kit::sysv::Queue;
use libc::{IPC_NOWAIT, IPC_PRIVATE, timespec};
use nix::time::{ClockId, clock_gettime};

/// Messages of 3, 5 and 2 bytes are received as such, each with its type, where one read of a pipe gets all 10 bytes that three writes
/// have put there.
#[harness::test(
    id = "sysv-msg.boundaries",
    cite = [man("sysvipc.7", "Message queues", "msgsnd(2)"), man("msgop.2", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
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
    cite = [man("msgop.2", "msgsnd()"), posix("msgsnd.3p", "DESCRIPTION")],
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

/// The size of a payload, and how many of them are timed.
const PAYLOAD: usize = 4096;
const TIMED: u32 = 50;

/// The processor time that one of many such exchanges takes, in nanoseconds.
fn processor_time(exchange: impl Fn() -> TestResult) -> TestResult<i64> {
    let clock = || Ok::<timespec, Stop>(*clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.as_ref());
    let since = clock()?;
    (0..TIMED).try_for_each(|_| mark::by_harness(&exchange))?;
    let now = clock()?;
    Ok(((now.tv_sec - since.tv_sec) * 1_000_000_000 + now.tv_nsec - since.tv_nsec) / i64::from(TIMED))
}

/// msgsnd copies a message, as write copies to a pipe: what the sender does to its buffer afterwards makes no difference to what is
/// received, which is a copy again.
#[harness::test(
    id = "sysv-msg.two-copies",
    cite = [man("msgop.2", "msgsnd()")],
    covers = ["notes:msg.copy-costs-cpu", "notes:msg.solves-pipe-inefficiency"],
    needs = [SYSV],
)]
fn a_queue_copies_as_a_pipe_does() -> TestResult {
    let (queue, (reader, writer)) = (Queue::new(IPC_PRIVATE)?, pipe2(0)?);
    let payload = Bytes::sequence(PAYLOAD);
    // The type, then the text.
    let mut buffer = [&1_i64.to_ne_bytes(), &payload.0[..]].concat();
    let call = [queue.id().register(), buffer.as_mut_ptr().register(), PAYLOAD, IPC_NOWAIT.register()];
    // SAFETY: the buffer holds a type and so many bytes, and is only read.
    assert_eq!(unsafe { syscall("msgsnd", Sysno::msgsnd, arguments(call)) }, Ok(0));
    assert_eq!(write(&writer, &buffer[size_of::<i64>()..]), Ok(PAYLOAD));
    buffer.fill(0);
    let received = assert_ok!(msgrcv(queue.id(), PAYLOAD, 0, IPC_NOWAIT));
    assert_eq!((received.kind, &Bytes(received.text.clone())), (1, &payload));
    assert_eq!(read_bytes(&reader, ROOM), Ok(payload));
    let by_queue = processor_time(|| {
        msgsnd(queue.id(), &received, 0)?;
        msgrcv(queue.id(), PAYLOAD, 0, 0)?;
        Ok(())
    })?;
    let by_pipe = processor_time(|| {
        write(&writer, &received.text)?;
        read_bytes(&reader, PAYLOAD)?;
        Ok(())
    })?;
    evidence("processor time of 4 KiB through a queue, ns", by_queue);
    evidence("processor time of 4 KiB through a pipe, ns", by_pipe);
    Ok(())
}

/// What is longer than kernel.msgmax does not fit into one message: msgsnd fails with EINVAL, and queues nothing; in pieces of that size
/// it is received in order.
#[harness::test(
    id = "sysv-msg.split",
    cite = [man("msgop.2", "ERRORS", "EINVAL"), posix("msgsnd.3p", "ERRORS", "EINVAL")],
    covers = [
        "notes:msg.unfit-for-large-or-frequent", "notes:msg.maximum-length", "behaviours:sysvmsg.msgmax-limit",
        "errors:sysv-msg.msgsnd.EINVAL.3",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn large_data_is_sent_in_pieces() -> TestResult {
    let most = setting::number("kernel/msgmax")?;
    let (queue, data) = (Queue::of_size(most as u64)?, Bytes::sequence(2 * most + most / 2).0);
    let before = queue.status()?;
    for size in [most + 1, data.len()] {
        assert_errno!(msgsnd(queue.id(), &Message::new(1, &data[..size]), IPC_NOWAIT), EINVAL);
    }
    assert_eq!(queue.status(), Ok(before));
    let mut received = Vec::new();
    for piece in data.chunks(most) {
        assert_eq!(msgsnd(queue.id(), &Message::new(1, piece), IPC_NOWAIT), Ok(()));
        let message = assert_ok!(msgrcv(queue.id(), most, 0, IPC_NOWAIT));
        assert_eq!(message.kind, 1);
        received.extend(message.text);
    }
    evidence("messages that 64 KiB take", (1_usize << 16).div_ceil(most));
    assert_eq!(Bytes(received), Bytes(data));
    Ok(())
}
