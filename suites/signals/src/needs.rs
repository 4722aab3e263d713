//! Needs of these specs.

use harness::need::{Need, Probe, met};
use harness::raw::{self, Argument as _, Sysno};
use harness::{bounded, ended::Ended};

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
    // SAFETY: with these flags clone is fork; the child sets a limit and ends itself.
    let child = unsafe { kit::needs::ask(Sysno::clone, raw::arguments([libc::SIGCHLD.register()])) }? as i32;
    if child == 0 {
        // A process that has changed its user id has no core otherwise: PR_SET_DUMPABLE(2const).
        let _ = nix::sys::prctl::set_dumpable(true);
        let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, LIMIT, LIMIT);
        let _ = bounded::kill(kit::process::own_pid(), libc::SIGABRT);
        kit::process::exit(0)
    }
    let waited = bounded::wait(child, 0).map_err(|error| format!("wait4: {error}"))?;
    let ended = waited.map(|waited| Ended::from_status(waited.status));
    let _ = raw::unlink(c"core", 0);
    met(matches!(ended, Some(Ended::Killed { core: true, .. })), || format!("SIGABRT: {ended:?}"))
}

/// An x86-64 processor, with the exceptions that others lack.
pub const X86: Need = Need::new(
    "x86",
    |_| met(cfg!(target_arch = "x86_64"), || std::env::consts::ARCH.into()),
    "Run on x86-64: other processors do not have this exception.",
);
