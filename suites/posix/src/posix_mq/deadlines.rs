//! mq_timedsend and mq_timedreceive: a wait until a time of CLOCK_REALTIME.

use super::waiters::{RECEIVER, SENDER, Waiting};
use super::{EMPTY, SIZE, drain, fill_queue, holding, message, nameless, send};
use crate::deadlines::{MALFORMED, NEVER, PAST, SOON, after, assert_passed};
use kit::prelude::*;
use libc::{CLOCK_REALTIME, O_NONBLOCK, timespec};
use std::time::Duration;

/// mq_timedreceive of an empty queue fails with ETIMEDOUT once CLOCK_REALTIME has reached the deadline, and not before; another process
/// goes on waiting.
#[harness::test(
    id = "posix-mq.receive-deadline",
    cite = [posix("mq_receive.3p", "ERRORS", "ETIMEDOUT"), man("mq_receive.3", "DESCRIPTION")],
    covers = ["behaviours:mq.receive-timeout-absolute", "errors:posix-mq.mq_timedreceive.ETIMEDOUT"],
    layers = [libc, nix, raw],
)]
fn a_receiver_gives_up_at_its_deadline() -> TestResult {
    let queue = nameless(0)?;
    let other = RECEIVER.child(&queue, |returned| assert_eq!(returned, Ok(())))?;
    let deadline = after(CLOCK_REALTIME, SOON)?;
    assert_errno!(mq_timedreceive(&queue, SIZE, deadline), ETIMEDOUT);
    assert_passed(CLOCK_REALTIME, deadline)?;
    other.assert_blocked_in(RECEIVER.call);
    assert_eq!(mq_getattr(&queue), Ok(EMPTY));
    assert_eq!((RECEIVER.release)(&queue), Ok(()));
    other.join()
}

/// mq_timedsend to a full queue fails with ETIMEDOUT once CLOCK_REALTIME has reached the deadline, and not before, and queues nothing;
/// another process goes on waiting.
#[harness::test(
    id = "posix-mq.send-deadline",
    cite = [posix("mq_send.3p", "ERRORS", "ETIMEDOUT"), man("mq_send.3", "DESCRIPTION")],
    covers = ["behaviours:mq.send-timeout-absolute", "errors:posix-mq.mq_timedsend.ETIMEDOUT"],
    layers = [libc, raw],
)]
fn a_sender_gives_up_at_its_deadline() -> TestResult {
    let queue = SENDER.queue()?;
    let other = SENDER.child(&queue, |returned| assert_eq!(returned, Ok(())))?;
    let deadline = after(CLOCK_REALTIME, SOON)?;
    assert_errno!(mq_timedsend(&queue, b"late", 9, deadline), ETIMEDOUT);
    assert_passed(CLOCK_REALTIME, deadline)?;
    other.assert_blocked_in(SENDER.call);
    assert_eq!((SENDER.release)(&queue), Ok(()));
    other.join()?;
    assert_eq!(drain(&queue), Ok([vec![message("old", 0); 3], vec![message("new", 0)]].concat()));
    Ok(())
}

/// Where mq_timedreceive would wait and its deadline has passed, it fails with ETIMEDOUT at once; where there is a message it receives
/// that.
#[harness::test(
    id = "posix-mq.receive-deadline-passed",
    cite = [posix("mq_receive.3p", "DESCRIPTION"), man("mq_receive.3", "DESCRIPTION")],
    covers = [
        "behaviours:mq.available-ignores-deadline", "behaviours:mq.receive-timeout-absolute",
        "errors:posix-mq.mq_timedreceive.ETIMEDOUT",
    ],
    layers = [libc, nix, raw],
)]
fn a_deadline_that_has_passed_only_forbids_to_wait() -> TestResult {
    let queue = nameless(0)?;
    for past in [PAST, timespec { tv_sec: 0, tv_nsec: 0 }, after(CLOCK_REALTIME, Duration::ZERO)?] {
        assert_errno!(mq_timedreceive(&queue, SIZE, past), ETIMEDOUT);
        send(&queue, "text", 1)?;
        assert_eq!(mq_timedreceive(&queue, SIZE, past), Ok((b"text".to_vec(), 1)));
    }
    assert_errno!(mq_timedreceive(&queue, SIZE, PAST), ETIMEDOUT);
    Ok(())
}

