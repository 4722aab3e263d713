//! One process or thread that is traced: its memory, and where it is in a system call.

use super::registers;
use harness::call::{Buffer, CallDescription, Given, Where};
use harness::mark::{self, Whose};
use harness::process_state;
use libc::siginfo_t;
use nix::Result;
use nix::errno::Errno;
use nix::sys::ptrace;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;
use record::Source;
use std::cell::Cell;
use std::collections::HashMap;
use std::io::IoSliceMut;
use std::mem::offset_of;
use std::rc::Rc;

/// A traced process.
#[derive(Debug)]
pub struct Tracee {
    /// Its pid in the sandbox.
    pub pid: Pid,
    /// Which process or thread it is, by its place in the tree: empty for the spec's first, then `child1`, `child1.2`,
    /// `child1/thread1`.
    pub path: String,
    /// How many children and threads it has started.
    pub started: [u32; 2],
    /// Whether it runs this program.
    pub is_ours: bool,
    /// How often it made each call.
    made: HashMap<String, u32>,
    /// The call that it is in, when that is the spec's and is described.
    pub inside: Option<Inside>,
    /// A call that a signal interrupted, and that the kernel may make again.
    pub interrupted: Option<Inside>,
    /// What it gets at the end of the call that it is in, instead of what came of it.
    pub misdirected: Option<Misdirected>,
    /// Whether its last call was the harness's.
    pub at_harness: bool,
    /// How many calls of the harness it has made, and how many it had when it was last asked whether it is idle.
    pub looks: u32,
    looks_before: u32,
    /// Whether nothing is the spec's any more.
    pub over: bool,
    /// Whether a signal has stopped it.
    pub stopped: Stopped,
    /// What is known of its signals.
    pub signals: SignalState,
}

/// What the tracer knows and changes of the signals of a thread.
#[derive(Clone, Debug, Default)]
pub struct SignalState {
    /// Those whose handlers are given a siginfo_t, a bit each. Threads of one process share it.
    pub informed: Rc<Cell<u64>>,
    /// What a signal carries that the tracer has sent again.
    pub sent_again: Option<siginfo_t>,
    /// The signal that stays blocked when its handler returns.
    pub stays_blocked: Option<i32>,
    /// Whether it is in sigreturn(2).
    pub is_returning: bool,
}

/// Whether a signal has stopped a process, and what the tracer does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It is not stopped.
    Not,
    /// It is, and is let go of.
    LetGo,
    /// It is, and is traced again.
    Traced,
}

/// A call that is under way.
#[derive(Clone, Debug)]
pub struct Inside {
    /// Its number in the kernel.
    pub number: u64,
    /// What it is called with.
    pub arguments: [u64; 6],
    /// Its description.
    pub call: &'static CallDescription,
    /// Where it is in the list of calls made.
    pub index: Option<usize>,
    /// Whether this is the one that is mutated.
    pub mutated: bool,
    /// Bytes that were changed at the entry and are put back at the exit: address and value of each.
    pub put_back: Vec<(u64, u8)>,
    /// If it is the second half of a call that was done as two.
    pub half: Option<Half>,
}

/// The first half of a call that was done as two.
#[derive(Clone, Copy, Debug)]
pub struct Half {
    /// What it returned.
    pub returned: i64,
    /// What the whole was called with.
    pub arguments: [u64; 6],
}

/// What came of another process's call.
#[derive(Clone, Debug)]
pub struct Misdirected {
    /// What it returned.
    pub returned: i64,
    /// What it wrote, by the places in its description.
    pub given: Vec<Vec<u8>>,
}

impl Tracee {
    /// A process or thread that the tracer has just attached to.
    pub fn new(pid: Pid, path: String, is_ours: bool) -> Self {
        Self {
            pid,
            path,
            started: [0; 2],
            is_ours,
            made: HashMap::new(),
            inside: None,
            interrupted: None,
            misdirected: None,
            at_harness: false,
            looks: 0,
            looks_before: 0,
            over: false,
            stopped: Stopped::Not,
            signals: SignalState::default(),
        }
    }

    /// The path of what it starts next: a child or a thread.
    pub fn next_path(&mut self, is_thread: bool) -> String {
        let started = &mut self.started[usize::from(is_thread)];
        *started += 1;
        let kind = if is_thread { "thread" } else { "child" };
        match self.path.as_str() {
            "" => format!("{kind}{started}"),
            path if path.rsplit('/').next().is_some_and(|last| last.starts_with(kind)) => format!("{path}.{started}"),
            path => format!("{path}/{kind}{started}"),
        }
    }

