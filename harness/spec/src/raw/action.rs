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

/// Sets what a signal does: a handler by its address, SIG_DFL or SIG_IGN. rt_sigaction(2)
///
/// # Safety
/// The handler does only what is safe in a handler: signal-safety(7).
pub unsafe fn set_action(signal: i32, handler: usize, flags: i32) -> Result<(), Errno> {
    let flags = libc::c_ulong::from(flags.cast_unsigned()) | restorer::FLAG;
    let new = KernelAction { handler, flags, restorer: restorer::address(), ..KernelAction::default() };
    let nothing = std::ptr::null_mut::<KernelAction>();
    let call = [signal.register(), (&raw const new).register(), nothing.register(), SET_SIZE];
    // SAFETY: `new` outlives the call, nothing is written, and the handler is the caller's.
    unsafe { syscall(Sysno::rt_sigaction, arguments(call)) }.map(drop)
}

/// What a signal does: the address of its handler, SIG_DFL or SIG_IGN. rt_sigaction(2)
pub fn handler_of(signal: i32) -> Result<usize, Errno> {
    let mut now = KernelAction::default();
    let nothing = std::ptr::null::<KernelAction>();
    let call = [signal.register(), nothing.register(), (&raw mut now).register(), SET_SIZE];
    // SAFETY: `now` is as large as the kernel's structure and outlives the call.
    unsafe { syscall(Sysno::rt_sigaction, arguments(call)) }?;
    Ok(now.handler)
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
