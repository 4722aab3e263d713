//! Generated and not delivered: what is pending, for whom, and what takes it away.

use calls::signals::{Action, Disposition, SignalSet, runs_of};
use kit::disposition::{block, block_all, handle, handled, ignore, log, logged, unblock};
use kit::prelude::*;
use kit::thread::spawn;
use libc::{SIG_BLOCK, SIG_UNBLOCK, SIGCHLD, SIGINT, SIGURG, SIGUSR1, SIGUSR2};
use nix::sys::signal::{SaFlags, Signal as Known};

/// A signal that is blocked is generated, stays pending until it is unblocked, and is then delivered before sigprocmask returns;
/// after that it is not pending any more.
#[harness::test(
    id = "signal.blocked-stays-pending",
    cite = [
        posix("pthread_sigmask.3p", "DESCRIPTION"),
        posix("XSH", "2.4.1 Signal Generation and Delivery"),
        man("signal.7", "Signal mask and pending signals"),
    ],
    covers = [
        "behaviours:sigmask.unblock-delivers-before-return", "notes:signal.mask-blocks", "notes:signal.blocked-stays-pending",
        "notes:signal.block-not-generation", "notes:signal.state-delivered", "notes:signal.state-pending",
        "notes:signal.pending-bit-meaning", "notes:signal.pending-cleared-when-handled", "notes:signal.block-is-temporary",
    ],
    layers = [libc, raw],
)]
fn a_blocked_signal_waits_for_its_unblocking() -> TestResult {
    handle(Known::SIGUSR1, SaFlags::empty())?;
    block(Known::SIGUSR2)?;
    let (own, usr1, usr2) = (own_pid(), SignalSet::of([SIGUSR1]), SignalSet::of([SIGUSR2]));
    let both = SignalSet::of([SIGUSR1, SIGUSR2]);
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    assert_eq!(change_mask(SIG_BLOCK, Some(usr1)), Ok(usr2));
    assert_eq!(kill(own, SIGUSR1), Ok(()));
    assert_eq!((sigpending(), handled(Known::SIGUSR1)), (Ok(usr1), 0));
    assert_eq!((change_mask(SIG_UNBLOCK, Some(usr1)), handled(Known::SIGUSR1)), (Ok(both), 1));
    assert_eq!((sigpending(), change_mask(SIG_BLOCK, None)), (Ok(SignalSet::EMPTY), Ok(usr2)));
    evidence("how often the handler ran while the signal was blocked, and after", "0, 1");
    Ok(())
}

/// Of two pending signals only the one that is unblocked is delivered; the other stays pending.
#[harness::test(
    id = "signal.pending-compared-with-mask",
    cite = [posix("pthread_sigmask.3p", "DESCRIPTION"), man("signal.7", "Signal mask and pending signals")],
    covers = ["notes:signal.pending-compared-with-blocked"],
    layers = [libc, raw],
)]
fn only_what_is_unblocked_is_delivered() -> TestResult {
    handle(Known::SIGINT, SaFlags::empty())?;
    handle(Known::SIGCHLD, SaFlags::empty())?;
    let both = SignalSet::of([SIGINT, SIGCHLD]);
    block_all(both)?;
    let own = own_pid();
    assert_eq!([kill(own, SIGCHLD), kill(own, SIGINT)], [Ok(()); 2]);
    assert_eq!(sigpending(), Ok(both));
    assert_eq!(change_mask(SIG_UNBLOCK, Some(SignalSet::of([SIGINT]))), Ok(both));
    assert_eq!((handled(Known::SIGINT), handled(Known::SIGCHLD)), (1, 0));
    let child = SignalSet::of([SIGCHLD]);
    assert_eq!((sigpending(), change_mask(SIG_BLOCK, None)), (Ok(child), Ok(child)));
    Ok(())
}

