//! Reaping, and ending what a spec left running.

use super::init;
use harness::bounded::{self, Waited};
use harness::event_log::EventLog;
use harness::process_state;
use nix::errno::Errno;
use nix::sys::signal::Signal;
use record::Process;
use std::time::Duration;

/// What wait4(2) reported.
pub enum Reaped {
    /// A process ended, or one that is traced stopped.
    One(Waited),
    /// There are children, none of which has ended.
    NoneYet,
    /// There are no children.
    NoChildren,
}

/// Reaps a child that ended, or looks at one that stopped; any child when the pid is -1. Never waits.
pub fn reap(pid: i32) -> Reaped {
    // A thread that is traced is waited for only with __WALL.
    match bounded::wait(pid, libc::WNOHANG | libc::__WALL) {
        Ok(Some(waited)) => Reaped::One(waited),
        Err(Errno::ECHILD) => Reaped::NoChildren,
        _ => Reaped::NoneYet,
    }
}

/// A child that /proc shows ended, and that wait4(2) does not report: how often it was seen so.
#[derive(Debug, Default)]
pub struct Unreported(u32);

impl Unreported {
    /// To ask at each tick: whether the child has ended for good without a report. A report that only comes late is waited for.
    pub fn has_ended(&mut self, pid: i32) -> bool {
        const TICKS: u32 = 10;
        let is_there = !matches!(process_state::state(pid), None | Some('Z' | 'X'));
        self.0 = if is_there { 0 } else { self.0 + 1 };
        self.0 >= TICKS
    }
}

/// Ends what is left in the sandbox, and says where each process was. Empty when the spec left no process.
pub fn end_processes(own_pid_namespace: bool, log: &EventLog) -> Vec<Process> {
    let mut left = Vec::new();
    // Asked twice: a child that is missed once would be left behind.
    let mut alone = 0;
    while alone < 2 {
        match reap(-1) {
            Reaped::One(..) => continue,
            Reaped::NoChildren => {
                alone += 1;
                continue;
            }
            Reaped::NoneYet => alone = 0,
        }
        let descendants = process_state::descendants_of(std::process::id().cast_signed());
        if left.is_empty() {
            left.extend(descendants.iter().filter_map(|pid| process_state::of(*pid)));
        }
        if own_pid_namespace {
            // Everybody but PID 1, which is this process.
            let _ = bounded::kill(-1, libc::SIGKILL);
        } else {
            // Stopped first, so that none of them forks while we go through them; orphans come to us, for the next round.
            stop(&descendants, log);
            signal_all(&descendants, Signal::SIGKILL);
        }
        init::wait_for_signal(bounded::TICK);
    }
    left
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
            bounded::pause(BETWEEN_LOOKS);
        }
        if !log.is_creating() {
            return;
        }
        signal_all(processes, Signal::SIGCONT);
        looks += 1;
        bounded::pause(BETWEEN_LOOKS);
    }
}

/// How long to wait before a process is looked at again.
pub const BETWEEN_LOOKS: Duration = Duration::from_micros(200);

fn signal_all(processes: &[i32], signal: Signal) {
    for pid in processes {
        let _ = bounded::kill(*pid, signal as i32);
    }
}
