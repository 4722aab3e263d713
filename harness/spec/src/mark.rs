//! For whom a thread is calling the system just now: what the audit mutates, and what it leaves alone.
//!
//! A mark is memory of the thread itself, at a fixed distance from its thread pointer in all processes that run this
//! program, so a tracer can read it. To set it takes no system call, so a spec does the same whether it is traced or not.

use crate::sign::{self, Sign};
use std::panic::Location;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

/// Whose call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Whose {
    /// The harness's: what it does to run a spec and to see the state of processes.
    Harness = 0,
    /// The spec's, as setup.
    Setup = 1,
    /// The spec's, in the expression of an assertion.
    Judged = 2,
    /// The harness's again: the body has come to its end.
    Over = 3,
}

/// The mark of a thread, as a tracer reads it.
#[repr(C)]
#[derive(Debug)]
pub struct Mark {
    whose: AtomicU32,
    line: AtomicU32,
    /// The name of the source file: a string that lives as long as the program.
    file: AtomicPtr<u8>,
    length: AtomicUsize,
}

/// The size of a mark in bytes.
pub const SIZE: usize = size_of::<Mark>();

thread_local! {
    /// The harness's in a new thread, until its body begins.
    static MARK: Mark = const {
        Mark {
            whose: AtomicU32::new(Whose::Harness as u32),
            line: AtomicU32::new(0),
            file: AtomicPtr::new(std::ptr::null_mut()),
            length: AtomicUsize::new(0),
        }
    };
}

/// How far the mark of a thread lies from its thread pointer. The static linker fixes it for the program itself, whether
/// libraries are linked statically or not (ELF Handling For Thread-Local Storage).
pub fn offset() -> isize {
    let address = MARK.with(|mark| (&raw const *mark).addr());
    address.wrapping_sub(thread_pointer()).cast_signed()
}

/// The thread pointer of this thread: fs_base, whose first word is its own address by the psABI.
#[cfg(target_arch = "x86_64")]
fn thread_pointer() -> usize {
    let pointer;
    // SAFETY: reads one word of the thread's control block.
    unsafe { std::arch::asm!("mov {}, fs:0", out(reg) pointer, options(nostack, preserves_flags, readonly)) };
    pointer
}

/// The thread pointer of this thread: TPIDR_EL0.
#[cfg(target_arch = "aarch64")]
fn thread_pointer() -> usize {
    let pointer;
    // SAFETY: reads a register.
    unsafe { std::arch::asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}

/// A mark that was read from a thread of another process of the same program.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    /// Whose call it is.
    pub whose: Whose,
    /// The assertion's line, when it is judged.
    pub line: u32,
    /// Where the name of its source file is, and how long it is.
    pub file: (u64, u64),
}

impl Read {
    /// From the bytes of a mark.
    pub fn new(bytes: &[u8; SIZE]) -> Self {
        let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let long = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let whose = match word(0) {
            1 => Whose::Setup,
            2 => Whose::Judged,
            3 => Whose::Over,
            _ => Whose::Harness,
        };
        Self { whose, line: word(4), file: (long(8), long(16)) }
    }
}

/// Sets the mark; the one before it comes back when this is dropped.
#[derive(Debug)]
pub struct Marked {
    whose: u32,
    line: u32,
    file: *mut u8,
    length: usize,
}

impl Marked {
    fn new(whose: Whose) -> Self {
        MARK.with(|mark| Self {
            whose: mark.whose.swap(whose as u32, Ordering::Relaxed),
            line: mark.line.load(Ordering::Relaxed),
            file: mark.file.load(Ordering::Relaxed),
            length: mark.length.load(Ordering::Relaxed),
        })
    }
}

impl Drop for Marked {
    fn drop(&mut self) {
        MARK.with(|mark| {
            mark.whose.store(self.whose, Ordering::Relaxed);
            mark.line.store(self.line, Ordering::Relaxed);
            mark.file.store(self.file, Ordering::Relaxed);
            mark.length.store(self.length, Ordering::Relaxed);
        });
    }
}

/// From here on the calls of this thread are the spec's: in the first process of a spec, in a thread, and in a program that
/// it started.
pub fn begin_body() {
    sign::sign(Sign::Begin);
    MARK.with(|mark| mark.whose.store(Whose::Setup as u32, Ordering::Relaxed));
}

/// From here on nothing that this thread does is the spec's any more.
pub fn end_body() {
    MARK.with(|mark| mark.whose.store(Whose::Over as u32, Ordering::Relaxed));
}

/// Does what the harness does for itself, such as looking at the state of a process.
pub fn by_harness<T>(work: impl FnOnce() -> T) -> T {
    let _marked = Marked::new(Whose::Harness);
    sign::sign(Sign::Aside);
    let done = work();
    sign::sign(Sign::Back);
    done
}

/// For the macros: calls are judged by the assertion of the caller, until the value is dropped.
#[track_caller]
pub fn judged() -> Marked {
    let place = Location::caller();
    let marked = Marked::new(Whose::Judged);
    MARK.with(|mark| {
        mark.line.store(place.line(), Ordering::Relaxed);
        mark.file.store(place.file().as_ptr().cast_mut(), Ordering::Relaxed);
        mark.length.store(place.file().len(), Ordering::Relaxed);
    });
    marked
}

/// Whether an assertion judges the calls that are made now.
pub fn is_judged() -> bool {
    MARK.with(|mark| mark.whose.load(Ordering::Relaxed) == Whose::Judged as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Read {
        let address = thread_pointer().wrapping_add_signed(offset());
        // SAFETY: the mark of this thread, which is plain memory.
        Read::new(unsafe { &*std::ptr::with_exposed_provenance::<[u8; SIZE]>(address) })
    }

    #[test]
    fn a_tracer_reads_what_was_marked() {
        begin_body();
        let (line, marked) = (line!(), judged());
        let read = now();
        assert_eq!((read.whose, read.line), (Whose::Judged, line));
        // SAFETY: the name of a source file, in this process.
        let file = unsafe { std::slice::from_raw_parts(read.file.0 as *const u8, read.file.1 as usize) };
        assert_eq!(file, file!().as_bytes());
        assert_eq!(by_harness(|| now().whose), Whose::Harness);
        assert_eq!(now().whose, Whose::Judged);
        drop(marked);
        assert_eq!(now().whose, Whose::Setup);
        // Another thread has its own, at the same offset.
        let here = offset();
        let other = std::thread::spawn(move || {
            let before = now().whose;
            end_body();
            (offset() == here, before, now().whose)
        });
        assert_eq!(other.join().unwrap(), (true, Whose::Harness, Whose::Over));
        assert_eq!(now().whose, Whose::Setup);
        end_body();
        assert_eq!(now().whose, Whose::Over);
    }
}
