//! What a signal carries: siginfo_t, as the kernel lays it out (asm-generic/siginfo.h).

use libc::siginfo_t;
use serde::{Deserialize, Serialize};

/// A field of siginfo_t that a wrong kernel could fill wrongly, by its name without si_.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case", prefix = "si_")]
pub enum Field {
    Code,
    Pid,
    Uid,
    Status,
    Value,
    Timerid,
    Overrun,
    Addr,
    Band,
    Fd,
    Syscall,
}

/// The fields that belong to a signal with this number and si_code. sigaction(2), The siginfo_t argument to a SA_SIGINFO handler
pub fn fields(signal: i32, code: i32) -> &'static [Field] {
    use Field::*;
    match (signal, code) {
        (_, libc::SI_USER | libc::SI_TKILL) => &[Code, Pid, Uid],
        (_, libc::SI_QUEUE | libc::SI_MESGQ) => &[Code, Pid, Uid, Value],
        (_, libc::SI_TIMER) => &[Code, Timerid, Overrun, Value],
        (_, libc::SI_KERNEL | ..=-1) => &[Code],
        (libc::SIGCHLD, _) => &[Code, Pid, Uid, Status],
        (libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGFPE | libc::SIGTRAP, _) => &[Code, Addr],
        (libc::SIGSYS, _) => &[Code, Syscall],
        // What F_SETSIG puts in the place of SIGIO, too.
        _ => &[Code, Band, Fd],
    }
}

/// Changes a field.
pub fn change(info: &mut siginfo_t, field: Field) {
    /// Not the last bit: pids that were given out one after the other would come to be one.
    const OTHER: u8 = 0x80;
    use Field::*;
    let offset = match field {
        Code => 8,
        Pid | Timerid | Addr | Band => 16,
        Uid | Overrun => 20,
        Status | Value | Fd | Syscall => 24,
    };
    // SAFETY: plain bytes, and the offset is inside; the lowest byte comes first on all machines that are supported.
    unsafe { *std::ptr::from_mut(info).cast::<u8>().add(offset) ^= OTHER };
}

#[cfg(test)]
mod tests {
    use super::Field::*;
    use super::*;

    #[test]
    fn a_field_is_where_the_c_library_reads_it() {
        // SAFETY: all zero is a valid siginfo_t, and its accessors read plain numbers.
        unsafe {
            let mut info: siginfo_t = std::mem::zeroed();
            for field in [Code, Pid, Uid, Status] {
                change(&mut info, field);
            }
            assert_eq!((info.si_code, info.si_pid(), info.si_uid(), info.si_status()), (128, 128, 128, 128));
            let mut info: siginfo_t = std::mem::zeroed();
            change(&mut info, Value);
            assert_eq!(info.si_value().sival_ptr.addr(), 128);
            change(&mut info, Addr);
            assert_eq!(info.si_addr().addr(), 128);
        }
    }
}
