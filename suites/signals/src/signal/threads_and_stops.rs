//! Stop signals and SIGCONT: what they do to threads, to pending signals and to each other; signals to threads.

use super::{resumable, shown};
use calls::for_layers::raw as by_raw;
use calls::signals::SignalSet;
use kit::disposition::{block_all, handle, handled, log, logged, unblock};
use kit::needs::UNTRACED;
use kit::prelude::*;
use kit::thread::spawn;
use libc::{SI_KERNEL, SI_TKILL, SI_USER, SIGCONT, SIGKILL, SIGSTOP, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1};
use nix::sys::signal::{SaFlags, Signal as Known};
use std::sync::atomic::{AtomicI32, Ordering};

#[rstest]
#[case::terminates(SIGTERM)]
#[case::kills(SIGKILL)]
/// A signal that stops or ends a process does so for all of its threads, although pthread_kill has sent it to one.
#[harness::test(
    id = "signal.thread-signal-ends-process",
    cite = [posix("pthread_kill.3p", "APPLICATION USAGE"), man("pthread_kill.3", "NOTES")],
    covers = ["behaviours:sigsend.pthread-kill-action-process"],
)]
fn a_signal_to_a_thread_ends_the_process(#[case] signal: i32) -> TestResult {
    let child = fork(|| -> TestResult {
        let thread = spawn(nix::unistd::pause)?;
        thread.wait_until_blocked_in(calls::PAUSE)?;
        assert_eq!(by_raw::tgkill(own_pid(), thread.tid(), signal), Ok(()));
        thread.join()
    })?;
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(signal), core: false });
    Ok(())
}

#[rstest]
#[case::to_the_process(false)]
#[case::to_a_thread(true)]
/// A stop signal stops every thread of a process, although it was sent to one of them.
#[harness::test(
    id = "signal.stop-stops-all-threads",
    cite = [man("signal.7", "Standard signals"), man("pthread_kill.3", "NOTES"), kernel("kernel/signal.c", "do_signal_stop", "6.18")],
    covers = ["behaviours:sigjob.stop-stops-all-threads", "behaviours:sigsend.pthread-kill-action-process"],
    needs = [UNTRACED],
)]
fn a_stop_stops_all_threads(#[case] to_thread: bool) -> TestResult {
    let (tid, told) = (Shared::new(AtomicI32::new(0))?, Latch::new()?);
    let child = fork(|| -> TestResult {
        let thread = spawn(nix::unistd::pause)?;
        thread.wait_until_blocked_in(calls::PAUSE)?;
        tid.store(thread.tid(), Ordering::Release);
        told.arrive();
        nix::unistd::pause();
        Ok(())
    })?;
    told.wait_for(1);
    child.wait_until_blocked_in(calls::PAUSE)?;
    let tid = tid.load(Ordering::Acquire);
    let sent = if to_thread { by_raw::tgkill(child.pid(), tid, SIGSTOP) } else { kill(child.pid(), SIGSTOP) };
    assert_eq!(sent, Ok(()));
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(SIGSTOP)));
    assert_eq!([child.pid(), tid].map(harness::process_state::state), [Some('T'); 2]);
    assert_eq!(kill(child.pid(), SIGCONT), Ok(()));
    assert_eq!(child.wait_until_continued()?, Ended::Continued);
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    child.wait().map(drop)
}

