//! Stops at system calls.

use super::{resume, stopped_by, traced};
use calls::tracing::{PTRACE_CONT, PTRACE_SETOPTIONS, PTRACE_SYSCALL, SyscallStop};
use kit::prelude::*;
use libc::{PTRACE_O_TRACESYSGOOD, SIGTRAP};

/// The signal of a syscall-stop with PTRACE_O_TRACESYSGOOD.
const GOOD: i32 = SIGTRAP | 0x80;

/// A tracee that makes this system call with this argument, and exits.
fn making(number: Sysno, argument: usize) -> TestResult<Child> {
    traced(|| {
        // SAFETY: takes numbers alone.
        let _ = unsafe { syscall("syscall", number, [argument, 0, 0, 0, 0, 0]) };
        exit(7)
    })
}

/// Restarts the tracee by PTRACE_SYSCALL, with PTRACE_O_TRACESYSGOOD, until it is at the entry of this system call.
fn until_entry(pid: i32, number: Sysno) -> TestResult<i32> {
    use calls::for_layers::libc_raw::{syscall_stop, tell};
    tell(PTRACE_SETOPTIONS, pid, PTRACE_O_TRACESYSGOOD as usize)?;
    loop {
        let status = resume(PTRACE_SYSCALL, pid, 0)?;
        match syscall_stop(pid)? {
            SyscallStop::Entry(found, _) if found == number.id() as u64 => return Ok(status),
            _ => {}
        }
    }
}

#[rstest]
#[case::succeeds(Sysno::getppid, 0, i64::from(own_pid()))]
#[case::fails(Sysno::close, usize::from(u16::MAX), -i64::from(libc::EBADF))]
/// With PTRACE_SYSCALL a tracee stops at the entry of a system call and at its exit, and PTRACE_GET_SYSCALL_INFO tells which it is,
/// number and argument at the entry, and the value or the error at the exit. With PTRACE_O_TRACESYSGOOD the signal has bit 7.
#[harness::test(
    id = "ptrace.syscall-stops",
    cite = [man("ptrace.2", "Syscall-stops"), man("ptrace.2", "DESCRIPTION", "PTRACE_O_TRACESYSGOOD"), man("ptrace.2", "DESCRIPTION", "PTRACE_GET_SYSCALL_INFO")],
    covers = ["behaviours:ptrace.syscall-stops", "behaviours:ptrace.syscall-sysgood", "behaviours:ptrace.syscall-info"],
    layers = [libc, raw],
)]
fn a_system_call_stops_twice(#[case] number: Sysno, #[case] argument: usize, #[case] result: i64) -> TestResult {
    let child = making(number, argument)?;
    assert_eq!(until_entry(child.pid(), number)?, stopped_by(GOOD));
    assert_eq!(syscall_stop(child.pid()), Ok(SyscallStop::Entry(number.id() as u64, argument as u64)));
    assert_eq!(resume(PTRACE_SYSCALL, child.pid(), 0), Ok(stopped_by(GOOD)));
    assert_eq!(syscall_stop(child.pid()), Ok(SyscallStop::Exit(result)));
    assert_eq!(tell(PTRACE_CONT, child.pid(), 0), Ok(()));
    assert_eq!(child.wait()?, Ended::Exited(7));
    Ok(())
}

#[rstest]
#[case::plain(0, SIGTRAP)]
#[case::sysgood(PTRACE_O_TRACESYSGOOD, GOOD)]
/// PTRACE_GETSIGINFO at a syscall-stop gives SIGTRAP, and as si_code the signal of the stop: SIGTRAP, with bit 7 if
/// PTRACE_O_TRACESYSGOOD is set.
#[harness::test(
    id = "ptrace.syscall-siginfo",
    cite = [man("ptrace.2", "Syscall-stops")],
    covers = ["behaviours:ptrace.syscall-siginfo", "behaviours:ptrace.syscall-stops"],
)]
fn a_syscall_stop_has_a_code(#[case] options: i32, #[case] signal: i32) -> TestResult {
    let child = making(Sysno::getppid, 0)?;
    until_entry(child.pid(), Sysno::getppid)?;
    assert_eq!(tell(PTRACE_SETOPTIONS, child.pid(), options as usize), Ok(()));
    for _ in 0..2 {
        assert_eq!(resume(PTRACE_SYSCALL, child.pid(), 0), Ok(stopped_by(signal)));
        assert_eq!(stop_info(child.pid()).map(|info| (info.signal, info.code)), Ok((SIGTRAP, signal)));
    }
    Ok(())
}

/// A tracee that is restarted by PTRACE_CONT at the entry of a system call makes the call, and does not stop at its exit.
#[harness::test(
    id = "ptrace.syscall-cont",
    cite = [man("ptrace.2", "Syscall-stops")],
    covers = ["behaviours:ptrace.syscall-cont"],
)]
fn without_ptrace_syscall_the_exit_is_no_stop() -> TestResult {
    let made = Latch::new()?;
    let child = traced(|| {
        // SAFETY: takes no argument.
        assert_eq!(unsafe { syscall("getpid", Sysno::getpid, [0; 6]) }, Ok(i64::from(own_pid())));
        made.arrive();
        exit(7)
    })?;
    until_entry(child.pid(), Sysno::getpid)?;
    assert_eq!(resume(PTRACE_CONT, child.pid(), 0), Ok(super::exited(7)));
    assert_eq!(made.arrivals(), 1);
    child.let_go();
    Ok(())
}
