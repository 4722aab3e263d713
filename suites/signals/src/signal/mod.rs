//! signal(7): signals.

mod abort_and_sleep;
mod altstack;
mod argument_errors;
mod bad_address;
mod blocking;
mod causes;
mod children;
mod default_actions;
mod delivery;
mod faults;
mod flags;
mod former_calls;
mod frames;
mod gnu;
mod guarded;
mod handler;
mod ignored;
mod inheritance;
mod interruption;
mod io;
mod jumps;
mod library;
pub(crate) mod machine;
mod masks;
mod orphans;
mod pending;
mod permissions;
mod programs;
mod real_time;
mod restarts;
mod sending;
mod sending_errors;
mod sigwait;
mod stopped;
mod suspension;
mod temporary_mask;
mod terminal;
mod threads_and_stops;
mod unchangeable;
mod zombie;

use calls::signals::SignalSet;
use harness::{mark, process_state};
use kit::prelude::*;
use libc::{SIGCONT, SIGKILL, SIGSTOP};

/// A child that has run `setup` and waits at a latch, and then exits with 77.
fn resumable(setup: impl FnOnce() -> TestResult) -> TestResult<(Child, Latch)> {
    let resumed = Latch::new()?;
    let child = fork(|| -> TestResult {
        setup()?;
        resumed.wait_for(1);
        exit(77)
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    Ok((child, resumed))
}

/// A set of signals of a process or thread, as /proc/PID/status shows it: SigBlk, SigPnd, ShdPnd, SigIgn or SigCgt. proc_pid_status(5)
fn shown(pid: i32, set: &str) -> TestResult<SignalSet> {
    let status = mark::by_harness(|| std::fs::read_to_string(format!("/proc/{pid}/status")))?;
    set_in(&status, set)
}

/// A set of signals in the text of /proc/PID/status.
fn set_in(status: &str, set: &str) -> TestResult<SignalSet> {
    let bits = status.lines().find_map(|line| line.strip_prefix(set)?.strip_prefix(':'));
    let Some(bits) = bits else { return Err(Stop::broken(format!("/proc/PID/status has no {set}"))) };
    Ok(SignalSet(u64::from_str_radix(bits.trim(), 16)?))
}

/// Asserts that SIGSTOP stops, and does not terminate, a process that has run `setup`, and that SIGCONT resumes it
/// until it exits.
fn assert_sigstop_stops(setup: impl FnOnce() -> TestResult) -> TestResult {
    use calls::for_layers::libc_nix_raw::kill;
    let (child, resumed) = resumable(setup)?;
    assert_eq!(kill(child.pid(), SIGSTOP), Ok(()));
    let stopped = child.wait_until_stopped()?;
    assert_eq!(stopped, Ended::Stopped(Signal(19)));
    assert_eq!(process_state::state(child.pid()), Some('T'));
    assert_eq!(kill(child.pid(), SIGCONT), Ok(()));
    assert_eq!(child.wait_until_continued()?, Ended::Continued);
    resumed.arrive();
    let ended = child.wait()?;
    assert_eq!(ended, Ended::Exited(77));
    evidence("the process after SIGSTOP", stopped);
    evidence("the same process after SIGCONT", ended);
    Ok(())
}

/// Asserts that SIGKILL terminates a process that has run `setup`.
fn assert_sigkill_kills(setup: impl FnOnce() -> TestResult) -> TestResult {
    use calls::for_layers::libc_nix_raw::kill;
    let child = holder(setup)?;
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(9), core: false });
    Ok(())
}
