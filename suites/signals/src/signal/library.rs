//! What the C library has of its own: operations on sets, texts, and the interfaces of System V.

use calls::signal_library::{SIG_HOLD, and_or, is_empty, print_signal};
use calls::signals::{Action, Disposition, SignalSet, count, runs_of};
use kit::disposition::{Runs, block, handle, handled, pending};
use kit::prelude::*;
use libc::{SIG_BLOCK, SIG_DFL, SIG_IGN, SIG_SETMASK, SIGINT, SIGKILL, SIGRTMAX, SIGRTMIN, SIGSTOP, SIGUSR1, SIGUSR2};
use nix::sys::signal::{SaFlags, Signal as Known};
use std::ffi::CStr;

/// The signals that programs may use: the standard ones, and the real-time ones without those of the C library.
fn usable() -> impl Iterator<Item = i32> {
    (1..=31).chain(SIGRTMIN()..=SIGRTMAX())
}

/// sigemptyset leaves no signal in a set and sigfillset includes each; sigaddset and sigdelset change one and leave the others;
/// sigismember returns 1 for a member and 0 for any other signal.
#[harness::test(
    id = "signal.sets",
    cite = [
        posix("sigemptyset.3p", "DESCRIPTION"),
        posix("sigfillset.3p", "DESCRIPTION"),
        posix("sigaddset.3p", "DESCRIPTION"),
        posix("sigismember.3p", "RETURN VALUE"),
        man("sigsetops.3", "DESCRIPTION"),
    ],
    covers = [
        "behaviours:sigsets.empty-fill", "behaviours:sigsets.add-delete", "behaviours:sigsets.member", "notes:signal.sigset-type",
    ],
)]
fn sets_have_the_signals_that_were_added() -> TestResult {
    let (mut empty, mut full) = (SignalSet::ALL.library(), SignalSet::EMPTY.library());
    // SAFETY: both write a set.
    assert_eq!(unsafe { (libc::sigemptyset(&mut empty), libc::sigfillset(&mut full)) }, (0, 0));
    let mut before = SignalSet::EMPTY;
    for signal in usable() {
        assert_eq!((sigismember(&empty, signal), sigismember(&full, signal)), (Ok(0), Ok(1)));
        let (mut one, mut others) = (empty, full);
        assert_eq!([sigaddset(&mut one, signal), sigdelset(&mut others, signal)], [Ok(()); 2]);
        for other in usable() {
            let is_it = i32::from(other == signal);
            assert_eq!((sigismember(&one, other), sigismember(&others, other)), (Ok(is_it), Ok(1 - is_it)));
        }
        // The kernel takes the set for the same one.
        assert_eq!(change_mask(SIG_SETMASK, Some(SignalSet::from_library(&one))), Ok(before));
        before = SignalSet::of((![SIGKILL, SIGSTOP].contains(&signal)).then_some(signal));
        assert_eq!(change_mask(SIG_BLOCK, None), Ok(before));
    }
    Ok(())
}

/// sigisemptyset tells whether a set is empty; sigandset and sigorset make the intersection and the union of two.
#[harness::test(
    id = "signal.sets-of-gnu",
    cite = [man("sigsetops.3", "GNU")],
    covers = ["behaviours:sigsets.gnu"],
)]
fn sets_are_combined() -> TestResult {
    let [one, other] = [[SIGINT, SIGUSR1], [SIGUSR1, SIGRTMAX()]].map(|signals| SignalSet::of(signals).library());
    let (and, or) = and_or(&one, &other);
    assert_eq!(SignalSet::from_library(&and), SignalSet::of([SIGUSR1]));
    let both = SignalSet::of([SIGINT, SIGUSR1, SIGRTMAX()]);
    assert_eq!(
        (change_mask(SIG_SETMASK, Some(SignalSet::from_library(&or))), change_mask(SIG_BLOCK, None)),
        (Ok(SignalSet::EMPTY), Ok(both))
    );
    assert_eq!([is_empty(&and), is_empty(&SignalSet::EMPTY.library())], [0, 1]);
    Ok(())
}

