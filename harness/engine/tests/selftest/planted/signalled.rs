//! Specs for the audit of signals on their way. The one called blind does not see what is wrong with a signal, and the other does.

use harness::event_log::{log_in_handler, logged_by_handlers};
use harness::{assert, assert_eq, assert_errno};
use kit::disposition::{Runs, handle_with};
use kit::prelude::*;
use kit::thread;
use libc::{SI_QUEUE, c_int, c_void, siginfo_t};
use nix::sys::signal::{SIGUSR1, SaFlags};

/// The code of what [`log_sender`] logs: si_code, si_pid, si_uid and si_value.
const SENDER: u32 = 1;

extern "C" fn log_sender(_: c_int, info: *mut siginfo_t, _: *mut c_void) {
    // SAFETY: filled by the kernel for a signal that a process has sent.
    let told = unsafe { ((*info).si_pid(), (*info).si_uid(), (*info).si_value().sival_ptr.addr()) };
    // SAFETY: as above.
    let code = unsafe { (*info).si_code };
    log_in_handler(SENDER, [code as u64, told.0 as u64, told.1.into(), told.2 as u64]);
}

/// A process that sends itself a signal twice, and what is asserted of what its handler saw.
fn twice(is_right: fn(&[[u64; 4]]) -> bool) -> TestResult {
    use calls::for_layers::libc::sigqueue;
    // SAFETY: the handler only logs.
    unsafe { handle_with(SIGUSR1, log_sender) }?;
    for value in 1..=2 {
        sigqueue(own_pid(), libc::SIGUSR1, value)?;
    }
    assert!(is_right(&logged_by_handlers(SENDER)));
    Ok(())
}

/// It asserts that a handler has run.
#[harness::test(id = "planted.blind-signal", cite = [kernel("none", "none", "0")], covers = [])]
fn blind() -> TestResult {
    twice(|told| !told.is_empty())
}

/// It asserts all that the handlers have seen.
#[harness::test(id = "planted.sees-signal", cite = [kernel("none", "none", "0")], covers = [])]
fn sees() -> TestResult {
    twice(|told| {
        let sender = [SI_QUEUE as u64, own_pid() as u64, nix::unistd::getuid().as_raw().into()];
        told == [1, 2].map(|value| [sender[0], sender[1], sender[2], value])
    })
}

/// A read is restarted after a handler; another one ends.
#[harness::test(id = "planted.interrupted", cite = [kernel("none", "none", "0")], covers = [])]
fn interrupted() -> TestResult {
    let (reader, writer) = pipe()?;
    let (runs, second) = (Runs::new()?, Latch::new()?);
    let child = fork(|| -> TestResult {
        runs.handle(SIGUSR1, SaFlags::SA_RESTART)?;
        assert_eq!(read_bytes(&reader, 9), Ok("a".into()));
        runs.handle(SIGUSR1, SaFlags::empty())?;
        second.arrive();
        assert_errno!(read(&reader, &mut [0; 9]), EINTR);
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::READ)?;
    child.signal(SIGUSR1)?;
    runs.wait_for(1);
    write_all(&writer, b"a")?;
    second.wait_for(1);
    child.wait_until_blocked_in(calls::READ)?;
    child.signal(SIGUSR1)?;
    child.join()
}

/// The code of what [`log_thread`] logs: the thread that it runs in.
const THREAD: u32 = 2;

extern "C" fn log_thread(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
    log_in_handler(THREAD, [nix::unistd::gettid().as_raw() as u64, 0, 0, 0]);
}

/// A signal for one of two threads.
#[harness::test(id = "planted.one-of-two-threads", cite = [kernel("none", "none", "0")], covers = [])]
fn one_of_two_threads() -> TestResult {
    // SAFETY: the handler only logs.
    unsafe { handle_with(SIGUSR1, log_thread) }?;
    let (reader, writer) = pipe()?;
    let thread = thread::spawn(move || assert_errno!(read(&reader, &mut [0; 9]), EINTR))?;
    thread.wait_until_blocked_in(calls::READ)?;
    // SAFETY: sends a signal.
    let sent = unsafe { libc::syscall(libc::SYS_tgkill, own_pid(), thread.tid(), libc::SIGUSR1) };
    assert_eq!(sent, 0);
    let tid = thread.tid();
    thread.join()?;
    assert_eq!(logged_by_handlers(THREAD), [[tid as u64, 0, 0, 0]]);
    drop(writer);
    Ok(())
}
