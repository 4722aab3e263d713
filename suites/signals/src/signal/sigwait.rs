//! Taking signals without a handler: sigwait, sigwaitinfo, sigtimedwait.

use calls::signals::{Info, SignalSet};
use kit::disposition::{Runs, block_all, log, logged};
use kit::needs::UNTRACED;
use kit::prelude::*;
use kit::thread::{Thread, spawn};
use libc::{SI_QUEUE, SI_USER, SIGCHLD, SIGKILL, SIGRTMIN, SIGSTOP, SIGUSR1, SIGUSR2, timespec};
use nix::sys::signal::{SaFlags, Signal as Known};
use nix::unistd::getuid;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A call that takes a signal of a set.
type Accept = fn(SignalSet) -> Result<(i32, Info)>;

/// No time, to look and not to wait.
const AT_ONCE: timespec = timespec { tv_sec: 0, tv_nsec: 0 };

#[rstest]
#[case::kill(|own| calls::for_layers::libc::kill(own, SIGUSR2), SI_USER, None)]
#[case::sigqueue(|own| calls::for_layers::libc::sigqueue(own, SIGUSR2, 7), SI_QUEUE, Some(7))]
/// sigwaitinfo and sigtimedwait return at once with a signal of the set that is pending: its number, and a siginfo_t as a handler
/// would get it. The signal is pending no longer, and no handler runs.
#[harness::test(
    id = "signal.accepted-with-info",
    cite = [posix("sigtimedwait.3p", "DESCRIPTION"), man("sigwaitinfo.2", "DESCRIPTION")],
    covers = [
        "behaviours:sigwait.already-pending-immediate", "behaviours:sigwait.returns-number-info", "behaviours:sigwait.consumes",
        "notes:signal.asynchronous",
    ],
    layers = [libc, raw],
)]
fn a_pending_signal_is_accepted(
    #[case] send: fn(i32) -> Result<()>,
    #[case] code: i32,
    #[case] value: Option<usize>,
) -> TestResult {
    let (own, set) = (own_pid(), SignalSet::of([SIGUSR2]));
    log(SIGUSR2, 0)?;
    block_all(SignalSet::of([SIGUSR2, SIGUSR1]))?;
    let accept: [Accept; 2] = [sigwaitinfo, |set| sigtimedwait(set, AT_ONCE)];
    assert_eq!(kill(own, SIGUSR1), Ok(()));
    for accept in accept {
        assert_eq!(send(own), Ok(()));
        let (number, info) = assert_ok!(accept(set));
        assert_eq!((number, info.signal, info.code), (SIGUSR2, SIGUSR2, code));
        assert_eq!(info.sender(), (own, getuid().as_raw()));
        assert!(value.is_none_or(|value| info.value() == value), "{info:?} has another value");
        assert_eq!(sigpending(), Ok(SignalSet::of([SIGUSR1])));
    }
    assert_eq!(logged(), []);
    Ok(())
}

/// sigwait returns a pending signal of the set at once, and it is pending no longer.
#[harness::test(
    id = "signal.sigwait-consumes",
    cite = [posix("sigwait.3p", "DESCRIPTION"), man("sigwait.3", "DESCRIPTION")],
    covers = ["behaviours:sigwait.consumes", "behaviours:sigwait.already-pending-immediate", "notes:signal.sigset-type"],
)]
fn sigwait_takes_a_pending_signal() -> TestResult {
    let own = own_pid();
    block_all(SignalSet::of([SIGUSR2, SIGUSR1]))?;
    assert_eq!([kill(own, SIGUSR1), kill(own, SIGUSR2)], [Ok(()); 2]);
    assert_eq!(sigwait(SignalSet::of([SIGUSR2])), Ok(SIGUSR2));
    assert_eq!(sigpending(), Ok(SignalSet::of([SIGUSR1])));
    assert_eq!(sigwait(SignalSet::of([SIGUSR2, SIGUSR1])), Ok(SIGUSR1));
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    Ok(())
}

