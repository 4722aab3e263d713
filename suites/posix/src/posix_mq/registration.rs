//! Who is registered for a notification, and what ends that.

use super::nameless;
use calls::for_layers::libc_raw::mq_notify;
use calls::timers::Notify;
use kit::posix::MessageQueue;
use kit::prelude::*;
use libc::{O_RDWR, SIGUSR1};

/// Asserts that a process is registered: another one cannot be.
#[track_caller]
pub(super) fn assert_registered(queue: &Fd) -> TestResult {
    fork(|| assert_errno!(mq_notify(queue, Some(Notify::Nothing)), EBUSY))?.join()
}

/// Asserts that no process is registered: another one can be, and removes its registration, at its end at the latest.
#[track_caller]
pub(super) fn assert_unregistered(queue: &Fd) -> TestResult {
    let other = fork(|| -> TestResult {
        assert_eq!(mq_notify(queue, Some(Notify::Nothing)), Ok(()));
        assert_errno!(mq_notify(queue, Some(Notify::Nothing)), EBUSY);
        assert_eq!(mq_notify(queue, None), Ok(()));
        Ok(mq_notify(queue, Some(Notify::Nothing))?)
    })?;
    other.join()
}

fn register(queue: &Fd) -> Result<()> {
    mq_notify(queue, Some(Notify::Signal(SIGUSR1, 1)))
}

/// One process can be registered on a queue: mq_notify fails with EBUSY in another, and in the same once more, and the first stays
/// registered; another queue has a registration of its own.
#[harness::test(
    id = "posix-mq.one-registrant",
    cite = [posix("mq_notify.3p", "ERRORS", "EBUSY"), man("mq_notify.3", "DESCRIPTION")],
    covers = ["behaviours:mq.one-registrant", "errors:posix-mq.mq_notify.EBUSY"],
    layers = [libc, raw],
)]
fn one_process_is_registered() -> TestResult {
    let (queue, other) = (nameless(0)?, nameless(0)?);
    assert_eq!(register(&queue), Ok(()));
    for event in [Notify::Nothing, Notify::Signal(SIGUSR1, 1)] {
        let child = fork(|| assert_errno!(mq_notify(&queue, Some(event)), EBUSY))?;
        child.join()?;
        assert_errno!(mq_notify(&queue, Some(event)), EBUSY);
    }
    assert_unregistered(&other)?;
    assert_eq!(register(&other), Ok(()));
    assert_registered(&queue)?;
    assert_registered(&other)
}

/// mq_notify without an event removes the registration of its own process, and another process can be registered then.
#[harness::test(
    id = "posix-mq.unregister",
    cite = [posix("mq_notify.3p", "DESCRIPTION"), man("mq_notify.3", "DESCRIPTION")],
    covers = ["behaviours:mq.null-removes"],
    layers = [libc, raw],
)]
fn a_process_removes_its_registration() -> TestResult {
    let queue = nameless(0)?;
    assert_eq!(register(&queue), Ok(()));
    assert_registered(&queue)?;
    assert_eq!(mq_notify(&queue, None), Ok(()));
    assert_unregistered(&queue)?;
    assert_eq!(register(&queue), Ok(()));
    assert_registered(&queue)
}

/// mq_notify without an event in a process that is not registered leaves the registration of another. Whether it succeeds is left open.
#[harness::test(
    id = "posix-mq.unregister-another",
    cite = [posix("mq_notify.3p", "DESCRIPTION"), man("mq_notify.3", "DESCRIPTION")],
    covers = ["behaviours:mq.null-keeps-others"],
    layers = [libc, raw],
)]
fn a_process_removes_no_other_registration() -> TestResult {
    let queue = nameless(0)?;
    assert_eq!(register(&queue), Ok(()));
    let other = fork(|| {
        let refused = mq_notify(&queue, None).map_err(|error| error.errno);
        observe("mq_notify without an event of a process that is not registered", format!("{refused:?}"));
    })?;
    other.join()?;
    assert_registered(&queue)
}

/// mq_close of the descriptor by which a process was registered removes the registration.
#[harness::test(
    id = "posix-mq.close-unregisters",
    cite = [posix("mq_close.3p", "DESCRIPTION"), man("mq_close.3", "DESCRIPTION")],
    covers = ["behaviours:mq.close-removes"],
    layers = [libc, raw],
)]
fn closing_removes_the_registration() -> TestResult {
    let name = MessageQueue::new();
    let (queue, other) = (name.create()?, mq_open(name.name(), O_RDWR, 0, None)?);
    assert_eq!(register(&queue), Ok(()));
    assert_registered(&other)?;
    assert_eq!(mq_close(queue), Ok(()));
    assert_unregistered(&other)
}

/// A child that closes the descriptor which it inherited, or ends, leaves the registration of its parent.
#[harness::test(
    id = "posix-mq.child-closes",
    cite = [posix("mq_close.3p", "DESCRIPTION"), man("mq_close.3", "DESCRIPTION")],
    covers = ["behaviours:mq.child-close-keeps"],
    layers = [libc, raw],
)]
fn a_child_that_closes_removes_nothing() -> TestResult {
    let queue = nameless(0)?;
    assert_eq!(register(&queue), Ok(()));
    let closing = fork(|| -> TestResult {
        assert_eq!(mq_close_number(queue.number()), Ok(()));
        // The descriptor is closed, whoever owns the number.
        exit(0)
    })?;
    closing.join()?;
    assert_registered(&queue)?;
    fork(|| ())?.join()?;
    assert_registered(&queue)
}

/// What a process does that is registered.
type End = fn() -> TestResult;

#[rstest]
#[case::exit(|| exit(0))]
#[case::sigkill(kill_self)]
/// The end of the registered process, by exit or by SIGKILL, removes its registration, although others have the queue open.
#[harness::test(
    id = "posix-mq.end-unregisters",
    cite = [man("mq_close.3", "NOTES"), posix("mq_close.3p", "DESCRIPTION")],
    covers = ["behaviours:mq.exit-removes"],
    layers = [libc, raw],
)]
fn the_end_of_the_process_removes_its_registration(#[case] end: End) -> TestResult {
    let queue = nameless(0)?;
    let registered = Latch::new()?;
    let go = Latch::new()?;
    let child = fork(|| -> TestResult {
        assert_eq!(register(&queue), Ok(()));
        registered.arrive();
        go.wait_for(1);
        end()
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    assert_eq!(registered.arrivals(), 1);
    assert_registered(&queue)?;
    go.arrive();
    child.wait()?;
    assert_unregistered(&queue)
}

/// Whether mq_close of another descriptor of the queue removes the registration is left open: the pages speak of the one by which the
/// process was registered, and the queue stays usable.
#[harness::test(
    id = "posix-mq.other-descriptor-closed",
    cite = [posix("mq_close.3p", "DESCRIPTION")],
    covers = ["behaviours:mq.close-removes"],
    layers = [libc, raw],
)]
fn closing_another_descriptor() -> TestResult {
    let name = MessageQueue::new();
    let (queue, other) = (name.create()?, mq_open(name.name(), O_RDWR, 0, None)?);
    assert_eq!(register(&queue), Ok(()));
    assert_registered(&queue)?;
    assert_eq!(mq_close(other), Ok(()));
    let left = fork(|| {
        let kept = mq_notify(&queue, Some(Notify::Nothing)).is_err();
        observe(
            "the registration when its process has closed another descriptor",
            if kept { "stays" } else { "is removed" },
        );
    })?;
    left.join()?;
    assert_eq!(mq_close(queue), Ok(()));
    assert_unregistered(&mq_open(name.name(), O_RDWR, 0, None)?)
}