/// Where mq_timedsend would wait and its deadline has passed, it fails with ETIMEDOUT at once; where there is room it sends.
#[harness::test(
    id = "posix-mq.send-deadline-passed",
    cite = [posix("mq_send.3p", "DESCRIPTION"), man("mq_send.3", "DESCRIPTION")],
    covers = [
        "behaviours:mq.past-deadline-immediate", "behaviours:mq.expired-full-etimedout", "errors:posix-mq.mq_timedsend.ETIMEDOUT",
    ],
    layers = [libc, raw],
)]
fn a_deadline_that_has_passed_only_forbids_to_wait_for_room() -> TestResult {
    let queue = nameless(0)?;
    for queued in 1..=EMPTY.messages {
        assert_eq!(mq_timedsend(&queue, b"text", 1, PAST), Ok(()));
        assert_eq!(mq_getattr(&queue), Ok(holding(queued)));
    }
    assert_errno!(mq_timedsend(&queue, b"late", 9, PAST), ETIMEDOUT);
    assert_eq!(drain(&queue), Ok(vec![message("text", 1); EMPTY.messages as usize]));
    Ok(())
}

/// A timed call that waits goes on when there is a message or room, long before its deadline.
#[harness::test(
    id = "posix-mq.deadline-ahead",
    cite = [posix("mq_receive.3p", "DESCRIPTION"), posix("mq_send.3p", "DESCRIPTION")],
    covers = ["behaviours:mq.blocks-empty", "behaviours:mq.blocks-full"],
    layers = [libc, raw],
)]
fn a_timed_wait_ends_before_its_deadline() -> TestResult {
    let queue = nameless(0)?;
    let receiver = fork(|| assert_eq!(mq_timedreceive(&queue, SIZE, NEVER), Ok((b"text".to_vec(), 1))))?;
    receiver.assert_blocked_in(calls::MQ_TIMEDRECEIVE);
    assert_eq!(mq_timedsend(&queue, b"text", 1, NEVER), Ok(()));
    receiver.join()?;
    fill_queue(&queue)?;
    let sender = fork(|| assert_eq!(mq_timedsend(&queue, b"text", 1, NEVER), Ok(())))?;
    sender.assert_blocked_in(calls::MQ_TIMEDSEND);
    assert_eq!(mq_timedreceive(&queue, SIZE, NEVER), Ok((b"old".to_vec(), 0)));
    sender.join()?;
    assert_eq!(drain(&queue), Ok([vec![message("text", 1)], vec![message("old", 0); 3]].concat()));
    Ok(())
}

/// A call that waits, made with this deadline.
type Timed = fn(&Fd, timespec) -> Result<()>;

#[harness::errors(
    family = "invalid-timeout",
    rows = [
        ("posix-mq.malformed-deadline/mq-timedreceive", "errors:posix-mq.mq_timedreceive.EINVAL", (RECEIVER, |queue, time| {
            mq_timedreceive(queue, SIZE, time).map(drop)
        })),
        ("posix-mq.malformed-deadline/mq-timedsend", "errors:posix-mq.mq_timedsend.EINVAL", (SENDER, |queue, time| {
            mq_timedsend(queue, b"new", 0, time)
        })),
    ],
    layers = [libc, raw],
)]
fn a_malformed_deadline_is_refused(waiting: (Waiting, Timed)) -> TestResult {
    let (waiting, call) = waiting;
    let queue = waiting.queue()?;
    let before = mq_getattr(&queue)?;
    for malformed in MALFORMED.into_iter().chain([timespec { tv_sec: -1, tv_nsec: 0 }]) {
        assert_errno!(call(&queue, malformed), EINVAL);
    }
    assert_eq!(mq_getattr(&queue), Ok(before));
    (waiting.release)(&queue)?;
    let without_wait = call(&queue, MALFORMED[1]).map_err(|error| error.errno);
    observe(
        "a malformed deadline of a call that need not wait",
        without_wait.map_or_else(|errno| errno.to_string(), |()| "is ignored".into()),
    );
    Ok(())
}

/// With O_NONBLOCK mq_timedreceive of an empty queue and mq_timedsend to a full one fail with EAGAIN whatever their deadline, and change
/// nothing.
#[harness::test(
    id = "posix-mq.nonblocking-before-deadline",
    cite = [posix("mq_open.3p", "DESCRIPTION", "O_NONBLOCK"), man("mq_send.3", "DESCRIPTION"), man("mq_receive.3", "DESCRIPTION")],
    covers = [
        "behaviours:mq.nonblock-ignores-deadline", "errors:posix-mq.mq_timedreceive.EAGAIN", "errors:posix-mq.mq_timedsend.EAGAIN",
    ],
    layers = [libc, raw],
)]
fn o_nonblock_comes_before_the_deadline() -> TestResult {
    let queue = nameless(O_NONBLOCK)?;
    for deadline in [PAST, NEVER] {
        assert_errno!(mq_timedreceive(&queue, SIZE, deadline), EAGAIN);
        fill_queue(&queue)?;
        assert_errno!(mq_timedsend(&queue, b"late", 9, deadline), EAGAIN);
        assert_eq!(drain(&queue), Ok(vec![message("old", 0); EMPTY.messages as usize]));
    }
    Ok(())
}
