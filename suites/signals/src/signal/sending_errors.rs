//! Documented errors of the calls that send signals.

use super::sending::to_own_thread;
use calls::for_layers::libc::{kill, killpg, raise, sigqueue};
use calls::for_layers::raw::{rt_sigqueueinfo, rt_tgsigqueueinfo, tgkill, tkill};
use calls::signals::SignalSet;
use kit::disposition::{block_all, handle, handled, pending};
use kit::prelude::*;
use kit::privilege::become_second_user;
use libc::{SI_QUEUE, SIGRTMIN, SIGTERM, SIGUSR1};
use nix::sys::resource::Resource;
use nix::sys::signal::{SaFlags, Signal as Known};
use nix::unistd::{Pid, setpgid};

/// Sends a signal to a process, or to its only thread.
type Send = fn(i32, i32) -> Result<()>;

const KILL: Send = |pid, signal| kill(pid, signal);
/// To a process that leads a group.
const KILLPG: Send = |pid, signal| killpg(pid, signal);
const SIGQUEUE: Send = |pid, signal| sigqueue(pid, signal, 1);
const TKILL: Send = |pid, signal| tkill(pid, signal);
const TGKILL: Send = |pid, signal| tgkill(pid, pid, signal);
const RT_SIGQUEUEINFO: Send = |pid, signal| rt_sigqueueinfo(pid, signal, SI_QUEUE, 1);
const RT_TGSIGQUEUEINFO: Send = |pid, signal| rt_tgsigqueueinfo(pid, pid, signal, SI_QUEUE, 1);
/// To the calling thread.
const RAISE: Send = |_, signal| raise(signal);
const PTHREAD_KILL: Send = |_, signal| to_own_thread(signal);

#[harness::errors(
    family = "invalid-signal",
    rows = [
        ("signal.send-einval/kill", "errors:signal.kill.EINVAL", KILL),
        ("signal.send-einval/killpg", "errors:signal.killpg.EINVAL", KILLPG),
        ("signal.send-einval/sigqueue", "errors:signal.sigqueue.EINVAL", SIGQUEUE),
        ("signal.send-einval/tkill", "errors:signal.tkill.EINVAL", TKILL),
        ("signal.send-einval/tgkill", "errors:signal.tgkill.EINVAL", TGKILL),
        ("signal.send-einval/rt-sigqueueinfo", "errors:signal.rt_sigqueueinfo.EINVAL", RT_SIGQUEUEINFO),
        ("signal.send-einval/raise", "errors:signal.raise.EINVAL", RAISE),
        ("signal.send-einval/pthread-kill", "errors:signal.pthread_kill.EINVAL", PTHREAD_KILL),
    ],
)]
fn no_signal_has_this_number(send: Send) -> TestResult {
    block_all(SignalSet::ALL)?;
    setpgid(Pid::from_raw(0), Pid::from_raw(0)).or_else(is_leader_already)?;
    let own = own_pid();
    for none in [-1, libc::SIGRTMAX() + 1, i32::MAX] {
        assert_errno!(send(own, none), EINVAL);
    }
    assert_eq!(pending(), Ok(vec![]));
    Ok(())
}

/// A session leader leads its group, and can move to no other.
fn is_leader_already(errno: Errno) -> nix::Result<()> {
    if errno == Errno::EPERM { Ok(()) } else { Err(errno) }
}

/// tgkill, tkill and rt_tgsigqueueinfo fail with EINVAL if an id is zero or negative.
#[harness::test(
    id = "signal.send-to-no-id",
    cite = [man("tkill.2", "ERRORS", "EINVAL"), man("rt_sigqueueinfo.2", "ERRORS", "EINVAL")],
    covers = [
        "errors:signal.tkill.EINVAL", "errors:signal.tgkill.EINVAL", "errors:signal.rt_tgsigqueueinfo.EINVAL",
    ],
    layers = [raw],
)]
fn ids_are_positive() -> TestResult {
    let own = own_pid();
    block_all(SignalSet::ALL)?;
    for none in [0, -1, -own] {
        assert_errno!(tkill(none, SIGUSR1), EINVAL);
        for (process, thread) in [(none, own), (own, none)] {
            assert_errno!(tgkill(process, thread, SIGUSR1), EINVAL);
            assert_errno!(rt_tgsigqueueinfo(process, thread, SIGUSR1, SI_QUEUE, 1), EINVAL);
        }
    }
    assert_errno!(rt_tgsigqueueinfo(own, own, libc::SIGRTMAX() + 1, SI_QUEUE, 1), EINVAL);
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    Ok(())
}

#[harness::errors(
    family = "no-such-process",
    rows = [
        ("signal.send-esrch/killpg", "errors:signal.killpg.ESRCH", KILLPG),
        ("signal.send-esrch/sigqueue", "errors:signal.sigqueue.ESRCH", SIGQUEUE),
        ("signal.send-esrch/tkill", "errors:signal.tkill.ESRCH", TKILL),
        ("signal.send-esrch/tgkill", "errors:signal.tgkill.ESRCH", TGKILL),
        ("signal.send-esrch/rt-sigqueueinfo", "errors:signal.rt_sigqueueinfo.ESRCH", RT_SIGQUEUEINFO),
        ("signal.send-esrch/rt-tgsigqueueinfo", "errors:signal.rt_tgsigqueueinfo.ESRCH", RT_TGSIGQUEUEINFO),
    ],
)]
fn no_process_has_this_id(send: Send) -> TestResult {
    let child = fork(|| -> TestResult {
        lead_group()?;
        exit(0)
    })?;
    child.wait()?;
    for signal in [SIGUSR1, 0] {
        assert_errno!(send(child.pid(), signal), ESRCH);
    }
    Ok(())
}

