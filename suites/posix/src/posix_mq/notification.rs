//! mq_notify by a signal, or by nothing: when, what, and how often.

use super::registration::{assert_registered, assert_unregistered};
use super::waiters::RECEIVER;
use super::{drain, message, nameless, send};
use calls::signals::{Info, SignalSet};
use calls::timers::Notify;
use harness::need::{SECOND_ID, SECOND_UID};
use kit::disposition::{block_all, log, logged};
use kit::prelude::*;
use libc::{O_NONBLOCK, SI_MESGQ, SIGRTMIN, SIGUSR1};
use nix::unistd::{getuid, setresuid};

/// The value of these notifications, which needs more than 32 bits.
const VALUE: usize = 0x0123_4567_89ab_cdef;

/// What a signal of a notification tells: the signal, si_code, the sender of the message, and the value.
type Told = (i32, i32, (i32, u32), usize);

/// What the signals have told that have come.
fn told() -> Vec<Told> {
    let told = |info: &Info| (info.signal, info.code, info.sender(), info.value());
    logged().iter().map(told).collect()
}

/// What the notifications tell of messages that this process has sent.
fn of_own(count: usize) -> Vec<Told> {
    vec![(SIGUSR1, SI_MESGQ, (own_pid(), getuid().as_raw()), VALUE); count]
}

#[rstest]
#[case::of_the_standard(SIGUSR1)]
#[case::real_time(SIGRTMIN() + 3)]
/// A message that another process sends to an empty queue sends the registered process the signal that it asked for, with SI_MESGQ, its
/// value, and the pid and the real user id of the sender.
#[harness::test(
    id = "posix-mq.signal",
    cite = [man("mq_notify.3", "DESCRIPTION", "SIGEV_SIGNAL"), posix("mq_notify.3p", "DESCRIPTION")],
    covers = ["behaviours:mq.sigev-signal-fields", "behaviours:mq.on-empty-to-nonempty"],
    layers = [libc, raw],
)]
fn a_message_sends_the_signal(#[case] signal: i32) -> TestResult {
    let queue = nameless(O_NONBLOCK)?;
    log(signal, 0)?;
    assert_eq!(mq_notify(&queue, Some(Notify::Signal(signal, VALUE))), Ok(()));
    assert_eq!(told(), []);
    let sender = fork(|| assert_eq!(mq_send(&queue, b"text", 1), Ok(())))?;
    let expected = (signal, SI_MESGQ, (sender.pid(), getuid().as_raw()), VALUE);
    sender.join()?;
    assert_eq!(told(), [expected]);
    assert_eq!(drain(&queue), Ok(vec![message("text", 1)]));
    Ok(())
}

/// si_uid of a notification is the real user id of the process that sent the message, not the effective one.
#[harness::test(
    id = "posix-mq.signal-real-uid",
    cite = [man("mq_notify.3", "DESCRIPTION", "SIGEV_SIGNAL")],
    covers = ["behaviours:mq.sigev-signal-fields"],
    needs = [SECOND_UID],
    layers = [libc, raw],
)]
fn the_signal_tells_the_real_user() -> TestResult {
    let queue = nameless(O_NONBLOCK)?;
    log(SIGUSR1, 0)?;
    mq_notify(&queue, Some(Notify::Signal(SIGUSR1, VALUE)))?;
    let sender = fork(|| -> TestResult {
        setresuid(SECOND_ID.into(), getuid(), getuid())?;
        Ok(send(&queue, "text", 1)?)
    })?;
    let expected = (SIGUSR1, SI_MESGQ, (sender.pid(), SECOND_ID), VALUE);
    sender.join()?;
    assert_eq!(told(), [expected]);
    Ok(())
}

