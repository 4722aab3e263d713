//! What mq_close and mq_unlink leave.

use super::waiters::RECEIVER;
use super::{EMPTY, drain, holding, message, send};
use calls::queues::{Attributes, queue_attributes};
use harness::need::OWN_UID;
use kit::limits::limit;
use kit::posix::MessageQueue;
use kit::prelude::*;
use libc::{O_CREAT, O_EXCL, O_RDWR};
use nix::sys::resource::Resource;

/// mq_close leaves the queue and its messages, also when nobody has it open any more: who opens it by its name finds them.
#[harness::test(
    id = "posix-mq.closed",
    cite = [posix("mq_close.3p", "DESCRIPTION"), man("mq_overview.7", "Persistence"), man("mq_close.3", "DESCRIPTION")],
    covers = ["behaviours:mq.close-keeps-messages", "behaviours:mq.kernel-persistence"],
    layers = [libc, nix, raw],
)]
fn closing_keeps_the_queue() -> TestResult {
    let name = MessageQueue::new();
    let queue = name.create_with(0)?;
    let sent = [("low", 1), ("high", 2)];
    sent.iter().try_for_each(|(text, priority)| send(&queue, text, *priority))?;
    let before = object_of(&queue)?;
    let closing = fork(|| -> TestResult {
        let own = mq_open(name.name(), O_RDWR, 0, None)?;
        assert_eq!(mq_close(own), Ok(()));
        Ok(())
    })?;
    closing.join()?;
    assert_eq!(mq_close(queue), Ok(()));
    let again = mq_open(name.name(), O_RDWR, 0, None)?;
    assert_eq!(object_of(&again), Ok(before));
    assert_eq!(mq_getattr(&again), Ok(holding(2)));
    assert_eq!(drain(&again), Ok(vec![message("high", 2), message("low", 1)]));
    Ok(())
}

/// mq_unlink takes the name away at once: nobody finds the queue any more, and a new one can take the name. Who has the queue open
/// sends and receives as before, and who waits for it receives the message.
#[harness::test(
    id = "posix-mq.unlinked",
    cite = [posix("mq_unlink.3p", "DESCRIPTION"), man("mq_unlink.3", "DESCRIPTION")],
    covers = ["behaviours:mq.name-gone-at-once", "behaviours:mq.open-users-continue", "errors:posix-mq.mq_unlink.ENOENT"],
    layers = [libc, nix, raw],
)]
fn unlinking_takes_the_name_away() -> TestResult {
    let name = MessageQueue::new();
    let (queue, other) = (name.create_with(0)?, mq_open(name.name(), O_RDWR, 0, None)?);
    let waiting = RECEIVER.child(&queue, |returned| assert_eq!(returned, Ok(())))?;
    assert_eq!(mq_unlink(name.name()), Ok(()));
    assert_errno!(mq_open(name.name(), O_RDWR, 0, None), ENOENT);
    assert_errno!(mq_unlink(name.name()), ENOENT);
    let new = mq_open(name.name(), O_CREAT | O_EXCL | O_RDWR, 0o600, Some(&queue_attributes(1, 1)))?;
    waiting.assert_blocked_in(RECEIVER.call);
    assert_eq!((RECEIVER.release)(&other), Ok(()));
    waiting.join()?;
    assert_eq!(send(&queue, "old", 1), Ok(()));
    assert_eq!(mq_getattr(&new), Ok(Attributes { messages: 1, size: 1, ..EMPTY }));
    assert_eq!(drain(&other), Ok(vec![message("old", 1)]));
    assert_eq!(mq_getattr(&queue), Ok(EMPTY));
    Ok(())
}

/// A queue that was unlinked is destroyed, and no longer counts against RLIMIT_MSGQUEUE, when the last descriptor of it is closed, be it
/// in another process, and not before.
#[harness::test(
    id = "posix-mq.destroyed",
    cite = [man("mq_unlink.3", "DESCRIPTION"), posix("mq_unlink.3p", "DESCRIPTION"), man("getrlimit.2", "DESCRIPTION", "RLIMIT_MSGQUEUE")],
    covers = ["behaviours:mq.destroyed-last-close", "behaviours:mq.rlimit-counts"],
    needs = [OWN_UID],
    layers = [libc, nix, raw],
)]
fn the_last_close_destroys_an_unlinked_queue() -> TestResult {
    /// Enough for one queue of 6000 bytes and its overhead, and not for two.
    const ENOUGH: u64 = 11_000;
    limit(Resource::RLIMIT_MSGQUEUE, ENOUGH)?;
    let (name, next) = (MessageQueue::new(), MessageQueue::new());
    let new =
        |name: &MessageQueue| mq_open(name.name(), O_CREAT | O_EXCL | O_RDWR, 0o600, Some(&queue_attributes(4, 1500)));
    let queue = new(&name)?;
    let user = fork(|| -> TestResult {
        queue.lend(|_| nix::unistd::pause());
        Ok(())
    })?;
    user.wait_until_blocked_in(calls::PAUSE)?;
    assert_errno!(new(&next), EMFILE);
    assert_eq!(mq_unlink(name.name()), Ok(()));
    assert_eq!(mq_close(queue), Ok(()));
    assert_errno!(new(&next), EMFILE);
    user.kill()?;
    let queue = new(&next)?;
    assert_eq!(mq_getattr(&queue), Ok(Attributes { size: 1500, ..EMPTY }));
    Ok(())
}
