//! Needs of these specs.

use crate::signal::machine;
use harness::need::{Need, Probe, met};
use harness::raw::{self, Argument as _, Sysno};
use harness::{bounded, ended::Ended};
use std::sync::atomic::AtomicUsize;

/// A process whose limit allows it writes the core file `core` into its current directory. core(5).
pub const CORE_FILES: Need = Need::new(
    "core_files",
    |_| has_core_files(),
    "Raise the hard limit of ulimit -c, and set kernel.core_pattern to core and kernel.core_uses_pid to 0.",
);

/// SIGABRT to a process with a limit of a page or more, in the scratch directory of the probe.
fn has_core_files() -> Probe {
    const LIMIT: u64 = 1 << 16;
    let pattern =
        raw::read_file(c"/proc/sys/kernel/core_pattern").map_err(|error| format!("kernel.core_pattern: {error}"))?;
    met(pattern.trim_ascii() == b"core", || {
        format!("kernel.core_pattern is {}", String::from_utf8_lossy(pattern.trim_ascii()))
    })?;
    let ended = kit::needs::in_child(|| {
        // A process that has changed its user id has no core otherwise: PR_SET_DUMPABLE(2const).
        let _ = nix::sys::prctl::set_dumpable(true);
        let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, LIMIT, LIMIT);
        let _ = bounded::kill(kit::process::own_pid(), libc::SIGABRT);
    })?;
    met(matches!(ended, Some(Ended::Killed { core: true, .. })), || format!("SIGABRT: {ended:?}"))
}

/// An x86-64 processor, with the exceptions that others lack.
pub const X86: Need = Need::new(
    "x86",
    |_| met(cfg!(target_arch = "x86_64"), || std::env::consts::ARCH.into()),
    "Run on x86-64: other processors do not have this exception.",
);

/// An x86-64 processor that raises the exceptions which a program turns on: alignment checks, and floating-point exceptions.
pub const OPTIONAL_EXCEPTIONS: Need = Need::new(
    "optional_exceptions",
    |_| raises_optional_exceptions(),
    "Run on an x86-64 processor, or on an emulator that raises alignment checks and floating-point exceptions (qemu's does not).",
);

/// A program does not get past an instruction that raises an exception, whatever the kernel makes of it.
fn raises_optional_exceptions() -> Probe {
    met(cfg!(target_arch = "x86_64"), || std::env::consts::ARCH.into())?;
    let divide: fn() = || machine::divide_floats(&AtomicUsize::new(0));
    for (name, instruction) in [("division by 0.0", divide), ("a misaligned read", machine::read_misaligned)] {
        let ended = kit::needs::in_child(instruction)?;
        met(ended != Some(Ended::Exited(0)), || format!("{name} raises no exception"))?;
    }
    Ok(())
}

/// Seccomp filters, which a process may set for itself. seccomp(2).
pub const SECCOMP: Need = Need::new(
    "seccomp",
    |_| trap(libc::SYS_getppid).map_err(|error| format!("seccomp: {error}")),
    "Use a kernel with CONFIG_SECCOMP_FILTER, and no filter that refuses seccomp.",
);

/// Traps a system call in this process from now on. seccomp(2), SECCOMP_RET_TRAP
pub fn trap(number: libc::c_long) -> nix::Result<()> {
    let load = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    let compare = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    let give = (libc::BPF_RET | libc::BPF_K) as u16;
    let mut filter = [
        // The number is the first word of struct seccomp_data.
        libc::sock_filter { code: load, jt: 0, jf: 0, k: 0 },
        libc::sock_filter { code: compare, jt: 0, jf: 1, k: number as u32 },
        libc::sock_filter { code: give, jt: 0, jf: 0, k: libc::SECCOMP_RET_TRAP },
        libc::sock_filter { code: give, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW },
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    nix::sys::prctl::set_no_new_privs()?;
    let set = raw::arguments([
        libc::PR_SET_SECCOMP.register(),
        libc::SECCOMP_MODE_FILTER.register(),
        (&raw const program).register(),
    ]);
    // SAFETY: reads the program and its filter, which outlive the call.
    unsafe { raw::syscall(Sysno::prctl, set) }.map(drop)
}

/// sigaction(2) tells which of its flags the kernel knows: a query returns no other.
pub const FLAG_PROBE: Need = Need::new(
    "flag_probe",
    |_| has_flag_probe(),
    "Use Linux 5.11 or later: older kernels return flags of sigaction that they do not know.",
)
.since(5, 11);

/// With another unused bit than the one that the spec sets.
fn has_flag_probe() -> Probe {
    // The kernel uses some of the higher bits of x86 for itself, and clears those.
    const UNUSED: i32 = 0x8000;
    let set = raw::Action { handler: libc::SIG_IGN, flags: UNUSED, mask: 0 };
    // SAFETY: no handler is set.
    unsafe { raw::set_action(libc::SIGUSR1, set) }.map_err(|error| format!("rt_sigaction: {error}"))?;
    let now = raw::action_of(libc::SIGUSR1).map_err(|error| format!("rt_sigaction: {error}"))?;
    met(now.flags & UNUSED == 0, || "unknown flags of sigaction are returned".into())
}

/// Urgent data on Unix sockets. unix(7).
pub const UNIX_OOB: Need =
    Need::new("unix_oob", |_| has_urgent_data(), "Use Linux 5.15 or later with CONFIG_AF_UNIX_OOB.").since(5, 15);

fn has_urgent_data() -> Probe {
    let mut pair = [0_i32; 2];
    let create = [libc::AF_UNIX.register(), libc::SOCK_STREAM.register(), 0, pair.as_mut_ptr().register()];
    // SAFETY: writes two descriptors.
    unsafe { kit::needs::ask(Sysno::socketpair, raw::arguments(create)) }?;
    let send = [pair[0].register(), c"x".as_ptr().register(), 1, libc::MSG_OOB.register(), 0, 0];
    // SAFETY: reads one byte, which outlives the call.
    unsafe { kit::needs::ask(Sysno::sendto, send) }.map(drop)
}
