//! What a read tells of a signal: struct signalfd_siginfo.

use calls::signals::SignalSet;
use calls::timers::{Notify, Setting};
use kit::disposition::block_all;
use kit::prelude::*;
use libc::{CLD_EXITED, CLD_KILLED, SI_QUEUE, SI_TIMER, SI_USER, SIGALRM, SIGCHLD, SIGKILL, SIGUSR1};
use nix::unistd::getuid;
use std::time::Duration;

#[rstest]
#[case::kill(|pid| calls::for_layers::libc::kill(pid, SIGUSR1), SI_USER, 0)]
#[case::sigqueue(|pid| calls::for_layers::libc::sigqueue(pid, SIGUSR1, 0x1122_3344_5566_7788), SI_QUEUE, 0x1122_3344_5566_7788)]
/// What is read of a signal that a process sent holds the number, the code, and the sender's pid and user id; of a queued one the
/// value, as a pointer and as an integer.
#[harness::test(
    id = "signalfd.fields-of-sender",
    cite = [man("signalfd.2", "The signalfd_siginfo structure"), man("sigaction.2", "The siginfo_t argument to a SA_SIGINFO handler")],
    covers = ["behaviours:signalfd.fields-sigqueue"],
)]
fn a_record_names_the_sender(#[case] send: fn(i32) -> Result<()>, #[case] code: i32, #[case] value: u64) -> TestResult {
    block_all(SignalSet::of([SIGUSR1]))?;
    let signals = signalfd(SignalSet::of([SIGUSR1]), 0)?;
    let own = own_pid();
    let child = fork(|| -> TestResult {
        assert_eq!(send(own), Ok(()));
        Ok(())
    })?;
    let records = assert_ok!(read_signals(&signals, 2));
    assert_eq!(records.len(), 1);
    let record = records[0];
    assert_eq!((record.ssi_signo, record.ssi_code, record.ssi_errno), (SIGUSR1 as u32, code, 0));
    assert_eq!((record.ssi_pid, record.ssi_uid), (child.pid() as u32, getuid().as_raw()));
    assert_eq!((record.ssi_ptr, record.ssi_int), (value, value as i32));
    child.join()
}

#[rstest]
#[case::exit(Ended::Exited(7), CLD_EXITED, 7)]
#[case::kill(Ended::Killed { by: Signal(SIGKILL), core: false }, CLD_KILLED, SIGKILL)]
/// What is read of SIGCHLD holds the child's pid and user id, how it ended, and its exit code or the signal that killed it.
#[harness::test(
    id = "signalfd.fields-of-child",
    cite = [man("signalfd.2", "The signalfd_siginfo structure"), man("sigaction.2", "The siginfo_t argument to a SA_SIGINFO handler")],
    covers = ["behaviours:signalfd.fields-sigchld"],
)]
fn a_record_tells_how_a_child_ended(#[case] end: Ended, #[case] code: i32, #[case] status: i32) -> TestResult {
    block_all(SignalSet::of([SIGCHLD]))?;
    let signals = signalfd(SignalSet::of([SIGCHLD]), 0)?;
    let child = fork(|| match end {
        Ended::Exited(code) => exit(code),
        _ => assert_eq!(kill(own_pid(), SIGKILL), Ok(())),
    })?;
    let records = assert_ok!(read_signals(&signals, 2));
    assert_eq!(records.len(), 1);
    let record = records[0];
    assert_eq!((record.ssi_signo, record.ssi_code, record.ssi_status), (SIGCHLD as u32, code, status));
    assert_eq!((record.ssi_pid, record.ssi_uid), (child.pid() as u32, getuid().as_raw()));
    assert_eq!(child.wait()?, end);
    Ok(())
}

/// What is read of the signal of a timer holds SI_TIMER, the overruns, and the value.
#[harness::test(
    id = "signalfd.fields-of-timer",
    cite = [man("signalfd.2", "The signalfd_siginfo structure"), man("sigaction.2", "The siginfo_t argument to a SA_SIGINFO handler")],
    covers = ["behaviours:signalfd.fields-timer"],
)]
fn a_record_tells_of_a_timer() -> TestResult {
    const LONG: Duration = Duration::from_secs(1000);
    block_all(SignalSet::of([SIGALRM]))?;
    let signals = signalfd(SignalSet::of([SIGALRM]), 0)?;
    let timer = timer_create(libc::CLOCK_REALTIME, Some(Notify::Signal(SIGALRM, 7)))?;
    let since = crate::kinds::time_of(libc::CLOCK_REALTIME)?.saturating_sub(LONG * 3 + LONG / 2);
    assert_eq!(
        timer_settime(timer, libc::TIMER_ABSTIME, Setting { value: since, interval: LONG }),
        Ok(Setting::DISARMED)
    );
    let records = assert_ok!(read_signals(&signals, 2));
    assert_eq!(records.len(), 1);
    let record = records[0];
    assert_eq!((record.ssi_signo, record.ssi_code), (SIGALRM as u32, SI_TIMER));
    assert_eq!((record.ssi_overrun, record.ssi_ptr, record.ssi_int), (3, 7, 7));
    Ok(())
}
