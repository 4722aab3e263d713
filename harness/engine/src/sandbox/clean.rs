//! The state in which a spec's first process starts: nothing inherited that could change what it sees.

use harness::event_log::EventLog;
use harness::raw::{self, Argument, Sysno};
use harness::spec::TestResult;
use harness::{inherited, judge, label, mark};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use nix::unistd::setsid;
use std::ffi::CStr;
use std::io::Write;

/// Soft and hard RLIMIT_NOFILE of a spec: low enough to fill up quickly.
const OPEN_FILES: u64 = 1024;

/// Cleans this process, and runs the body in it once init has opened the gate.
pub fn main(log: &EventLog, own_pid_namespace: bool, body: impl FnOnce() -> TestResult) -> ! {
    label::set(label::FIRST);
    let is_clean = judge::judge(|| clean(own_pid_namespace));
    if !is_clean {
        // SAFETY: as in `run_body`.
        unsafe { libc::_exit(1) }
    }
    log.begin().wait_while(|| true);
    run_body(log, body)
}

/// Runs the body in this process, and ends it.
pub fn run_body(log: &EventLog, body: impl FnOnce() -> TestResult) -> ! {
    let came_to_end = judge::judge(|| {
        mark::begin_body();
        let outcome = body();
        mark::end_body();
        outcome?;
        // A descriptor that is still open was forgotten by a fixture, or leaked by the system.
        let open = open_descriptors();
        if !open.is_empty() {
            return Err(judge::Stop::broken(format!("left behind: open descriptors {open:?}")));
        }
        Ok(())
    });
    let _ = std::io::stdout().flush();
    if came_to_end {
        log.finish();
    }
    // SAFETY: ends the process without running what its ancestors registered.
    unsafe { libc::_exit(i32::from(!came_to_end)) }
}

/// What of [`clean`] ends with execve(2).
pub fn after_exec() {
    let _ = nix::sys::prctl::set_name(NAME);
    perturb_memory();
}

/// The name of a spec's first process.
const NAME: &CStr = c"spec";

fn clean(own_pid_namespace: bool) -> TestResult {
    setsid()?;
    if !own_pid_namespace {
        // With a pid namespace the end of init is everybody's end.
        nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    }
    nix::sys::prctl::set_name(NAME)?;
    inherited::reset_signals()?;
    umask(Mode::from_bits_truncate(0o022));
    limit(Resource::RLIMIT_NOFILE, OPEN_FILES)?;
    // The hard limit stays: a spec about core files may have them.
    setrlimit(Resource::RLIMIT_CORE, 0, getrlimit(Resource::RLIMIT_CORE)?.1)?;
    set_environment();
    perturb_memory();
    Ok(())
}

/// What is in memory that was just allocated is the same in every run, and no text: a buffer that a wrong kernel does not
/// fill tells the same each time (mallopt(3), M_PERTURB; the allocator of musl has no such thing).
fn perturb_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: sets a parameter of the allocator; this process has one thread.
    unsafe {
        const NEITHER_ZERO_NOR_TEXT: libc::c_int = 0xA5;
        // The allocator fills with the complement.
        libc::mallopt(libc::M_PERTURB, !NEITHER_ZERO_NOR_TEXT & 0xFF);
    }
}

fn limit(resource: Resource, wanted: u64) -> nix::Result<()> {
    let (_, hard) = getrlimit(resource)?;
    setrlimit(resource, wanted.min(hard), wanted.min(hard))
}

/// What programs started by specs need, and no more.
fn set_environment() {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/sbin:/usr/bin:/sbin:/bin".into());
    let names: Vec<_> = std::env::vars_os().map(|(name, _)| name).collect();
    // SAFETY: this process has one thread.
    unsafe {
        for name in names {
            std::env::remove_var(name);
        }
        std::env::set_var("PATH", path);
        std::env::set_var("LC_ALL", "C");
        std::env::set_var("HOME", harness::place::scratch());
        std::env::set_var("TMPDIR", harness::place::scratch());
    }
}

/// Descriptors above standard error that are open in this process.
fn open_descriptors() -> Vec<i32> {
    let is_open = |number: &i32| {
        let call = raw::arguments([number.register(), libc::F_GETFD.register()]);
        // SAFETY: asks for the flags of a descriptor number; changes nothing.
        unsafe { raw::syscall(Sysno::fcntl, call) }.is_ok()
    };
    (3..OPEN_FILES as i32).filter(is_open).collect()
}
