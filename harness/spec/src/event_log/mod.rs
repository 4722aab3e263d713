//! The memory in which all processes and threads of one spec write down what happened.
//!
//! It is shared by fork and needs neither a descriptor nor a system call, so it works in a process that has closed
//! everything, that has no descriptor left, or that is about to die by a signal; and it adds nothing to what a spec does.
//! To write an entry takes no lock and allocates nothing, so a signal handler and a child of a process with threads may
//! do it, and a writer that is killed in the middle of an entry hides no other one.

mod event;
mod handler;
mod memory;
mod object;
mod slots;

pub use event::{EngineEvent, Event, HandlerEvent, VALUES};
pub use handler::{check_in_handler, log_in_handler, logged_by_handlers};
pub use memory::{Source, set_source};
pub use object::Object;

use crate::bounded::Gate;
use slots::{Sink, Slot};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// The size of the mapping in bytes; pages that nobody writes cost nothing.
pub const SIZE: usize = (1 << 20) + ARENA;

/// How many bytes of it are for latches and the like, which then need no mapping of their own.
const ARENA: usize = 1 << 16;

#[repr(C, align(64))]
struct Header {
    /// How many slots have been handed out, or asked for when there were no more.
    used: AtomicU64,
    /// Assertions executed.
    checks: AtomicU64,
    /// Entries that found no room.
    lost: AtomicU32,
    /// Processes that are just making an object and have not written it down yet.
    creating: AtomicU32,
    /// Set when the body returned.
    finished: AtomicU32,
    /// Set, with the wait status, when the spec's first process was reaped.
    reaped: AtomicU32,
    status: AtomicU32,
    /// The process or thread that another one has just seen blocked, for the audit's tracer.
    seen_blocked: AtomicU32,
    /// Opened by the runner when init may go on.
    go: Gate,
    /// Opened by init when the spec may begin.
    begin: Gate,
    /// Set when somebody outside the sandbox has asked init to end.
    told_to_end: AtomicU32,
    /// How many bytes of the arena are taken.
    taken: AtomicU32,
}

/// How many slots there are behind the header.
const SLOTS: usize = (SIZE - ARENA - size_of::<Header>()) / size_of::<Slot>();

/// One mapping.
#[derive(Debug)]
pub struct EventLog(NonNull<Header>);

/// The event log of the spec that this process belongs to.
static CURRENT: AtomicPtr<Header> = AtomicPtr::new(std::ptr::null_mut());

/// The event log of this process; none outside a spec, where assertions work but nothing is written down.
pub fn current() -> Option<EventLog> {
    NonNull::new(CURRENT.load(Ordering::Relaxed)).map(EventLog)
}

impl EventLog {
    /// A new, empty event log.
    pub fn new() -> nix::Result<Self> {
        match memory::source() {
            Source::File => Self::with_file().map(|(log, _)| log),
            Source::Anonymous => memory::anonymous(SIZE).map(|memory| Self(memory.cast())),
        }
    }

    /// The same in a file, for a process that shares no memory with its spec: [`EventLog::in_file`].
    pub fn with_file() -> nix::Result<(Self, OwnedFd)> {
        let file = memory::file(SIZE)?;
        Ok((Self::in_file(file.as_fd())?, file))
    }

    /// The event log that stands in a file of [`SIZE`] bytes.
    pub fn in_file(file: BorrowedFd) -> nix::Result<Self> {
        memory::map(file, SIZE).map(|memory| Self(memory.cast()))
    }

    /// Makes it the event log of this process and of its children.
    pub fn make_current(&self) {
        CURRENT.store(self.0.as_ptr(), Ordering::Relaxed);
    }

    /// Gives the memory back. Not a `Drop`: the event log of a process is used until its end, through copies.
    pub fn unmap(self) {
        // SAFETY: the mapping is ours, and `self` was the last use of it in this process.
        unsafe { memory::unmap(self.0.cast(), SIZE) };
    }

    fn header(&self) -> &Header {
        // SAFETY: the mapping is at least as large as the header, zeroed, and lives as long as `self`.
        unsafe { self.0.as_ref() }
    }

    fn slots(&self) -> &[Slot] {
        // SAFETY: so many slots lie in the mapping behind the header, aligned as it is; they consist of atomics, zero at
        // first, and live as long as `self`.
        unsafe { std::slice::from_raw_parts(self.0.add(1).cast().as_ptr(), SLOTS) }
    }

    /// A piece of memory, all zero, that all processes of the spec share and nobody else has: aligned to a cache line, and never
    /// given back. None when there is no more.
    pub fn take_memory(&self, size: usize) -> Option<NonNull<u8>> {
        let size = size.checked_next_multiple_of(size_of::<Slot>()).filter(|size| *size <= ARENA)?;
        let at = self.header().taken.fetch_add(size as u32, Ordering::Relaxed) as usize;
        // SAFETY: the arena is the end of the mapping.
        (at + size <= ARENA).then(|| unsafe { self.0.cast().byte_add(SIZE - ARENA + at) })
    }

