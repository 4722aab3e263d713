//! What the kernel tells of a traced process that stopped, and what can be known of it there.

use nix::Result;
use nix::errno::Errno;
use nix::sys::ptrace::Options;
use nix::unistd::Pid;
use std::os::unix::fs::MetadataExt;

/// The event in the wait status of a traced process that stopped.
pub fn event_of(status: i32) -> i32 {
    status >> 16
}

/// Whether it stopped as it would without a tracer.
pub fn is_stopped_by_signal(status: i32) -> bool {
    const STOPPING: [i32; 4] = [libc::SIGSTOP, libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];
    event_of(status) == libc::PTRACE_EVENT_STOP && STOPPING.contains(&libc::WSTOPSIG(status))
}

/// What the kernel tells the tracer of.
pub fn options() -> Options {
    Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL
}

/// After it was seized while it was stopped: whether the kernel has told so.
pub fn wait_for_stop(pid: Pid) -> bool {
    let mut status = 0;
    // SAFETY: writes one integer.
    unsafe { libc::waitpid(pid.as_raw(), &mut status, libc::__WALL) == pid.as_raw() && libc::WIFSTOPPED(status) }
}

/// Whether a process runs the same program as this one.
pub fn runs_this_program(pid: Pid) -> bool {
    let program = |process: &str| {
        let program = std::fs::metadata(format!("/proc/{process}/exe")).ok()?;
        Some((program.dev(), program.ino()))
    };
    program("self").is_some_and(|ours| program(&pid.to_string()) == Some(ours))
}

/// Whether a call with this number and these arguments may continue a process.
pub fn sends_sigcont(number: u64, arguments: &[u64; 6]) -> bool {
    let signal = match number as i64 {
        libc::SYS_kill | libc::SYS_tkill | libc::SYS_rt_sigqueueinfo | libc::SYS_pidfd_send_signal => arguments[1],
        libc::SYS_tgkill | libc::SYS_rt_tgsigqueueinfo => arguments[2],
        _ => return false,
    };
    signal as i32 == libc::SIGCONT
}

/// What the kernel returns inside itself when a signal interrupts a call that it may make again: ERESTARTSYS and its kin.
pub fn is_restart(value: i64) -> bool {
    matches!(value, -514..=-512 | -516)
}

/// Where the kernel stopped a process, with what it tells.
#[derive(Debug)]
pub enum At {
    /// Before a call: its number and arguments.
    Entry(u64, [u64; 6]),
    /// After it: what it returned, an error as a negative number.
    Exit(i64),
    /// Elsewhere.
    NoCall,
}

/// PTRACE_GET_SYSCALL_INFO: at which side of a call the process is, the same on every architecture. ptrace(2).
pub fn side_of_call(pid: Pid) -> Result<At> {
    const PTRACE_GET_SYSCALL_INFO: libc::c_uint = 0x420e;
    const ENTRY: u8 = 1;
    const EXIT: u8 = 2;
    /// struct ptrace_syscall_info, as far as entry and exit fill it.
    #[repr(C)]
    #[derive(Default)]
    struct Info {
        side: u8,
        padding: [u8; 3],
        architecture: u32,
        instruction: u64,
        stack: u64,
        /// The number and the arguments, or what was returned.
        values: [u64; 7],
        more: [u64; 2],
    }
    let mut info = Info::default();
    // SAFETY: the kernel writes at most so many bytes there.
    Errno::result(unsafe {
        libc::ptrace(PTRACE_GET_SYSCALL_INFO as _, pid.as_raw(), size_of::<Info>(), &raw mut info)
    })?;
    let [first, arguments @ ..] = info.values;
    Ok(match info.side {
        ENTRY => At::Entry(first, arguments),
        EXIT => At::Exit(first.cast_signed()),
        _ => At::NoCall,
    })
}
