//! System calls by the instruction, not by syscall(3) of the C library: no library that is preloaded can change them, they are
//! not cancellation points, and they leave errno alone. See syscall(2), "Architecture calling conventions".

mod action;

pub use action::{Action, SET_SIZE, action_of, change_action, set_action};

use nix::errno::Errno;
use std::ffi::CStr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

pub use syscalls::Sysno;

/// Makes a system call.
///
/// # Safety
/// The kernel must be allowed to do what this call does: memory that it reads or writes at an address among the arguments is
/// there for the call, or outside the address space.
pub unsafe fn syscall(number: Sysno, arguments: [usize; 6]) -> Result<usize, Errno> {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the caller's.
    unsafe { syscalls::syscall6(number, a, b, c, d, e, f) }.map_err(|errno| Errno::from_raw(errno.into_raw()))
}

/// What an argument of a system call is in a register: integers with their sign, pointers with their provenance exposed.
pub trait Argument {
    /// The value of the register.
    fn register(self) -> usize;
}

macro_rules! integers {
    ($($integer:ty)*) => {
        $(
            impl Argument for $integer {
                fn register(self) -> usize {
                    self as usize
                }
            }
        )*
    };
}

integers! { i32 u32 i64 u64 usize }

impl<T> Argument for *const T {
    fn register(self) -> usize {
        self.expose_provenance()
    }
}

impl<T> Argument for *mut T {
    fn register(self) -> usize {
        self.expose_provenance()
    }
}

/// Up to six arguments; the registers after them are zero.
pub fn arguments<const N: usize>(given: [usize; N]) -> [usize; 6] {
    const { assert!(N <= 6, "a system call has at most six arguments") };
    let mut all = [0; 6];
    all[..N].copy_from_slice(&given);
    all
}

/// Opens a file. open(2), O_RDONLY
pub fn open_for_reading(path: &CStr) -> Result<OwnedFd, Errno> {
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    let call = [libc::AT_FDCWD.register(), path.as_ptr().register(), flags.register()];
    // SAFETY: the path ends in NUL and outlives the call.
    let number = unsafe { syscall(Sysno::openat, arguments(call)) }?;
    // SAFETY: a new descriptor, which nobody else has.
    Ok(unsafe { OwnedFd::from_raw_fd(number as i32) })
}

/// Makes `to` a descriptor of the same open file description. dup3(2)
///
/// # Safety
/// No Rust object owns `to`, unless it is `from`'s own number.
pub unsafe fn duplicate(from: &OwnedFd, to: i32) -> Result<(), Errno> {
    if from.as_raw_fd() == to {
        return Ok(());
    }
    // SAFETY: the caller's.
    unsafe { syscall(Sysno::dup3, arguments([from.as_raw_fd().register(), to.register(), 0])) }.map(drop)
}

/// Removes a name; of a directory with AT_REMOVEDIR. unlinkat(2)
pub fn unlink(path: &CStr, flags: i32) -> Result<(), Errno> {
    let call = [libc::AT_FDCWD.register(), path.as_ptr().register(), flags.register()];
    // SAFETY: the path ends in NUL and outlives the call.
    unsafe { syscall(Sysno::unlinkat, arguments(call)) }.map(drop)
}

/// Writes to a file by one call. open(2), write(2).
pub fn write_file(path: &CStr, bytes: &[u8]) -> Result<usize, Errno> {
    let flags = libc::O_WRONLY | libc::O_CLOEXEC;
    let call = [libc::AT_FDCWD.register(), path.as_ptr().register(), flags.register()];
    // SAFETY: the path ends in NUL and outlives the call.
    let number = unsafe { syscall(Sysno::openat, arguments(call)) }?;
    // SAFETY: a new descriptor, which nobody else has.
    let file = unsafe { OwnedFd::from_raw_fd(number as i32) };
    let write = [file.as_raw_fd().register(), bytes.as_ptr().register(), bytes.len()];
    // SAFETY: reads so many bytes.
    unsafe { syscall(Sysno::write, arguments(write)) }
}

/// All that a file holds. open(2), read(2).
pub fn read_file(path: &CStr) -> Result<Vec<u8>, Errno> {
    const AT_ONCE: usize = 4096;
    let file = open_for_reading(path)?;
    let number = file.as_raw_fd() as usize;
    let mut bytes = Vec::new();
    loop {
        let before = bytes.len();
        bytes.resize(before + AT_ONCE, 0);
        // SAFETY: the buffer has so many bytes behind those that were read before.
        let result = unsafe { syscall(Sysno::read, [number, bytes.as_mut_ptr().addr() + before, AT_ONCE, 0, 0, 0]) };
        bytes.truncate(before + result.unwrap_or(0));
        match result {
            Ok(0) => return Ok(bytes),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_returns_its_value_or_its_errno() {
        // SAFETY: getpid takes nothing; close of no descriptor does nothing.
        let (pid, closed) =
            unsafe { (syscall(Sysno::getpid, [0; 6]), syscall(Sysno::close, arguments([(-1_i32).register()]))) };
        assert_eq!(pid, Ok(std::process::id() as usize));
        assert_eq!(closed, Err(Errno::EBADF));
    }
}