    /// A word of the shared memory that nothing else uses before a spec begins.
    pub fn word(&self) -> &AtomicU32 {
        &self.header().seen_blocked
    }

    /// What the runner opens when init may go on.
    pub fn go(&self) -> &Gate {
        &self.header().go
    }

    /// What init opens when the spec may begin.
    pub fn begin(&self) -> &Gate {
        &self.header().begin
    }

    /// Says that somebody outside the sandbox, perhaps the runner, has asked init to end.
    pub fn set_told_to_end(&self) {
        self.header().told_to_end.store(1, Ordering::Release);
    }

    /// Whether somebody outside has asked init to end.
    pub fn was_told_to_end(&self) -> bool {
        self.header().told_to_end.load(Ordering::Acquire) == 1
    }

    /// Adds an entry.
    pub fn append(&self, event: &Event) {
        self.add(|sink| event::encode(event, sink));
    }

    /// Notes a process of the spec by its pid, if that is a number which something else is not likely to be: where pids begin
    /// anew in each sandbox they are the same in each run.
    pub fn add_process(&self, pid: i32) {
        if pid >= 1000 {
            self.append(&Event::Process(pid));
        }
    }

    fn add(&self, encode: impl Fn(&mut dyn Sink)) {
        if !slots::append(&self.header().used, self.slots(), encode) {
            self.header().lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// All entries that are complete, in the order in which they were begun.
    pub fn events(&self) -> Vec<Event> {
        slots::entries(&self.header().used, self.slots()).iter().filter_map(|bytes| event::decode(bytes)).collect()
    }

    /// Whether a process is in [`create`].
    pub fn is_creating(&self) -> bool {
        self.header().creating.load(Ordering::Acquire) > 0
    }

    /// How many entries found no room. A writer that was killed before it could say so counts as well.
    pub fn lost(&self) -> u32 {
        let is_full = self.header().used.load(Ordering::Relaxed) > SLOTS as u64;
        self.header().lost.load(Ordering::Relaxed).max(is_full.into())
    }

    /// Counts executed assertions.
    pub fn add_checks(&self, count: u64) {
        self.header().checks.fetch_add(count, Ordering::Relaxed);
    }

    /// How many assertions were executed.
    pub fn checks(&self) -> u64 {
        self.header().checks.load(Ordering::Relaxed)
    }

    /// Says that the body returned.
    pub fn finish(&self) {
        self.header().finished.store(1, Ordering::Release);
    }

    /// Whether the body returned.
    pub fn is_finished(&self) -> bool {
        self.header().finished.load(Ordering::Acquire) == 1
    }

    /// Keeps the wait status of the spec's first process.
    pub fn set_status(&self, status: i32) {
        self.header().status.store(status.cast_unsigned(), Ordering::Relaxed);
        self.header().reaped.store(1, Ordering::Release);
    }

    /// The wait status of the spec's first process, once it was reaped.
    pub fn status(&self) -> Option<i32> {
        let header = self.header();
        (header.reaped.load(Ordering::Acquire) == 1).then(|| header.status.load(Ordering::Relaxed).cast_signed())
    }

    /// Says that a process or thread was seen blocked in a call.
    pub fn set_seen_blocked(&self, pid: i32) {
        self.header().seen_blocked.store(pid.cast_unsigned(), Ordering::Release);
    }

    /// The process or thread that was seen blocked since this was last asked.
    pub fn take_seen_blocked(&self) -> Option<i32> {
        let pid = self.header().seen_blocked.swap(0, Ordering::AcqRel).cast_signed();
        (pid != 0).then_some(pid)
    }

    /// Takes over what another event log holds: assertions and entries, and how many were lost.
    pub fn merge(&self, other: &EventLog) {
        self.add_checks(other.checks());
        self.header().lost.fetch_add(other.lost(), Ordering::Relaxed);
        for event in other.events() {
            self.append(&event);
        }
    }
}

/// Makes an object that outlives its process, and writes it down. The sandbox ends no process in between: it would not know of
/// the object, and could not remove it where there are no namespaces.
pub fn create<T, E>(make: impl FnOnce() -> Result<T, E>, name: impl FnOnce(&T) -> Object) -> Result<T, E> {
    let log = current();
    if let Some(log) = &log {
        log.header().creating.fetch_add(1, Ordering::AcqRel);
    }
    let made = make();
    if let Ok(object) = &made {
        append(&Event::Created(name(object)));
    }
    if let Some(log) = &log {
        log.header().creating.fetch_sub(1, Ordering::AcqRel);
    }
    made
}

/// Adds an entry to the event log of this process, if it has one.
pub fn append(event: &Event) {
    if let Some(log) = current() {
        log.append(event);
    }
}

#[cfg(test)]
mod tests;
