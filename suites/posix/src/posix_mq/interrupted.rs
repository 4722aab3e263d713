//! What ends a wait other than a message or room: handlers, SIGKILL.

use super::SIZE;
use super::waiters::{RECEIVER, SENDER, Waiting};
use crate::deadlines::NEVER;
use kit::disposition::{Runs, handle, handled};
use kit::prelude::*;
use nix::sys::signal::{SIGUSR1, SaFlags};

/// mq_timedreceive, which waits as mq_receive does.
const TIMED_RECEIVER: Waiting = Waiting {
    call: calls::MQ_TIMEDRECEIVE,
    wait: |queue| {
        let received = calls::for_layers::libc_nix_raw::mq_timedreceive(queue, SIZE, NEVER);
        received.map(|received| assert_eq!(received, (b"new".to_vec(), 3)))
    },
    ..RECEIVER
};

/// mq_timedsend, which waits as mq_send does.
const TIMED_SENDER: Waiting = Waiting {
    call: calls::MQ_TIMEDSEND,
    wait: |queue| calls::for_layers::libc_raw::mq_timedsend(queue, b"new", 0, NEVER),
    ..SENDER
};

#[rstest]
#[case::mq_receive(RECEIVER)]
#[case::mq_timedreceive(TIMED_RECEIVER)]
#[case::mq_send(SENDER)]
#[case::mq_timedsend(TIMED_SENDER)]
/// A call that waits for a queue fails with EINTR when a handler interrupts it that was installed without SA_RESTART: it has queued or
/// removed nothing, and another process, which waits for less long, goes on in its place.
#[harness::test(
    id = "posix-mq.interrupted",
    cite = [
        posix("mq_send.3p", "ERRORS", "EINTR"),
        posix("mq_receive.3p", "ERRORS", "EINTR"),
        man("mq_send.3", "ERRORS", "EINTR"),
        man("mq_receive.3", "ERRORS", "EINTR"),
    ],
    covers = [
        "behaviours:mq.eintr-nothing-moved", "errors:posix-mq.mq_receive.EINTR", "errors:posix-mq.mq_timedreceive.EINTR",
        "errors:posix-mq.mq_send.EINTR", "errors:posix-mq.mq_timedsend.EINTR",
    ],
    layers = [libc, raw],
)]
fn a_handler_interrupts_the_wait(#[case] waiting: Waiting) -> TestResult {
    let queue = waiting.queue()?;
    let before = mq_getattr(&queue)?;
    let interrupted = fork(|| -> TestResult {
        handle(SIGUSR1, SaFlags::empty())?;
        assert_errno!((waiting.wait)(&queue), EINTR);
        assert_eq!(handled(SIGUSR1), 1);
        Ok(())
    })?;
    interrupted.wait_until_blocked_in(waiting.call)?;
    let other = waiting.child(&queue, |returned| assert_eq!(returned, Ok(())))?;
    interrupted.signal(SIGUSR1)?;
    interrupted.join()?;
    other.assert_blocked_in(waiting.call);
    assert_eq!(mq_getattr(&queue), Ok(before));
    assert_eq!((waiting.release)(&queue), Ok(()));
    other.join()?;
    assert_eq!(mq_getattr(&queue), Ok(before));
    waiting.assert_left(&queue, 1);
    Ok(())
}

#[rstest]
#[case::mq_receive(RECEIVER)]
#[case::mq_timedreceive(TIMED_RECEIVER)]
#[case::mq_send(SENDER)]
#[case::mq_timedsend(TIMED_SENDER)]
/// A call that waits for a queue goes on waiting after a handler that was installed with SA_RESTART, and completes.
#[harness::test(
    id = "posix-mq.restarted",
    cite = [
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
        posix("sigaction.3p", "DESCRIPTION", "SA_RESTART"),
    ],
    covers = [
        "behaviours:restart.mq-receive", "behaviours:restart.mq-timedreceive", "behaviours:restart.mq-send",
        "behaviours:restart.mq-timedsend",
    ],
    layers = [libc, raw],
)]
fn a_restarted_wait_completes(#[case] waiting: Waiting) -> TestResult {
    let (queue, runs) = (waiting.queue()?, Runs::new()?);
    let before = mq_getattr(&queue)?;
    let child = fork(|| -> TestResult {
        runs.handle(SIGUSR1, SaFlags::SA_RESTART)?;
        assert_eq!((waiting.wait)(&queue), Ok(()));
        Ok(())
    })?;
    child.wait_until_blocked_in(waiting.call)?;
    child.signal(SIGUSR1)?;
    runs.wait_for(1);
    child.assert_blocked_in(waiting.call);
    assert_eq!(mq_getattr(&queue), Ok(before));
    assert_eq!((waiting.release)(&queue), Ok(()));
    child.join()?;
    assert_eq!((mq_getattr(&queue), runs.count()), (Ok(before), 1));
    waiting.assert_left(&queue, 1);
    Ok(())
}

#[rstest]
#[case::receiver(RECEIVER)]
#[case::sender(SENDER)]
/// A process that SIGKILL ends while it waits for a queue has received or queued nothing, and another that waits for less long goes on
/// in its place.
#[harness::test(
    id = "posix-mq.killed-waiter",
    cite = [kernel("ipc/mqueue.c", "wq_sleep", "6.18")],
    covers = ["behaviours:mq.killed-waiter"],
    layers = [libc, nix, raw],
)]
fn a_killed_waiter_takes_and_leaves_nothing(#[case] waiting: Waiting) -> TestResult {
    let queue = waiting.queue()?;
    let before = mq_getattr(&queue)?;
    let killed = waiting.child(&queue, drop)?;
    let other = waiting.child(&queue, |returned| assert_eq!(returned, Ok(())))?;
    killed.kill()?;
    other.assert_blocked_in(waiting.call);
    assert_eq!(mq_getattr(&queue), Ok(before));
    assert_eq!((waiting.release)(&queue), Ok(()));
    other.join()?;
    assert_eq!(mq_getattr(&queue), Ok(before));
    waiting.assert_left(&queue, 1);
    Ok(())
}
