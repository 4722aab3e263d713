//! The flags of sigaction(2), and what signal(2) and its like set of them.

use calls::signals::{Action, Disposition, SignalSet, action_of, runs_of};
use harness::event_log::{log_in_handler, logged_by_handlers};
use kit::disposition::install;
use kit::prelude::*;
use libc::{
    SA_NOCLDSTOP, SA_NOCLDWAIT, SA_NODEFER, SA_ONSTACK, SA_RESETHAND, SA_RESTART, SIGUSR1, SIGUSR2, c_int, c_void,
    siginfo_t,
};
use std::sync::atomic::{AtomicU32, Ordering};

#[rstest]
#[case::restart(SA_RESTART)]
#[case::nodefer(SA_NODEFER)]
#[case::resethand(SA_RESETHAND)]
#[case::onstack(SA_ONSTACK)]
#[case::nocldstop(SA_NOCLDSTOP)]
#[case::nocldwait(SA_NOCLDWAIT)]
#[case::all(SA_RESTART | SA_NODEFER | SA_RESETHAND | SA_ONSTACK | SA_NOCLDSTOP | SA_NOCLDWAIT)]
/// sigaction returns through oldact what was set before: handler, flags and mask, each flag by itself and all together.
#[harness::test(
    id = "signal.former-action-returned",
    cite = [posix("sigaction.3p", "DESCRIPTION"), man("sigaction.2", "DESCRIPTION")],
    covers = ["behaviours:sigact.oldact-returned", "behaviours:sigact.null-act-query"],
    layers = [libc, raw],
)]
fn the_former_action_is_returned(#[case] flags: i32) -> TestResult {
    let set = Disposition { action: Action::Handle, flags, mask: SignalSet::of([SIGUSR2, libc::SIGRTMAX()]) };
    let default = Disposition::of(Action::Default);
    assert_ok!(replace_action(SIGUSR1, default));
    assert_eq!(query_action(SIGUSR1), Ok(default));
    assert_eq!(replace_action(SIGUSR1, set), Ok(default));
    // Queried twice: the query changes nothing.
    assert_eq!([query_action(SIGUSR1), query_action(SIGUSR1)], [Ok(set); 2]);
    assert_eq!(replace_action(SIGUSR1, default), Ok(set));
    assert_eq!(query_action(SIGUSR1), Ok(default));
    Ok(())
}

/// SIGKILL and SIGSTOP in sa_mask are left out, and no error: a query does not return them.
#[harness::test(
    id = "signal.mask-of-action-without-kill",
    cite = [posix("sigaction.3p", "DESCRIPTION"), man("sigaction.2", "DESCRIPTION")],
    covers = ["behaviours:sigact.mask-kill-stop-ignored"],
    layers = [raw],
)]
fn sigkill_and_sigstop_are_left_out_of_sa_mask() -> TestResult {
    let with = |mask| Disposition { action: Action::Handle, flags: 0, mask };
    assert_ok!(replace_action(SIGUSR1, with(SignalSet::ALL)));
    assert_eq!(query_action(SIGUSR1), Ok(with(SignalSet::but([libc::SIGKILL, libc::SIGSTOP]))));
    Ok(())
}

/// With a null act and a null oldact sigaction tells whether the number is that of a signal.
#[harness::test(
    id = "signal.action-null-both",
    cite = [man("sigaction.2", "NOTES")],
    covers = ["behaviours:sigact.null-both-validates", "errors:signal.sigaction.EINVAL"],
    layers = [raw],
)]
fn sigaction_with_nothing_checks_the_number() -> TestResult {
    let check = |signal: i32| {
        // SAFETY: no address is given.
        unsafe { syscall("sigaction", Sysno::rt_sigaction, [signal as usize, 0, 0, harness::raw::SET_SIZE, 0, 0]) }
    };
    assert_eq!([check(1), check(libc::SIGRTMAX())], [Ok(0); 2]);
    for none in [0, -1, libc::SIGRTMAX() + 1] {
        assert_errno!(check(none), EINVAL);
    }
    Ok(())
}

