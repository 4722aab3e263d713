//! Instructions that the processor or the kernel refuses, each a function that says at which address it will.

use kit::memory::page_size;
use kit::prelude::*;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous};
use std::arch::asm;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Writes the address that si_addr is to hold, or [`NO_ADDRESS`], and causes the fault.
pub(super) type Fault = fn(&AtomicUsize) -> TestResult;

/// Where no text says what si_addr holds.
pub(super) const NO_ADDRESS: usize = 0;

/// A write below the lowest address that can be mapped.
pub(super) const UNMAPPED: Fault = |address| {
    const LOW: usize = 16;
    store(LOW, address);
    Ok(())
};

/// A write to a page that may be read only.
pub(super) const READ_ONLY: Fault = |address| {
    // SAFETY: a new mapping touches no memory that exists.
    let page = unsafe { mmap_anonymous(None, NonZeroUsize::MIN, ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE) }?;
    store(page.addr().get() + 1, address);
    Ok(())
};

/// A write to a mapping of a file, on a page behind the file's end.
pub(super) const BEYOND_END: Fault = |address| {
    std::fs::write("one-byte", b"x")?;
    let file = std::fs::File::options().read(true).write(true).open("one-byte")?;
    std::fs::remove_file("one-byte")?;
    let length = NonZeroUsize::MIN.saturating_add(page_size());
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: a new mapping touches no memory that exists.
    let pages = unsafe { mmap(None, length, access, MapFlags::MAP_SHARED, &file, 0) }?;
    store(pages.addr().get() + page_size(), address);
    Ok(())
};

/// Writes a byte to this address, which is not memory of Rust's.
fn store(to: usize, address: &AtomicUsize) {
    address.store(to, Ordering::Release);
    // SAFETY: nothing of ours is there; the write does not come to be.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!("mov byte ptr [{}], 1", in(reg) to);
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!("strb wzr, [{}]", in(reg) to);
    }
}

/// An instruction that is none.
pub(super) const UNDEFINED: Fault = |address| {
    // SAFETY: writes the instruction's address to the atomic; the instruction does nothing.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!("lea {0}, [rip + 2f]", "mov [{1}], {0}", "2: ud2", out(reg) _, in(reg) address.as_ptr());
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!("adr {0}, 2f", "str {0}, [{1}]", "2: udf #0", out(reg) _, in(reg) address.as_ptr());
    }
    Ok(())
};

/// The instruction of a breakpoint.
pub(super) const BREAKPOINT: Fault = |_| {
    // SAFETY: the instruction traps. On aarch64 it is not stepped over, so that the handler's return traps again.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!("2: int3", "jmp 2b", options(noreturn));
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!("2: brk #0", "b 2b", options(noreturn));
    }
};

/// Integer division by zero.
pub(super) const DIVIDE_BY_ZERO: Fault = |address| divide(address, 1, 0);

/// The quotient of the smallest integer and -1 is no integer of this size.
pub(super) const QUOTIENT_TOO_LARGE: Fault = |address| divide(address, i32::MIN, -1);

#[cfg(target_arch = "x86_64")]
fn divide(address: &AtomicUsize, dividend: i32, divisor: i32) -> TestResult {
    // SAFETY: writes the instruction's address to the atomic; the division does not come to be.
    unsafe {
        asm!(
            "lea {0}, [rip + 2f]", "mov [{1}], {0}", "cdq", "2: idiv {2:e}",
            out(reg) _, in(reg) address.as_ptr(), in(reg) divisor, inout("eax") dividend => _, out("edx") _,
        );
    }
    Ok(())
}

/// Floating-point division by zero, with the exception for it unmasked.
pub(super) const FLOAT_DIVIDE_BY_ZERO: Fault = |address| {
    divide_floats(address);
    Ok(())
};

/// Writes the instruction's address, and divides 1.0 by 0.0 with the exception for it unmasked.
#[cfg(target_arch = "x86_64")]
pub(crate) fn divide_floats(address: &AtomicUsize) {
    /// MXCSR with all exceptions masked but division by zero.
    static DIVISION_UNMASKED: u32 = 0x1f80 & !0x200;
    // SAFETY: writes the instruction's address to the atomic; the division does not come to be, and ends the process.
    unsafe {
        asm!(
            "lea {0}, [rip + 2f]", "mov [{1}], {0}", "ldmxcsr [{2}]", "xorps xmm0, xmm0", "2: divss xmm1, xmm0",
            out(reg) _, in(reg) address.as_ptr(), in(reg) &raw const DIVISION_UNMASKED,
            out("xmm0") _, inout("xmm1") 1.0_f32 => _,
        );
    }
}