#[rstest]
#[case::set(1)]
#[case::set_and_cleared(0)]
/// siginterrupt with 1 makes a call that the signal interrupts fail with EINTR, although its handler was installed with SA_RESTART;
/// with 0 the call is restarted.
#[harness::test(
    id = "signal.siginterrupt",
    cite = [posix("siginterrupt.3p", "DESCRIPTION"), man("siginterrupt.3", "DESCRIPTION")],
    covers = ["behaviours:sigold.siginterrupt"],
)]
fn siginterrupt_decides_about_restarts(#[case] last: i32) -> TestResult {
    let (reader, writer) = pipe()?;
    let runs = Runs::new()?;
    let child = fork(|| -> TestResult {
        runs.handle(Known::SIGUSR1, SaFlags::SA_RESTART)?;
        siginterrupt(SIGUSR1, 1)?;
        siginterrupt(SIGUSR1, last)?;
        if last == 1 {
            assert_matches!(read(&reader, &mut [0]), Err(CallError { errno: Errno::EINTR, .. }));
        } else {
            assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
        }
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::READ)?;
    assert_eq!(kill(child.pid(), SIGUSR1), Ok(()));
    runs.wait_for(1);
    write_all(&writer, b"x")?;
    child.join()?;
    assert_eq!(runs.count(), 1);
    Ok(())
}

/// sigset installs a handler and unblocks its signal, blocks with SIG_HOLD and leaves the disposition, and returns SIG_HOLD if the
/// signal was blocked, else its former disposition.
#[harness::test(
    id = "signal.sigset",
    cite = [posix("sigset.3p", "DESCRIPTION"), posix("sigset.3p", "RETURN VALUE"), man("sigset.3", "DESCRIPTION")],
    covers = ["behaviours:sigold.sigset-handler", "behaviours:sigold.sigset-hold", "behaviours:sigold.sigset-returns"],
)]
fn sigset_sets_handler_and_mask() -> TestResult {
    let handler = count as *const () as libc::sighandler_t;
    // SAFETY: the handler only counts in an atomic.
    let set = |action| unsafe { sigset(SIGUSR1, action) };
    let state = || (query_action(SIGUSR1).map(|now| now.action), change_mask(SIG_BLOCK, None));
    let usr1 = SignalSet::of([SIGUSR1]);
    assert_eq!((set(handler), state()), (Ok(SIG_DFL), (Ok(Action::Handle), Ok(SignalSet::EMPTY))));
    assert_eq!((raise(SIGUSR1), runs_of(SIGUSR1 as usize)), (Ok(()), 1));
    assert_eq!((set(SIG_HOLD), state()), (Ok(handler), (Ok(Action::Handle), Ok(usr1))));
    assert_eq!((raise(SIGUSR1), runs_of(SIGUSR1 as usize)), (Ok(()), 1));
    assert_eq!((set(SIG_IGN), state()), (Ok(SIG_HOLD), (Ok(Action::Ignore), Ok(SignalSet::EMPTY))));
    assert_eq!((set(SIG_DFL), state()), (Ok(SIG_IGN), (Ok(Action::Default), Ok(SignalSet::EMPTY))));
    Ok(())
}

/// sighold adds a signal to the mask, sigrelse removes it, and sigignore sets its disposition to SIG_IGN.
#[harness::test(
    id = "signal.sighold",
    cite = [posix("sighold.3p", "DESCRIPTION"), man("sigset.3", "DESCRIPTION")],
    covers = ["behaviours:sigold.sighold-sigrelse", "behaviours:sigold.sigignore"],
)]
fn sighold_blocks_and_sigrelse_unblocks() -> TestResult {
    block(Known::SIGUSR2)?;
    let mask = || change_mask(SIG_BLOCK, None);
    let (one, both) = (SignalSet::of([SIGUSR2]), SignalSet::of([SIGUSR1, SIGUSR2]));
    assert_eq!((sighold(SIGUSR1), mask()), (Ok(()), Ok(both)));
    assert_eq!((sigignore(SIGUSR1), query_action(SIGUSR1)), (Ok(()), Ok(Disposition::of(Action::Ignore))));
    assert_eq!((sigrelse(SIGUSR1), mask()), (Ok(()), Ok(one)));
    Ok(())
}

/// sigpause waits with its signal unblocked, fails with EINTR when a handler has run, and the mask is as before.
#[harness::test(
    id = "signal.sigpause",
    cite = [posix("sigpause.3p", "DESCRIPTION"), man("sigpause.3", "DESCRIPTION")],
    covers = ["behaviours:sigold.sigpause"],
)]
fn sigpause_waits_for_its_signal() -> TestResult {
    let own = own_pid();
    handle(Known::SIGUSR1, SaFlags::empty())?;
    block(Known::SIGUSR1)?;
    assert_eq!((kill(own, SIGUSR1), handled(Known::SIGUSR1)), (Ok(()), 0));
    assert_matches!(sigpause(SIGUSR1), Err(CallError { errno: Errno::EINTR, .. }));
    assert_eq!((handled(Known::SIGUSR1), change_mask(SIG_BLOCK, None)), (1, Ok(SignalSet::of([SIGUSR1]))));
    assert_eq!(pending(), Ok(vec![]));
    Ok(())
}

/// strsignal gives a text for each signal, another one for each standard signal, and a text for a number that is none; psignal
/// writes that text to standard error, behind the message and a colon.
#[harness::test(
    id = "signal.texts",
    cite = [
        posix("strsignal.3p", "DESCRIPTION"),
        posix("psignal.3p", "DESCRIPTION"),
        man("strsignal.3", "RETURN VALUE"),
        man("psignal.3", "DESCRIPTION"),
    ],
    covers = ["behaviours:sigtext.strsignal", "behaviours:sigtext.psignal"],
)]
fn signals_have_texts() -> TestResult {
    let texts: std::collections::BTreeSet<_> = (1..=31).map(text_of).collect();
    assert_eq!((texts.len(), texts.contains("")), (31, false));
    for signal in [SIGRTMIN(), SIGRTMAX(), 0, -1, SIGRTMAX() + 1] {
        assert_ne!(text_of(signal), "");
    }
    let (reader, writer) = pipe()?;
    let child = fork(|| -> TestResult {
        // SAFETY: nobody owns standard error.
        Errno::result(unsafe { libc::dup2(writer.number(), 2) })?;
        print_signal(SIGKILL, c"it was");
        print_signal(SIGUSR1, c"");
        Ok(())
    })?;
    writer.close();
    let written = kit::program::read_to_end(&reader)?;
    child.join()?;
    assert_eq!(written, format!("it was: {}\n{}\n", text_of(SIGKILL), text_of(SIGUSR1)));
    observe("strsignal(SIGKILL)", text_of(SIGKILL));
    Ok(())
}

/// strsignal(3).
fn text_of(signal: i32) -> String {
    // SAFETY: gives a text that ends in NUL, and stays until the next call.
    let text = unsafe { libc::strsignal(signal) };
    // SAFETY: as above.
    if text.is_null() { String::new() } else { unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned() }
}