/// sigpending reports what is pending for the calling thread together with what is pending for the process, and not what is
/// pending for another thread.
#[harness::test(
    id = "signal.pending-union",
    cite = [posix("sigpending.3p", "DESCRIPTION"), man("signal.7", "Signal mask and pending signals")],
    covers = ["behaviours:sigmask.pending-union", "behaviours:sigmask.thread-directed-only"],
    layers = [raw],
)]
fn sigpending_is_of_the_thread_and_its_process() -> TestResult {
    block_all(SignalSet::of([SIGUSR1, SIGUSR2]))?;
    let own = own_pid();
    assert_eq!([tgkill(own, own, SIGUSR1), kill(own, SIGUSR2)], [Ok(()); 2]);
    assert_eq!(sigpending(), Ok(SignalSet::of([SIGUSR1, SIGUSR2])));
    let other = spawn(|| {
        use calls::for_layers::raw::sigpending;
        assert_eq!(sigpending(), Ok(SignalSet::of([SIGUSR2])));
    })?;
    other.join()
}

#[rstest]
#[case::blocked(true)]
#[case::not_blocked(false)]
/// A signal that is ignored when it is generated leaves nothing behind: it is thrown away if it is not blocked; if it is, Linux
/// keeps it pending until the unblocking throws it away.
#[harness::test(
    id = "signal.ignored-is-discarded",
    cite = [man("sigprocmask.2", "NOTES"), man("signal.7", "Signal dispositions")],
    covers = ["behaviours:sigdisp.ignored-discarded", "behaviours:sigdisp.blocked-ignored-pending", "notes:signal.ignore-means-default"],
    layers = [libc, raw],
)]
fn an_ignored_signal_is_discarded(#[case] blocked: bool) -> TestResult {
    ignore(Known::SIGUSR1)?;
    let usr1 = SignalSet::of([SIGUSR1]);
    if blocked {
        block(Known::SIGUSR1)?;
    }
    assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
    assert_eq!(sigpending(), Ok(if blocked { usr1 } else { SignalSet::EMPTY }));
    unblock(usr1)?;
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    handle(Known::SIGUSR1, SaFlags::empty())?;
    assert_eq!(handled(Known::SIGUSR1), 0);
    evidence("the process after an ignored SIGUSR1", "goes on");
    Ok(())
}

#[rstest]
#[case::to_ignore(SIGUSR1, Action::Ignore, Target::Process)]
#[case::to_ignore_of_thread(SIGUSR1, Action::Ignore, Target::Thread)]
#[case::to_default_of_sigchld(SIGCHLD, Action::Default, Target::Process)]
#[case::to_default_of_sigurg(SIGURG, Action::Default, Target::Process)]
#[case::to_default_of_thread(SIGURG, Action::Default, Target::Thread)]
/// Setting the action of a pending signal to SIG_IGN, or to SIG_DFL where the default is to ignore it, discards it, although it
/// is blocked: a handler that is set afterwards does not run.
#[harness::test(
    id = "signal.ignoring-clears-pending",
    cite = [posix("XSH", "2.4.3 Signal Actions"), posix("signal.h.0p", "DESCRIPTION")],
    covers = ["behaviours:sigdisp.ignore-clears-pending", "behaviours:sigdisp.dfl-ignore-clears-pending"],
    layers = [libc, raw],
)]
fn ignoring_discards_what_is_pending(#[case] signal: i32, #[case] action: Action, #[case] to: Target) -> TestResult {
    let (own, set) = (own_pid(), SignalSet::of([signal]));
    let (handle, changed) = (Disposition::of(Action::Handle), Disposition::of(action));
    assert_ok!(replace_action(signal, handle));
    block_all(set)?;
    match to {
        Target::Process => assert_eq!(kill(own, signal), Ok(())),
        Target::Thread => assert_eq!(calls::for_layers::libc::raise(signal), Ok(())),
    }
    assert_eq!(sigpending(), Ok(set));
    assert_eq!(replace_action(signal, changed), Ok(handle));
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    assert_eq!(replace_action(signal, handle), Ok(changed));
    unblock(set)?;
    assert_eq!((query_action(signal), runs_of(signal as usize)), (Ok(handle), 0));
    Ok(())
}

/// For whom a signal is pending.
#[derive(Clone, Copy)]
enum Target {
    Process,
    Thread,
}

