//! The first process of a sandbox.

use super::Purpose;
use super::attach::{self, Tracer};
use super::preloaded::{LIBRARY, LOG, Preload};
use super::reaping::{Reaped, Unreported, reap};
use super::surroundings::Made;
use super::{clean, leftovers, surroundings};
use harness::bounded::{self, Waited};
use harness::event_log::EventLog;
use harness::place::Isolation;
use harness::process_state;
use harness::raw;
use harness::spec::TestResult;
use harness::{inherited, judge, label};
use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::unistd::{ForkResult, Pid, fork};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

/// What init has from the runner when it begins.
pub struct Begun {
    /// The isolation.
    pub isolation: Isolation,
    /// The runner's pid.
    pub runner: i32,
    /// Where the event log is, and the library, for a process that has it preloaded.
    pub preload: Option<Preload>,
    /// What becomes standard output and error.
    pub print: OwnedFd,
    /// The scratch directory, if the runner made one.
    pub scratch: Option<PathBuf>,
}

/// Sets the place up, runs the spec, reaps, sweeps, and ends. The runner asks for an early end by SIGTERM, and so does the
/// kernel when the runner dies.
pub fn main(begun: Begun, log: EventLog, purpose: Purpose<'_>, body: impl FnOnce() -> TestResult) -> ! {
    log.make_current();
    label::set("the sandbox");
    judge::judge(|| {
        let isolation = begun.isolation;
        let scratch = prepare(begun, &log)?;
        if isolation == Isolation::None {
            // Orphans come to us, as they do to PID 1. A kernel that does not know the wish (gVisor) gives them to its own
            // PID 1, and what a spec leaves behind is then found only while its parent lives.
            match nix::sys::prctl::set_child_subreaper(true) {
                Ok(()) | Err(Errno::EINVAL) => {}
                Err(error) => return Err(error.into()),
            }
        }
        surroundings::set_up(isolation, scratch)?;
        // SAFETY: this process has one thread.
        let spec = match unsafe { fork() }? {
            ForkResult::Child => clean::main(&log, isolation != Isolation::None, body),
            ForkResult::Parent { child } => child,
        };
        log.add_process(spec.as_raw());
        let tracer = match purpose {
            Purpose::Spec(Some(attach)) => Some(attach.attach(spec, &log)?),
            Purpose::Spec(None) | Purpose::Trial => None,
        };
        log.begin().open();
        reap_until_the_end_of(spec, &log, tracer)
    });
    match purpose {
        Purpose::Spec(_) => leftovers::report_and_remove(&log),
        // A sandbox in which a probe leaves something behind works all the same.
        Purpose::Trial => drop(leftovers::remove(&log)),
    }
    // SAFETY: ends the process without running what its ancestors registered.
    unsafe { libc::_exit(0) }
}

/// Signals taken with sigwait(); blocked so that none is lost.
fn awaited() -> SigSet {
    SigSet::from_iter([Signal::SIGCHLD, Signal::SIGTERM])
}

/// From a copy of the runner to a process of its own, with the scratch directory that the runner made. Does not return when the
/// runner is gone.
fn prepare(Begun { isolation, runner, preload, print, scratch }: Begun, log: &EventLog) -> TestResult<Option<Made>> {
    // Without a moment in which they are not blocked: the first process of a pid namespace loses what it does not await.
    inherited::reset_dispositions();
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&awaited()), None)?;
    nix::sys::prctl::set_name(c"init")?;
    // Ctrl-C on the runner's terminal is for the runner, which then asks us to end.
    nix::unistd::setsid()?;
    // Before another is opened: the runner's may have taken all numbers.
    for to in [1, 2] {
        become_number(&print, to)?;
    }
    let first_unused = if let Some(preload) = &preload {
        become_number(&preload.log, LOG)?;
        become_number(&preload.library, LIBRARY)?;
        LIBRARY.cast_unsigned() + 1
    } else {
        3
    };
    let is_preloaded = preload.is_some();
    std::mem::forget((preload, print));
    // SAFETY: their owners in this process were forgotten, or are the runner's and are not used here.
    unsafe { inherited::close_from(first_unused) };
    if !is_preloaded {
        become_number(&nothing_to_read()?, 0)?;
    }
    let told_to_go = log.go().wait_while(|| process_state::parent().is_none_or(|parent| parent == runner));
    // Before the user changes to one who may not see it, and before anything is mounted over it.
    let scratch = if told_to_go { scratch.map(Made::open).transpose()? } else { None };
    if told_to_go && isolation == Isolation::Userns {
        surroundings::become_root_of_namespace()?;
    }
    // Credential changes clear PR_SET_PDEATHSIG: set it afterwards, then re-check the parent, so that a runner that dies in
    // between is seen in one way or the other. This is still the runner's /proc, which shows a parent outside the namespace.
    nix::sys::prctl::set_pdeathsig(Signal::SIGTERM)?;
    if !told_to_go || process_state::parent() != Some(runner) {
        // SAFETY: as in `main`; nothing was made yet.
        unsafe { libc::_exit(0) }
    }
    Ok(scratch)
}

/// Makes it one of the descriptors that no Rust object of this process owns.
pub fn become_number(from: &OwnedFd, to: i32) -> TestResult {
    // SAFETY: as above.
    Ok(unsafe { raw::duplicate(from, to) }?)
}

/// For standard input: /dev/null, or where there is none what is at its end in another way.
pub fn nothing_to_read() -> TestResult<OwnedFd> {
    match raw::open_for_reading(c"/dev/null") {
        Ok(null) => Ok(null),
        Err(_) => Ok(nix::sys::memfd::memfd_create(c"nothing", nix::sys::memfd::MFdFlags::empty())?),
    }
}

/// Reaps everything that ends, and hands what stops to the tracer, until the spec's first process has ended, or until SIGTERM, or
/// until nothing can happen any more.
fn reap_until_the_end_of(spec: Pid, log: &EventLog, mut tracer: Option<Box<dyn Tracer + '_>>) -> TestResult {
    let mut unreported = Unreported::default();
    loop {
        let mut changes = Vec::new();
        while let Reaped::One(Waited { pid, status, .. }) = reap(-1) {
            changes.push((Pid::from_raw(pid), status));
            if pid == spec.as_raw() && !libc::WIFSTOPPED(status) {
                log.set_status(status);
            }
        }
        if let Some(tracer) = &mut tracer {
            tracer.handle(changes);
        }
        if log.status().is_some() {
            break;
        }
        if let Some(processes) = tracer.as_mut().and_then(|tracer| tracer.stalled()) {
            log.append(&attach::stalled(&processes));
            break;
        }
        match wait_for_signal(bounded::TICK) {
            Some((libc::SIGTERM, sender)) => {
                if !process_state::descendants_of(std::process::id().cast_signed()).contains(&sender) {
                    log.set_told_to_end();
                }
                break;
            }
            Some(_) => {}
            None if unreported.has_ended(spec.as_raw()) => {
                // How it ended nobody tells; a body that returned was judged by then.
                if log.is_finished() {
                    log.set_status(0);
                }
                break;
            }
            None => {}
        }
    }
    if let Some(tracer) = tracer {
        tracer.finish();
    }
    Ok(())
}

/// The next of the signals that init waits for, if one comes in this time, and who sent it.
pub fn wait_for_signal(limit: Duration) -> Option<(i32, i32)> {
    bounded::take_signal(&awaited(), limit)
}
