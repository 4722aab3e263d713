//! Leaving a handler by siglongjmp(3).

use calls::signals::SignalSet;
use kit::disposition::{block_all, install};
use kit::prelude::*;
use libc::{SIG_BLOCK, SIGINT, SIGUSR1, SIGUSR2, c_int, c_void, siginfo_t};
use std::arch::global_asm;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

unsafe extern "C" {
    #[cfg_attr(target_env = "gnu", link_name = "__sigsetjmp")]
    fn sigsetjmp(place: *mut Place, save: c_int) -> c_int;
    fn siglongjmp(place: *mut Place, value: c_int) -> !;
    /// Calls sigsetjmp, and then the function; returns what sigsetjmp returned at last.
    fn ipcspec_call_with_way_back(place: *mut Place, save: c_int, function: extern "C" fn()) -> c_int;
}

// No function of Rust may call one that returns twice.
#[cfg(target_arch = "x86_64")]
global_asm!(
    ".globl ipcspec_call_with_way_back",
    "ipcspec_call_with_way_back:",
    "push rbx",
    "mov rbx, rdx",
    "call {sigsetjmp}",
    "test eax, eax",
    "jnz 2f",
    "call rbx",
    "xor eax, eax",
    "2: pop rbx",
    "ret",
    sigsetjmp = sym sigsetjmp,
);
#[cfg(target_arch = "aarch64")]
global_asm!(
    ".globl ipcspec_call_with_way_back",
    "ipcspec_call_with_way_back:",
    "stp x30, x19, [sp, #-16]!",
    "mov x19, x2",
    "bl {sigsetjmp}",
    "cbnz w0, 2f",
    "blr x19",
    "mov w0, wzr",
    "2: ldp x30, x19, [sp], #16",
    "ret",
    sigsetjmp = sym sigsetjmp,
);

/// A sigjmp_buf (setjmp.h), or more: 312 bytes are the most that a C library has.
#[repr(C, align(16))]
struct Place([u64; 64]);

/// Where the handler jumps to.
struct WayBack(UnsafeCell<Place>);
// SAFETY: one thread saves it and jumps to it.
unsafe impl Sync for WayBack {}
static WAY_BACK: WayBack = WayBack(UnsafeCell::new(Place([0; 64])));

const VALUE: c_int = 7;

/// How often the handler ran.
static JUMPS: AtomicU32 = AtomicU32::new(0);

extern "C" fn jump(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
    JUMPS.fetch_add(1, Ordering::Relaxed);
    // SAFETY: it was saved by a function that is still called; nothing between has anything to drop.
    unsafe { siglongjmp(WAY_BACK.0.get(), VALUE) }
}

/// Whether a call came back that the handler was to leave.
static CAME_BACK: AtomicBool = AtomicBool::new(false);

extern "C" fn send() {
    // SAFETY: takes a number.
    unsafe { libc::raise(SIGUSR1) };
    CAME_BACK.store(true, Ordering::Relaxed);
}

/// siglongjmp in a handler goes on where sigsetjmp was called, which returns its value. The mask is the one that sigsetjmp saved; if it
/// saved none, the signals that were blocked for the handler stay blocked.
#[harness::test(
    rows = [
        ("signal.jump-restores-mask", ["behaviours:sighand.siglongjmp-restores"], true),
        ("signal.jump-without-mask", ["behaviours:sighand.longjmp-no-restore-linux"], false),
    ],
    cite = [
        man("setjmp.3", "DESCRIPTION"), man("signal.7", "Execution of signal handlers"), posix("siglongjmp.3p", "DESCRIPTION"),
        posix("sigsetjmp.3p", "DESCRIPTION"),
    ],
)]
fn a_handler_jumps_back(saved: bool) -> TestResult {
    let before = SignalSet::of([SIGINT]);
    // SAFETY: the handler jumps over functions that have nothing to drop: raise, and `send`.
    unsafe { install(SIGUSR1, jump, 0, SignalSet::of([SIGUSR2])) }?;
    block_all(before)?;
    // SAFETY: the place stays; no other thread uses it.
    let value = unsafe { ipcspec_call_with_way_back(WAY_BACK.0.get(), saved.into(), send) };
    assert_eq!((value, JUMPS.load(Ordering::Relaxed), CAME_BACK.load(Ordering::Relaxed)), (VALUE, 1, false));
    let expected = if saved { before } else { SignalSet::of([SIGINT, SIGUSR1, SIGUSR2]) };
    assert_eq!((change_mask(SIG_BLOCK, None), sigpending()), (Ok(expected), Ok(SignalSet::EMPTY)));
    Ok(())
}
