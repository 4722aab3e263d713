//! Reaping, and ending what a spec left running.

use harness::event_log::EventLog;
use harness::process_state;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitPidFlag;
use nix::unistd::Pid;
use record::Process;

/// What waitpid said.
pub enum Reaped {
    /// A process ended, or one that is traced stopped: its pid and wait status, raw, since nix does not know realtime signals.
    One(i32, i32),
    /// There are children, none of which has ended.
    NoneYet,
    /// There are no children.
    NoChildren,
}

/// Reaps a child that ended, or looks at one that stopped.
pub fn reap(flags: WaitPidFlag) -> Reaped {
    let mut status = 0;
    // A thread that is traced is waited for only with __WALL.
    // SAFETY: writes one integer.
    match unsafe { libc::waitpid(-1, &mut status, flags.bits() | libc::__WALL) } {
        0 => Reaped::NoneYet,
        -1 => Reaped::NoChildren,
        pid => Reaped::One(pid, status),
    }
}

/// Ends what is left in the sandbox, and says where each process was. Empty when the spec left no process.
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
