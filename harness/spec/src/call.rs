//! The description of a system call: its name in the catalogue, the numbers a process that is blocked in it has, and what a
//! wrong kernel could do to it.
//!
//! These are the types. The values stand beside the functions that make the calls and reach the audit, which mutates calls,
//! through [`CALLS`]. A system call without a description is left alone: those of the C library and of Rust for themselves
//! (memory, threads, clocks), and those that create and end processes, of which the audit must get true results.

mod parameter;

pub use parameter::{MODE_BITS, Mode, Parameter, mode, mode_if, new_mode, permissions_if};

use crate::raw::Sysno;
use linkme::distributed_slice;
use nix::errno::Errno;

/// Every call that is described, in no order.
#[distributed_slice]
pub static CALLS: [&'static Call];

/// A call as the catalogue knows it, and the system calls that it is made of.
#[derive(Debug)]
pub struct Call {
    /// As the catalogue spells it: `read`, `fcntl(F_SETPIPE_SZ)`, `mq_send`.
    pub name: &'static str,
    /// The system calls behind it that the audit mutates.
    pub described: &'static [CallDescription],
    /// Further system calls that a process which is blocked in it may be in.
    pub also: &'static [Sysno],
}

impl Call {
    /// A call of this name, made of these system calls.
    pub const fn new(name: &'static str, described: &'static [CallDescription]) -> Self {
        Self { name, described, also: &[] }
    }

    /// Further system calls that a process which is blocked in it may be in.
    pub const fn also(self, also: &'static [Sysno]) -> Self {
        Self { also, ..self }
    }

    /// Whether a process that is in the system call of this number is in this call.
    pub fn has_number(&self, number: usize) -> bool {
        let mut numbers = self.described.iter().map(|described| described.number).chain(self.also.iter().copied());
        numbers.any(|known| known.id() as usize == number)
    }

    /// The names of the access mode and of the flags in these arguments, in the order of their bits.
    pub fn flags_among(&self, arguments: &[usize; 6]) -> Vec<&'static str> {
        let registers = arguments.map(|argument| argument as u64);
        let (mut names, mut set) = (Vec::new(), Vec::new());
        for described in self.described.iter().filter(|described| described.describes(&registers)) {
            for parameter in described.parameters {
                if let Parameter::Access(Where::Argument(number)) = *parameter {
                    names.extend(match arguments[number] as i32 & libc::O_ACCMODE {
                        libc::O_WRONLY => Some("O_WRONLY"),
                        libc::O_RDWR => Some("O_RDWR"),
                        _ => None,
                    });
                }
            }
            for (place, flags) in described.flags {
                if let Where::Argument(number) = *place {
                    let value = arguments[number] as u64;
                    set.extend(flags.iter().filter(|flag| value & flag.bits == flag.bits));
                }
            }
        }
        set.sort_by_key(|flag: &&Flag| flag.bits);
        names.extend(set.iter().map(|flag| flag.name));
        names
    }
}

/// A system call, or one operation of it.
#[derive(Debug)]
pub struct CallDescription {
    /// Its number.
    pub number: Sysno,
    /// For calls with many operations: the argument that selects one, its value, and the name of that.
    pub operation: Option<(usize, i64, &'static str)>,
    /// The errors that it may fail with.
    pub errors: Errors,
    /// What it returns on success.
    pub returns: Returns,
    /// Whether a call with these arguments changes something, or only queries.
    pub acts: fn(&[u64; 6]) -> bool,
    /// Whether a call with these arguments is one that specs make. Private memory, for example, is the allocator's.
    pub applies: fn(&[u64; 6]) -> bool,
    /// Where it writes its results.
    pub gives: &'static [Given],
    /// The bytes that it takes.
    pub takes: Option<Buffer>,
    /// Its flags, and where they are.
    pub flags: &'static [(Where, &'static [Flag])],
    /// What its other arguments mean.
    pub parameters: &'static [Parameter],
    /// Whether what it returns and writes tells all that it did: the position of lseek(2), the message of msgrcv(2).
    pub told_by_result: bool,
}

