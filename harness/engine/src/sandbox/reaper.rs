//! The first process of a sandbox.

use super::{clean, leftovers, surroundings};
use crate::mutation::Watch;
use crate::mutation::tracer::{TICK, Tracer};
use harness::event_log::{Event, EventLog};
use harness::place::Isolation;
use harness::process_state;
use harness::spec::TestResult;
use harness::{inherited, judge};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask};
use nix::sys::wait::WaitPidFlag;
use nix::unistd::{ForkResult, Pid, fork, pipe2};
use record::Process;
use std::os::fd::{AsRawFd, OwnedFd};

/// What the reaper has from the runner when it begins.
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
pub fn main(begun: Begun, log: EventLog, watch: Option<&Watch>, body: impl FnOnce() -> TestResult) -> ! {
    log.make_current();
    judge::set_label("the sandbox");
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
        let tracer = watch.map(|watch| Tracer::seize(spec, watch, &log)).transpose()?;
        drop(hold);
        reap_until_the_end_of(spec, &log, tracer)
    });
    leftovers::report_and_remove(&log);
    // SAFETY: ends the process without running what its ancestors registered.
    unsafe { libc::_exit(0) }
}

/// What the reaper sleeps for; blocked, so that none comes unseen.
fn awaited() -> SigSet {
    SigSet::from_iter([Signal::SIGCHLD, Signal::SIGTERM])
}

/// From a copy of the runner to a process of its own. Does not return when the runner is gone.
fn prepare(Begun { isolation, runner, print, wait }: Begun) -> TestResult {
    // Without a moment in which they are not blocked: the first process of a pid namespace loses what it does not await.
    inherited::reset_dispositions();
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&awaited()), None)?;
    nix::sys::prctl::set_name(c"reaper")?;
    // Ctrl-C on the runner's terminal is for the runner, which then asks us to end.
    nix::unistd::setsid()?;
    let told_to_go = nix::unistd::read(&wait, &mut [0]) == Ok(1);
    if told_to_go && isolation == Isolation::Userns {
        surroundings::become_root_of_namespace()?;
    }
    // After the change of ids, which takes the wish back; and first asked for the signal, then looked: a runner that dies in
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

/// Reaps everything that ends, and traces what is to be traced, until the spec's first process has ended, or until SIGTERM, or
/// until nothing can happen any more.
fn reap_until_the_end_of(spec: Pid, log: &EventLog, mut tracer: Option<Tracer>) -> TestResult {
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
                if tracer.is_stalled() {
                    log.note(&Event::Stalled(tracer.processes()));
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

/// What waitpid said.
enum Reaped {
    /// A process ended, or one that is traced stopped: its pid and wait status, raw, since nix does not know realtime signals.
    One(i32, i32),
    /// There are children, none of which has ended.
    NoneYet,
    /// There are no children.
    NoChildren,
}

fn reap(flags: WaitPidFlag) -> Reaped {
    let mut status = 0;
    // A thread that is traced is waited for only with __WALL.
    // SAFETY: writes one integer.
    match unsafe { libc::waitpid(-1, &mut status, flags.bits() | libc::__WALL) } {
        0 => Reaped::NoneYet,
        -1 => Reaped::NoChildren,
        pid => Reaped::One(pid, status),
    }
}

/// Ends what is left in the sandbox, and says where each process stood. Empty when the spec left no process.
pub fn end_processes(own_pid_namespace: bool, log: &EventLog) -> Vec<Process> {
    let mut left = Vec::new();
    loop {
        match reap(WaitPidFlag::WNOHANG) {
            Reaped::One(..) => continue,
            Reaped::NoChildren => return left,
            Reaped::NoneYet => {}
        }
        let descendants = process_state::descendants_of(std::process::id().cast_signed());
        if left.is_empty() {
            left.extend(descendants.iter().filter_map(|pid| process_state::of(*pid)));
        }
        if own_pid_namespace {
            // Everybody but PID 1, which is this process.
            let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
        } else {
            // Stopped first, so that none of them forks while we go through them; orphans come to us, for the next round.
            stop(&descendants, log);
            signal_all(&descendants, Signal::SIGKILL);
        }
        reap(WaitPidFlag::empty());
    }
}

/// Stops processes, none of them between the making of an object and its entry in the event log. One that was killed there by
/// another hand, or that cannot be stopped, is not waited for longer than a moment.
fn stop(processes: &[i32], log: &EventLog) {
    const LOOKS: usize = 50;
    let runs = |pid: &i32| matches!(process_state::state(*pid), Some('R' | 'S' | 'D'));
    let mut looks = 0;
    while looks < LOOKS {
        signal_all(processes, Signal::SIGSTOP);
        while looks < LOOKS && processes.iter().any(runs) {
            looks += 1;
            std::thread::sleep(BETWEEN_LOOKS);
        }
        if !log.is_creating() {
            return;
        }
        signal_all(processes, Signal::SIGCONT);
        looks += 1;
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

const BETWEEN_LOOKS: std::time::Duration = std::time::Duration::from_micros(200);

fn signal_all(processes: &[i32], signal: Signal) {
    for pid in processes {
        let _ = kill(Pid::from_raw(*pid), signal);
    }
}
