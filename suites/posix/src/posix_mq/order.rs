//! Which message is received next, and what of it.

use super::{EMPTY, SIZE, drain, message, nameless, nonblocking, receive, send};
use kit::prelude::*;
use kit::property;
use libc::O_NONBLOCK;
use models::PriorityQueue;
use proptest::collection::vec;

/// mq_receive returns the oldest of the messages of the highest priority, whole, with its length and its priority, and removes it;
/// mq_curmsgs is the number of those that are left.
#[harness::test(
    id = "posix-mq.order",
    cite = [posix("mq_receive.3p", "DESCRIPTION"), posix("mq_send.3p", "DESCRIPTION"), man("mq_receive.3", "DESCRIPTION")],
    covers = [
        "behaviours:mq.priority-order", "behaviours:mq.after-equal-priority", "behaviours:mq.removes-oldest-highest",
        "behaviours:mq.returns-length-prio", "behaviours:mq.curmsgs",
    ],
    layers = [libc, nix, raw],
)]
fn the_oldest_of_the_highest_priority_comes_first() -> TestResult {
    let queue = nameless(O_NONBLOCK)?;
    for (sent, (text, priority)) in (1..).zip([("low", 1), ("high", 9), ("low again", 1), ("the next high", 9)]) {
        assert_eq!(mq_send(&queue, text.as_bytes(), priority), Ok(()));
        assert_eq!(mq_getattr(&queue), Ok(nonblocking(sent)));
    }
    let ordered = [("high", 9), ("the next high", 9), ("low", 1), ("low again", 1)];
    for ((text, priority), left) in ordered.into_iter().zip([3, 2, 1, 0]) {
        assert_eq!(mq_receive(&queue, SIZE), Ok((text.as_bytes().to_vec(), priority)));
        assert_eq!(mq_getattr(&queue), Ok(nonblocking(left)));
    }
    Ok(())
}

/// A step of a property: to send at a priority, or to receive.
type Step = Option<u32>;

/// Whatever is sent and received in whatever order: mq_receive returns the oldest of the messages of the highest priority.
#[harness::test(
    id = "posix-mq.order-of-any",
    cite = [posix("mq_receive.3p", "DESCRIPTION"), man("mq_receive.3", "DESCRIPTION")],
    covers = ["behaviours:mq.priority-order", "behaviours:mq.removes-oldest-highest", "behaviours:mq.after-equal-priority"],
)]
fn a_queue_is_ordered_by_priority_and_age() -> TestResult {
    property::check(64, vec(proptest::option::weighted(0.6, 0..4_u32), 1..40), |steps: Vec<Step>| {
        let queue = nameless(O_NONBLOCK)?;
        let mut model = PriorityQueue::new();
        for (number, step) in steps.into_iter().enumerate() {
            let text = number.to_string();
            match step {
                Some(priority) if (model.0.len() as i64) < EMPTY.messages => {
                    assert_eq!(send(&queue, &text, priority), Ok(()));
                    model.send(text, priority);
                }
                Some(priority) => assert_errno!(send(&queue, &text, priority), EAGAIN),
                None => match model.receive() {
                    Some(message) => assert_eq!(receive(&queue), Ok(message)),
                    None => assert_errno!(receive(&queue), EAGAIN),
                },
            }
        }
        assert_eq!(drain(&queue), Ok(model.0));
        Ok(())
    })
}

/// A message has the priority with which it was sent, from 0 to 32767; one of 32768, which is _SC_MQ_PRIO_MAX of sysconf, or more is
/// refused with EINVAL, and nothing is queued.
#[harness::test(
    id = "posix-mq.priorities",
    cite = [man("mq_overview.7", "DESCRIPTION"), posix("mq_send.3p", "ERRORS", "EINVAL")],
    covers = [
        "behaviours:mq.prio-range", "behaviours:mq.prio-too-high-einval", "errors:posix-mq.mq_send.EINVAL",
        "errors:posix-mq.mq_timedsend.EINVAL.2",
    ],
    layers = [libc, raw],
)]
fn priorities_are_below_32768() -> TestResult {
    const MOST: u32 = 32768;
    let queue = nameless(O_NONBLOCK)?;
    for priority in [0, 1, 31, 32, MOST - 1] {
        assert_eq!(mq_send(&queue, b"text", priority), Ok(()));
        assert_eq!(mq_receive(&queue, SIZE), Ok((b"text".to_vec(), priority)));
    }
    for priority in [MOST, MOST + 1, i32::MAX as u32 + 1, u32::MAX] {
        assert_errno!(mq_send(&queue, b"text", priority), EINVAL);
        assert_errno!(mq_timedsend(&queue, b"text", priority, crate::deadlines::NEVER), EINVAL);
    }
    assert_eq!(mq_getattr(&queue), Ok(nonblocking(0)));
    // SAFETY: asks for a number.
    assert_eq!(unsafe { libc::sysconf(libc::_SC_MQ_PRIO_MAX) }, i64::from(MOST));
    Ok(())
}

