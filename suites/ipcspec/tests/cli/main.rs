//! The command line as a user meets it: what is printed, where, and which exit code comes back.

mod action;
mod audit;
mod command;
mod compare;
mod directory;
mod errors;
mod gate;
mod libraries;
mod manifest;
mod merge;
mod records;
mod report;
mod targets;
mod wrong_systems;

use command::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use tempfile::TempDir;

#[test]
fn a_run_judges_and_leaves_records_and_reports() {
    let (directory, records) = a_run();
    let mut names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["r.jsonl", "r.junit.xml", "r.report.html", "r.report.json", "r.report.ktap"]);

    let lines: Vec<Value> = fs::read_to_string(&records).unwrap().lines().map(json).collect();
    let kinds: Vec<_> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["run", "spec", "spec", "spec", "end", "seal"]);

    let report = json(&fs::read_to_string(directory.path().join("r.report.json")).unwrap());
    assert_eq!(report["exit"], PASSED);
    assert_eq!(report["summary"]["verdicts"]["conforms"], 3);
    assert_eq!(report["specs"].as_array().unwrap().len(), 3);
    assert_eq!(report["end"]["interrupted"], false);
    assert!(report["run"]["environment"]["kernel"].as_str().unwrap().starts_with("Linux "));
}

#[test]
fn the_last_line_of_a_run_is_for_scripts() {
    let run = ask(&["run", SPEC, "--records", "r.jsonl"]);
    let last = run.out.lines().last().unwrap();
    assert_eq!(last, "3 specs: 3 conforms, 0 deviates, 0 broken, 0 timeout, 0 skipped, 0 flaky; exit 0", "{}", run.err);
}

#[test]
fn an_unknown_id_selects_nothing_and_a_near_one_is_named() {
    assert_refused(&ask(&["run", "pipe.raed-eof"]), NOTHING_SELECTED, "did you mean `pipe.read-eof`?");
    assert_refused(&ask(&["explain", "pipe.raed-eof"]), NOTHING_SELECTED, "did you mean `pipe.read-eof`?");
    assert_refused(&ask(&["list", "zzz.*"]), NOTHING_SELECTED, "unknown id `zzz.*`; `ipcspec list`");
}

#[test]
fn a_former_id_is_named_with_the_present_one() {
    let renamed = "`pipe.shell-bar` was renamed to `pipe.shell-pipeline`";
    for arguments in
        [&["run", "pipe.shell-bar"][..], &["explain", "pipe.shell-bar"], &["audit", "--only", "pipe.shell-bar"]]
    {
        assert_refused(&ask(arguments), NOTHING_SELECTED, renamed);
    }
    assert_refused(&ask(&["list", "stream-pipe.*"]), NOTHING_SELECTED, "renamed to `socketpair.");
}

#[test]
fn filters_that_match_nothing_select_nothing() {
    let cases: [(&[&str], &str); 5] = [
        (&["run", "pipe.read-eof/raw", "--layer", "libc"], "no spec matches all of these filters"),
        (&["run", "--mechanism", "telegraphy"], "no spec has the mechanism `telegraphy`"),
        (&["run", "--need", "luck"], "no spec has the need `luck`"),
        (&["run", SPEC, "--shard", "9/9"], "this shard is empty"),
        (&["coverage", "--mechanism", "telegraphy"], "no mechanism `telegraphy`"),
    ];
    for (arguments, words) in cases {
        assert_refused(&ask(arguments), NOTHING_SELECTED, words);
    }
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    for arguments in [
        ["--shard", "0/4"],
        ["--shard", "5/4"],
        ["--shard", "half"],
        ["--jobs", "0"],
        ["--jobs", "many"],
        ["--timeout-scale", "0"],
        ["--timeout-scale", "nan"],
        ["--repeat", "0"],
        ["--repeat", "4294967295"],
        ["--shuffle", "-1"],
        ["--layer", "musl"],
    ] {
        let refused = ask(&["run", arguments[0], arguments[1]]);
        assert_eq!(refused.code, Some(COULD_NOT_RUN), "{arguments:?}: {}", refused.err);
        assert!(refused.err.starts_with("error: "), "{arguments:?}: {}", refused.err);
    }
}

