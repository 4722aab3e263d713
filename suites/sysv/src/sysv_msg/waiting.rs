//! What ends the waiting of msgsnd and msgrcv other than a message: two processes wait, and each of them is asked.

use super::{ROOM, drain, send};
use calls::sysv::{Message, Permissions, QueueStatus};
use kit::disposition::{handle, handled};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::sysv::Queue;
use nix::sys::signal::{SIGUSR1, SaFlags};

/// A call that waits for a queue, how many messages of one byte that holds then, and what lets one who waits go on.
#[derive(Clone, Copy)]
struct Waiting {
    call: &'static Call,
    held: usize,
    wait: fn(&Queue) -> Result<()>,
    release: fn(&Queue) -> Result<()>,
}

/// A queue of these specs holds two messages.
const SIZE: u64 = 2;

fn message() -> Message {
    Message::new(1, "x")
}

fn msgsnd(queue: &Queue) -> Result<()> {
    calls::for_layers::libc_raw::msgsnd(queue.id(), &message(), 0)
}

fn msgrcv(queue: &Queue) -> Result<()> {
    calls::for_layers::libc_raw::msgrcv(queue.id(), ROOM, 1, 0).map(|received| assert_eq!(received, message()))
}

const SENDER: Waiting = Waiting { call: calls::MSGSND, held: SIZE as usize, wait: msgsnd, release: msgrcv };
const RECEIVER: Waiting = Waiting { call: calls::MSGRCV, held: 0, wait: msgrcv, release: msgsnd };

impl Waiting {
    /// A queue that it waits for.
    fn queue(&self) -> TestResult<Queue> {
        let queue = Queue::of_size(SIZE)?;
        send(&queue, &vec![message(); self.held])?;
        Ok(queue)
    }

    /// A child that waits, and checks how that ends.
    fn child(&self, queue: &Queue, check: impl FnOnce(Result<()>)) -> TestResult<Child> {
        let child = fork(|| check((self.wait)(queue)))?;
        child.wait_until_blocked_in(self.call)?;
        Ok(child)
    }

    /// What is queued when it does not wait any more and has changed nothing.
    fn content(&self) -> Vec<Message> {
        vec![message(); self.held]
    }
}

