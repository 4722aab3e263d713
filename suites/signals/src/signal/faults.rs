//! Signals that the processor's exceptions cause: si_code, the address, and the default action afterwards.

use super::machine::{self, Fault};
use crate::needs::{OPTIONAL_EXCEPTIONS, X86};
use kit::disposition::{log, logged};
use kit::fault::{SEGV_ACCERR, SEGV_MAPERR};
use kit::prelude::*;
use libc::{SA_RESETHAND, SI_KERNEL, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A fault, its signal, and what si_code may be.
type Cause = (Fault, i32, &'static [i32]);

// asm-generic/siginfo.h; the C library's crate lacks them.
const ILL_ILLOPC: i32 = 1;
const ILL_ILLOPN: i32 = 2;
const FPE_INTDIV: i32 = 1;
const FPE_FLTDIV: i32 = 3;

/// A bad memory reference or an invalid instruction causes the signal for it, and nothing else. The siginfo_t holds the si_code
/// for the cause, and in si_addr the address that was referred to, or that of the instruction.
#[harness::test(
    rows = [
        (
            "signal.fault/unmapped-address",
            ["behaviours:sicode.segv-maperr", "notes:signal.table-11-sigsegv", "notes:signal.source-hardware"],
            (machine::UNMAPPED, SIGSEGV, &[SEGV_MAPERR])
        ),
        (
            "signal.fault/read-only-page",
            ["behaviours:sicode.segv-accerr", "notes:signal.table-11-sigsegv"],
            (machine::READ_ONLY, SIGSEGV, &[SEGV_ACCERR])
        ),
        (
            "signal.fault/beyond-end-of-file",
            ["behaviours:sicode.bus-adrerr", "notes:signal.table-07-sigbus"],
            (machine::BEYOND_END, SIGBUS, &[libc::BUS_ADRERR])
        ),
        (
            "signal.fault/undefined-instruction",
            ["behaviours:sicode.ill-illopc", "notes:signal.table-04-sigill", "notes:signal.source-hardware"],
            (machine::UNDEFINED, SIGILL, &[ILL_ILLOPC, ILL_ILLOPN])
        ),
        (
            "signal.fault/breakpoint",
            ["behaviours:sicode.trap-brkpt", "notes:signal.table-05-sigtrap"],
            (machine::BREAKPOINT, SIGTRAP, &[libc::TRAP_BRKPT, SI_KERNEL])
        ),
    ],
    cite = [man("sigaction.2", "The si_code field"), posix("signal.h.0p", "DESCRIPTION"), man("signal.7", "Standard signals")],
)]
fn a_fault_causes_its_signal(cause: Cause) -> TestResult {
    assert_causes(cause)
}

/// Integer division by zero, and division of the smallest integer by -1, cause SIGFPE with the si_code for it.
#[harness::test(
    rows = [
        (
            "signal.x86-fault/divide-by-zero",
            ["behaviours:sicode.fpe-intdiv", "notes:signal.table-08-sigfpe", "notes:signal.source-hardware"],
            (machine::DIVIDE_BY_ZERO, SIGFPE, &[FPE_INTDIV])
        ),
        (
            "signal.x86-fault/quotient-too-large",
            ["notes:signal.table-08-sigfpe"],
            (machine::QUOTIENT_TOO_LARGE, SIGFPE, &[FPE_INTDIV])
        ),
    ],
    cite = [man("sigaction.2", "The si_code field"), posix("signal.h.0p", "DESCRIPTION")],
    needs = [X86],
)]
fn a_division_that_x86_refuses_causes_its_signal(cause: Cause) -> TestResult {
    assert_causes(cause)
}

/// Floating-point division by zero with that exception unmasked, and a misaligned access with alignment checks on: each causes its
/// signal with the si_code for it.
#[harness::test(
    rows = [
        (
            "signal.optional-fault/float-divide-by-zero",
            ["behaviours:sicode.fpe-fltdiv", "notes:signal.table-08-sigfpe"],
            (machine::FLOAT_DIVIDE_BY_ZERO, SIGFPE, &[FPE_FLTDIV])
        ),
        (
            "signal.optional-fault/misaligned",
            ["behaviours:sicode.bus-adraln", "notes:signal.table-07-sigbus"],
            (machine::MISALIGNED, SIGBUS, &[libc::BUS_ADRALN])
        ),
    ],
    cite = [man("sigaction.2", "The si_code field"), posix("signal.h.0p", "DESCRIPTION")],
    needs = [OPTIONAL_EXCEPTIONS],
)]
fn an_exception_that_was_asked_for_causes_its_signal(cause: Cause) -> TestResult {
    assert_causes(cause)
}

/// Integer overflow wraps, a floating-point division by zero gives infinity, and a misaligned access is made: none of them causes a
/// signal where nobody has asked for one.
#[harness::test(
    id = "signal.no-fault",
    cite = [man("signal.7", "Standard signals"), man("signal.2", "NOTES")],
    covers = ["notes:signal.table-08-sigfpe", "notes:signal.table-07-sigbus"],
)]
fn silent_arithmetic_causes_no_signal() -> TestResult {
    const DONE: i32 = 5;
    let child = fork(|| -> TestResult {
        let words = std::hint::black_box([0_u8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        // SAFETY: so many bytes are there.
        let word = |offset| unsafe { words.as_ptr().add(offset).cast::<u64>().read_unaligned() };
        let misaligned = [0, 1, 2, 3].map(|offset| word(offset).to_le_bytes()[0]);
        let overflow = std::hint::black_box(i32::MAX).wrapping_add(1);
        let quotient = std::hint::black_box(1.0_f64) / std::hint::black_box(0.0);
        assert_eq!((overflow, quotient, misaligned), (i32::MIN, f64::INFINITY, [0, 1, 2, 3]));
        exit(DONE)
    })?;
    let ended = child.wait()?;
    assert_eq!(ended, Ended::Exited(DONE));
    evidence("a process after 1.0 / 0.0", ended);
    Ok(())
}

/// The handler runs once and returns to the instruction, which then causes the default action.
fn assert_causes((fault, signal, codes): Cause) -> TestResult {
    let address = Shared::new(AtomicUsize::new(0))?;
    let child = fork(|| -> TestResult {
        let others = [SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP];
        others.iter().try_for_each(|signal| log(*signal, SA_RESETHAND))?;
        fault(&address)?;
        Ok(())
    })?;
    let ended = child.wait()?;
    let seen = logged();
    assert_eq!(seen.iter().map(|info| info.signal).collect::<Vec<_>>(), [signal]);
    assert!(codes.contains(&seen[0].code), "{:?}: si_code is none of {codes:?}", seen[0]);
    let expected = address.load(Ordering::Acquire);
    if expected != machine::NO_ADDRESS {
        assert_eq!(seen[0].address(), expected);
    }
    assert_matches!(ended, Ended::Killed { .. });
    assert!(matches!(ended, Ended::Killed { by: Signal(by), .. } if by == signal), "{ended}, not by signal {signal}");
    evidence("the end of the process", ended);
    Ok(())
}
