//! What a handler is called with.

use harness::event_log::{log_in_handler, logged_by_handlers};
use kit::disposition::handle_with;
use kit::prelude::*;
use libc::{SI_QUEUE, SIGUSR1, c_int, c_void, siginfo_t};
use nix::sys::signal::Signal as Known;

/// A handler installed with SA_SIGINFO is called with the signal number, a siginfo_t and a context. For a signal sent by
/// sigqueue, the siginfo_t holds the number, SI_QUEUE, the sender's pid and user id, and the value.
#[harness::test(
    id = "signal.siginfo-handler",
    cite = [
        man("sigaction.2", "The siginfo_t argument to a SA_SIGINFO handler"),
        man("sigaction.2", "The si_code field", "SI_QUEUE"),
        man("sigqueue.3", "DESCRIPTION"),
    ],
    covers = ["behaviours:sigact.siginfo-three-args", "behaviours:sicode.si-queue"],
)]
fn a_siginfo_handler_gets_three_arguments() -> TestResult {
    const VALUE: usize = 0x1234_5678;
    // SAFETY: the handler only reads its arguments and logs.
    unsafe { handle_with(Known::SIGUSR1, log_arguments) }?;
    let (own, uid) = (own_pid(), nix::unistd::getuid().as_raw().into());
    assert_eq!(sigqueue(own, SIGUSR1, VALUE), Ok(()));
    // An unblocked signal that a process with one thread sends itself is delivered before the call returns.
    assert_eq!(logged_by_handlers(ARGUMENTS), [[SI_QUEUE as u64, own as u64, uid, VALUE as u64]]);
    Ok(())
}

/// The code of what [`log_arguments`] logs: si_code, si_pid, si_uid and si_value.
const ARGUMENTS: u32 = 1;

extern "C" fn log_arguments(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    assert_in_handler!(signal == SIGUSR1);
    assert_in_handler!(!info.is_null());
    assert_in_handler!(!context.is_null());
    // SAFETY: not null, and filled by the kernel for a signal of sigqueue.
    let Some(info) = (unsafe { info.as_ref() }) else { return };
    assert_in_handler!(info.si_signo == signal);
    // SAFETY: as above.
    let (pid, uid, value) = unsafe { (info.si_pid(), info.si_uid(), info.si_value().sival_ptr.addr()) };
    log_in_handler(ARGUMENTS, [info.si_code as u64, pid as u64, uid.into(), value as u64]);
}
