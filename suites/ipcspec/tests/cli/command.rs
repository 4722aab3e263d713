//! The binary as a command, for the tests that ask it.

use record::{Records, SpecRecord};
use serde_json::Value;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A spec that needs nothing of the machine, has layers, and conforms on any Linux.
pub const SPEC: &str = "pipe.read-eof";

pub const PASSED: i32 = 0;
pub const FAILED: i32 = 1;
pub const COULD_NOT_RUN: i32 = 2;
pub const NOTHING_SELECTED: i32 = 3;
pub const ALL_SKIPPED: i32 = 4;

/// The binary under test. nextest says where it is when it runs from an archive, on a machine that did not build it.
pub fn ipcspec() -> Command {
    let binary = std::env::var_os("NEXTEST_BIN_EXE_ipcspec").unwrap_or_else(|| env!("CARGO_BIN_EXE_ipcspec").into());
    let mut command = Command::new(binary);
    command.env_remove("GITHUB_ACTIONS").env_remove("GITHUB_STEP_SUMMARY").stdin(Stdio::null());
    command
}

/// What a command did.
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs the command in the directory, and holds what is true of every answer: an exit, and no panic.
pub fn ask_in(directory: &Path, arguments: &[&str]) -> Answer {
    answer(ipcspec().current_dir(directory).args(arguments))
}

pub fn ask(arguments: &[&str]) -> Answer {
    ask_in(TempDir::new().unwrap().path(), arguments)
}

pub fn answer(command: &mut Command) -> Answer {
    let output = command.output().unwrap();
    let answer = Answer {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(answer.code.is_some(), "it was killed: {}\n{}", output.status, answer.err);
    assert!(!answer.err.contains("panicked"), "{}", answer.err);
    answer
}

/// A refusal is one sentence on standard error, and nothing on standard output.
#[track_caller]
pub fn assert_refused(answer: &Answer, code: i32, words: &str) {
    assert_eq!(answer.code, Some(code), "{}", answer.err);
    assert!(answer.err.contains(words), "{words:?} is not in {:?}", answer.err);
    assert!(answer.err.starts_with("ipcspec: ") && answer.err.lines().count() == 1, "{}", answer.err);
    assert_eq!(answer.out, "");
}

/// A run of one spec, with its records in a directory of its own.
pub fn a_run() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let records = directory.path().join("r.jsonl");
    let run = ask_in(directory.path(), &["run", SPEC, "--records", "r.jsonl"]);
    assert_eq!(run.code, Some(PASSED), "{}{}", run.out, run.err);
    (directory, records)
}

/// A run of one spec in all its layers, with some of them changed, and its records in a directory of its own.
pub fn a_run_with(change: impl FnMut(&mut SpecRecord)) -> TempDir {
    let (directory, path) = a_run();
    change_records(&path, |records| records.specs.iter_mut().for_each(change));
    directory
}

pub fn change_records(path: &Path, change: impl FnOnce(&mut Records)) {
    let mut records = Records::read(BufReader::new(fs::File::open(path).unwrap())).unwrap();
    change(&mut records);
    records.end.specs = records.specs.len();
    records.write(fs::File::create(path).unwrap()).unwrap();
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