#[test]
fn records_that_are_not_one_whole_run_are_refused() {
    let (directory, records) = a_run();
    let whole = fs::read_to_string(&records).unwrap();
    let lines: Vec<_> = whole.lines().collect();
    let some = |lines: &[&str]| lines.join("\n").into_bytes();
    let [first, .., end, seal] = lines[..] else { panic!("{whole}") };
    let cases = [
        ("empty", Vec::new(), "it is empty"),
        ("half a line", first.as_bytes()[..first.len() / 2].into(), "line 1 is not a record"),
        ("no end", some(&lines[..lines.len() - 2]), "its end line is missing, so it was cut off"),
        ("no seal", some(&lines[..lines.len() - 1]), "its seal is missing, so it was cut off"),
        ("a hole", some(&[first, lines[1], end, seal]), "lines are missing from its middle"),
        ("changed", whole.replacen("conforms", "deviates", 1).into_bytes(), "its seal is not that of its lines"),
        ("no beginning", some(&lines[1..]), "its first line is missing"),
        ("twice", whole.repeat(2).into_bytes(), "lines after its seal"),
        ("other words", b"{\"kind\":\"story\"}\n".into(), "line 1 is not a record"),
        ("no text", vec![0xff, 0xfe, 0x00], "it is not UTF-8"),
        ("hostile", b"{\"kind\":\"\x1b[2J\\u001b[2J\"}\n".into(), "line 1 is not a record"),
        (
            "newer",
            whole.replacen(&format!("\"format\":{}", record::FORMAT), "\"format\":99", 1).into_bytes(),
            "record format 99",
        ),
    ];
    let damaged = directory.path().join("damaged.jsonl");
    fs::write(directory.path().join("b.toml"), "").unwrap();
    for (name, bytes, words) in cases {
        fs::write(&damaged, bytes).unwrap();
        for reader in [
            &["coverage", "--records", "damaged.jsonl"][..],
            &["gate", "--baseline", "b.toml", "--records", "damaged.jsonl"],
            &["baseline", "update", "new.toml", "--records", "damaged.jsonl"],
            &["compare", "r.jsonl", "damaged.jsonl"],
            &["merge", "damaged.jsonl"],
        ] {
            let answer = ask_in(directory.path(), reader);
            assert!(answer.err.contains("damaged.jsonl"), "{name}: {}", answer.err);
            assert_refused(&answer, COULD_NOT_RUN, words);
        }
    }
}

#[test]
fn what_cannot_be_read_at_all_is_refused() {
    let directory = TempDir::new().unwrap();
    let here = directory.path().to_str().unwrap();
    assert_refused(&ask(&["coverage"]), COULD_NOT_RUN, "run `ipcspec run` first");
    assert_refused(&ask(&["coverage", "--records", "nowhere.jsonl"]), COULD_NOT_RUN, "nowhere.jsonl cannot be read");
    assert_refused(&ask(&["coverage", "--records", here]), COULD_NOT_RUN, "cannot be read: Is a directory");
    // Opens, and then no read succeeds: address 0 is not mapped. Unlike a file mode, this holds for root too.
    assert_refused(&ask(&["coverage", "--records", "/proc/self/mem"]), COULD_NOT_RUN, "cannot be read");
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let whole: [&[&str]; 3] = [&["list"], &["run", SPEC, "--records", "r.jsonl"], &["--help"]];
    for arguments in whole {
        let directory = TempDir::new().unwrap();
        let (reader, writer) = nix::unistd::pipe().unwrap();
        drop(reader);
        let child =
            ipcspec().current_dir(directory.path()).args(arguments).stdout(writer).stderr(Stdio::piped()).spawn();
        let output = child.unwrap().wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(PASSED), "{arguments:?}: {}, {err}", output.status);
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
    }
}

#[test]
fn half_an_answer_does_not_pass_for_one() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = ipcspec().arg("list").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(COULD_NOT_RUN));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot write to standard output"));
}

/// The one spec of a behaviour and of a claim, in three layers.
const COVERING: &str = "pipe.read-partial";

/// A run of that spec, with some of its records changed.
fn a_covering_run_with(change: impl FnMut(&mut record::SpecRecord)) -> TempDir {
    let directory = TempDir::new().unwrap();
    let run = ask_in(directory.path(), &["run", COVERING, "--records", "r.jsonl"]);
    assert_eq!(run.code, Some(PASSED), "{}", run.err);
    change_records(&directory.path().join("r.jsonl"), |records| records.specs.iter_mut().for_each(change));
    directory
}

#[test]
fn coverage_has_one_form_for_the_three_lists() {
    let directory = a_covering_run_with(|_| ());
    let answer = ask_in(directory.path(), &["coverage", "--json", "--records", "r.jsonl"]);
    assert_eq!(answer.code, Some(PASSED), "{}", answer.err);
    let coverage = json(&answer.out);
    for list in ["claims", "behaviours", "errors"] {
        let by_mechanism = coverage[list]["by_mechanism"].as_object().unwrap();
        for count in ["covered", "inducible", "all"] {
            let total = coverage[list][count].as_u64().unwrap();
            let sum: u64 = by_mechanism.values().map(|share| share[count].as_u64().unwrap()).sum();
            assert_eq!(total, sum, "{list}, {count}");
        }
        assert!(coverage[list]["covered"].as_u64() <= coverage[list]["inducible"].as_u64());
        assert!(coverage[list]["inducible"].as_u64() <= coverage[list]["all"].as_u64());
    }
    assert_eq!(coverage["claims"]["by_mechanism"]["pipe"]["covered"], 1);
    assert_eq!(coverage["behaviours"]["by_mechanism"]["pipe"]["covered"], 1);
}