#[rstest]
#[case::to_process(|pid, code| by_raw::rt_sigqueueinfo(pid, SIGUSR1, code, 7))]
#[case::to_thread(|pid, code| by_raw::rt_tgsigqueueinfo(pid, pid, SIGUSR1, code, 7))]
/// rt_sigqueueinfo and rt_tgsigqueueinfo send the si_code and the value that they are given: to another process any negative code
/// but SI_TKILL, to the own process any.
#[harness::test(
    id = "signal.forged-code",
    cite = [man("rt_sigqueueinfo.2", "DESCRIPTION")],
    covers = [
        "behaviours:sicode.sigqueue-forged", "errors:signal.rt_sigqueueinfo.EPERM.2", "errors:signal.rt_tgsigqueueinfo.EPERM.2",
        "notes:signal.mostly-from-kernel",
    ],
)]
fn only_negative_codes_can_be_forged(#[case] send: fn(i32, i32) -> Result<()>) -> TestResult {
    const ANY: i32 = -60;
    let (own, set) = (own_pid(), SignalSet::of([SIGUSR1]));
    log(SIGUSR1, 0)?;
    let child = fork(|| -> TestResult {
        block_all(set)?;
        let told = sigwaitinfo(set).map(|(signal, info)| (signal, info.code, info.value()));
        assert_eq!(told, Ok((SIGUSR1, ANY, 7)));
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::SIGWAITINFO)?;
    for forged in [SI_USER, SI_KERNEL, SI_TKILL] {
        assert_errno!(send(child.pid(), forged), EPERM);
        assert_eq!(shown(child.pid(), "ShdPnd")?, SignalSet::EMPTY);
        assert_eq!(send(own, forged), Ok(()));
    }
    assert_eq!([send(child.pid(), ANY), send(own, ANY)], [Ok(()); 2]);
    let codes: Vec<_> = logged().iter().map(|info| (info.code, info.value())).collect();
    assert_eq!(codes, [SI_USER, SI_KERNEL, SI_TKILL, ANY].map(|code| (code, 7)));
    evidence("an si_code of the kernel, from another process", "EPERM: the code says who made a signal");
    child.join()
}

/// A signal that comes while the process is stopped is pending until SIGCONT resumes it, and then delivered.
#[harness::test(
    id = "signal.stopped-holds-signals",
    cite = [posix("XSH", "2.4.3 Signal Actions"), kernel("kernel/signal.c", "wants_signal", "6.18")],
    covers = [
        "behaviours:sigjob.stopped-holds-signals", "notes:signal.sigkill-includes-sigstop-features",
        "notes:signal.sigstop-used-by-malware",
    ],
    needs = [UNTRACED],
)]
fn a_stopped_process_gets_no_signals() -> TestResult {
    let (child, resumed) = resumable(|| handle(Known::SIGUSR1, SaFlags::empty()))?;
    assert_eq!(kill(child.pid(), SIGSTOP), Ok(()));
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(SIGSTOP)));
    assert_eq!([kill(child.pid(), SIGUSR1), kill(child.pid(), SIGTERM)], [Ok(()); 2]);
    assert_eq!(shown(child.pid(), "ShdPnd")?, SignalSet::of([SIGUSR1, SIGTERM]));
    assert_eq!(harness::process_state::state(child.pid()), Some('T'));
    evidence("a process that another of its user has stopped, after SIGTERM", "stopped, and SIGTERM pending");
    assert_eq!(kill(child.pid(), SIGCONT), Ok(()));
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(SIGTERM), core: false });
    drop(resumed);
    Ok(())
}

/// Sending SIGCONT takes pending stop signals away, and sending a stop signal takes a pending SIGCONT away.
#[harness::test(
    id = "signal.stop-and-continue-cancel",
    cite = [posix("XSH", "2.4.1 Signal Generation and Delivery"), kernel("kernel/signal.c", "prepare_signal", "6.18")],
    covers = ["behaviours:sigjob.cont-clears-pending-stops", "behaviours:sigjob.stop-clears-pending-cont"],
)]
fn stop_and_continue_take_each_other_away() -> TestResult {
    let stops = SignalSet::of([SIGTSTP, SIGTTIN, SIGTTOU]);
    let (own, cont) = (own_pid(), SignalSet::of([SIGCONT]));
    handle(Known::SIGCONT, SaFlags::empty())?;
    block_all(SignalSet(stops.0 | cont.0))?;
    for stop in stops.signals() {
        assert_eq!(kill(own, stop), Ok(()));
    }
    assert_eq!(sigpending(), Ok(stops));
    assert_eq!(kill(own, SIGCONT), Ok(()));
    assert_eq!(sigpending(), Ok(cont));
    assert_eq!(kill(own, SIGTSTP), Ok(()));
    assert_eq!(sigpending(), Ok(SignalSet::of([SIGTSTP])));
    assert_eq!(kill(own, SIGCONT), Ok(()));
    unblock(SignalSet(stops.0 | cont.0))?;
    assert_eq!((handled(Known::SIGCONT), sigpending()), (1, Ok(SignalSet::EMPTY)));
    Ok(())
}
