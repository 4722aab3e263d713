//! The end of the tracer, and of a tracee whose tracer is not its parent.

use super::{exited, next, stopped_by, wait_for_signals};
use crate::proc::number_in;
use calls::tracing::{PTRACE_ATTACH, PTRACE_SEIZE};
use kit::needs::program;
use kit::prelude::*;
use kit::program::become_program;
use libc::{PTRACE_O_EXITKILL, SIGKILL, SIGSTOP, SIGTERM, WNOHANG};
use std::sync::atomic::{AtomicI32, Ordering};

/// A tracer that has a child, does this with it, and ends in this way. The child comes to the spec.
fn tracer_that_ends(with: fn(i32) -> TestResult, end: fn() -> TestResult) -> TestResult<i32> {
    nix::sys::prctl::set_child_subreaper(true)?;
    let pid = Shared::new(AtomicI32::new(0))?;
    let tracer = fork(|| -> TestResult {
        let tracee = fork(wait_for_signals)?;
        tracee.wait_until_blocked_in(calls::PAUSE)?;
        with(tracee.pid())?;
        pid.store(tracee.pid(), Ordering::Release);
        tracee.let_go();
        end()
    })?;
    tracer.wait()?;
    Ok(pid.load(Ordering::Acquire))
}

fn seize(pid: i32) -> TestResult {
    Ok(calls::for_layers::libc_raw::tell(PTRACE_SEIZE, pid, 0)?)
}

fn seize_for_ever(pid: i32) -> TestResult {
    Ok(calls::for_layers::libc_raw::tell(PTRACE_SEIZE, pid, PTRACE_O_EXITKILL as usize)?)
}

fn stop_by_sigterm(pid: i32) -> TestResult {
    seize(pid)?;
    harness::bounded::kill(pid, SIGTERM).map_err(|errno| CallError::new("kill", errno))?;
    wait_until_traced_stop(pid);
    Ok(())
}

/// Waits until a tracee is stopped, and does not take its wait status.
fn wait_until_traced_stop(pid: i32) {
    harness::mark::by_harness(|| {
        while harness::process_state::state(pid) != Some('t') {
            harness::bounded::pause(harness::bounded::TICK);
        }
    });
}

#[rstest]
#[case::exit(|| exit(0))]
#[case::sigkill(kill_self)]
/// With PTRACE_O_EXITKILL the end of the tracer, by exit or by SIGKILL, sends its tracee SIGKILL.
#[harness::test(
    id = "ptrace.exitkill",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_O_EXITKILL")],
    covers = ["behaviours:ptrace.exitkill"],
)]
fn a_tracee_ends_with_its_tracer(#[case] end: fn() -> TestResult) -> TestResult {
    let tracee = tracer_that_ends(seize_for_ever, end)?;
    assert_eq!(next(tracee), Ok(SIGKILL));
    Ok(())
}

#[rstest]
#[case::exit(|| exit(0))]
#[case::sigkill(kill_self)]
/// The end of the tracer, by exit or by SIGKILL, detaches its tracee, which runs on: another process traces it.
#[harness::test(
    id = "ptrace.tracer-ends",
    cite = [man("ptrace.2", "Attaching and detaching")],
    covers = ["behaviours:ptrace.tracer-ends"],
)]
fn a_tracee_goes_on_without_its_tracer(#[case] end: fn() -> TestResult) -> TestResult {
    let tracee = tracer_that_ends(seize, end)?;
    assert_eq!(number_in(&format!("/proc/{tracee}/status"), "TracerPid:")?, 0);
    assert_eq!(wait_status(tracee, WNOHANG), Ok(None));
    assert_eq!(tell(PTRACE_ATTACH, tracee, 0), Ok(()));
    assert_eq!(next(tracee), Ok(stopped_by(SIGSTOP)));
    kill(tracee, SIGKILL)?;
    assert_eq!(next(tracee), Ok(SIGKILL));
    Ok(())
}

#[rstest]
#[case::exit(|| exit(0))]
#[case::sigkill(kill_self)]
/// A tracee that a signal has stopped before its delivery gets that signal when the tracer ends that has not waited for the stop.
#[harness::test(
    id = "ptrace.tracer-ends-signal",
    cite = [man("ptrace.2", "Attaching and detaching")],
    covers = ["behaviours:ptrace.tracer-ends-injects"],
)]
fn a_stopped_tracee_gets_its_signal(#[case] end: fn() -> TestResult) -> TestResult {
    let tracee = tracer_that_ends(stop_by_sigterm, end)?;
    assert_eq!(next(tracee), Ok(SIGTERM));
    Ok(())
}

/// A tracer that becomes another program goes on to be the tracer: the tracee stops at a signal, and does not get it.
#[harness::test(
    id = "ptrace.tracer-execs",
    cite = [man("ptrace.2", "NOTES")],
    covers = ["behaviours:ptrace.tracer-execs"],
    needs = [program("cat")],
)]
fn a_program_goes_on_to_trace() -> TestResult {
    let ((reader, _writer), pid) = (pipe()?, Shared::new(AtomicI32::new(0))?);
    nix::sys::prctl::set_child_subreaper(true)?;
    let tracer = fork(|| -> TestResult {
        let tracee = fork(wait_for_signals)?;
        seize(tracee.pid())?;
        pid.store(tracee.pid(), Ordering::Release);
        tracee.let_go();
        become_program(&["cat"], [&reader, &2, &2])
    })?;
    tracer.wait_until_blocked_in(calls::READ)?;
    let tracee = pid.load(Ordering::Acquire);
    let status = format!("/proc/{tracee}/status");
    assert_eq!(number_in(&status, "TracerPid:")?, i64::from(tracer.pid()));
    kill(tracee, SIGTERM)?;
    wait_until_traced_stop(tracee);
    tracer.kill()?;
    assert_eq!(next(tracee), Ok(SIGTERM));
    Ok(())
}

/// The end of a tracee is reported to its tracer first, and to its parent when the tracer has waited for it.
#[harness::test(
    id = "ptrace.tracer-first",
    cite = [man("ptrace.2", "Real parent")],
    covers = ["behaviours:ptrace.tracer-first"],
)]
fn the_tracer_is_told_before_the_parent() -> TestResult {
    let (pid, seized, taken) = (Shared::new(AtomicI32::new(0))?, Latch::new()?, Latch::new()?);
    let parent = fork(|| -> TestResult {
        let tracee = fork(|| -> TestResult {
            seized.wait_for(1);
            exit(7)
        })?;
        pid.store(tracee.pid(), Ordering::Release);
        seized.wait_for(2);
        assert_eq!(wait_status(tracee.pid(), WNOHANG), Ok(None));
        taken.arrive();
        taken.wait_for(2);
        assert_eq!(wait_status(tracee.pid(), 0), Ok(Some((tracee.pid(), exited(7)))));
        tracee.let_go();
        Ok(())
    })?;
    while pid.load(Ordering::Acquire) == 0 {
        harness::bounded::pause(harness::bounded::TICK);
    }
    let tracee = pid.load(Ordering::Acquire);
    assert_eq!(tell(PTRACE_SEIZE, tracee, 0), Ok(()));
    seized.arrive();
    kit::process::wait_until_zombie(tracee);
    seized.arrive();
    taken.wait_for(1);
    assert_eq!(wait_status(tracee, 0), Ok(Some((tracee, exited(7)))));
    taken.arrive();
    parent.join()
}