/// A blocked sigwait returns when a signal of the set is sent, and goes on waiting after a handler has run for a signal that is
/// not in the set.
#[harness::test(
    id = "signal.sigwait-goes-on",
    cite = [posix("sigwait.3p", "DESCRIPTION"), posix("sigwait.3p", "ERRORS"), man("sigwait.3", "ERRORS")],
    covers = ["behaviours:sigwait.sigwait-restarts-after-handler", "behaviours:sigwait.sigwait-returns-error-number"],
)]
fn sigwait_goes_on_after_a_handler() -> TestResult {
    let runs = Runs::new()?;
    let child = fork(|| -> TestResult {
        runs.handle(Known::SIGUSR1, SaFlags::empty())?;
        block_all(SignalSet::of([SIGUSR2]))?;
        assert_eq!(sigwait(SignalSet::of([SIGUSR2])), Ok(SIGUSR2));
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::SIGWAIT)?;
    for run in 1..=2 {
        assert_eq!(kill(child.pid(), SIGUSR1), Ok(()));
        runs.wait_for(run);
        child.assert_blocked_in(calls::SIGWAIT);
    }
    assert_eq!(kill(child.pid(), SIGUSR2), Ok(()));
    child.join()
}

/// With several real-time signals of the set pending, sigwaitinfo takes the lowest number first, and the instances of one in the
/// order in which they were sent.
#[harness::test(
    id = "signal.accepted-in-order",
    cite = [posix("sigtimedwait.3p", "DESCRIPTION"), man("sigwaitinfo.2", "DESCRIPTION")],
    covers = ["behaviours:sigwait.lowest-rt-first"],
)]
fn the_lowest_real_time_signal_is_accepted_first() -> TestResult {
    let (own, low, high) = (own_pid(), SIGRTMIN() + 1, SIGRTMIN() + 2);
    let set = SignalSet::of([low, high]);
    block_all(set)?;
    for (signal, value) in [(high, 1), (low, 2), (high, 3), (low, 4)] {
        assert_eq!(sigqueue(own, signal, value), Ok(()));
    }
    let accepted = [(); 4].map(|()| sigwaitinfo(set).map(|(number, info)| (number, info.value(), info.sender().0)));
    assert_eq!(accepted, [(low, 2), (low, 4), (high, 1), (high, 3)].map(|(signal, value)| Ok((signal, value, own))));
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    Ok(())
}

/// A signal whose default action is to be ignored, such as SIGCHLD, can be waited for while it is blocked.
#[harness::test(
    id = "signal.accepted-although-ignored-by-default",
    cite = [man("sigwaitinfo.2", "NOTES")],
    covers = ["behaviours:sigwait.default-ignored-blocked-waitable"],
    layers = [libc, raw],
)]
fn a_signal_that_is_ignored_by_default_is_accepted() -> TestResult {
    let (own, set) = (own_pid(), SignalSet::of([SIGCHLD]));
    block_all(set)?;
    assert_eq!(kill(own, SIGCHLD), Ok(()));
    let accepted = sigwaitinfo(set).map(|(number, info)| (number, info.signal, info.code, info.sender().0));
    assert_eq!(accepted, Ok((SIGCHLD, SIGCHLD, SI_USER, own)));
    Ok(())
}

/// SIGKILL and SIGSTOP in the set are no matter: sigwaitinfo does not take them, and they stop and kill the process that waits.
#[harness::test(
    id = "signal.kill-stop-not-accepted",
    cite = [man("sigwaitinfo.2", "NOTES")],
    covers = ["behaviours:sigwait.kill-stop-ignored-in-set"],
    needs = [UNTRACED],
    layers = [libc, raw],
)]
fn sigkill_and_sigstop_are_not_accepted() -> TestResult {
    let child = fork(|| {
        let accepted = sigwaitinfo(SignalSet::ALL);
        assert_matches!(accepted, Err(_));
    })?;
    child.wait_until_blocked_in(calls::SIGWAITINFO)?;
    assert_eq!(kill(child.pid(), SIGSTOP), Ok(()));
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(SIGSTOP)));
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(SIGKILL), core: false });
    Ok(())
}

