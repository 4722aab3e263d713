//! What the GNU C library alone has: pthread_sigqueue(3), sigdescr_np(3), sigabbrev_np(3).

use super::sending_errors::limit_pending;
use calls::gnu_signals::{abbreviation_of, description_of};
use calls::signal_library::print_signal;
use calls::signals::SignalSet;
use kit::disposition::block_all;
use kit::needs::GLIBC;
use kit::prelude::*;
use kit::program::read_to_end;
use kit::thread::spawn;
use libc::{SI_QUEUE, SIGRTMAX, SIGRTMIN, SIGUSR1};
use nix::unistd::getuid;
use std::ffi::CStr;
use std::sync::Arc;

/// pthread_sigqueue of the calling thread.
fn queue_for_self(signal: i32, value: usize) -> Result<()> {
    use calls::for_layers::libc::pthread_sigqueue;
    // SAFETY: the calling thread is there.
    unsafe { pthread_sigqueue(libc::pthread_self(), signal, value) }
}

/// pthread_sigqueue sends a signal with a value to one thread: another thread has none pending, and a real-time signal is queued as
/// often as it was sent. The siginfo_t holds SI_QUEUE, the pid and the user id of the process, and the value.
#[harness::test(
    id = "signal.pthread-sigqueue",
    cite = [man("pthread_sigqueue.3", "DESCRIPTION"), man("sigqueue.3", "DESCRIPTION")],
    covers = ["behaviours:sigsend.pthread-sigqueue"],
    needs = [GLIBC],
)]
fn a_thread_is_sent_a_value() -> TestResult {
    let (own, signal) = (own_pid(), SIGRTMIN());
    let set = SignalSet::of([SIGUSR1, signal]);
    block_all(set)?;
    let (sent, looked) = (Arc::new(Latch::new()?), Arc::new(Latch::new()?));
    let (their_sent, their_looked) = (Arc::clone(&sent), Arc::clone(&looked));
    let other = spawn(move || {
        use calls::for_layers::libc::sigpending;
        their_sent.wait_for(1);
        assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
        their_looked.arrive();
    })?;
    let values = [(SIGUSR1, 1), (signal, 2), (signal, 3)];
    assert_eq!(values.map(|(signal, value)| queue_for_self(signal, value)), [Ok(()); 3]);
    sent.arrive();
    looked.wait_for(1);
    other.join()?;
    for (signal, value) in values {
        let taken = sigwaitinfo(SignalSet::of([signal]));
        let told = taken.map(|(number, info)| (number, info.signal, info.code, info.sender(), info.value()));
        assert_eq!(told, Ok((signal, signal, SI_QUEUE, (own, getuid().as_raw()), value)));
    }
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    Ok(())
}

/// pthread_sigqueue fails with EINVAL for a number that is no signal, and for those that the C library keeps for itself: no signal is
/// sent.
#[harness::test(
    id = "signal.pthread-sigqueue-einval",
    cite = [man("pthread_sigqueue.3", "ERRORS", "EINVAL"), man("pthread_sigqueue.3", "VERSIONS")],
    covers = ["errors:signal.pthread_sigqueue.EINVAL"],
    needs = [GLIBC],
)]
fn no_thread_is_sent_an_invalid_signal() -> TestResult {
    block_all(SignalSet::ALL)?;
    for none in [-1, 32, SIGRTMIN() - 1, SIGRTMAX() + 1, i32::MAX] {
        assert_errno!(queue_for_self(none, 1), EINVAL);
    }
    assert_eq!(calls::for_layers::raw::sigpending(), Ok(SignalSet::EMPTY));
    Ok(())
}

/// pthread_sigqueue fails with EAGAIN when no more signals may be queued.
#[harness::test(
    id = "signal.pthread-sigqueue-eagain",
    cite = [man("pthread_sigqueue.3", "ERRORS", "EAGAIN")],
    covers = ["errors:signal.pthread_sigqueue.EAGAIN"],
    needs = [GLIBC],
)]
fn no_more_signals_can_be_queued_for_a_thread() -> TestResult {
    block_all(SignalSet::of([SIGRTMIN()]))?;
    limit_pending(0)?;
    assert_errno!(queue_for_self(SIGRTMIN(), 1), EAGAIN);
    assert_eq!(calls::for_layers::raw::sigpending(), Ok(SignalSet::EMPTY));
    Ok(())
}

/// sigabbrev_np gives the name of a signal without SIG, and sigdescr_np its description, which psignal prints in the C locale; both give
/// null for a number that is no signal.
#[harness::test(
    id = "signal.gnu-texts",
    cite = [man("strsignal.3", "DESCRIPTION"), man("strsignal.3", "RETURN VALUE"), man("psignal.3", "DESCRIPTION")],
    covers = ["behaviours:sigtext.sigdescr-sigabbrev"],
    needs = [GLIBC],
)]
fn signals_have_names() -> TestResult {
    const NAMES: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "POLL", "PWR", "SYS",
    ];
    let text = |text: Option<&CStr>| text.map_or(String::new(), |text| text.to_string_lossy().into_owned());
    let names: Vec<_> = (1..=31).map(|signal| text(abbreviation_of(signal))).collect();
    assert_eq!(names, NAMES);
    let (reader, writer) = pipe()?;
    let child = fork(|| -> TestResult {
        // SAFETY: nobody owns standard error.
        Errno::result(unsafe { libc::dup2(writer.number(), 2) })?;
        (1..=31).for_each(|signal| print_signal(signal, c""));
        Ok(())
    })?;
    writer.close();
    let printed = read_to_end(&reader)?;
    child.join()?;
    let descriptions: Vec<_> = (1..=31).map(|signal| text(description_of(signal))).collect();
    assert_eq!(descriptions, printed.lines().collect::<Vec<_>>());
    for none in [i32::MIN, -1, 0, SIGRTMAX() + 1, i32::MAX] {
        assert_eq!((abbreviation_of(none), description_of(none)), (None, None));
    }
    Ok(())
}
