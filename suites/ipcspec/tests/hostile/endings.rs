//! Runs that are told to end, process by process.

use super::{Run, assert_nothing_false};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::thread::sleep;
use std::time::Duration;

/// As `systemctl stop` does it, but with the children first.
#[test]
#[ignore = "scripts/hostile runs it"]
fn every_process_is_told_to_end_children_first() {
    for turn in 0..24 {
        let mut run = Run::new(&["--repeat", "20"]);
        let mut child = run.start();
        let runner = child.id().cast_signed();
        // Until it handles the signal there is no run that could say how it ended.
        while !handles_sigterm(runner) {
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_millis(37 * turn));
        let mut tree = vec![runner];
        tree.extend(harness::process_state::descendants_of(runner));
        for pid in tree.iter().rev() {
            // One that has ended in the meantime is gone.
            let _ = kill(Pid::from_raw(*pid), Signal::SIGTERM);
        }
        assert_eq!(child.wait().unwrap().code(), Some(2), "turn {turn}");
        let records = run.records();
        assert!(records.end.interrupted, "turn {turn}");
        assert_nothing_false(&records);
    }
}

/// Whether a process handles SIGTERM. proc_pid_status(5), SigCgt
fn handles_sigterm(pid: i32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it is there until it is waited for");
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a set of signals");
    u64::from_str_radix(caught.trim(), 16).expect("hexadecimal") & 1 << (Signal::SIGTERM as u64 - 1) != 0
}
