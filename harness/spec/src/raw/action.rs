//! What a signal does, without the C library.

use super::{Argument, Sysno, arguments, syscall};
use nix::errno::Errno;

/// The size of the kernel's signal set in bytes; the C library's is larger.
pub const SET_SIZE: usize = 8;

/// The kernel's struct sigaction (asm/signal.h).
#[repr(C)]
#[derive(Default)]
struct KernelAction {
    handler: usize,
    flags: libc::c_ulong,
    restorer: usize,
    mask: [u8; SET_SIZE],
}

/// What a signal does, all of it, as the kernel keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// A handler by its address, SIG_DFL or SIG_IGN.
    pub handler: usize,
    /// SA_RESTART and its kin, without what is between the kernel and the C library: SA_RESTORER.
    pub flags: i32,
    /// What is blocked while the handler runs: bit n - 1 is signal n.
    pub mask: u64,
}

/// Sets what a signal does. rt_sigaction(2)
///
/// # Safety
/// The handler does only what is safe in a handler: signal-safety(7).
pub unsafe fn set_action(signal: i32, action: Action) -> Result<(), Errno> {
    // SAFETY: the caller's.
    unsafe { change_action(signal, Some(action)) }.map(drop)
}

/// What a signal does. rt_sigaction(2)
pub fn action_of(signal: i32) -> Result<Action, Errno> {
    // SAFETY: nothing is set.
    unsafe { change_action(signal, None) }
}

/// Sets what a signal does, if that is given, and returns what it did before. rt_sigaction(2)
///
/// # Safety
/// The handler does only what is safe in a handler: signal-safety(7).
pub unsafe fn change_action(signal: i32, new: Option<Action>) -> Result<Action, Errno> {
    let new = new.map(|action| KernelAction {
        handler: action.handler,
        flags: libc::c_ulong::from(action.flags.cast_unsigned()) | restorer::FLAG,
        restorer: restorer::address(),
        mask: action.mask.to_ne_bytes(),
    });
    let mut before = KernelAction::default();
    let new = new.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let call = [signal.register(), new.register(), (&raw mut before).register(), SET_SIZE];
    // SAFETY: both structures outlive the call, and the handler is the caller's.
    unsafe { syscall(Sysno::rt_sigaction, arguments(call)) }?;
    let KernelAction { handler, flags, mask, .. } = before;
    Ok(Action { handler, flags: (flags & !restorer::FLAG) as i32, mask: u64::from_ne_bytes(mask) })
}

/// What a handler returns to: on x86-64 the kernel leaves that to whoever sets the handler. See sigreturn(2).
#[cfg(target_arch = "x86_64")]
mod restorer {
    /// SA_RESTORER (asm/signal.h), which the C library's headers do not have.
    pub const FLAG: libc::c_ulong = 0x0400_0000;

    pub fn address() -> usize {
        rt_sigreturn as *const () as usize
    }

    /// The kernel finds what it saved at the stack pointer, so nothing may be pushed before the call.
    #[unsafe(naked)]
    extern "C" fn rt_sigreturn() {
        std::arch::naked_asm!("mov eax, {number}", "syscall", number = const libc::SYS_rt_sigreturn)
    }
}

/// What a handler returns to: the kernel's own code, in the vDSO.
#[cfg(not(target_arch = "x86_64"))]
mod restorer {
    pub const FLAG: libc::c_ulong = 0;

    pub fn address() -> usize {
        0
    }
}
