//! `run --directory`: specs on a file system of the user's choice.

use crate::command::*;
use harness::process_state::children_of;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use record::Records;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;
use tempfile::TempDir;

#[test]
fn a_run_says_where_it_was_and_leaves_nothing_there() {
    let (cwd, chosen) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let path = chosen.path().canonicalize().unwrap();
    let run =
        ask_in(cwd.path(), &["run", "fifo.node-stays", "--records", "r.jsonl", "--directory", path.to_str().unwrap()]);
    assert_eq!(run.code, Some(PASSED), "{}{}", run.out, run.err);
    let records = Records::read(BufReader::new(File::open(cwd.path().join("r.jsonl")).unwrap())).unwrap();
    let directory = records.run.environment.directory.expect("a directory was chosen");
    assert_eq!(Path::new(&directory.path), path);
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(mounts.contains(&format!(" - {} ", directory.file_system)), "{directory}");
    let words = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("directory: {directory}")), "{}", run.out);
    assert_empty(&path);
}

#[test]
fn a_directory_that_cannot_be_used_is_refused_before_anything_runs() {
    let cases = [
        ("no/such", "cannot run specs in no/such: No such file or directory"),
        ("/proc/version", "cannot run specs in /proc/version: Not a directory"),
        // Nobody can write here.
        ("/proc", "cannot run specs in /proc: "),
    ];
    for (directory, words) in cases {
        assert_refused(&ask(&["run", SPEC, "--directory", directory]), COULD_NOT_RUN, words);
    }
}

#[test]
fn a_run_that_is_told_to_end_leaves_nothing_there() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut run = LongRun::start();
        run.wait_until_a_fifo_is_there();
        run.end(signal);
    }
}

#[test]
fn killed_sandboxes_leave_nothing_there() {
    let mut run = LongRun::start();
    for _ in 0..20 {
        run.wait_until_a_fifo_is_there();
        for sandbox in children_of(run.runner.id().cast_signed()) {
            // One that has ended in the meantime is gone.
            let _ = kill(Pid::from_raw(sandbox), Signal::SIGKILL);
        }
    }
    run.end(Signal::SIGTERM);
}

/// A run of specs of FIFOs that lasts until it is told to end.
struct LongRun {
    _cwd: TempDir,
    chosen: TempDir,
    runner: Child,
}

impl LongRun {
    fn start() -> Self {
        let (cwd, chosen) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let mut command = ipcspec();
        command.args(["run", "fifo.*", "--repeat", "10000", "--no-records", "--directory"]).arg(chosen.path());
        command.current_dir(cwd.path()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { runner: command.spawn().unwrap(), _cwd: cwd, chosen }
    }

    /// In a spec, or already in the probe of a need.
    fn wait_until_a_fifo_is_there(&mut self) {
        let has_fifo = |scratch: fs::DirEntry| scratch.path().join("fifo").exists();
        while !fs::read_dir(self.chosen.path()).unwrap().flatten().any(has_fifo) {
            assert_eq!(self.runner.try_wait().unwrap(), None, "it runs for ever");
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    fn end(mut self, signal: Signal) {
        kill(Pid::from_raw(self.runner.id().cast_signed()), signal).unwrap();
        assert!(!self.runner.wait().unwrap().success(), "{signal}");
        assert_empty(self.chosen.path());
    }
}

fn assert_empty(directory: &Path) {
    let left: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "left in {}: {left:?}", directory.display());
}
