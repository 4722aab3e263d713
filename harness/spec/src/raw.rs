//! System calls by instruction, without the C library: what the harness asks by itself must not depend on a library that is
//! under test.

use nix::errno::Errno;
use std::ffi::CStr;
use syscalls::Sysno;

/// Makes a system call and gives what it returned.
///
/// # Safety
/// What the arguments point to must be what the call reads and writes, unless it is outside the address space.
pub unsafe fn syscall(number: Sysno, arguments: [usize; 6]) -> Result<usize, Errno> {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the caller's.
    unsafe { syscalls::syscall!(number, a, b, c, d, e, f) }.map_err(|errno| Errno::from_raw(errno.into_raw()))
}

/// All that a file holds. open(2), read(2).
pub fn read_file(path: &CStr) -> Result<Vec<u8>, Errno> {
    const AT_ONCE: usize = 4096;
    let flags = (libc::O_RDONLY | libc::O_CLOEXEC) as usize;
    // SAFETY: the path ends in NUL and outlives the call.
    let file = unsafe { syscall(Sysno::openat, [libc::AT_FDCWD as usize, path.as_ptr().addr(), flags, 0, 0, 0]) }?;
    let mut bytes = Vec::new();
    let read = loop {
        let before = bytes.len();
        bytes.resize(before + AT_ONCE, 0);
        // SAFETY: the buffer has so many bytes behind those that were read before.
        let result = unsafe { syscall(Sysno::read, [file, bytes.as_mut_ptr().addr() + before, AT_ONCE, 0, 0, 0]) };
        bytes.truncate(before + result.unwrap_or(0));
        match result {
            Ok(0) => break Ok(bytes),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => break Err(error),
        }
    };
    // SAFETY: closes the descriptor that was opened here.
    let _ = unsafe { syscall(Sysno::close, [file, 0, 0, 0, 0, 0]) };
    read
}
