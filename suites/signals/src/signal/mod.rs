//! signal(7): signals.

mod bad_address;
mod guarded;
mod handler;
mod ignored;
mod interruption;
mod temporary_mask;
mod unchangeable;
mod zombie;

use harness::process_state;
use kit::prelude::*;
use libc::{SIGCONT, SIGKILL, SIGSTOP};

/// Asserts that SIGSTOP stops, and does not terminate, a process that has run `setup`, and that SIGCONT resumes it
/// until it exits.
fn assert_sigstop_stops(setup: impl FnOnce() -> TestResult) -> TestResult {
    use calls::for_layers::libc_nix_raw::kill;
    let resumed = Latch::new()?;
    let child = fork(|| -> TestResult {
        setup()?;
        resumed.wait_for(1);
        exit(77)
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
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
