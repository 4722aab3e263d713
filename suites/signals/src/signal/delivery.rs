//! How a handler is entered and left: the frame on the stack, and the system call that ends it.

use super::machine::{registers_in, send_from_here};
use calls::signals::SignalSet;
use harness::event_log::{log_in_handler, logged_by_handlers};
use harness::raw::{Argument as _, arguments};
use kit::disposition::install;
use kit::needs::PTRACE;
use kit::prelude::*;
use libc::{SIGSTOP, SIGTRAP, SIGUSR1, SYS_exit_group, SYS_rt_sigreturn, c_int, c_long, c_void, siginfo_t};
use nix::sys::ptrace;
use nix::sys::signal::Signal as Known;
use nix::unistd::Pid;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

const FRAME: u32 = 1;

/// Where the process goes on after the handler, unless it is 0.
static GO_ON_AT: AtomicUsize = AtomicUsize::new(0);

/// Logs the instruction and the stack pointer in its context, and where the context is.
extern "C" fn log_frame(_: c_int, _: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the context is the handler's, and is restored when that returns.
    unsafe {
        let [instruction, stack] = registers_in(context);
        log_in_handler(FRAME, [*instruction, *stack, context.addr() as u64]);
        let other = GO_ON_AT.load(Ordering::Relaxed);
        if other != 0 {
            *instruction = other as u64;
        }
    }
}

/// For a handler the kernel puts a frame on the stack of the process, below its stack pointer, which holds that and the interrupted
/// instruction; when the handler returns the process goes on there, or where the handler has set the instruction of the frame.
#[harness::test(
    id = "signal.frame-on-stack",
    cite = [man("sigreturn.2", "DESCRIPTION"), man("signal.7", "Execution of signal handlers")],
    covers = ["notes:signal.impl-stack-rewrite"],
)]
fn the_frame_tells_where_to_go_on() -> TestResult {
    /// More than a frame of any processor.
    const LARGEST: u64 = 1 << 18;
    // SAFETY: the handler logs, and changes its context to an instruction that follows.
    unsafe { install(SIGUSR1, log_frame, 0, SignalSet::EMPTY) }?;
    let sent = send_from_here(SIGUSR1);
    assert_eq!((sent.result, sent.executed), (0, true));
    GO_ON_AT.store(sent.following, Ordering::Relaxed);
    let diverted = send_from_here(SIGUSR1);
    assert_eq!((diverted.result, diverted.executed), (0, false));
    let frames = logged_by_handlers(FRAME);
    assert_eq!(frames.len(), 2);
    for (sent, [instruction, stack, context, _]) in [sent, diverted].into_iter().zip(frames) {
        assert_eq!((instruction, stack), (sent.behind as u64, sent.stack as u64));
        assert!(
            context < stack && stack - context < LARGEST,
            "the context is at {context:#x}, the stack at {stack:#x}"
        );
    }
    evidence("the instruction after the handler", "the interrupted one, or that which the frame names");
    Ok(())
}

/// A handled signal interrupts a process that makes no system call, which enters the kernel twice: it is interrupted, and its handler
/// runs at once; the return of the handler makes one system call, rt_sigreturn, and the process goes on with what it did.
#[harness::test(
    id = "signal.mode-switches",
    cite = [man("signal.7", "Execution of signal handlers"), man("sigreturn.2", "DESCRIPTION"), man("ptrace.2", "Syscall-stops")],
    covers = ["notes:signal.four-mode-switches", "notes:signal.impl-stack-rewrite"],
    needs = [PTRACE],
)]
fn a_handler_ends_with_one_system_call() -> TestResult {
    const ENDED: i32 = 7;
    static RUNS: AtomicU32 = AtomicU32::new(0);
    extern "C" fn count(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
        RUNS.fetch_add(1, Ordering::Relaxed);
    }
    let rounds = Shared::new(AtomicUsize::new(0))?;
    let child = fork(|| -> TestResult {
        // SAFETY: the handler counts in an atomic.
        unsafe { install(SIGUSR1, count, 0, SignalSet::EMPTY) }?;
        ptrace::traceme()?;
        kill(own_pid(), SIGSTOP)?;
        while RUNS.load(Ordering::Relaxed) == 0 {
            rounds.fetch_add(1, Ordering::Relaxed);
        }
        exit(ENDED)
    })?;
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(SIGSTOP)));
    let pid = Pid::from_raw(child.pid());
    ptrace::setoptions(pid, ptrace::Options::PTRACE_O_TRACESYSGOOD)?;
    ptrace::cont(pid, None)?;
    while rounds.load(Ordering::Relaxed) == 0 {
        std::hint::spin_loop();
    }
    assert_eq!(kill(child.pid(), SIGUSR1), Ok(()));
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(SIGUSR1)));
    let mut delivered = Some(Known::SIGUSR1);
    let mut stops = vec![];
    for _ in 0..3 {
        ptrace::syscall(pid, delivered.take())?;
        assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(SIGTRAP | 0x80)));
        stops.push(system_call_of(child.pid())?);
    }
    assert_eq!(stops, [(ENTRY, SYS_rt_sigreturn), (EXIT, 0), (ENTRY, SYS_exit_group)]);
    ptrace::cont(pid, None)?;
    assert_eq!(child.wait()?, Ended::Exited(ENDED));
    evidence("system calls between the signal and the end of the program", "rt_sigreturn");
    Ok(())
}

// linux/ptrace.h; not all C libraries' headers have them.
const PTRACE_GET_SYSCALL_INFO: i32 = 0x420e;
const ENTRY: u8 = 1;
const EXIT: u8 = 2;

/// Where a process has stopped, at the entry of which system call, or at an exit. ptrace(2), PTRACE_GET_SYSCALL_INFO
fn system_call_of(pid: i32) -> TestResult<(u8, c_long)> {
    let mut info = [0_u64; 11];
    let size = size_of_val(&info);
    let get = arguments([PTRACE_GET_SYSCALL_INFO.register(), pid.register(), size, info.as_mut_ptr().register()]);
    // SAFETY: writes at most that many bytes.
    unsafe { syscall("ptrace", Sysno::ptrace, get) }?;
    // The stop is the lowest byte, and the number follows an instruction pointer and a stack pointer.
    let stop = info[0].to_le_bytes()[0];
    Ok((stop, if stop == ENTRY { info[3] as c_long } else { 0 }))
}
