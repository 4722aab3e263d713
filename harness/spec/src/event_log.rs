//! The memory in which all processes of one spec write down what happened.
//!
//! It is shared by fork and needs neither a descriptor nor a system call, so it works in a process that has closed
//! everything, that has no descriptor left, or that is about to die by a signal; and it adds nothing to what a spec does.

use crate::made::Made;
use crate::need::Missing;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};
use record::{Failure, Observation, Process, SeenError};
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// The size of the mapping in bytes; pages that nobody writes cost nothing.
pub const SIZE: usize = 1 << 20;

/// An entry of the event log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Something did not hold.
    Failure(Failure),
    /// An error return was asserted and seen.
    Error(SeenError),
    /// A value that documentation leaves open.
    Observation(Observation),
    /// A probe found a need unmet.
    Missing(Missing),
    /// An object that outlives its process was made.
    Created(Object),
    /// It was removed again.
    Removed(Object),
    /// The audit's tracer saw a call.
    Made(Made),
    /// The audit's tracer did what it was to do to a call.
    Mutated,
    /// The audit's tracer ended the spec, since nothing could happen any more; where each process stood.
    Stalled(Vec<Process>),
}

/// An IPC object that no process's end removes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Object {
    /// A System V message queue by its identifier.
    SysvQueue(i32),
    /// A System V semaphore set by its identifier.
    SysvSemaphores(i32),
    /// A System V shared memory segment by its identifier.
    SysvSegment(i32),
    /// A POSIX message queue by its name, with the slash.
    Queue(String),
    /// A file in /dev/shm, which POSIX shared memory and named semaphores are on Linux, by its file name.
    SharedMemoryFile(String),
}

#[repr(C)]
struct Header {
    /// How many bytes of entries have been handed out.
    used: AtomicU32,
    /// Entries that found no room.
    lost: AtomicU32,
    /// Assertions executed.
    checks: AtomicU64,
    /// Processes that are just making an object and have not written it down yet.
    creating: AtomicU32,
    /// Set when the body returned.
    finished: AtomicU32,
    /// Set, with the wait status, when the spec's first process was reaped.
    reaped: AtomicU32,
    status: AtomicU32,
    /// The process that another one has just seen asleep, for the audit's tracer.
    seen_asleep: AtomicU32,
}

const ENTRIES: usize = size_of::<Header>();

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
        // SAFETY: a new anonymous mapping touches no memory that exists.
        let memory = unsafe {
            mmap_anonymous(
                None,
                NonZeroUsize::new(SIZE).expect("not zero"),
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                MapFlags::MAP_SHARED,
            )
        }?;
        Ok(Self(memory.cast()))
    }

    /// The event log that stands in a file of [`SIZE`] bytes, for a process that shares no memory with its spec.
    pub fn in_file(file: BorrowedFd) -> nix::Result<Self> {
        let size = NonZeroUsize::new(SIZE).expect("not zero");
        // SAFETY: a new mapping touches no memory that exists.
        let memory =
            unsafe { mmap(None, size, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED, file, 0) }?;
        Ok(Self(memory.cast()))
    }

    /// Makes it the event log of this process and of its children.
    pub fn make_current(&self) {
        CURRENT.store(self.0.as_ptr(), Ordering::Relaxed);
    }

    /// Gives the memory back. Not a `Drop`: the event log of a process is used until its end, through copies.
    pub fn unmap(self) {
        // SAFETY: the mapping is ours, and `self` was the last use of it in this process.
        let _ = unsafe { munmap(self.0.cast(), SIZE) };
    }

    fn header(&self) -> &Header {
        // SAFETY: the mapping is at least as large as the header, zeroed, and lives as long as `self`.
        unsafe { self.0.as_ref() }
    }

    fn entry(&self, offset: usize) -> *mut u8 {
        // SAFETY: callers keep `offset` below `SIZE - ENTRIES`.
        unsafe { self.0.cast::<u8>().add(ENTRIES + offset).as_ptr() }
    }

    /// Adds an entry: its length as four bytes, then JSON. The length is written last, so a reader never sees half of it.
    pub fn note(&self, note: &Event) {
        let text = serde_json::to_vec(note).expect("events are plain data");
        let room = (4 + text.len()).next_multiple_of(4);
        let reserve = |used: u32| {
            let end = used as usize + room;
            (end <= SIZE - ENTRIES).then_some(end as u32)
        };
        let Ok(offset) = self.header().used.fetch_update(Ordering::AcqRel, Ordering::Acquire, reserve) else {
            self.header().lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let entry = self.entry(offset as usize);
        // SAFETY: `room` bytes at `entry` were reserved for us, aligned to four.
        unsafe {
            std::ptr::copy_nonoverlapping(text.as_ptr(), entry.add(4), text.len());
            AtomicU32::from_ptr(entry.cast()).store(text.len() as u32, Ordering::Release);
        }
    }

    /// All entries that are whole, in the order in which they were begun. A writer that died left a gap, which ends the list.
    pub fn events(&self) -> Vec<Event> {
        let used = self.header().used.load(Ordering::Acquire) as usize;
        let mut events = Vec::new();
        let mut offset = 0;
        while offset + 4 <= used.min(SIZE - ENTRIES) {
            let entry = self.entry(offset);
            // SAFETY: inside the mapping, aligned, and only ever accessed as an atomic.
            let length = unsafe { AtomicU32::from_ptr(entry.cast()) }.load(Ordering::Acquire) as usize;
            if length == 0 || offset + 4 + length > SIZE - ENTRIES {
                break;
            }
            // SAFETY: the entry is whole: its length was released after its bytes.
            let text = unsafe { std::slice::from_raw_parts(entry.add(4), length) };
            events.extend(serde_json::from_slice(text));
            offset += (4 + length).next_multiple_of(4);
        }
        events
    }

    /// Whether a process is in [`create`].
    pub fn is_creating(&self) -> bool {
        self.header().creating.load(Ordering::Acquire) > 0
    }

    /// How many entries found no room.
    pub fn lost(&self) -> u32 {
        self.header().lost.load(Ordering::Relaxed)
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

    /// Says that a process was seen asleep in a call.
    pub fn set_seen_asleep(&self, pid: i32) {
        self.header().seen_asleep.store(pid.cast_unsigned(), Ordering::Release);
    }

    /// The process that was seen asleep since this was last asked.
    pub fn take_seen_asleep(&self) -> Option<i32> {
        let pid = self.header().seen_asleep.swap(0, Ordering::AcqRel).cast_signed();
        (pid != 0).then_some(pid)
    }

    /// Takes over what another event log holds: assertions and entries.
    pub fn merge(&self, other: &EventLog) {
        self.add_checks(other.checks());
        for note in other.events() {
            self.note(&note);
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
        note(&Event::Created(name(object)));
    }
    if let Some(log) = &log {
        log.header().creating.fetch_sub(1, Ordering::AcqRel);
    }
    made
}

/// Adds an entry to the event log of this process, if it has one.
pub fn note(note: &Event) {
    if let Some(log) = current() {
        log.note(note);
    }
}
