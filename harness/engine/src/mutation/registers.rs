//! What a tracer changes of a process that has stopped at a system call, on each architecture.

use nix::Result;
use nix::unistd::Pid;

/// The thread pointer of a thread.
pub fn thread_pointer(pid: Pid) -> Result<u64> {
    arch::thread_pointer(pid)
}

/// A number that no system call has: the kernel does nothing.
const NO_CALL: i64 = -1;

/// At the entry: the call is not made.
pub fn skip_call(pid: Pid) -> Result<()> {
    arch::set_call(pid, NO_CALL as u64)
}

/// At the entry: changes an argument, from 0.
pub fn set_argument(pid: Pid, argument: usize, value: u64) -> Result<()> {
    arch::change(pid, |registers| arch::set_argument(registers, argument, value))
}

/// At the exit: the arguments are again what they were, for the program keeps them in these registers. One is left alone where the
/// result takes its place.
pub fn restore_arguments(pid: Pid, arguments: &[u64; 6]) -> Result<()> {
    arch::change(pid, |registers| {
        for (argument, value) in arguments.iter().enumerate().skip(arch::RESULT_IN_FIRST.into()) {
            arch::set_argument(registers, argument, *value);
        }
    })
}

/// At the exit: changes what the call returns; an error is a negative number.
pub fn set_result(pid: Pid, value: i64) -> Result<()> {
    arch::change(pid, |registers| arch::set_result(registers, value as u64))
}

/// At the exit: the call is made again, with these arguments. On x86 and Arm the instruction of a system call has one length.
pub fn make_again(pid: Pid, number: u64, arguments: &[u64; 6]) -> Result<()> {
    arch::change(pid, |registers| {
        for (argument, value) in arguments.iter().enumerate() {
            arch::set_argument(registers, argument, *value);
        }
        arch::make_again(registers, number);
    })
}

#[cfg(target_arch = "x86_64")]
mod arch {
    use nix::Result;
    use nix::sys::ptrace;
    use nix::unistd::Pid;

    type Registers = libc::user_regs_struct;

    /// Whether the first argument and the result are in one register.
    pub const RESULT_IN_FIRST: bool = false;

    pub fn change(pid: Pid, how: impl FnOnce(&mut Registers)) -> Result<()> {
        let mut registers = ptrace::getregs(pid)?;
        how(&mut registers);
        ptrace::setregs(pid, registers)
    }

    pub fn thread_pointer(pid: Pid) -> Result<u64> {
        Ok(ptrace::getregs(pid)?.fs_base)
    }

    pub fn set_call(pid: Pid, number: u64) -> Result<()> {
        change(pid, |registers| registers.orig_rax = number)
    }

    pub fn set_argument(registers: &mut Registers, argument: usize, value: u64) {
        let Registers { rdi, rsi, rdx, r10, r8, r9, .. } = registers;
        *[rdi, rsi, rdx, r10, r8, r9][argument] = value;
    }

    pub fn set_result(registers: &mut Registers, value: u64) {
        registers.rax = value;
    }

    pub fn make_again(registers: &mut Registers, number: u64) {
        const SYSCALL: u64 = 2;
        registers.rip -= SYSCALL;
        registers.rax = number;
    }
}

#[cfg(target_arch = "aarch64")]
mod arch {
    use nix::Result;
    use nix::errno::Errno;
    use nix::sys::ptrace::{self, regset};
    use nix::unistd::Pid;

    type Registers = libc::user_regs_struct;

    /// Whether the first argument and the result are in one register.
    pub const RESULT_IN_FIRST: bool = true;

    pub fn change(pid: Pid, how: impl FnOnce(&mut Registers)) -> Result<()> {
        let mut registers = ptrace::getregset::<regset::NT_PRSTATUS>(pid)?;
        how(&mut registers);
        ptrace::setregset::<regset::NT_PRSTATUS>(pid, registers)
    }

    /// It is not among the general registers.
    pub fn thread_pointer(pid: Pid) -> Result<u64> {
        const NT_ARM_TLS: usize = 0x401;
        let mut pointer = 0_u64;
        let part = libc::iovec { iov_base: (&raw mut pointer).cast(), iov_len: size_of::<u64>() };
        // SAFETY: the kernel writes one long.
        let done = unsafe { libc::ptrace(libc::PTRACE_GETREGSET, pid.as_raw(), NT_ARM_TLS, &raw const part) };
        Errno::result(done).map(|_| pointer)
    }

    /// The number is not among the registers: a change of x8 comes too late.
    pub fn set_call(pid: Pid, number: u64) -> Result<()> {
        const NT_ARM_SYSTEM_CALL: usize = 0x404;
        let mut number = number as i32;
        let part = libc::iovec { iov_base: (&raw mut number).cast(), iov_len: size_of::<i32>() };
        // SAFETY: the kernel reads one integer.
        let done = unsafe { libc::ptrace(libc::PTRACE_SETREGSET, pid.as_raw(), NT_ARM_SYSTEM_CALL, &raw const part) };
        Errno::result(done).map(drop)
    }

    pub fn set_argument(registers: &mut Registers, argument: usize, value: u64) {
        registers.regs[argument] = value;
    }

    pub fn set_result(registers: &mut Registers, value: u64) {
        registers.regs[0] = value;
    }

    pub fn make_again(registers: &mut Registers, number: u64) {
        const SVC: u64 = 4;
        registers.pc -= SVC;
        registers.regs[8] = number;
    }
}