/// A message may have any length from 0 to mq_msgsize; a longer one is refused with EMSGSIZE, and nothing is queued.
#[harness::test(
    id = "posix-mq.lengths",
    cite = [man("mq_send.3", "DESCRIPTION"), man("mq_send.3", "ERRORS", "EMSGSIZE"), posix("mq_send.3p", "ERRORS", "EMSGSIZE")],
    covers = [
        "behaviours:mq.zero-length-ok", "behaviours:mq.returns-length-prio", "errors:posix-mq.mq_send.EMSGSIZE",
    ],
    layers = [libc, nix, raw],
)]
fn a_message_has_0_to_mq_msgsize_bytes() -> TestResult {
    let (queue, bytes) = (nameless(O_NONBLOCK)?, [b'x'; SIZE + 1]);
    for length in [0, 1, SIZE - 1, SIZE] {
        assert_eq!(mq_send(&queue, &bytes[..length], 3), Ok(()));
        assert_eq!(mq_getattr(&queue), Ok(nonblocking(1)));
        assert_eq!(mq_receive(&queue, SIZE), Ok((bytes[..length].to_vec(), 3)));
    }
    assert_errno!(mq_send(&queue, &bytes, 3), EMSGSIZE);
    assert_eq!(mq_getattr(&queue), Ok(nonblocking(0)));
    Ok(())
}

/// mq_receive wants a buffer of at least mq_msgsize bytes, however short the message is: it refuses a shorter one with EMSGSIZE, and the
/// message stays.
#[harness::test(
    id = "posix-mq.buffer",
    cite = [posix("mq_receive.3p", "ERRORS", "EMSGSIZE"), man("mq_receive.3", "DESCRIPTION")],
    covers = ["behaviours:mq.buffer-must-hold-max", "errors:posix-mq.mq_receive.EMSGSIZE"],
    layers = [libc, nix, raw],
)]
fn the_buffer_holds_the_longest_message() -> TestResult {
    let queue = nameless(O_NONBLOCK)?;
    for size in [SIZE, SIZE + 1, 64 * SIZE] {
        send(&queue, "m", 5)?;
        for short in [0, 1, SIZE - 1] {
            assert_errno!(mq_receive(&queue, short), EMSGSIZE);
        }
        assert_eq!(mq_getattr(&queue), Ok(nonblocking(1)));
        assert_eq!(mq_receive(&queue, size), Ok((b"m".to_vec(), 5)));
    }
    assert_errno!(mq_receive(&queue, 0), EMSGSIZE);
    assert_eq!(drain(&queue), Ok(vec![]));
    Ok(())
}

#[harness::errors(
    family = "message-too-long",
    rows = [
        ("posix-mq.timed-too-long/mq-timedsend", "errors:posix-mq.mq_timedsend.EMSGSIZE",
            |queue| mq_timedsend(queue, &[b'x'; SIZE + 1], 0, crate::deadlines::NEVER)),
        ("posix-mq.timed-too-long/mq-timedreceive", "errors:posix-mq.mq_timedreceive.EMSGSIZE",
            |queue| mq_timedreceive(queue, SIZE - 1, crate::deadlines::NEVER).map(drop)),
    ],
    layers = [libc, raw],
)]
fn the_timed_calls_refuse_the_length(call: fn(&Fd) -> Result<()>) -> TestResult {
    let queue = nameless(0)?;
    send(&queue, "text", 1)?;
    assert_errno!(call(&queue), EMSGSIZE);
    assert_eq!(drain(&queue), Ok(vec![message("text", 1)]));
    assert_errno!(call(&queue), EMSGSIZE);
    assert_eq!(mq_getattr(&queue), Ok(EMPTY));
    Ok(())
}
