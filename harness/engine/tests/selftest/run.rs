//! A run of planted specs in a process of its own, and what tests ask of it.

use record::findings::Audited;
use record::{Failure, Records, SpecRecord};
use std::fs::{self, Permissions};
use std::io::BufReader;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// What is to be run, and where.
pub struct Run {
    ids: Vec<String>,
    surroundings: Vec<String>,
    jobs: usize,
    repeat: usize,
    timeout_scale: f64,
}

/// What came of it.
pub struct Outcome {
    pub code: Option<i32>,
    pub words: String,
    records: Vec<u8>,
}

impl Run {
    /// Planted specs, by the ends of their ids.
    pub fn of<const N: usize>(ids: [&str; N]) -> Self {
        let ids = ids.map(|id| format!("planted.{id}")).to_vec();
        Self { ids, surroundings: Vec::new(), jobs: 8, repeat: 1, timeout_scale: 1.0 }
    }

    /// In surroundings, in the words of `surroundings.rs`.
    pub fn within<const N: usize>(mut self, words: [&str; N]) -> Self {
        self.surroundings.extend(words.map(str::to_owned));
        self
    }

    pub fn jobs(self, jobs: usize) -> Self {
        Self { jobs, ..self }
    }

    pub fn repeat(self, repeat: usize) -> Self {
        Self { repeat, ..self }
    }

    /// What every deadline is multiplied by: a spec that is meant to hang need not do so for long.
    pub fn timeout_scale(self, timeout_scale: f64) -> Self {
        Self { timeout_scale, ..self }
    }

    /// Runs them, from a copy of this binary that every user may execute, writing to a file that every user may write.
    pub fn outcome(&self) -> Outcome {
        self.outcome_of("planted")
    }

    /// Audits them; the audit must come to its end.
    pub fn audited(&self) -> Vec<Audited> {
        let outcome = self.outcome_of("audit");
        assert_eq!((outcome.code, outcome.words.as_str()), (Some(0), ""));
        serde_json::from_slice(&outcome.records).expect("findings")
    }

    fn outcome_of(&self, what: &str) -> Outcome {
        let directory = open_directory();
        let records = directory.path().join("records");
        fs::write(&records, "").expect("a record file");
        fs::set_permissions(&records, Permissions::from_mode(0o666)).expect("a record file for all");
        let mut command = Command::new(binary_in(&directory));
        if !self.surroundings.is_empty() {
            command.arg("surroundings").args(&self.surroundings);
        }
        command.arg(what).arg(&records);
        command.args([self.jobs.to_string(), self.repeat.to_string(), self.timeout_scale.to_string()]).args(&self.ids);
        let Output { status, stderr, .. } =
            command.stdin(Stdio::null()).stdout(Stdio::null()).output().expect("it can be started");
        Outcome {
            code: status.code(),
            words: String::from_utf8_lossy(&stderr).into_owned(),
            records: fs::read(&records).expect("the record file"),
        }
    }

    /// Runs them; the run must come to its end.
    pub fn records(&self) -> Records {
        let outcome = self.outcome();
        assert_eq!((outcome.code, outcome.words.as_str()), (Some(0), ""));
        Records::read(BufReader::new(&outcome.records[..])).expect("whole records")
    }

    /// Runs the one spec.
    pub fn record(&self) -> SpecRecord {
        let mut specs = self.records().specs;
        assert_eq!(specs.len(), 1);
        specs.remove(0)
    }
}

/// A temporary directory that every user may enter; not in /tmp, which surroundings and sandboxes hide.
pub fn open_directory() -> TempDir {
    let directory = TempDir::new_in("/var/tmp").expect("a temporary directory");
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).expect("a directory for all");
    directory
}

/// This binary, where every user may execute it.
pub fn binary_in(directory: &TempDir) -> std::path::PathBuf {
    let copy = directory.path().join("selftest");
    let own = std::env::current_exe().expect("an executable");
    fs::copy(own, &copy).expect("a copy of the executable");
    fs::set_permissions(&copy, Permissions::from_mode(0o755)).expect("an executable for all");
    copy
}

/// The only failure of a record.
pub fn only_failure(record: &SpecRecord) -> &Failure {
    let [failure] = &record.failures[..] else { panic!("one failure is expected: {record:#?}") };
    failure
}