/// With SA_RESETHAND the disposition is SIG_DFL when the handler begins, so that it runs once.
#[harness::test(
    id = "signal.resethand",
    cite = [posix("sigaction.3p", "DESCRIPTION", "SA_RESETHAND"), man("sigaction.2", "DESCRIPTION", "SA_RESETHAND")],
    covers = ["behaviours:sigact.resethand"],
)]
fn sa_resethand_resets_the_action() -> TestResult {
    extern "C" fn look(signal: c_int, _: *mut siginfo_t, _: *mut c_void) {
        let action = harness::raw::action_of(signal).map(|action| action.handler);
        assert_in_handler!(action == Ok(libc::SIG_DFL));
        log_in_handler(STEPS, [BEGIN]);
    }
    // SAFETY: the handler makes a system call, and logs.
    unsafe { install(SIGUSR1, look, SA_RESETHAND, SignalSet::EMPTY) }?;
    assert_eq!(raise(SIGUSR1), Ok(()));
    assert_eq!(steps(), [BEGIN]);
    assert_eq!(action_of(SIGUSR1), Ok(Action::Default));
    let child = fork(|| -> TestResult { Ok(raise(SIGUSR1)?) })?;
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(SIGUSR1), core: false });
    Ok(())
}

#[rstest]
#[case::deferred(0, &[BEGIN, END, BEGIN, END])]
#[case::nodefer(SA_NODEFER, &[BEGIN, BEGIN, END, END])]
/// A signal that its own handler sends is delivered when the handler has returned; with SA_NODEFER it interrupts the handler.
#[harness::test(
    id = "signal.own-handler-again",
    cite = [
        posix("sigaction.3p", "DESCRIPTION", "SA_NODEFER"),
        man("sigaction.2", "DESCRIPTION", "SA_NODEFER"),
        man("signal.7", "Execution of signal handlers"),
    ],
    covers = [
        "behaviours:sigact.nodefer-reenters", "behaviours:sighand.self-blocked", "notes:signal.mask-during-same-handler",
    ],
)]
fn a_handler_blocks_its_own_signal(#[case] flags: i32, #[case] expected: &[u64]) -> TestResult {
    // SAFETY: the handler raises and logs.
    unsafe { install(SIGUSR1, again, flags, SignalSet::EMPTY) }?;
    assert_eq!(raise(SIGUSR1), Ok(()));
    assert_eq!(steps(), expected);
    Ok(())
}

#[rstest]
#[case::not_in_sa_mask(SignalSet::EMPTY, &[BEGIN, OTHER, END])]
#[case::in_sa_mask(SignalSet(1 << (SIGUSR2 - 1)), &[BEGIN, END, OTHER])]
/// Another signal interrupts a handler, unless it is in the sa_mask of that: then it is delivered when the handler has returned.
#[harness::test(
    id = "signal.nested-handler",
    cite = [posix("sigaction.3p", "DESCRIPTION"), man("signal.7", "Execution of signal handlers")],
    covers = ["behaviours:sighand.nested-different-signal", "behaviours:sighand.sa-mask-added"],
)]
fn another_signal_interrupts_a_handler(#[case] mask: SignalSet, #[case] expected: &[u64]) -> TestResult {
    extern "C" fn send_other(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
        log_in_handler(STEPS, [BEGIN]);
        // SAFETY: raise is safe in a handler.
        assert_in_handler!(unsafe { libc::raise(SIGUSR2) } == 0);
        log_in_handler(STEPS, [END]);
    }
    extern "C" fn other(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
        log_in_handler(STEPS, [OTHER]);
    }
    // SAFETY: the handlers raise and log.
    unsafe {
        install(SIGUSR1, send_other, 0, mask)?;
        install(SIGUSR2, other, 0, SignalSet::EMPTY)?;
    }
    assert_eq!(raise(SIGUSR1), Ok(()));
    assert_eq!(steps(), expected);
    assert_eq!(change_mask(libc::SIG_BLOCK, None), Ok(SignalSet::EMPTY));
    Ok(())
}