/// Of five instances of a standard signal that come while it is blocked one is delivered, with the siginfo_t of the first.
#[harness::test(
    id = "signal.standard-not-queued",
    cite = [man("signal.7", "Queueing and delivery semantics for standard signals")],
    covers = [
        "behaviours:sigq.std-no-queue", "behaviours:sigq.std-first-siginfo-kept", "notes:signal.standard-do-not-queue",
        "notes:signal.main-sync-means",
    ],
)]
fn standard_signals_do_not_queue() -> TestResult {
    log(SIGUSR1, 0)?;
    block(Known::SIGUSR1)?;
    let own = own_pid();
    for value in 1..=5 {
        assert_eq!(sigqueue(own, SIGUSR1, value), Ok(()));
    }
    unblock(SignalSet::of([SIGUSR1]))?;
    let seen = logged();
    assert_eq!(
        seen.iter().map(|info| (info.signal, info.sender().0, info.value())).collect::<Vec<_>>(),
        [(SIGUSR1, own, 1)]
    );
    evidence("deliveries of five instances", seen.len());
    Ok(())
}

/// While a handler runs its signal is blocked, and is not pending any more.
#[harness::test(
    id = "signal.not-pending-in-handler",
    cite = [man("signal.7", "Execution of signal handlers")],
    covers = ["behaviours:sighand.removed-from-pending", "behaviours:sighand.self-blocked", "notes:signal.kernel-step-clear-bit"],
)]
fn a_signal_leaves_the_pending_set_before_its_handler() -> TestResult {
    const SETS: u32 = 1;
    extern "C" fn look(_: libc::c_int, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
        let nothing = std::ptr::null::<libc::sigset_t>();
        // SAFETY: all zero is a valid sigset_t.
        let (mut pending, mut mask): (libc::sigset_t, libc::sigset_t) = unsafe { std::mem::zeroed() };
        // SAFETY: both calls fill a set, and are safe in a handler.
        let is_pending = unsafe {
            libc::sigpending(&mut pending);
            libc::sigprocmask(SIG_BLOCK, nothing, &mut mask);
            libc::sigismember(&pending, SIGUSR1)
        };
        // SAFETY: looks at a set.
        let is_blocked = unsafe { libc::sigismember(&mask, SIGUSR1) };
        harness::event_log::log_in_handler(SETS, [is_pending as u64, is_blocked as u64]);
    }
    // SAFETY: the handler makes two calls that are safe in one, and logs.
    unsafe { kit::disposition::handle_with(Known::SIGUSR1, look) }?;
    block(Known::SIGUSR1)?;
    assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
    unblock(SignalSet::of([SIGUSR1]))?;
    assert_eq!(harness::event_log::logged_by_handlers(SETS), [[0, 1, 0, 0]]);
    Ok(())
}

/// A semaphore counts, and a standard signal does not: after five posts five waits succeed, and of five blocked signals one is
/// delivered.
#[harness::test(
    id = "signal.not-a-counter",
    cite = [
        man("signal.7", "Queueing and delivery semantics for standard signals"),
        posix("sem_post.3p", "DESCRIPTION"),
    ],
    covers = ["notes:signal.differs-from-semaphore"],
)]
fn signals_do_not_count() -> TestResult {
    const TIMES: usize = 5;
    let own = own_pid();
    handle(Known::SIGUSR1, SaFlags::empty())?;
    block(Known::SIGUSR1)?;
    // SAFETY: all zero is memory for a semaphore.
    let mut semaphore: libc::sem_t = unsafe { std::mem::zeroed() };
    // SAFETY: the memory stays until the last call.
    Errno::result(unsafe { libc::sem_init(&mut semaphore, 0, 0) })?;
    for _ in 0..TIMES {
        // SAFETY: it was initialised.
        assert_eq!((unsafe { libc::sem_post(&mut semaphore) }, kill(own, SIGUSR1)), (0, Ok(())));
    }
    unblock(SignalSet::of([SIGUSR1]))?;
    // SAFETY: as above.
    let waits = [(); TIMES + 1].map(|()| unsafe { libc::sem_trywait(&mut semaphore) });
    assert_eq!((waits, handled(Known::SIGUSR1)), ([0, 0, 0, 0, 0, -1], 1));
    Ok(())
}