    /// Counts a call: its 1-based index among those of this name.
    pub fn count(&mut self, name: &str) -> u32 {
        let count = self.made.entry(name.into()).or_default();
        *count += 1;
        *count
    }

    /// Whether it can do nothing by itself: it is asleep, stopped, or has ended; or it only looks at the state of others, and has
    /// looked since it was last asked.
    pub fn is_idle(&mut self) -> bool {
        let looks_before = std::mem::replace(&mut self.looks_before, self.looks);
        if self.at_harness && self.looks > looks_before {
            return true;
        }
        self.stopped == Stopped::Traced
            || matches!(process_state::state(self.pid.as_raw()), None | Some('S' | 'T' | 'Z'))
    }

    /// For whom it calls; none for a program that is not ours.
    pub fn mark(&self) -> Option<mark::Read> {
        if !self.is_ours {
            return None;
        }
        let pointer = registers::thread_pointer(self.pid).ok()?;
        let mut bytes = [0; mark::SIZE];
        self.read(pointer.wrapping_add_signed(mark::offset() as i64), &mut bytes).ok()?;
        Some(mark::Read::new(&bytes))
    }

    /// The assertion that judges a call made with this mark.
    pub fn judged_at(&self, mark: mark::Read) -> Option<Source> {
        if mark.whose != Whose::Judged {
            return None;
        }
        let (address, length) = mark.file;
        let mut file = vec![0; length as usize];
        self.read(address, &mut file).ok()?;
        Some(Source { file: String::from_utf8(file).ok()?, line: mark.line })
    }

    /// The names of the flags that a call is made with.
    pub fn flags_set(&self, call: &CallDescription, arguments: &[u64; 6]) -> Vec<String> {
        let mut set = Vec::new();
        for (place, flags) in call.flags {
            let value = self.value(*place, arguments).unwrap_or_default();
            let are_set = flags.iter().filter(|flag| value & flag.bits == flag.bits);
            set.extend(are_set.map(|flag| flag.name.to_owned()));
        }
        set
    }

    /// Reads its memory.
    pub fn read(&self, address: u64, bytes: &mut [u8]) -> Result<()> {
        let remote = RemoteIoVec { base: address as usize, len: bytes.len() };
        let wanted = bytes.len();
        let count = process_vm_readv(self.pid, &mut [IoSliceMut::new(bytes)], &[remote])?;
        if count == wanted { Ok(()) } else { Err(Errno::EFAULT) }
    }

    /// Reads longs, one behind the other.
    pub fn read_longs<const N: usize>(&self, address: u64) -> Result<[u64; N]> {
        let mut longs = [[0; 8]; N];
        self.read(address, longs.as_flattened_mut())?;
        Ok(longs.map(u64::from_ne_bytes))
    }

    /// Changes a long; what its bytes were before is added to `put_back`.
    pub fn replace_long(&self, address: u64, value: u64, put_back: &mut Vec<(u64, u8)>) -> Result<()> {
        (address..).zip(value.to_ne_bytes()).try_for_each(|(address, byte)| self.replace_byte(address, byte, put_back))
    }

    /// Changes a byte; what it was before is added to `put_back`.
    pub fn replace_byte(&self, address: u64, byte: u8, put_back: &mut Vec<(u64, u8)>) -> Result<()> {
        let mut before = [0];
        self.read(address, &mut before)?;
        put_back.push((address, before[0]));
        self.set_byte(address, byte)
    }

    /// Changes a value of up to eight bytes: an argument for the call alone, and of memory what its bytes were before is added to
    /// `put_back`.
    pub fn replace_value(
        &self,
        place: Where,
        arguments: &[u64; 6],
        value: u64,
        put_back: &mut Vec<(u64, u8)>,
    ) -> Result<()> {
        let Where::Memory(argument, offset, size) = place else { return self.set_value(place, arguments, value) };
        let bytes = (address_in(arguments, argument, offset)?..).zip(value.to_le_bytes()).take(size);
        bytes.into_iter().try_for_each(|(address, byte)| self.replace_byte(address, byte, put_back))
    }