/// A misaligned access with alignment checks on. The handler turns them off, and its return on again.
#[cfg(target_arch = "x86_64")]
pub(super) const MISALIGNED: Fault = |_| {
    extern "C" fn log_unchecked(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        // SAFETY: clears a flag of the processor.
        unsafe { asm!("pushfq", "and qword ptr [rsp], ~0x40000", "popfq") };
        // SAFETY: this is a handler.
        unsafe { kit::disposition::log_info(signal, info, context) };
    }
    let nothing = calls::signals::SignalSet::EMPTY;
    // SAFETY: the handler clears a flag and logs.
    unsafe { kit::disposition::install(libc::SIGBUS, log_unchecked, libc::SA_RESETHAND, nothing) }?;
    read_misaligned();
    Ok(())
};

/// Reads a word at an odd address with alignment checks on, and turns them off.
#[cfg(target_arch = "x86_64")]
pub(crate) fn read_misaligned() {
    let words = [0_u64; 2];
    // SAFETY: reads the words; alignment is checked only between the changes of the flags.
    unsafe {
        asm!(
            "pushfq", "or qword ptr [rsp], 0x40000", "popfq", "mov {0}, [{1} + 1]",
            "pushfq", "and qword ptr [rsp], ~0x40000", "popfq",
            out(reg) _, in(reg) words.as_ptr(),
        );
    }
}

/// Where a process sent itself a signal: how the system call ended, the instruction behind it, the stack pointer, and whether the
/// instruction behind it was executed, or one that follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) result: isize,
    pub(super) behind: usize,
    pub(super) following: usize,
    pub(super) stack: usize,
    pub(super) executed: bool,
}

/// Sends this process a signal by kill(2), with the system call instruction at a place that is known, and the same for all callers.
#[inline(never)]
pub(super) fn send_from_here(signal: i32) -> Sent {
    let mut executed = 0_usize;
    let (result, behind, following, stack): (isize, usize, usize, usize);
    // SAFETY: a system call that takes numbers. What a handler saves is on the stack, below what this function has there.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!(
            "lea {behind}, [rip + 2f]", "lea {following}, [rip + 3f]", "mov {stack}, rsp",
            "syscall", "2: mov {executed}, 1", "3:",
            behind = out(reg) behind, following = out(reg) following, stack = out(reg) stack, executed = inout(reg) executed,
            inout("rax") libc::SYS_kill as isize => result, in("rdi") own_pid(), in("rsi") signal, out("rcx") _, out("r11") _,
        );
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!(
            "adr {behind}, 2f", "adr {following}, 3f", "mov {stack}, sp",
            "svc #0", "2: mov {executed}, #1", "3:",
            behind = out(reg) behind, following = out(reg) following, stack = out(reg) stack, executed = inout(reg) executed,
            in("x8") libc::SYS_kill, inout("x0") own_pid() as isize => result, in("x1") signal,
        );
    }
    Sent { result, behind, following, stack, executed: executed == 1 }
}

/// The instruction pointer in the context of a handler, and the stack pointer.
///
/// # Safety
/// The context is that of a running handler.
pub(super) unsafe fn registers_in(context: *mut libc::c_void) -> [*mut u64; 2] {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: the fields are in the context.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        let registers = (&raw mut (*context).uc_mcontext.gregs).cast::<u64>();
        [libc::REG_RIP, libc::REG_RSP].map(|register| registers.add(register as usize))
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        [(&raw mut (*context).uc_mcontext.pc).cast(), (&raw mut (*context).uc_mcontext.sp).cast()]
    }
}

/// What only x86 has: its specs have a need, and come here on no other machine.
#[cfg(not(target_arch = "x86_64"))]
mod elsewhere {
    use super::*;

    const NOT_HERE: Fault = |_| Err(Stop::broken("only x86 has this exception"));
    pub(in super::super) const MISALIGNED: Fault = NOT_HERE;

    pub(crate) fn divide_floats(_: &AtomicUsize) {}

    pub(crate) fn read_misaligned() {}

    pub(super) fn divide(address: &AtomicUsize, _: i32, _: i32) -> TestResult {
        NOT_HERE(address)
    }
}
#[cfg(not(target_arch = "x86_64"))]
pub(super) use elsewhere::MISALIGNED;
#[cfg(not(target_arch = "x86_64"))]
use elsewhere::divide;
#[cfg(not(target_arch = "x86_64"))]
pub(crate) use elsewhere::{divide_floats, read_misaligned};
