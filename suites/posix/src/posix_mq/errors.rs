//! Descriptors and arguments that are refused.

use super::registration::assert_unregistered;
use super::{EMPTY, drain, message, nameless, send};
use crate::deadlines::NEVER;
use calls::queues::queue_attributes;
use calls::timers::Notify;
use kit::limits::while_limited;
use kit::posix::MessageQueue;
use kit::prelude::*;
use libc::{O_CREAT, O_RDWR};
use nix::sys::resource::Resource;

/// A call on a descriptor.
type On = fn(i32) -> Result<()>;

#[harness::errors(
    family = "closed-descriptor",
    rows = [("posix-mq.close-closed", "errors:posix-mq.mq_close.EBADF", mq_close_number)],
    layers = [libc, raw],
)]
fn a_closed_descriptor_is_not_closed(close: On) -> TestResult {
    let queue = nameless(0)?;
    let number = queue.into_number();
    assert_eq!(close(number), Ok(()));
    for closed in [number, NOT_OPEN, -1] {
        assert_errno!(close(closed), EBADF);
    }
    Ok(())
}

#[harness::errors(
    family = "closed-descriptor",
    rows = [
        ("posix-mq.no-queue/mq-getattr", "errors:posix-mq.mq_getattr.EBADF", |fd| mq_getattr(fd).map(drop)),
        ("posix-mq.no-queue/mq-setattr", "errors:posix-mq.mq_setattr.EBADF", |fd| mq_setattr(fd, EMPTY).map(drop)),
        ("posix-mq.no-queue/mq-notify", "errors:posix-mq.mq_notify.EBADF", |fd| mq_notify(fd, Some(Notify::Nothing))),
        ("posix-mq.no-queue/mq-notify-null", "errors:posix-mq.mq_notify.EBADF", |fd| mq_notify(fd, None)),
        ("posix-mq.no-queue/mq-send", "errors:posix-mq.mq_send.EBADF", |fd| mq_send(fd, b"text", 1)),
        ("posix-mq.no-queue/mq-receive", "errors:posix-mq.mq_receive.EBADF", |fd| mq_receive(fd, 64).map(drop)),
        ("posix-mq.no-queue/mq-timedsend", "errors:posix-mq.mq_timedsend.EBADF", |fd| mq_timedsend(fd, b"text", 1, NEVER)),
        ("posix-mq.no-queue/mq-timedreceive", "errors:posix-mq.mq_timedreceive.EBADF", |fd| {
            mq_timedreceive(fd, 64, NEVER).map(drop)
        }),
    ],
    layers = [libc, raw],
)]
fn a_descriptor_of_no_queue_is_refused(on: On) -> TestResult {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    for number in [NOT_OPEN, -1, reader.number(), writer.number()] {
        assert_errno!(on(number), EBADF);
    }
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    Ok(())
}

#[harness::errors(
    family = "invalid-length",
    rows = [("posix-mq.not-positive", "errors:posix-mq.mq_open.EINVAL.2", [0, -1, i64::MIN])],
    layers = [libc, nix, raw],
)]
fn a_queue_has_room_for_a_message(invalid: [i64; 3]) -> TestResult {
    let name = MessageQueue::new();
    for number in invalid {
        for (messages, size) in [(number, 16), (4, number), (number, number)] {
            let attributes = queue_attributes(messages, size);
            assert_errno!(mq_open(name.name(), O_CREAT | O_RDWR, 0o600, Some(&attributes)), EINVAL);
            assert_errno!(mq_open(name.name(), O_RDWR, 0, None), ENOENT);
        }
    }
    Ok(())
}

#[harness::errors(
    family = "descriptors-exhausted",
    rows = [
        ("posix-mq.no-descriptor/open", "errors:posix-mq.mq_open.EMFILE.2", false),
        ("posix-mq.no-descriptor/create", "errors:posix-mq.mq_open.EMFILE.2", true),
    ],
    layers = [libc, nix, raw],
)]
fn a_queue_needs_a_descriptor(new: bool) -> TestResult {
    let (name, unused) = (MessageQueue::new(), MessageQueue::new());
    let queue = name.create_with(0)?;
    send(&queue, "text", 1)?;
    let asked = if new { unused.name() } else { name.name() };
    // A number that is in use: each descriptor below is taken.
    let lowest_free = pipe2(0)?.0.number();
    while_limited(Resource::RLIMIT_NOFILE, lowest_free as u64, || {
        assert_errno!(mq_open(asked, O_CREAT | O_RDWR, 0o600, Some(&queue_attributes(4, 16))), EMFILE);
    })?;
    if new {
        assert_errno!(mq_open(unused.name(), O_RDWR, 0, None), ENOENT);
    }
    assert_eq!(drain(&queue), Ok(vec![message("text", 1)]));
    Ok(())
}

/// mq_notify fails with EINVAL if sigev_notify is none of SIGEV_NONE, SIGEV_SIGNAL and SIGEV_THREAD, and nobody is registered then.
#[harness::test(
    id = "posix-mq.notify-unknown",
    cite = [man("mq_notify.3", "ERRORS", "EINVAL")],
    covers = ["errors:posix-mq.mq_notify.EINVAL"],
    layers = [libc, raw],
)]
fn an_unknown_notification_is_refused() -> TestResult {
    let queue = nameless(0)?;
    for notify in [3, 5, 99, -1, i32::MIN] {
        assert_errno!(mq_notify(&queue, Some(Notify::Unknown(notify))), EINVAL);
    }
    let thread = Notify::Thread(libc::SIGUSR1, 0, own_pid());
    assert_errno!(mq_notify(&queue, Some(thread)), EINVAL);
    assert_unregistered(&queue)
}

#[harness::errors(
    family = "invalid-signal",
    rows = [("posix-mq.notify-no-signal", "errors:posix-mq.mq_notify.EINVAL.2", [65, -1, i32::MAX, i32::MIN])],
    layers = [libc, raw],
)]
fn a_number_of_no_signal_is_refused(invalid: [i32; 4]) -> TestResult {
    let queue = nameless(0)?;
    for signal in invalid {
        assert_errno!(mq_notify(&queue, Some(Notify::Signal(signal, 7))), EINVAL);
    }
    assert_unregistered(&queue)
}