    /// A value of up to eight bytes.
    pub fn value(&self, place: Where, arguments: &[u64; 6]) -> Result<u64> {
        match place {
            Where::Argument(argument) => Ok(arguments[argument]),
            Where::Memory(argument, offset, size) => {
                let mut bytes = [0; 8];
                self.read(address_in(arguments, argument, offset)?, &mut bytes[..size])?;
                Ok(u64::from_le_bytes(bytes))
            }
        }
    }

    /// Changes a value of up to eight bytes. An argument is changed for the call alone.
    pub fn set_value(&self, place: Where, arguments: &[u64; 6], value: u64) -> Result<()> {
        match place {
            Where::Argument(argument) => registers::set_argument(self.pid, argument, value),
            Where::Memory(argument, offset, size) => {
                let address = address_in(arguments, argument, offset)?;
                let bytes = value.to_le_bytes();
                (0..size).try_for_each(|index| self.set_byte(address + index as u64, bytes[index]))
            }
        }
    }

    /// Writes one byte, also where the process itself may not write.
    pub fn set_byte(&self, address: u64, byte: u8) -> Result<()> {
        const WORD: u64 = size_of::<libc::c_long>() as u64;
        let start = address & !(WORD - 1);
        let mut word = ptrace::read(self.pid, start as ptrace::AddressType)?.to_ne_bytes();
        word[(address - start) as usize] = byte;
        ptrace::write(self.pid, start as ptrace::AddressType, libc::c_long::from_ne_bytes(word))
    }

    /// The address of one byte of a buffer.
    pub fn byte_of(&self, buffer: Buffer, arguments: &[u64; 6], index: u64) -> Result<u64> {
        /// Where struct msghdr (sys/socket.h; struct user_msghdr in the kernel) has its iovec array.
        const VECTOR_OF_MESSAGE: u64 = offset_of!(libc::msghdr, msg_iov) as u64;
        match buffer {
            Buffer::At(argument, offset) => Ok(address_in(arguments, argument, 0)? + offset + index),
            Buffer::Vector(argument) => self.byte_of_elements(address_in(arguments, argument, 0)?, index),
            Buffer::Message(argument) => {
                let [array] = self.read_longs(address_in(arguments, argument, 0)? + VECTOR_OF_MESSAGE)?;
                self.byte_of_elements(array, index)
            }
        }
    }

    /// What a call that returned this has written.
    pub fn written(&self, inside: &Inside, returned: i64) -> Result<Vec<Vec<u8>>> {
        let of = |given: &Given| {
            let mut bytes = vec![0; length(given, returned)];
            if matches!(given, Given::Bytes(Buffer::Vector(_) | Buffer::Message(_))) {
                for (index, byte) in (0..).zip(&mut bytes) {
                    self.read(self.place(given, &inside.arguments, index)?, std::slice::from_mut(byte))?;
                }
            } else {
                self.read(self.place(given, &inside.arguments, 0)?, &mut bytes)?;
            }
            Ok(bytes)
        };
        inside.call.gives.iter().map(of).collect()
    }

    /// Makes it seem that this call has written so.
    pub fn write(&self, inside: &Inside, written: &[Vec<u8>]) -> Result<()> {
        for (given, bytes) in inside.call.gives.iter().zip(written) {
            for (index, byte) in (0..).zip(bytes) {
                self.set_byte(self.place(given, &inside.arguments, index)?, *byte)?;
            }
        }
        Ok(())
    }

    /// The address of one byte of what a call gives.
    fn place(&self, given: &Given, arguments: &[u64; 6], index: u64) -> Result<u64> {
        match given {
            Given::Bytes(buffer) => self.byte_of(*buffer, arguments, index),
            Given::Field(_, place) | Given::Identity(_, place) | Given::WaitStatus(place) => match place {
                Where::Memory(argument, offset, _) => Ok(address_in(arguments, *argument, *offset)? + index),
                Where::Argument(_) => Err(Errno::EFAULT),
            },
        }
    }
}

/// How many bytes a call that returned this has written there.
fn length(given: &Given, returned: i64) -> usize {
    match given {
        Given::Bytes(_) => returned.max(0) as usize,
        Given::Field(_, place) | Given::Identity(_, place) | Given::WaitStatus(place) => match place {
            Where::Memory(_, _, size) => *size,
            Where::Argument(_) => 0,
        },
    }
}

/// The address in an argument, and so much further; no address is an error.
fn address_in(arguments: &[u64; 6], argument: usize, offset: usize) -> Result<u64> {
    match arguments[argument] {
        0 => Err(Errno::EFAULT),
        address => Ok(address.wrapping_add(offset as u64)),
    }
}