/// signal() of the C library installs a handler as BSD does: with SA_RESTART, and without SA_RESETHAND and SA_NODEFER, so that it
/// stays; and it returns the former handler.
#[harness::test(
    id = "signal.signal-call-semantics",
    cite = [man("signal.2", "Portability"), man("signal.2", "RETURN VALUE")],
    covers = [
        "behaviours:sigact.signal-bsd-semantics", "behaviours:sigact.signal-returns-previous", "notes:signal.both-signal-and-sigaction",
        "notes:signal.sigaction-from-bsd",
    ],
)]
fn signal_installs_a_handler_that_stays() -> TestResult {
    let handler = calls::signals::count as *const () as libc::sighandler_t;
    let steps = [
        (handler, Action::Handle, libc::SIG_DFL),
        (libc::SIG_IGN, Action::Ignore, handler),
        (handler, Action::Handle, libc::SIG_IGN),
    ];
    for (new, action, former) in steps {
        // SAFETY: the handler only counts in an atomic.
        assert_eq!(unsafe { libc::signal(SIGUSR1, new) }, former);
        let installed = query_action(SIGUSR1).map(|installed| (installed.action, installed.flags));
        assert_eq!(installed, Ok((action, SA_RESTART)));
    }
    let installed = query_action(SIGUSR1)?;
    assert_eq!([raise(SIGUSR1), raise(SIGUSR1)], [Ok(()); 2]);
    assert_eq!(runs_of(SIGUSR1 as usize), 2);
    evidence(
        "flags of a handler that signal() installs",
        if installed.flags == SA_RESTART { "SA_RESTART" } else { "others" },
    );
    Ok(())
}

/// The C library refuses to change the action of the two real-time signals that it keeps for itself, with EINVAL; raw they can be
/// changed.
#[harness::test(
    id = "signal.library-signals-refused",
    cite = [man("signal.7", "Real-time signals"), man("sigaction.2", "C library/kernel differences")],
    covers = ["behaviours:sigact.glibc-internal-rt-einval"],
)]
fn the_library_keeps_its_signals() -> TestResult {
    const FIRST_OF_THE_KERNEL: i32 = 32;
    for signal in FIRST_OF_THE_KERNEL..libc::SIGRTMIN() {
        let before = harness::raw::action_of(signal)?;
        assert_errno!(replace_action(signal, Disposition::of(Action::Ignore)), EINVAL);
        assert_eq!(harness::raw::action_of(signal), Ok(before));
    }
    Ok(())
}

const STEPS: u32 = 1;
const BEGIN: u64 = 1;
const END: u64 = 2;
const OTHER: u64 = 3;

/// A flag of sigaction that the kernel does not know is set without an error, and a query does not return it: so it is with
/// SA_UNSUPPORTED, and those that are known are returned.
#[harness::test(
    id = "signal.unknown-flag-cleared",
    cite = [man("sigaction.2", "Dynamically probing for flag bit support")],
    covers = ["behaviours:sigact.unsupported-flag-probe"],
    needs = [crate::needs::FLAG_PROBE],
    layers = [libc, raw],
)]
fn an_unknown_flag_is_cleared() -> TestResult {
    const SA_UNSUPPORTED: i32 = 0x400;
    let with = |flags| Disposition { action: Action::Handle, flags, mask: SignalSet::EMPTY };
    assert_ok!(replace_action(SIGUSR1, with(SA_UNSUPPORTED | SA_RESTART | SA_NODEFER)));
    assert_eq!(query_action(SIGUSR1), Ok(with(SA_RESTART | SA_NODEFER)));
    Ok(())
}

/// What handlers have logged, in order.
fn steps() -> Vec<u64> {
    logged_by_handlers(STEPS).into_iter().map(|[step, ..]| step).collect()
}

/// Sends its own signal when it is entered first.
extern "C" fn again(signal: c_int, _: *mut siginfo_t, _: *mut c_void) {
    static ENTERED: AtomicU32 = AtomicU32::new(0);
    log_in_handler(STEPS, [BEGIN]);
    if ENTERED.fetch_add(1, Ordering::Relaxed) == 0 {
        // SAFETY: raise is safe in a handler.
        assert_in_handler!(unsafe { libc::raise(signal) } == 0);
    }
    log_in_handler(STEPS, [END]);
}
