//! The first process of a sandbox.

use super::attach::{self, Attach, TICK, Tracer};
use super::reaping::{Reaped, reap};
use super::{clean, leftovers, surroundings};
use harness::event_log::EventLog;
use harness::place::Isolation;
use harness::process_state;
use harness::spec::TestResult;
use harness::{inherited, judge, label};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::wait::WaitPidFlag;
use nix::unistd::{ForkResult, Pid, fork, pipe2};
use std::os::fd::{AsRawFd, OwnedFd};

/// What init has from the runner when it begins.
pub struct Begun {
    /// The isolation.
    pub isolation: Isolation,
    /// The runner's pid.
    pub runner: i32,
    /// What becomes standard output and error.
    pub print: OwnedFd,
    /// Where the runner says go; at its end when it does not.
    pub wait: OwnedFd,
}

/// Sets the place up, runs the spec, reaps, sweeps, and ends. The runner asks for an early end by SIGTERM, and so does the
/// kernel when the runner dies.
pub fn main(begun: Begun, log: EventLog, attach: Option<&dyn Attach>, body: impl FnOnce() -> TestResult) -> ! {
    log.make_current();
    label::set("the sandbox");
    judge::judge(|| {
        let isolation = begun.isolation;
        prepare(begun)?;
        if isolation == Isolation::None {
            // Orphans come to us, as they do to PID 1. A kernel that does not know the wish (gVisor) gives them to its own
            // PID 1, and what a spec leaves behind is then found only while its parent lives.
            match nix::sys::prctl::set_child_subreaper(true) {
                Ok(()) | Err(Errno::EINVAL) => {}
                Err(error) => return Err(error.into()),
            }
        }
        surroundings::set_up(isolation)?;
        // The spec begins when the last write end is closed.
        let (begin, hold) = pipe2(OFlag::O_CLOEXEC)?;
        // SAFETY: this process has one thread.
        let spec = match unsafe { fork() }? {
            ForkResult::Child => {
                drop(hold);
                clean::main(&log, isolation != Isolation::None, begin, body)
            }
            ForkResult::Parent { child } => child,
        };
        drop(begin);
        log.add_process(spec.as_raw());
        let tracer = attach.map(|attach| attach.attach(spec, &log)).transpose()?;
        drop(hold);
        reap_until_the_end_of(spec, &log, tracer)
    });
    leftovers::report_and_remove(&log);
    // SAFETY: ends the process without running what its ancestors registered.
    unsafe { libc::_exit(0) }
}

/// Signals taken with sigwait(); blocked so that none is lost.
fn awaited() -> SigSet {
    SigSet::from_iter([Signal::SIGCHLD, Signal::SIGTERM])
}

/// From a copy of the runner to a process of its own. Does not return when the runner is gone.
fn prepare(Begun { isolation, runner, print, wait }: Begun) -> TestResult {
    // Without a moment in which they are not blocked: the first process of a pid namespace loses what it does not await.
    inherited::reset_dispositions();
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&awaited()), None)?;
    nix::sys::prctl::set_name(c"init")?;
    // Ctrl-C on the runner's terminal is for the runner, which then asks us to end.
    nix::unistd::setsid()?;
    let told_to_go = nix::unistd::read(&wait, &mut [0]) == Ok(1);
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
    let null = std::fs::File::open("/dev/null")?;
    for (from, to) in [(null.as_raw_fd(), 0), (print.as_raw_fd(), 1), (print.as_raw_fd(), 2)] {
        // SAFETY: replaces the standard descriptors, which no Rust object of this process owns.
        Errno::result(unsafe { libc::dup2(from, to) })?;
    }
    std::mem::forget((null, print, wait));
    // SAFETY: their owners in this process were forgotten, or are the runner's and are not used here.
    unsafe { inherited::close_above_standard_error() };
    Ok(())
}

/// Reaps everything that ends, and hands what stops to the tracer, until the spec's first process has ended, or until SIGTERM, or
/// until nothing can happen any more.
fn reap_until_the_end_of(spec: Pid, log: &EventLog, mut tracer: Option<Box<dyn Tracer + '_>>) -> TestResult {
    let awaited = awaited();
    loop {
        let mut changes = Vec::new();
        while let Reaped::One(pid, status) = reap(WaitPidFlag::WNOHANG) {
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
        let signal = match &mut tracer {
            None => Some(awaited.wait()?),
            Some(tracer) => {
                if let Some(processes) = tracer.stalled() {
                    log.append(&attach::stalled(&processes));
                    break;
                }
                wait_for_a_tick(&awaited)
            }
        };
        if signal == Some(Signal::SIGTERM) {
            break;
        }
    }
    if let Some(tracer) = tracer {
        tracer.finish();
    }
    Ok(())
}

/// The next of these signals, if one comes while a tracer has nothing to do.
fn wait_for_a_tick(awaited: &SigSet) -> Option<Signal> {
    let tick = libc::timespec { tv_sec: 0, tv_nsec: TICK.subsec_nanos().into() };
    // SAFETY: reads the set and the time.
    let signal = unsafe { libc::sigtimedwait(awaited.as_ref(), std::ptr::null_mut(), &tick) };
    Signal::try_from(signal).ok()
}
