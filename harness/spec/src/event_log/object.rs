//! Objects that outlive the process that created them.

use crate::raw::{self, Argument, Sysno, arguments, syscall};
use nix::errno::Errno;
use std::ffi::CString;

/// An IPC object that no process's end removes.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl Object {
    /// Removes it, by the system call instruction: a library under test does not keep it.
    pub fn remove(&self) -> Result<(), Errno> {
        // SAFETY: removes an object by its identifier; touches no memory of ours.
        let control = |number, call| unsafe { syscall(number, call) }.map(drop);
        let text = |text: String| CString::new(text).map_err(|_| Errno::EINVAL);
        let remove = libc::IPC_RMID.register();
        match self {
            Self::SysvQueue(id) => control(Sysno::msgctl, arguments([(*id).register(), remove])),
            Self::SysvSemaphores(id) => control(Sysno::semctl, arguments([(*id).register(), 0, remove])),
            Self::SysvSegment(id) => control(Sysno::shmctl, arguments([(*id).register(), remove])),
            Self::Queue(name) => {
                // The kernel's names have no slash.
                let name = text(name.trim_start_matches('/').into())?;
                // SAFETY: the name ends in NUL and outlives the call.
                unsafe { syscall(Sysno::mq_unlink, arguments([name.as_ptr().register()])) }.map(drop)
            }
            Self::SharedMemoryFile(name) => raw::unlink(&text(format!("/dev/shm/{name}"))?, 0),
        }
    }
}
