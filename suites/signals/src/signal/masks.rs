//! The signal mask: how it is changed, whose it is, and who gets a signal that some threads block.

use super::{machine, shown};
use calls::signals::{Action, Disposition, SignalSet};
use harness::event_log::{log_in_handler, logged_by_handlers};
use kit::disposition::{block, block_all, handle, handled, ignore, install, log, logged, pending};
use kit::prelude::*;
use kit::thread::spawn;
use libc::{
    SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK, SIGCHLD, SIGHUP, SIGINT, SIGRTMAX, SIGSEGV, SIGTERM, SIGUSR1, SIGUSR2, c_int,
    c_void, siginfo_t,
};
use nix::sys::signal::{SaFlags, Signal as Known};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

#[rstest]
#[case::block(SIG_BLOCK, &[SIGINT, SIGUSR1, SIGRTMAX_64])]
#[case::unblock(SIG_UNBLOCK, &[SIGINT])]
#[case::setmask(SIG_SETMASK, &[SIGUSR1, SIGRTMAX_64])]
/// SIG_BLOCK adds the set to the mask, SIG_UNBLOCK removes it, whether its signals were blocked or not, and SIG_SETMASK replaces
/// the mask; the former mask is returned.
#[harness::test(
    id = "signal.mask-changed",
    cite = [posix("pthread_sigmask.3p", "DESCRIPTION"), man("sigprocmask.2", "DESCRIPTION")],
    covers = [
        "behaviours:sigmask.how-block", "behaviours:sigmask.how-unblock", "behaviours:sigmask.how-setmask",
        "notes:signal.sets-not-directly-writable", "notes:signal.sigset-type",
    ],
    layers = [libc, raw],
)]
fn the_mask_is_changed(#[case] how: i32, #[case] expected: &[i32]) -> TestResult {
    let (before, set) = (SignalSet::of([SIGINT, SIGUSR1]), SignalSet::of([SIGUSR1, SIGRTMAX_64]));
    block_all(before)?;
    assert_eq!(change_mask(how, Some(set)), Ok(before));
    let expected = SignalSet::of(expected.iter().copied());
    assert_eq!(change_mask(SIG_BLOCK, None), Ok(expected));
    assert_eq!(shown(own_pid(), "SigBlk")?, expected);
    Ok(())
}

/// The last real-time signal, in a constant.
const SIGRTMAX_64: i32 = 64;

/// With no set the mask stays, whatever `how` says, and is returned.
#[harness::test(
    id = "signal.mask-queried",
    cite = [posix("pthread_sigmask.3p", "DESCRIPTION"), man("sigprocmask.2", "DESCRIPTION")],
    covers = ["behaviours:sigmask.null-set-query"],
    layers = [libc, raw],
)]
fn without_a_set_the_mask_is_queried() -> TestResult {
    const NO_WAY: i32 = 77;
    let mask = SignalSet::of([SIGINT, SIGRTMAX()]);
    block_all(mask)?;
    for how in [SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK, NO_WAY] {
        assert_eq!(change_mask(how, None), Ok(mask));
    }
    Ok(())
}

/// A thread has the mask of the thread that creates it, and from then on one of its own; dispositions are those of the process,
/// whichever thread sets them.
#[harness::test(
    id = "signal.mask-of-thread",
    cite = [
        posix("pthread_create.3p", "DESCRIPTION"),
        posix("pthread_sigmask.3p", "DESCRIPTION"),
        man("signal.7", "Signal mask and pending signals"),
        man("signal.7", "Signal dispositions"),
    ],
    covers = [
        "behaviours:sigmask.thread-create-inherits", "behaviours:sigmask.per-thread", "behaviours:sigdisp.per-process",
        "notes:signal.pcb-two-sets",
    ],
    layers = [libc, raw],
)]
fn a_thread_has_a_mask_of_its_own() -> TestResult {
    let (inherited, own) = (SignalSet::of([SIGUSR1]), SignalSet::of([SIGUSR2, SIGHUP]));
    block_all(inherited)?;
    let (changed, looked) = (Arc::new(Latch::new()?), Arc::new(Latch::new()?));
    let (its_changed, its_looked) = (Arc::clone(&changed), Arc::clone(&looked));
    let thread = spawn(move || {
        use calls::for_layers::libc_raw::{change_mask, replace_action};
        assert_eq!(change_mask(SIG_SETMASK, Some(own)), Ok(inherited));
        assert_ok!(replace_action(SIGTERM, Disposition::of(Action::Ignore)));
        its_changed.arrive();
        its_looked.wait_for(1);
        assert_eq!(change_mask(SIG_SETMASK, None), Ok(own));
    })?;
    changed.wait_for(1);
    assert_eq!(change_mask(SIG_SETMASK, None), Ok(inherited));
    assert_eq!((shown(thread.tid(), "SigBlk")?, shown(own_pid(), "SigBlk")?), (own, inherited));
    assert_eq!(query_action(SIGTERM), Ok(Disposition::of(Action::Ignore)));
    evidence("masks of the two threads", format!("{inherited:?} and {own:?}"));
    looked.arrive();
    thread.join()
}

