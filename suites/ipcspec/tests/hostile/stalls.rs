//! Machines that stall and processes that get little time: a deadline counts the time in which the runner ran.

use super::{Run, assert_nothing_false, is_root};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

/// A cgroup of its own, of either version; none where that cannot be had.
struct Freezer(PathBuf);

impl Freezer {
    fn new() -> Option<Self> {
        let name = format!("ipcspec-{}", std::process::id());
        let of_version_1 = PathBuf::from("/sys/fs/cgroup/freezer");
        let of_version_2 = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(PathBuf::from);
        let bases = std::iter::once(of_version_1).chain(of_version_2);
        for base in bases.filter(|base| base.join("cgroup.procs").exists()) {
            let freezer = Self(base.join(&name));
            if fs::create_dir(&freezer.0).is_ok() {
                if freezer.0.join("freezer.state").exists() || freezer.0.join("cgroup.freeze").exists() {
                    return Some(freezer);
                }
                drop(freezer);
            }
        }
        None
    }

    fn add(&self, child: &Child) {
        fs::write(self.0.join("cgroup.procs"), child.id().to_string()).unwrap();
    }

    fn freeze(&self, frozen: bool) {
        let state = self.0.join("freezer.state");
        if state.exists() {
            fs::write(state, if frozen { "FROZEN" } else { "THAWED" }).unwrap();
        } else {
            fs::write(self.0.join("cgroup.freeze"), if frozen { "1" } else { "0" }).unwrap();
        }
    }
}

impl Drop for Freezer {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
#[ignore = "scripts/hostile runs it"]
fn frozen_for_thirteen_seconds() {
    if !is_root() {
        return;
    }
    let Some(freezer) = Freezer::new() else {
        eprintln!("not run: no cgroup that freezes");
        return;
    };
    // The shell is in the cgroup before it becomes the run.
    let mut run = Run::within(&["sh", "-c", "read line; exec \"$0\" \"$@\""], &["--repeat", "8"]);
    let (reader, writer) = std::io::pipe().unwrap();
    run.command.stdin(reader);
    let mut child = run.start();
    freezer.add(&child);
    drop(writer);
    for _ in 0..3 {
        sleep(Duration::from_millis(300));
        freezer.freeze(true);
        sleep(Duration::from_secs(13));
        freezer.freeze(false);
    }
    let code = child.wait().unwrap().code();
    assert_nothing_false(&run.records());
    assert_eq!(code, Some(0));
}

#[test]
#[ignore = "scripts/hostile runs it"]
fn the_runner_alone_is_stopped_for_fifteen_seconds() {
    for _ in 0..5 {
        let mut run = Run::new(&["--repeat", "4"]);
        let mut child = run.start();
        sleep(Duration::from_millis(400));
        kill(pid(&child), Signal::SIGSTOP).unwrap();
        sleep(Duration::from_secs(15));
        kill(pid(&child), Signal::SIGCONT).unwrap();
        let code = child.wait().unwrap().code();
        assert_nothing_false(&run.records());
        assert_eq!(code, Some(0));
    }
}

/// Ended when it is dropped.
struct Busy(Vec<Child>);

impl Busy {
    /// Loops that run anywhere.
    fn loops(count: usize) -> Self {
        Self::started_by(&["env"], count)
    }

    /// Loops that this program starts.
    fn started_by(program: &[&str], count: usize) -> Self {
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).args(["sh", "-c", "while :; do :; done"]);
        Self((0..count).map(|_| command.spawn().unwrap()).collect())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
#[ignore = "scripts/hostile runs it"]
fn niced_beside_eight_busy_loops() {
    let _busy = Busy::loops(8);
    // A fourth of the specs: one run has about a hundredth of a processor.
    Run::within(&["nice", "-n", "19"], &["--shard", "1/4"]).assert_nothing_false(0);
}

/// A second of processor time takes eleven there, more than twice the deadline. The loops have sessions of their own, because the
/// scheduler shares between sessions: see sched(7), The autogroup feature.
#[test]
#[ignore = "scripts/hostile runs it"]
fn a_spec_that_computes_shares_its_processor_with_ten() {
    let _busy = Busy::started_by(&["setsid", "taskset", "-c", "0"], 10);
    let run = Run::within(&["taskset", "-c", "0"], &["--timeout-scale", "0.4", "signal.cause-cpu-limit"]);
    run.assert_nothing_false(0);
}
