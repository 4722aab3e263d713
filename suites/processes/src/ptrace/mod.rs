//! ptrace(2): a process sees each signal, system call and event of another. A run that is traced cannot trace, so the audit
//! mutates none of these specs.

mod attaching;
mod ending;
mod errors;
mod events;
mod exec;
mod group_stop;
mod info;
mod memory;
mod not_stopped;
mod signals;
mod syscalls;

use calls::tracing::{PTRACE_CONT, Request};
use harness::need::Need;
use harness::registry::NEEDS;
use kit::needs::PTRACE;
use kit::prelude::*;
use libc::SIGSTOP;
use linkme::distributed_slice;
use nix::sys::signal::Signal as Known;
use nix::unistd::Pid;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

#[distributed_slice(NEEDS)]
static NEEDED: (&str, Need) = ("ptrace", PTRACE);

/// The event of PTRACE_EVENT_STOP.
const STOPPED: i32 = 128;

/// The wait status of a tracee that is stopped by this signal.
const fn stopped_by(signal: i32) -> i32 {
    signal << 8 | 0x7f
}

/// The wait status of a tracee that is stopped by this event.
const fn stopped_at(signal: i32, event: i32) -> i32 {
    event << 16 | stopped_by(signal)
}

/// The wait status of a process that has exited.
const fn exited(code: i32) -> i32 {
    code << 8
}

/// The next wait status of a tracee.
fn next(pid: i32) -> Result<i32> {
    let waited = calls::for_layers::libc_raw::wait_status(pid, 0)?;
    Ok(waited.map_or(-1, |(_, status)| status))
}

/// Restarts the tracee, and waits for its next wait status.
fn resume(request: Request, pid: i32, signal: i32) -> Result<i32> {
    calls::for_layers::libc_raw::tell(request, pid, signal as usize)?;
    next(pid)
}

/// Restarts the tracee without a signal.
fn go_on(pid: i32) -> Result<()> {
    calls::for_layers::libc_raw::tell(PTRACE_CONT, pid, 0)
}

/// A child that asks to be traced, is stopped, and does this when it is restarted.
fn traced(body: impl FnOnce() -> TestResult) -> TestResult<Child> {
    let child = fork(|| -> TestResult {
        calls::for_layers::libc_raw::trace_me()?;
        nix::sys::signal::kill(Pid::this(), Known::SIGSTOP)?;
        body()
    })?;
    match next(child.pid())? {
        status if status == stopped_by(SIGSTOP) => Ok(child),
        status => Err(Stop::broken(format!("a tracee that has sent itself SIGSTOP has the wait status {status:#x}"))),
    }
}

/// Waits for a signal, for ever.
fn wait_for_signals() -> TestResult {
    loop {
        nix::unistd::pause();
    }
}

/// A traced child that waits for signals.
fn traced_and_waiting(setup: impl FnOnce() -> TestResult) -> TestResult<Child> {
    let child = traced(|| {
        setup()?;
        wait_for_signals()
    })?;
    go_on(child.pid())?;
    child.wait_until_blocked_in(calls::PAUSE)?;
    Ok(child)
}

/// A child with a second thread, which does this, and the id of the thread.
fn with_thread(body: impl FnOnce() -> TestResult + Send + 'static) -> TestResult<(Child, i32)> {
    let (id, told) = (Shared::new(AtomicI32::new(0))?, Latch::new()?);
    let child = fork(|| -> TestResult {
        let thread = kit::thread::spawn(body)?;
        id.store(thread.tid(), Ordering::Release);
        told.arrive();
        wait_for_signals()
    })?;
    told.wait_for(1);
    Ok((child, id.load(Ordering::Acquire)))
}

/// Room for what any request reads or writes.
static ROOM: [AtomicUsize; 64] = [const { AtomicUsize::new(0) }; 64];

/// Its address.
fn room() -> usize {
    ROOM.as_ptr().expose_provenance()
}