/// A notification comes once: then the registration is removed, and a new one is notified only of a message that comes when the queue
/// is empty, also when it was not at the registration.
#[harness::test(
    id = "posix-mq.once",
    cite = [man("mq_notify.3", "DESCRIPTION"), posix("mq_notify.3p", "DESCRIPTION")],
    covers = [
        "behaviours:mq.one-shot", "behaviours:mq.on-empty-to-nonempty", "behaviours:mq.not-when-nonempty-registered",
    ],
    layers = [libc, raw],
)]
fn a_registration_is_notified_once() -> TestResult {
    let queue = nameless(O_NONBLOCK)?;
    log(SIGUSR1, 0)?;
    let register = || mq_notify(&queue, Some(Notify::Signal(SIGUSR1, VALUE)));
    assert_eq!(register(), Ok(()));
    send(&queue, "1", 0)?;
    assert_eq!(told(), of_own(1));
    assert_unregistered(&queue)?;
    drain(&queue)?;
    send(&queue, "2", 0)?;
    assert_eq!(told(), of_own(1));
    assert_eq!(register(), Ok(()));
    send(&queue, "3", 9)?;
    assert_eq!(told(), of_own(1));
    assert_registered(&queue)?;
    drain(&queue)?;
    assert_eq!(told(), of_own(1));
    send(&queue, "4", 0)?;
    assert_eq!(told(), of_own(2));
    assert_unregistered(&queue)
}

/// While a process waits in mq_receive a message goes to that: nobody is notified, and the registration stays for the next message.
#[harness::test(
    id = "posix-mq.receiver-first",
    cite = [man("mq_notify.3", "DESCRIPTION"), posix("mq_notify.3p", "DESCRIPTION")],
    covers = ["behaviours:mq.blocked-receiver-wins"],
    layers = [libc, raw],
)]
fn a_waiting_receiver_comes_before_the_notification() -> TestResult {
    let queue = nameless(0)?;
    log(SIGUSR1, 0)?;
    let receivers = [RECEIVER.child(&queue, |returned| assert_eq!(returned, Ok(())))?, RECEIVER.child(&queue, |_| ())?];
    mq_notify(&queue, Some(Notify::Signal(SIGUSR1, VALUE)))?;
    assert_eq!(mq_send(&queue, b"new", 3), Ok(()));
    let [first, second] = receivers;
    first.join()?;
    assert_eq!(told(), []);
    assert_registered(&queue)?;
    second.kill()?;
    send(&queue, "next", 3)?;
    assert_eq!(told(), of_own(1));
    assert_unregistered(&queue)
}

/// A process that registers with SIGEV_NONE keeps others from it and is sent no signal; the message ends its registration as well.
#[harness::test(
    id = "posix-mq.no-notification",
    cite = [man("mq_notify.3", "DESCRIPTION", "SIGEV_NONE"), man("mq_notify.3", "DESCRIPTION")],
    covers = ["behaviours:mq.sigev-none", "behaviours:mq.one-registrant", "behaviours:mq.one-shot"],
    layers = [libc, raw],
)]
fn a_registration_without_notification() -> TestResult {
    let queue = nameless(O_NONBLOCK)?;
    block_all(SignalSet::but([libc::SIGCHLD]))?;
    assert_eq!(mq_notify(&queue, Some(Notify::Nothing)), Ok(()));
    assert_registered(&queue)?;
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    assert_eq!(mq_send(&queue, b"text", 1), Ok(()));
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    assert_unregistered(&queue)?;
    assert_eq!(drain(&queue), Ok(vec![message("text", 1)]));
    Ok(())
}

/// The queue of which a process is notified may have lost its name: the notification comes as before.
#[harness::test(
    id = "posix-mq.unlinked-notification",
    cite = [posix("mq_unlink.3p", "DESCRIPTION"), man("mq_notify.3", "DESCRIPTION")],
    covers = ["behaviours:mq.open-users-continue"],
    layers = [libc, raw],
)]
fn an_unlinked_queue_notifies() -> TestResult {
    let name = kit::posix::MessageQueue::new();
    let queue = name.create()?;
    log(SIGUSR1, 0)?;
    mq_notify(&queue, Some(Notify::Signal(SIGUSR1, VALUE)))?;
    mq_unlink(name.name())?;
    assert_registered(&queue)?;
    send(&queue, "text", 1)?;
    assert_eq!(told(), of_own(1));
    assert_unregistered(&queue)
}