/// sigtimedwait with a timeout of zero fails with EAGAIN at once when no signal of the set is pending.
#[harness::test(
    id = "signal.sigtimedwait-polls",
    cite = [posix("sigtimedwait.3p", "DESCRIPTION"), man("sigwaitinfo.2", "DESCRIPTION")],
    covers = ["behaviours:sigwait.timeout-zero-poll", "errors:signal.sigtimedwait.EAGAIN"],
    layers = [libc, raw],
)]
fn a_timeout_of_zero_polls() -> TestResult {
    let (own, set) = (own_pid(), SignalSet::of([SIGUSR1]));
    block_all(SignalSet::of([SIGUSR1, SIGUSR2]))?;
    assert_eq!(kill(own, SIGUSR2), Ok(()));
    assert_errno!(sigtimedwait(set, AT_ONCE), EAGAIN);
    assert_eq!(sigpending(), Ok(SignalSet::of([SIGUSR2])));
    assert_eq!(kill(own, SIGUSR1), Ok(()));
    let accepted = sigtimedwait(set, AT_ONCE).map(|(number, info)| (number, info.signal, info.code, info.sender().0));
    assert_eq!((accepted, sigpending()), (Ok((SIGUSR1, SIGUSR1, SI_USER, own)), Ok(SignalSet::of([SIGUSR2]))));
    Ok(())
}

/// sigtimedwait fails with EAGAIN when its timeout has passed, and not before.
#[harness::test(
    id = "signal.sigtimedwait-expires",
    cite = [posix("sigtimedwait.3p", "ERRORS", "EAGAIN"), man("sigwaitinfo.2", "ERRORS", "EAGAIN")],
    covers = ["behaviours:sigwait.timeout-expires", "errors:signal.sigtimedwait.EAGAIN"],
    layers = [libc, raw],
)]
fn sigtimedwait_waits_for_its_timeout() -> TestResult {
    let timeout = timespec { tv_sec: 0, tv_nsec: 30_000_000 };
    let start = Instant::now();
    assert_errno!(sigtimedwait(SignalSet::of([SIGUSR1]), timeout), EAGAIN);
    assert!(start.elapsed() >= Duration::from_millis(30), "it was over after {:?}", start.elapsed());
    Ok(())
}

/// Of two threads that wait for one signal in sigwait exactly one gets it; the other one goes on waiting, and gets the next.
#[harness::test(
    id = "signal.accepted-by-one-thread",
    cite = [posix("sigwait.3p", "DESCRIPTION"), man("sigwaitinfo.2", "NOTES")],
    covers = ["behaviours:sigwait.one-waiter-only"],
)]
fn one_of_two_waiters_accepts_the_signal() -> TestResult {
    block_all(SignalSet::of([SIGUSR1]))?;
    let accepted = Arc::new(Latch::new()?);
    let waiting = || {
        let accepted = Arc::clone(&accepted);
        spawn(move || {
            use calls::for_layers::libc::sigwait;
            assert_eq!(sigwait(SignalSet::of([SIGUSR1])), Ok(SIGUSR1));
            accepted.arrive();
        })
    };
    let threads = [waiting()?, waiting()?];
    threads.iter().try_for_each(|thread| thread.wait_until_blocked_in(calls::SIGWAIT))?;
    let own = own_pid();
    assert_eq!(kill(own, SIGUSR1), Ok(()));
    accepted.wait_for(1);
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    assert_eq!(kill(own, SIGUSR1), Ok(()));
    threads.into_iter().try_for_each(Thread::join)?;
    // Had both got the first one, the second one would be left.
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    Ok(())
}

#[rstest]
#[case::to_the_thread(true)]
#[case::to_the_process(false)]
/// sigwaitinfo takes a signal that was sent to the calling thread, and one that was sent to its process.
#[harness::test(
    id = "signal.accepted-of-thread-and-process",
    cite = [man("sigwaitinfo.2", "DESCRIPTION"), posix("sigtimedwait.3p", "DESCRIPTION")],
    covers = ["behaviours:sigwait.thread-and-process"],
    layers = [raw],
)]
fn signals_to_thread_and_process_are_accepted(#[case] to_thread: bool) -> TestResult {
    let (own, set) = (own_pid(), SignalSet::of([SIGUSR1]));
    block_all(set)?;
    assert_eq!(if to_thread { tgkill(own, own, SIGUSR1) } else { kill(own, SIGUSR1) }, Ok(()));
    let code = if to_thread { libc::SI_TKILL } else { SI_USER };
    let accepted = sigwaitinfo(set).map(|(number, info)| (number, info.signal, info.code, info.sender().0));
    assert_eq!(accepted, Ok((SIGUSR1, SIGUSR1, code, own)));
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    Ok(())
}
