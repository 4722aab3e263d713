//! Memory of a tracee.

use super::{resume, traced};
use calls::tracing::{PTRACE_CONT, PTRACE_PEEKDATA};
use kit::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

const BEFORE: usize = 0x1122_3344_5566_7788;
const AFTER: usize = 0x0102_0304_0506_0708;

/// A word that is written to private memory of a tracee by PTRACE_POKEDATA is read by PTRACE_PEEKDATA and by the tracee, and is in no
/// other process that fork has given a copy.
#[harness::test(
    id = "ptrace.private-memory",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_PEEKDATA"), man("ptrace.2", "DESCRIPTION", "PTRACE_POKEDATA")],
    covers = ["behaviours:ptrace.peek-poke", "behaviours:ptrace.poke-private"],
    layers = [raw],
)]
fn a_word_of_private_memory_is_the_tracees() -> TestResult {
    static WORDS: [AtomicUsize; 3] = [const { AtomicUsize::new(BEFORE) }; 3];
    let words = || [0, 1, 2].map(|at: usize| WORDS[at].load(Ordering::Acquire));
    let child = traced(|| {
        assert_eq!(words(), [BEFORE, AFTER, BEFORE]);
        exit(7)
    })?;
    let address = WORDS[1].as_ptr().addr();
    assert_eq!(peek(PTRACE_PEEKDATA, child.pid(), address), Ok(BEFORE));
    assert_eq!(poke(child.pid(), address, AFTER), Ok(()));
    assert_eq!(peek(PTRACE_PEEKDATA, child.pid(), address), Ok(AFTER));
    assert_eq!(words(), [BEFORE; 3]);
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(super::exited(7)));
    child.let_go();
    Ok(())
}

/// A word that is written to shared memory of a tracee by PTRACE_POKEDATA is in each process that shares it.
#[harness::test(
    id = "ptrace.shared-memory",
    cite = [man("ptrace.2", "DESCRIPTION", "PTRACE_POKEDATA")],
    covers = ["behaviours:ptrace.poke-shared"],
    layers = [raw],
)]
fn a_word_of_shared_memory_is_everybodys() -> TestResult {
    let words = Shared::new([const { AtomicUsize::new(BEFORE) }; 3])?;
    let all = || [0, 1, 2].map(|at: usize| words[at].load(Ordering::Acquire));
    let child = traced(|| {
        assert_eq!(all(), [BEFORE, AFTER, BEFORE]);
        exit(7)
    })?;
    let address = words[1].as_ptr().addr();
    assert_eq!(peek(PTRACE_PEEKDATA, child.pid(), address), Ok(BEFORE));
    assert_eq!(poke(child.pid(), address, AFTER), Ok(()));
    assert_eq!(all(), [BEFORE, AFTER, BEFORE]);
    assert_eq!(peek(PTRACE_PEEKDATA, child.pid(), address), Ok(AFTER));
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(super::exited(7)));
    child.let_go();
    Ok(())
}

/// PTRACE_POKEDATA writes to private memory that the tracee can only read: constants of its program.
#[harness::test(
    id = "ptrace.read-only-memory",
    cite = [kernel("mm/gup.c", "check_vma_flags", "6.18")],
    covers = ["behaviours:ptrace.poke-read-only"],
    layers = [raw],
)]
fn read_only_memory_is_written() -> TestResult {
    static CONSTANT: [usize; 2] = [BEFORE; 2];
    // Not the compiler's idea of it.
    let constants = || std::hint::black_box(&CONSTANT).map(std::hint::black_box);
    let child = traced(|| {
        // SAFETY: the address of a constant.
        let word = unsafe { (&raw const CONSTANT[1]).read_volatile() };
        exit(if word == AFTER { 7 } else { 8 })
    })?;
    let address = (&raw const CONSTANT[1]).addr();
    assert_eq!(poke(child.pid(), address, AFTER), Ok(()));
    assert_eq!(peek(PTRACE_PEEKDATA, child.pid(), address), Ok(AFTER));
    assert_eq!(constants(), [BEFORE; 2]);
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(super::exited(7)));
    child.let_go();
    Ok(())
}
