//! What the arguments of a call mean, and so how a wrong kernel could mistake them.

use super::Where;

/// An argument, or a value in the memory behind one, that is neither a buffer nor flags.
#[derive(Clone, Copy, Debug)]
pub enum Parameter {
    /// The access mode of open(2): `O_RDONLY`, `O_WRONLY` or `O_RDWR`.
    Access(Where),
    /// One of these values, in the bits that they have together: `SEEK_SET`, `SHUT_WR`.
    Choice(Where, &'static [(&'static str, i64)]),
    /// The file mode bits of what the call creates or changes.
    Mode(Mode),
    /// A number of bytes.
    Size(Where),
    /// A number of bytes of memory, which counts in whole pages.
    Pages(Where),
    /// A position in a file.
    Offset(Where),
    /// An array of struct iovec, and the argument with the number of its elements: readv(2).
    Elements(usize, usize),
    /// The address of a struct timespec, or no address: no timeout.
    Timeout(usize),
    /// A timeout in milliseconds; a negative one is none.
    Milliseconds(usize),
    /// A signal number.
    SignalNumber(usize),
    /// The address of a set of signals, or no address.
    Signals(usize),
    /// The pid of the process that the call is about.
    Process(usize),
    /// Another number, by its name.
    Value(&'static str, Where),
}

/// File mode bits: inode(7).
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// The argument.
    pub argument: usize,
    /// Which bits of it count.
    pub bits: u32,
    /// Whether the file mode creation mask is applied: umask(2).
    pub masked: bool,
    /// Whether the mode counts, given the arguments: open(2) has one that counts with `O_CREAT` alone.
    pub counts: fn(&[u64; 6]) -> bool,
}

/// The file mode bits, by name.
pub const MODE_BITS: [(&str, u32); 12] = [
    ("S_ISUID", libc::S_ISUID),
    ("S_ISGID", libc::S_ISGID),
    ("S_ISVTX", libc::S_ISVTX),
    ("S_IRUSR", libc::S_IRUSR),
    ("S_IWUSR", libc::S_IWUSR),
    ("S_IXUSR", libc::S_IXUSR),
    ("S_IRGRP", libc::S_IRGRP),
    ("S_IWGRP", libc::S_IWGRP),
    ("S_IXGRP", libc::S_IXGRP),
    ("S_IROTH", libc::S_IROTH),
    ("S_IWOTH", libc::S_IWOTH),
    ("S_IXOTH", libc::S_IXOTH),
];

/// The mode of a new node in the file system.
pub const fn mode(argument: usize) -> Parameter {
    Parameter::Mode(Mode { argument, bits: 0o7777, masked: true, counts: |_| true })
}

/// The mode of a new node, if these arguments make one.
pub const fn mode_if(argument: usize, counts: fn(&[u64; 6]) -> bool) -> Parameter {
    Parameter::Mode(Mode { argument, bits: 0o7777, masked: true, counts })
}

/// The mode that an existing node gets.
pub const fn new_mode(argument: usize) -> Parameter {
    Parameter::Mode(Mode { argument, bits: 0o7777, masked: false, counts: |_| true })
}

/// The permissions of a new System V IPC object, if these arguments make one: sysvipc(7).
pub const fn permissions_if(argument: usize, counts: fn(&[u64; 6]) -> bool) -> Parameter {
    Parameter::Mode(Mode { argument, bits: 0o777, masked: false, counts })
}