/// A signal to the process is delivered to a thread that does not block it; one to a thread waits for that thread, although
/// another one does not block it.
#[harness::test(
    id = "signal.to-process-or-thread",
    cite = [
        posix("XSH", "2.4.1 Signal Generation and Delivery"),
        man("signal.7", "Signal mask and pending signals"),
        man("pthread_kill.3", "DESCRIPTION"),
    ],
    covers = ["behaviours:sigmask.process-directed-any-thread", "behaviours:sigmask.thread-directed-only"],
)]
fn a_signal_to_the_process_goes_to_a_thread_that_takes_it() -> TestResult {
    let own = own_pid();
    log_thread(SIGUSR1)?;
    let end = Arc::new(Latch::new()?);
    let its_end = Arc::clone(&end);
    let thread = spawn(move || its_end.wait_for(1))?;
    block(Known::SIGUSR1)?;
    assert_eq!(raise(SIGUSR1), Ok(()));
    assert_eq!((pending(), logged_by_handlers(THREAD)), (Ok(vec![Known::SIGUSR1]), vec![]));
    assert_eq!(kill(own, SIGUSR1), Ok(()));
    end.arrive();
    let tid = thread.tid() as u64;
    thread.join()?;
    assert_eq!(logged_by_handlers(THREAD), [[tid, 0, 0, 0]]);
    assert_eq!(pending(), Ok(vec![Known::SIGUSR1]));
    kit::disposition::unblock(SignalSet::of([SIGUSR1]))?;
    assert_eq!(logged_by_handlers(THREAD), [[tid, 0, 0, 0], [own as u64, 0, 0, 0]]);
    Ok(())
}

/// The code of what [`log_thread`]'s handler logs.
const THREAD: u32 = 1;

/// Handles the signal by logging which thread it runs in.
fn log_thread(signal: i32) -> TestResult {
    extern "C" fn log_tid(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
        // SAFETY: asks for a number.
        log_in_handler(THREAD, [unsafe { libc::syscall(libc::SYS_gettid) } as u64]);
    }
    // SAFETY: the handler makes a system call, and logs.
    unsafe { install(signal, log_tid, 0, SignalSet::EMPTY) }
}

/// A bad memory reference causes SIGSEGV for the thread that makes it, not for another one that does not block it.
#[harness::test(
    id = "signal.fault-of-thread",
    cite = [posix("XSH", "2.4.1 Signal Generation and Delivery"), man("signal.7", "Signal mask and pending signals")],
    covers = ["behaviours:sigmask.sync-fault-thread"],
)]
fn a_fault_is_for_the_faulting_thread() -> TestResult {
    extern "C" fn end(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
        // SAFETY: both ask for a number.
        let (thread, process) = unsafe { (libc::syscall(libc::SYS_gettid), libc::getpid()) };
        log_in_handler(THREAD, [u64::from(thread != i64::from(process))]);
        exit(5)
    }
    let child = fork(|| -> TestResult {
        // SAFETY: the handler asks for numbers, logs, and ends the process.
        unsafe { install(SIGSEGV, end, 0, SignalSet::EMPTY) }?;
        let thread = spawn(|| machine::UNMAPPED(&AtomicUsize::new(0)))?;
        thread.join()
    })?;
    assert_eq!(child.wait()?, Ended::Exited(5));
    assert_eq!(logged_by_handlers(THREAD), [[1, 0, 0, 0]]);
    Ok(())
}

#[rstest]
#[case::blocked(|| block(Known::SIGSEGV))]
#[case::ignored(|| ignore(Known::SIGSEGV))]
/// A fault whose signal is blocked or ignored kills the process by that signal, although there is a handler for the blocked one.
#[harness::test(
    id = "signal.blocked-fault-kills",
    cite = [man("sigprocmask.2", "NOTES"), man("signal.2", "NOTES")],
    covers = ["behaviours:sigmask.blocked-sync-fault-kills"],
)]
fn a_blocked_fault_kills(#[case] setup: fn() -> TestResult) -> TestResult {
    let child = fork(|| -> TestResult {
        log(SIGSEGV, 0)?;
        setup()?;
        machine::UNMAPPED(&AtomicUsize::new(0))
    })?;
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(SIGSEGV), core: false });
    assert_eq!(logged(), []);
    Ok(())
}

/// /proc/PID/status shows the signals that are blocked, ignored and caught, and what is pending for the thread and for the process,
/// as sigprocmask, sigaction, raise and kill have set them: bit n - 1 is signal n.
#[harness::test(
    id = "signal.shown-in-proc",
    cite = [man("signal.7", "NOTES"), man("proc_pid_status.5", "DESCRIPTION")],
    covers = [
        "behaviours:sigmask.proc-status-masks", "notes:signal.sigint-second-bit", "notes:signal.sets-are-bitmaps",
        "notes:signal.kernel-step-pending-17", "notes:signal.pcb-two-sets", "notes:signal.impl-register-handler",
        "notes:signal.state-pending",
    ],
)]
fn proc_shows_the_sets() -> TestResult {
    let own = own_pid();
    ignore(Known::SIGHUP)?;
    handle(Known::SIGINT, SaFlags::empty())?;
    block_all(SignalSet::of([SIGINT, SIGCHLD]))?;
    assert_eq!([raise(SIGINT), kill(own, SIGCHLD)], [Ok(()); 2]);
    let sets = ["SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd"].map(|set| shown(own, set).map(|set| set.0).ok());
    assert_eq!(sets, [0x10002, 0x1, 0x2, 0x2, 0x10000].map(Some));
    evidence("SigBlk with SIGINT and SIGCHLD blocked", "0000000000010002");
    assert_eq!(handled(Known::SIGINT), 0);
    Ok(())
}
