//! The shell of the GitHub action, as GitHub runs it. `ipcspec` does the work, so here is what the two say to each other.

use crate::command::*;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use tempfile::TempDir;

/// A checkout that uses the action, in a directory of its own.
struct Job {
    directory: TempDir,
}

impl Job {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let judge = directory.path().join("judge");
        fs::write(&judge, include_str!("../../../../.github/actions/ipcspec/judge")).unwrap();
        fs::set_permissions(&judge, Permissions::from_mode(0o755)).unwrap();
        fs::write(directory.path().join("known.toml"), "").unwrap();
        Self { directory }
    }

    /// The step with these inputs; the others have their defaults.
    fn judge(&self, inputs: &[(&str, &str)]) -> Answer {
        let names = ["FILTERS", "OPTIONS", "TARGET", "SHARD", "PARTS", "BASELINE"];
        let mut step = Command::new("bash");
        step.arg("judge").current_dir(self.directory.path()).envs(names.map(|name| (name, "")));
        step.env("BINARY", ipcspec().get_program()).envs([("FILTERS", SPEC), ("ROOT", "false"), ("DIRECTORY", "out")]);
        step.envs([("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "summary.md")]);
        answer(step.envs(inputs.iter().copied()))
    }

    fn summary(&self) -> String {
        fs::read_to_string(self.directory.path().join("summary.md")).unwrap_or_default()
    }

    /// Makes records deviate, as a machine might.
    fn deviate(&self, records: &str) {
        let change = |record: &mut record::SpecRecord| record.verdict = record::Verdict::Deviates;
        change_records(&self.directory.path().join(records), |records| records.specs.iter_mut().for_each(change));
    }
}

#[test]
fn without_a_baseline_the_run_judges() {
    let job = Job::new();
    let answer = job.judge(&[("OPTIONS", "--layer raw --repeat 2")]);
    assert_eq!(answer.code, Some(PASSED), "{}{}", answer.out, answer.err);
    assert!(answer.out.ends_with("1 specs: 1 conforms, 0 deviates, 0 broken, 0 timeout, 0 skipped, 0 flaky; exit 0\n"));
    assert!(job.summary().starts_with("## ipcspec: passed\n"), "{}", job.summary());
    assert!(job.directory.path().join("out/report.html").exists());
    assert_eq!(job.judge(&[("FILTERS", "zzz")]).code, Some(NOTHING_SELECTED));
}

#[test]
fn with_a_baseline_only_the_gate_is_shown() {
    let job = Job::new();
    let answer = job.judge(&[("BASELINE", "known.toml")]);
    assert_eq!(answer.code, Some(PASSED), "{}{}", answer.out, answer.err);
    assert!(job.summary().starts_with("## ipcspec gate: the run matches the baseline\n"), "{}", job.summary());
    assert!(!job.summary().contains("## ipcspec: "), "{}", job.summary());
    assert_eq!(job.judge(&[("BASELINE", "nowhere.toml")]).code, Some(COULD_NOT_RUN));
}

#[test]
fn parts_are_judged_together() {
    let job = Job::new();
    for (shard, directory) in [("1/2", "parts/a"), ("2/2", "parts/b")] {
        let answer = job.judge(&[("SHARD", shard), ("DIRECTORY", directory)]);
        assert_eq!(answer.code, Some(PASSED), "{}{}", answer.out, answer.err);
    }
    assert_eq!(job.summary(), "", "a part is no answer");

    let whole = [("PARTS", "parts/*/records.jsonl"), ("BASELINE", "known.toml")];
    let answer = job.judge(&whole);
    assert_eq!(answer.code, Some(PASSED), "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("3 specs: 3 conforms"), "{}", answer.out);

    job.deviate("parts/b/records.jsonl");
    let answer = job.judge(&whole);
    assert_eq!(answer.code, Some(FAILED), "{}{}", answer.out, answer.err);
    let errors: Vec<_> = answer.out.lines().filter(|line| line.starts_with("::error ")).collect();
    assert!(!errors.is_empty() && errors.iter().all(|error| error.contains("title=new deviations%3A ")), "{errors:?}");
}

#[test]
fn inputs_that_make_no_sense_are_refused() {
    let job = Job::new();
    for (inputs, words) in [
        ([("BINARY", "./nothing"), ("SHARD", "")], "judge: ./nothing is not an executable file: "),
        ([("PARTS", "*.jsonl"), ("SHARD", "1/2")], "judge: shard and parts exclude each other: "),
        ([("PARTS", "*.jsonl"), ("SHARD", "")], "judge: no record file matches *.jsonl"),
        ([("SHARD", "3/2"), ("PARTS", "")], "3/2"),
    ] {
        let answer = job.judge(&inputs);
        assert_eq!(answer.code, Some(COULD_NOT_RUN), "{}{}", answer.out, answer.err);
        assert!(answer.err.contains(words), "{}", answer.err);
    }
}
