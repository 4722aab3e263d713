//! What a process inherits and a spec must not: dispositions, the signal mask, descriptors.

use crate::raw::{self, Argument, Sysno};
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use std::ptr::{null, null_mut};

/// Every disposition to its default (Rust ignores SIGPIPE and handles SIGSEGV and SIGBUS; a shell's `&` leaves SIGINT
/// ignored), no alternate stack, and an empty mask.
pub fn reset_signals() -> nix::Result<()> {
    reset_dispositions();
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
}

/// The part of [`reset_signals`] that leaves the mask alone.
pub fn reset_dispositions() {
    for number in 1..=libc::SIGRTMAX() {
        // SAFETY: SIG_DFL runs no code of ours. KILL and STOP refuse; they need no reset.
        if unsafe { libc::signal(number, libc::SIG_DFL) } == libc::SIG_ERR {
            stop_ignoring(number);
        }
    }
    let none = libc::stack_t { ss_sp: null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
    // SAFETY: disables the alternate stack, which only Rust's handlers for SIGSEGV and SIGBUS used.
    unsafe { libc::sigaltstack(&none, null_mut()) };
}

/// The C library lets nobody set the action of its own signals, 32 and 33, but a parent may have left them ignored. A handler is
/// the library's, and stays.
fn stop_ignoring(number: libc::c_int) {
    /// The kernel's struct sigaction (asm/signal.h): handler, flags, restorer and mask, or fewer of them.
    type Action = [usize; 4];
    const MASK_BYTES: usize = 8;
    let (default, mut current) = (Action::default(), Action::default());
    let action = |new: *const Action, old: *mut Action| {
        // SAFETY: both are at least as large as the kernel's structure, or null, and SIG_DFL runs no code.
        unsafe {
            raw::syscall(
                Sysno::rt_sigaction,
                raw::arguments([number.register(), new.register(), old.register(), MASK_BYTES]),
            )
        }
    };
    let read = action(null(), &raw mut current);
    if read.is_ok() && current[0] == libc::SIG_IGN {
        let _ = action(&raw const default, null_mut());
    }
}

/// Closes every descriptor from this number on: 3 leaves the standard ones.
///
/// # Safety
/// Nothing in this process may use or close one of them afterwards.
pub unsafe fn close_from(first: u32) {
    // SAFETY: the caller's.
    if unsafe { raw::syscall(Sysno::close_range, raw::arguments([first.register(), u32::MAX.register()])) }.is_err() {
        // Before Linux 5.9, and where a container's filter does not know the call.
        for number in first..4096 {
            // SAFETY: as above.
            let _ = unsafe { raw::syscall(Sysno::close, raw::arguments([number.register()])) };
        }
    }
}
