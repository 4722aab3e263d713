//! What a process inherits and a spec must not: dispositions, the signal mask, descriptors.

use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};

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
    let none = libc::stack_t { ss_sp: std::ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
    // SAFETY: disables the alternate stack, which only Rust's handlers for SIGSEGV and SIGBUS used.
    unsafe { libc::sigaltstack(&none, std::ptr::null_mut()) };
}

/// The C library lets nobody set the action of its own signals, 32 and 33, but a parent may have left them ignored. A handler is
/// the library's, and stays.
fn stop_ignoring(number: libc::c_int) {
    /// The kernel's struct sigaction: handler, flags, restorer and mask, or fewer of them.
    type Action = [usize; 4];
    const MASK_BYTES: usize = 8;
    let (default, mut current) = (Action::default(), Action::default());
    // SAFETY: both are at least as large as the kernel's structure, and SIG_DFL runs no code.
    unsafe {
        let none = std::ptr::null::<Action>();
        libc::syscall(libc::SYS_rt_sigaction, number, none, &raw mut current, MASK_BYTES);
        if current[0] == libc::SIG_IGN {
            libc::syscall(libc::SYS_rt_sigaction, number, &raw const default, 0, MASK_BYTES);
        }
    }
}

/// Closes every descriptor but 0, 1 and 2.
///
/// # Safety
/// Nothing in this process may use or close one of them afterwards.
pub unsafe fn close_above_standard_error() {
    // SAFETY: the caller's.
    if unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) } == -1 {
        // Before Linux 5.9, and where a container's filter does not know the call.
        for number in 3..4096 {
            // SAFETY: as above.
            unsafe { libc::close(number) };
        }
    }
}