#[rstest]
#[case::receivers(RECEIVER)]
#[case::senders(SENDER)]
/// IPC_RMID removes a queue at once, with its messages, although two processes wait for it: their msgrcv or msgsnd fails with EIDRM.
#[harness::test(
    id = "sysv-msg.removal-ends-waits",
    cite = [
        posix("msgrcv.3p", "ERRORS", "EIDRM"),
        posix("msgsnd.3p", "ERRORS", "EIDRM"),
        man("msgctl.2", "DESCRIPTION", "IPC_RMID"),
    ],
    covers = [
        "behaviours:sysvmsg.rmid-wakes-eidrm", "behaviours:sysvmsg.rmid-immediate", "behaviours:sysvmsg.rmid-id-invalid",
        "errors:sysv-msg.msgrcv.EIDRM", "errors:sysv-msg.msgsnd.EIDRM", "errors:sysv-msg.msgctl.EINVAL.2",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn removal_ends_the_waits(#[case] waiting: Waiting) -> TestResult {
    let queue = waiting.queue()?;
    let fails = || waiting.child(&queue, |returned| assert_errno!(returned, EIDRM));
    let children = [fails()?, fails()?];
    assert_eq!(queue.remove(), Ok(()));
    assert_errno!(queue.status(), EINVAL);
    children.into_iter().try_for_each(Child::join)
}

#[rstest]
#[case::receiver_without_sa_restart(RECEIVER, SaFlags::empty())]
#[case::receiver_with_sa_restart(RECEIVER, SaFlags::SA_RESTART)]
#[case::sender_without_sa_restart(SENDER, SaFlags::empty())]
#[case::sender_with_sa_restart(SENDER, SaFlags::SA_RESTART)]
/// A msgrcv or msgsnd that waits fails with EINTR when a handler interrupts it, even one installed with SA_RESTART: it has received or
/// queued nothing, and another process waits on.
#[harness::test(
    id = "sysv-msg.not-restarted",
    cite = [
        man("msgop.2", "DESCRIPTION"),
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
        man("msgop.2", "ERRORS", "EINTR"),
    ],
    covers = [
        "behaviours:sysvmsg.eintr-no-restart", "behaviours:sysvmsg.send-eintr-nothing-queued", "behaviours:norestart.msgrcv",
        "behaviours:norestart.msgsnd", "errors:sysv-msg.msgrcv.EINTR", "errors:sysv-msg.msgsnd.EINTR",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_handler_interrupts_whatever_its_flags(#[case] waiting: Waiting, #[case] flags: SaFlags) -> TestResult {
    let queue = waiting.queue()?;
    let before = queue.status()?;
    let interrupted = fork(|| -> TestResult {
        handle(SIGUSR1, flags)?;
        assert_errno!((waiting.wait)(&queue), EINTR);
        assert_eq!(handled(SIGUSR1), 1);
        Ok(())
    })?;
    interrupted.wait_until_blocked_in(waiting.call)?;
    let other = waiting.child(&queue, |returned| assert_eq!(returned, Ok(())))?;
    interrupted.signal(SIGUSR1)?;
    interrupted.join()?;
    other.assert_blocked_in(waiting.call);
    assert_eq!(queue.status(), Ok(before));
    assert_eq!((waiting.release)(&queue), Ok(()));
    other.join()?;
    assert_eq!(drain(&queue), Ok(waiting.content()));
    Ok(())
}

#[rstest]
#[case::receiver(RECEIVER)]
#[case::sender(SENDER)]
/// A process that SIGKILL ends while it waits in msgrcv or msgsnd has received or queued nothing, and another one that waits for less
/// long goes on in its place.
#[harness::test(
    id = "sysv-msg.killed-waiter",
    cite = [
        kernel("ipc/msg.c", "do_msgrcv", "6.18"),
        kernel("ipc/msg.c", "do_msgsnd", "6.18"),
        man("msgop.2", "DESCRIPTION"),
    ],
    covers = ["behaviours:sysvmsg.killed-waiter", "behaviours:sysvmsg.blocked-sender-wakes", "behaviours:sysvmsg.blocked-receiver-direct"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_killed_waiter_takes_and_leaves_nothing(#[case] waiting: Waiting) -> TestResult {
    let queue = waiting.queue()?;
    let before = queue.status()?;
    let killed = waiting.child(&queue, drop)?;
    let other = waiting.child(&queue, |returned| assert_eq!(returned, Ok(())))?;
    killed.kill()?;
    other.assert_blocked_in(waiting.call);
    assert_eq!(queue.status(), Ok(before));
    assert_eq!((waiting.release)(&queue), Ok(()));
    other.join()?;
    assert_eq!(drain(&queue), Ok(waiting.content()));
    Ok(())
}

impl Waiting {
    /// Two children without privileges that wait, and whose call then fails with EACCES.
    fn refused(&self, queue: &Queue) -> TestResult<[Child; 2]> {
        let refused = || -> TestResult<Child> {
            let child = fork(|| -> TestResult {
                drop_capabilities()?;
                assert_errno!((self.wait)(queue), EACCES);
                Ok(())
            })?;
            child.wait_until_blocked_in(self.call)?;
            Ok(child)
        };
        Ok([refused()?, refused()?])
    }
}

/// Two processes that wait in msgrcv wait on when IPC_SET changes something else, and fail with EACCES when it takes read permission away.
#[harness::test(
    id = "sysv-msg.unreadable-ends-waits",
    cite = [
        kernel("ipc/msg.c", "msgctl_down", "6.18"),
        man("msgop.2", "ERRORS", "EACCES"),
        posix("msgrcv.3p", "ERRORS", "EACCES"),
    ],
    covers = ["behaviours:sysvmsg.set-mode-ends-waits", "errors:sysv-msg.msgrcv.EACCES"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn receivers_that_may_not_read_any_more_fail() -> TestResult {
    let queue = RECEIVER.queue()?;
    let before = queue.status()?;
    let children = RECEIVER.refused(&queue)?;
    assert_eq!(set_queue(queue.id(), before.permissions(), SIZE + 1), Ok(()));
    let set = QueueStatus { qbytes: SIZE + 1, ..before };
    assert_eq!(queue.status().map(QueueStatus::undated), Ok(set.undated()));
    children.iter().for_each(|child| child.assert_blocked_in(calls::MSGRCV));
    let taken = Permissions { mode: 0o200, ..before.permissions() };
    assert_eq!(set_queue(queue.id(), taken, SIZE), Ok(()));
    children.into_iter().try_for_each(Child::join)?;
    set_queue(queue.id(), before.permissions(), SIZE)?;
    assert_eq!(queue.status().map(QueueStatus::undated), Ok(before.undated()));
    Ok(())
}

/// Two processes that wait in msgsnd, and of which IPC_SET takes write permission away, fail with EACCES when there is room for their
/// messages, and queue nothing.
#[harness::test(
    id = "sysv-msg.unwritable-ends-waits",
    cite = [
        kernel("ipc/msg.c", "do_msgsnd", "6.18"),
        man("msgop.2", "ERRORS", "EACCES"),
        posix("msgsnd.3p", "ERRORS", "EACCES"),
    ],
    covers = ["behaviours:sysvmsg.set-mode-ends-waits", "errors:sysv-msg.msgsnd.EACCES"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn senders_that_may_not_write_any_more_fail() -> TestResult {
    let queue = SENDER.queue()?;
    let permissions = queue.status()?.permissions();
    let children = SENDER.refused(&queue)?;
    assert_eq!(set_queue(queue.id(), Permissions { mode: 0o400, ..permissions }, SIZE), Ok(()));
    let set = queue.status().map(|status| (status.permissions(), status.qbytes));
    assert_eq!(set, Ok((Permissions { mode: 0o400, ..permissions }, SIZE)));
    assert_eq!((SENDER.release)(&queue), Ok(()));
    children.into_iter().try_for_each(Child::join)?;
    assert_eq!(drain(&queue), Ok(vec![message()]));
    Ok(())
}