#[test]
fn a_spec_that_fails_uncovers_its_clauses() {
    let covered = |directory: &TempDir| {
        let answer = ask_in(directory.path(), &["coverage", "--json", "--records", "r.jsonl"]);
        json(&answer.out)["behaviours"]["by_mechanism"]["pipe"]["covered"].as_u64().unwrap()
    };
    assert_eq!(covered(&a_covering_run_with(|_| ())), 1);
    for verdict in [record::Verdict::Deviates, record::Verdict::Skipped] {
        let one_layer = a_covering_run_with(|record| {
            if record.id.ends_with("/nix") {
                record.verdict = verdict;
            }
        });
        assert_eq!(covered(&one_layer), 0, "{verdict}");
    }
}

#[test]
fn explain_shows_the_last_verdict_or_why_there_is_none() {
    let directory = TempDir::new().unwrap();
    let explain = || ask_in(directory.path(), &["explain", SPEC]);
    let assert_shows = |words: &str| {
        let answer = explain();
        assert_eq!(answer.code, Some(PASSED), "{}", answer.err);
        assert!(answer.out.contains(words), "{words:?} is not in\n{}", answer.out);
    };
    assert_shows("  raw: not run\n");
    assert_eq!(ask_in(directory.path(), &["run", SPEC]).code, Some(PASSED));
    assert_shows("  raw: conforms\n");
    assert_shows("    Reading an empty pipe whose write ends are all closed returns 0.\n");
    fs::write(directory.path().join("target/ipcspec/records.jsonl"), "damaged\n").unwrap();
    assert_shows("  raw: unknown\n");
    assert_shows("is damaged: line 1 is not a record");
}

#[test]
fn list_and_doctor_answer() {
    let listed = ask(&["list", SPEC, "--json"]);
    let ids: Vec<String> =
        json(&listed.out).as_array().unwrap().iter().map(|spec| spec["id"].as_str().unwrap().into()).collect();
    assert_eq!(ids, ["pipe.read-eof/libc", "pipe.read-eof/nix", "pipe.read-eof/raw"]);
    assert!(ask(&["list", SPEC]).out.starts_with("pipe.read-eof/libc\n    Reads that find no data"));

    let doctor = ask(&["doctor"]);
    assert_eq!(doctor.code, Some(PASSED), "{}", doctor.err);
    for heading in ["system\n", "isolation\n", "needs\n", "limits (soft/hard)\n", "settings\n"] {
        assert!(doctor.out.contains(heading), "{heading:?} is not in\n{}", doctor.out);
    }
}

#[test]
fn github_gets_a_job_summary() {
    let directory = TempDir::new().unwrap();
    let summary = directory.path().join("summary.md");
    fs::write(&summary, "An earlier step.\n").unwrap();
    let mut run = ipcspec();
    run.current_dir(directory.path())
        .args(["run", SPEC])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary);
    let answer = answer(&mut run);
    assert_eq!(answer.code, Some(PASSED), "{}", answer.err);
    assert!(!answer.out.contains("::error"), "nothing failed:\n{}", answer.out);
    let summary = fs::read_to_string(&summary).unwrap();
    assert!(summary.starts_with("An earlier step.\n## ipcspec: passed\n"), "{summary}");
    assert!(summary.contains("| pipe | 3 | 0 | 0 | 0 | 0 |\n"), "{summary}");
}

/// A run that goes on for long enough to be interrupted, at a moment when specs have been judged.
fn a_long_run(directory: &Path) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = ipcspec()
        .current_dir(directory)
        .args(["run", SPEC, "--repeat", "1000", "--records", "r.jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("conforms") {
        line.clear();
        assert_ne!(err.read_line(&mut line).unwrap(), 0, "it ended before it judged a spec");
    }
    (child, err)
}

#[test]
fn an_interrupted_run_ends_with_a_partial_report() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let directory = TempDir::new().unwrap();
        let (child, mut err) = a_long_run(directory.path());
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        let mut rest = String::new();
        err.read_to_string(&mut rest).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(COULD_NOT_RUN), "{signal}: {}\n{rest}", output.status);
        assert!(!rest.contains("panicked"), "{rest}");
        let out = String::from_utf8(output.stdout).unwrap();
        assert!(out.contains("incomplete: the run was interrupted after "), "{out}");
        assert!(out.contains("\ninterrupted\n"), "{out}");
        assert!(out.ends_with("; exit 2\n"), "{out}");

        let report = json(&fs::read_to_string(directory.path().join("r.report.json")).unwrap());
        assert_eq!(report["end"]["interrupted"], true);
        assert_eq!(report["run"]["selected"], 3000);
        let judged = report["specs"].as_array().unwrap();
        assert!((1..3000).contains(&judged.len()), "{} judged", judged.len());
        assert!(judged.iter().all(|spec| spec["verdict"] == "conforms"));
        // A partial run is still a whole file.
        let records = directory.path().join("r.jsonl");
        assert_eq!(ask(&["coverage", "--records", records.to_str().unwrap()]).code, Some(PASSED));
    }
}

#[test]
fn the_help_lists_the_exit_codes() {
    let help = ask(&["--help"]);
    assert_eq!(help.code, Some(PASSED));
    for line in ["0  passed", "1  failed", "2  could not run", "3  nothing selected", "4  nothing judged"] {
        assert!(help.out.contains(line), "{}", help.out);
    }
}