#[harness::errors(
    family = "not-permitted",
    rows = [
        ("signal.send-eperm/kill", "errors:signal.kill.EPERM", KILL),
        ("signal.send-eperm/killpg", "errors:signal.killpg.EPERM", KILLPG),
        ("signal.send-eperm/sigqueue", "errors:signal.sigqueue.EPERM", SIGQUEUE),
        ("signal.send-eperm/tkill", "errors:signal.tkill.EPERM", TKILL),
        ("signal.send-eperm/tgkill", "errors:signal.tgkill.EPERM", TGKILL),
        ("signal.send-eperm/rt-sigqueueinfo", "errors:signal.rt_sigqueueinfo.EPERM", RT_SIGQUEUEINFO),
        ("signal.send-eperm/rt-tgsigqueueinfo", "errors:signal.rt_tgsigqueueinfo.EPERM", RT_TGSIGQUEUEINFO),
    ],
    needs = [harness::need::SECOND_UID],
)]
fn another_users_process_cannot_be_signalled(send: Send) -> TestResult {
    let target = holder(lead_group)?;
    let sender = fork(|| -> TestResult {
        become_second_user()?;
        for signal in [SIGTERM, libc::SIGKILL, 0] {
            assert_errno!(send(target.pid(), signal), EPERM);
        }
        Ok(())
    })?;
    sender.join()?;
    target.assert_blocked_in(calls::PAUSE);
    assert_eq!(send(target.pid(), SIGTERM), Ok(()));
    assert_eq!(target.wait()?, Ended::Killed { by: Signal(SIGTERM), core: false });
    Ok(())
}

#[harness::errors(
    family = "limit-reached",
    rows = [
        ("signal.send-eagain/sigqueue", "errors:signal.sigqueue.EAGAIN", SIGQUEUE),
        ("signal.send-eagain/tkill", "errors:signal.tkill.EAGAIN", TKILL),
        ("signal.send-eagain/tgkill", "errors:signal.tgkill.EAGAIN", TGKILL),
        ("signal.send-eagain/rt-sigqueueinfo", "errors:signal.rt_sigqueueinfo.EAGAIN", RT_SIGQUEUEINFO),
        ("signal.send-eagain/rt-tgsigqueueinfo", "errors:signal.rt_tgsigqueueinfo.EAGAIN", RT_TGSIGQUEUEINFO),
    ],
)]
fn no_more_signals_can_be_queued(send: Send) -> TestResult {
    let (own, signal) = (own_pid(), SIGRTMIN());
    block_all(SignalSet::of([signal]))?;
    limit_pending(0)?;
    assert_errno!(send(own, signal), EAGAIN);
    assert_eq!(calls::for_layers::raw::sigpending(), Ok(SignalSet::EMPTY));
    Ok(())
}

/// At RLIMIT_SIGPENDING real-time signals are queued no longer; one more can be when one was taken.
#[harness::test(
    id = "signal.pending-limit",
    cite = [man("signal.7", "Real-time signals"), man("getrlimit.2", "DESCRIPTION", "RLIMIT_SIGPENDING"), posix("sigqueue.3p", "ERRORS", "EAGAIN")],
    covers = ["behaviours:sigrt.rlimit-sigpending", "errors:signal.sigqueue.EAGAIN"],
    needs = [harness::need::OWN_UID],
)]
fn the_limit_of_pending_signals_is_kept() -> TestResult {
    const LIMIT: usize = 5;
    let (own, set) = (own_pid(), SignalSet::of([SIGRTMIN()]));
    block_all(set)?;
    limit_pending(LIMIT as u64)?;
    for value in 0..LIMIT {
        assert_eq!(sigqueue(own, SIGRTMIN(), value), Ok(()));
    }
    assert_errno!(sigqueue(own, SIGRTMIN(), LIMIT), EAGAIN);
    let take =
        || sigwaitinfo(set).map(|(signal, info)| (signal, info.signal, info.code, info.sender().0, info.value()));
    let expected = |value| Ok((SIGRTMIN(), SIGRTMIN(), SI_QUEUE, own, value));
    assert_eq!(take(), expected(0));
    assert_eq!(sigqueue(own, SIGRTMIN(), LIMIT), Ok(()));
    for value in 1..=LIMIT {
        assert_eq!(take(), expected(value));
    }
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    Ok(())
}

/// kill of a standard signal succeeds at RLIMIT_SIGPENDING, and the signal is delivered.
#[harness::test(
    id = "signal.kill-at-limit",
    cite = [man("getrlimit.2", "DESCRIPTION", "RLIMIT_SIGPENDING"), kernel("kernel/signal.c", "__send_signal_locked", "6.18")],
    covers = ["behaviours:sigrt.kill-std-over-limit"],
    layers = [libc, raw],
)]
fn kill_sends_a_standard_signal_at_the_limit() -> TestResult {
    handle(Known::SIGUSR1, SaFlags::empty())?;
    limit_pending(0)?;
    assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
    assert_eq!(handled(Known::SIGUSR1), 1);
    Ok(())
}

pub(super) fn limit_pending(signals: u64) -> TestResult {
    kit::limits::limit(Resource::RLIMIT_SIGPENDING, signals)
}
