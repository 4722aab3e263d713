//! Access to memory that may not be there: by instructions of its own, with a handler that steps over those that fault. It happens in
//! this process: in a child, as [`kit::fault`] has it, mappings are what fork(2) makes of them.

use harness::raw::{Action, set_action};
use harness::{TestResult, mark};
use kit::fault::{Fault, Outcome};
use std::arch::asm;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering::Relaxed};

/// What an access does: it has the address, where it stores the address of the instruction behind it, and a byte.
type Instruction = unsafe fn(usize, *mut usize, u8) -> u8;

/// Where the handler lets the process go on.
static RESUME: AtomicUsize = AtomicUsize::new(0);
/// What the handler saw: the signal, or 0, and the rest.
static SIGNAL: AtomicI32 = AtomicI32::new(0);
static CODE: AtomicI32 = AtomicI32::new(0);
static ADDRESS: AtomicUsize = AtomicUsize::new(0);

/// Reads a byte, if it can be read.
pub fn load(address: usize) -> TestResult<Outcome> {
    access(load_by_instruction, address, 0)
}

/// Writes a byte, if it can be written.
pub fn store(address: usize, byte: u8) -> TestResult<Outcome> {
    access(store_by_instruction, address, byte)
}

/// Between two looks at memory the handler is the default action again: what else faults ends the process. It allocates nothing, so
/// nothing comes to stand where memory was unmapped.
fn access(instruction: Instruction, address: usize, byte: u8) -> TestResult<Outcome> {
    SIGNAL.store(0, Relaxed);
    handle(step_over as *const () as usize)?;
    // SAFETY: nothing of Rust's is at an address that specs map; where nothing is, the handler steps over the instruction.
    let byte = unsafe { instruction(address, RESUME.as_ptr(), byte) };
    handle(libc::SIG_DFL)?;
    Ok(match SIGNAL.load(Relaxed) {
        0 => Ok(byte),
        signal => Err(Fault { signal, code: CODE.load(Relaxed), address: ADDRESS.load(Relaxed) }),
    })
}

fn handle(handler: usize) -> TestResult {
    let action = Action { handler, flags: libc::SA_SIGINFO, mask: 0 };
    mark::by_harness(|| {
        // SAFETY: the handler writes to atomics and to its context alone.
        [libc::SIGSEGV, libc::SIGBUS].into_iter().try_for_each(|signal| unsafe { set_action(signal, action) })
    })?;
    Ok(())
}

/// Goes on behind the instruction.
///
/// # Safety
/// It is called as a handler with SA_SIGINFO, for an instruction of this file.
unsafe extern "C" fn step_over(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: the kernel has filled both.
    unsafe {
        CODE.store((*info).si_code, Relaxed);
        ADDRESS.store((*info).si_addr().addr(), Relaxed);
        SIGNAL.store(signal, Relaxed);
        #[cfg(target_arch = "x86_64")]
        {
            (*context).uc_mcontext.gregs[libc::REG_RIP as usize] = RESUME.load(Relaxed) as i64;
        }
        #[cfg(target_arch = "aarch64")]
        {
            (*context).uc_mcontext.pc = RESUME.load(Relaxed) as u64;
        }
    }
}

/// # Safety
/// The address may be read, or the handler is installed; the other is that of a word.
#[cfg(target_arch = "x86_64")]
unsafe fn load_by_instruction(address: usize, resume: *mut usize, byte: u8) -> u8 {
    let mut loaded = byte;
    // SAFETY: the caller's.
    unsafe {
        asm!("lea {0}, [rip + 2f]", "mov [{1}], {0}", "mov {2}, byte ptr [{3}]", "2:",
            out(reg) _, in(reg) resume, inout(reg_byte) loaded, in(reg) address);
    }
    loaded
}

/// # Safety
/// As for the load; nothing of Rust's is at the address.
#[cfg(target_arch = "x86_64")]
unsafe fn store_by_instruction(address: usize, resume: *mut usize, byte: u8) -> u8 {
    // SAFETY: the caller's.
    unsafe {
        asm!("lea {0}, [rip + 2f]", "mov [{1}], {0}", "mov byte ptr [{3}], {2}", "2:",
            out(reg) _, in(reg) resume, in(reg_byte) byte, in(reg) address);
    }
    byte
}

/// # Safety
/// The address may be read, or the handler is installed; the other is that of a word.
#[cfg(target_arch = "aarch64")]
unsafe fn load_by_instruction(address: usize, resume: *mut usize, byte: u8) -> u8 {
    let mut loaded = u32::from(byte);
    // SAFETY: the caller's.
    unsafe {
        asm!("adr {0}, 2f", "str {0}, [{1}]", "ldrb {2:w}, [{3}]", "2:",
            out(reg) _, in(reg) resume, inout(reg) loaded, in(reg) address);
    }
    loaded as u8
}

/// # Safety
/// As for the load; nothing of Rust's is at the address.
#[cfg(target_arch = "aarch64")]
unsafe fn store_by_instruction(address: usize, resume: *mut usize, byte: u8) -> u8 {
    // SAFETY: the caller's.
    unsafe {
        asm!("adr {0}, 2f", "str {0}, [{1}]", "strb {2:w}, [{3}]", "2:",
            out(reg) _, in(reg) resume, in(reg) u32::from(byte), in(reg) address);
    }
    byte
}
