//! The descriptor: its flags, its mask, and what it tells in /proc.

use calls::SignalRecord;
use calls::signals::SignalSet;
use harness::mark;
use kit::disposition::block_all;
use kit::prelude::*;
use libc::{FD_CLOEXEC, O_NONBLOCK, POLLIN, SFD_CLOEXEC, SFD_NONBLOCK, SIGKILL, SIGRTMAX, SIGSTOP, SIGUSR1, SIGUSR2};
use std::time::Duration;

#[rstest]
#[case::none(0, 0, 0)]
#[case::cloexec(SFD_CLOEXEC, FD_CLOEXEC, 0)]
#[case::nonblock(SFD_NONBLOCK, 0, O_NONBLOCK)]
#[case::both(SFD_CLOEXEC | SFD_NONBLOCK, FD_CLOEXEC, O_NONBLOCK)]
/// signalfd sets close-on-exec with SFD_CLOEXEC and O_NONBLOCK with SFD_NONBLOCK, and neither without.
#[harness::test(
    id = "signalfd.flags",
    cite = [man("signalfd.2", "DESCRIPTION")],
    covers = ["behaviours:signalfd.cloexec", "behaviours:signalfd.nonblock"],
    layers = [libc, raw],
)]
fn flags_of_a_new_descriptor(#[case] flags: i32, #[case] of_descriptor: i32, #[case] status: i32) -> TestResult {
    let signals = assert_ok!(signalfd(SignalSet::of([SIGUSR1]), flags));
    assert_eq!(get_descriptor_flags(&signals), Ok(of_descriptor));
    assert_eq!(get_flags(&signals).map(|flags| flags & O_NONBLOCK), Ok(status));
    Ok(())
}

/// signalfd of a descriptor that is there returns its number, and replaces its mask: a signal that was in it is not read any more,
/// and one that is in it now is.
#[harness::test(
    id = "signalfd.mask-replaced",
    cite = [man("signalfd.2", "DESCRIPTION"), man("signalfd.2", "RETURN VALUE")],
    covers = ["behaviours:signalfd.mask-replaced"],
    layers = [libc, raw],
)]
fn the_mask_is_replaced() -> TestResult {
    block_all(SignalSet::of([SIGUSR1, SIGUSR2]))?;
    let signals = signalfd(SignalSet::of([SIGUSR1]), SFD_NONBLOCK)?;
    let number = |record: &SignalRecord| record.ssi_signo as i32;
    let numbers = || read_signals(&signals, 2).map(|records| records.iter().map(number).collect::<Vec<_>>());
    assert_eq!([kill(own_pid(), SIGUSR1), kill(own_pid(), SIGUSR2)], [Ok(()); 2]);
    assert_eq!(signalfd_change(&signals, SignalSet::of([SIGUSR2]), 0), Ok(signals.number()));
    assert_eq!(numbers(), Ok(vec![SIGUSR2]));
    assert_errno!(numbers(), EAGAIN);
    assert_eq!(sigpending(), Ok(SignalSet::of([SIGUSR1])));
    for (mask, ready) in [(SignalSet::of([SIGUSR1]), (1, vec![POLLIN])), (SignalSet::EMPTY, (0, vec![0]))] {
        assert_eq!(signalfd_change(&signals, mask, 0), Ok(signals.number()));
        assert_eq!(ppoll(&[(&signals, POLLIN)], Some(Duration::ZERO), None), Ok(ready));
    }
    assert_eq!(signalfd_change(&signals, SignalSet::of([SIGUSR1]), 0), Ok(signals.number()));
    assert_eq!(numbers(), Ok(vec![SIGUSR1]));
    Ok(())
}

/// The fdinfo of the descriptor shows its mask, without SIGKILL and SIGSTOP.
#[harness::test(
    id = "signalfd.fdinfo",
    cite = [man("proc_pid_fdinfo.5", "DESCRIPTION"), man("signalfd.2", "NOTES")],
    covers = ["behaviours:signalfd.fdinfo-sigmask", "behaviours:signalfd.kill-stop-ignored"],
    layers = [libc, raw],
)]
fn fdinfo_shows_the_mask() -> TestResult {
    let read = [SIGUSR1, SIGUSR2, SIGRTMAX()];
    let signals = signalfd(SignalSet::of(read.into_iter().chain([SIGKILL, SIGSTOP])), 0)?;
    let mask = || -> TestResult<Option<u64>> {
        let info = mark::by_harness(|| std::fs::read_to_string(format!("/proc/self/fdinfo/{}", signals.number())))?;
        let line = info.lines().find_map(|line| line.strip_prefix("sigmask:"));
        Ok(line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()))
    };
    assert_eq!(mask()?, Some(SignalSet::of(read).0));
    assert_eq!(signalfd_change(&signals, SignalSet::ALL, 0), Ok(signals.number()));
    assert_eq!(mask()?, Some(SignalSet::but([SIGKILL, SIGSTOP]).0));
    Ok(())
}