/// Where the errors that a call may fail with are listed.
#[derive(Clone, Copy, Debug)]
pub enum Errors {
    /// In the catalogue, under this name.
    Documented(&'static str),
    /// Here: the catalogue has no errors of this call.
    Of(&'static [Errno]),
}

/// What a call returns on success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// 0.
    Nothing,
    /// The number of bytes transferred; the argument with the number requested, if one has it.
    Bytes(Option<usize>),
    /// A new descriptor.
    Descriptor,
    /// A number: an identifier, a value, a pid, a count of things that are ready.
    Number,
    /// An address, or something else that cannot be slightly different.
    Opaque,
}

/// Something that a call writes.
#[derive(Clone, Copy, Debug)]
pub enum Given {
    /// As many bytes as it returns.
    Bytes(Buffer),
    /// One value.
    Field(&'static str, Where),
    /// Which object it is, by a number that the kernel chooses: only where another call gives it again can it be wrong.
    Identity(&'static str, Where),
    /// A wait status: wait(2).
    WaitStatus(Where),
}

/// Where bytes are.
#[derive(Clone, Copy, Debug)]
pub enum Buffer {
    /// At the address in an argument, behind this many bytes of something else.
    At(usize, u64),
    /// In the array of struct iovec at the address in an argument: readv(2).
    Vector(usize),
    /// In the iovec array of the struct msghdr at the address in an argument: sendmsg(2).
    Message(usize),
}

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// In an argument.
    Argument(usize),
    /// In memory: the argument that holds the address, the offset from there, and the size, in bytes.
    Memory(usize, usize, usize),
}

/// A flag.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Its name.
    pub name: &'static str,
    /// Its bit; some have several.
    pub bits: u64,
    /// Where the difference shows that it makes.
    pub shows: Shows,
}

/// Where the difference shows that a flag makes. Where it shows nowhere, a kernel that adds the flag is not wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// In something that stays, whatever the call returned.
    Later,
    /// In what the call returns: `O_EXCL` makes no difference where the name is new.
    AtOnce,
    /// If it is added, in what this call returns: nothing else shows `O_SYNC` of a FIFO.
    In(&'static str),
    /// In calls that have to wait, and in the status flags.
    Waiting,
}

impl CallDescription {
    /// A system call that returns 0, writes nothing, and whose errors the catalogue lists under the kernel's name for it.
    pub const fn new(number: Sysno) -> Self {
        Self {
            number,
            operation: None,
            errors: Errors::Documented(number.name()),
            returns: Returns::Nothing,
            acts: |_| true,
            applies: |_| true,
            gives: &[],
            takes: None,
            flags: &[],
            parameters: &[],
            told_by_result: false,
        }
    }

    /// Only the operation of this name: the argument has this value.
    pub const fn when(self, argument: usize, value: i64, name: &'static str) -> Self {
        Self { operation: Some((argument, value, name)), ..self }
    }

    /// The catalogue lists its errors under this name.
    pub const fn documented(self, name: &'static str) -> Self {
        Self { errors: Errors::Documented(name), ..self }
    }

    /// It fails with these; the catalogue has no errors of it.
    pub const fn fails(self, errors: &'static [Errno]) -> Self {
        Self { errors: Errors::Of(errors), ..self }
    }

    /// What it returns on success.
    pub const fn returns(self, returns: Returns) -> Self {
        Self { returns, ..self }
    }

    /// It only queries.
    pub const fn queries(self) -> Self {
        self.acts_when(|_| false)
    }

    /// It changes something only with such arguments.
    pub const fn acts_when(self, acts: fn(&[u64; 6]) -> bool) -> Self {
        Self { acts, ..self }
    }

    /// Specs make it only with such arguments.
    pub const fn applies_when(self, applies: fn(&[u64; 6]) -> bool) -> Self {
        Self { applies, ..self }
    }

    /// What it writes.
    pub const fn gives(self, gives: &'static [Given]) -> Self {
        Self { gives, ..self }
    }

    /// The bytes that it takes.
    pub const fn takes(self, buffer: Buffer) -> Self {
        Self { takes: Some(buffer), ..self }
    }

    /// Its flags, and where they are.
    pub const fn flags(self, flags: &'static [(Where, &'static [Flag])]) -> Self {
        Self { flags, ..self }
    }

    /// What its other arguments mean.
    pub const fn parameters(self, parameters: &'static [Parameter]) -> Self {
        Self { parameters, ..self }
    }

    /// What it returns and writes tells all that it did.
    pub const fn told_by_result(self) -> Self {
        Self { told_by_result: true, ..self }
    }

    /// The name in reports and on the command line: `read`, `fcntl.F_GETFL`.
    pub fn name(&self) -> String {
        match self.operation {
            Some((_, _, operation)) => format!("{}.{operation}", self.number.name()),
            None => self.number.name().into(),
        }
    }

    /// Whether it describes a system call with these arguments.
    pub fn describes(&self, arguments: &[u64; 6]) -> bool {
        self.operation.is_none_or(|(argument, value, _)| arguments[argument] as u32 == value as u32)
            && (self.applies)(arguments)
    }
}
