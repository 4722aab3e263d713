//! Baselines and the gate. What a gate finds is tested where it is found, in reports; here, what a caller gets.

use crate::command::*;
use record::SpecRecord;
use record::Verdict;
use std::fs;
use tempfile::TempDir;

const UNTESTABLE: i32 = 125;

fn deviate(record: &mut SpecRecord) {
    record.verdict = Verdict::Deviates;
}

/// Gates the directory's run of the one spec.
fn gate(directory: &TempDir, baseline: &str, more: &[&str]) -> Answer {
    fs::write(directory.path().join("b.toml"), baseline).unwrap();
    let usual = ["gate", SPEC, "--baseline", "b.toml", "--records", "r.jsonl"];
    ask_in(directory.path(), &[&usual, more].concat())
}

const EXPECTED: &str = "[[expected]]\nid = \"pipe.read-eof\"\nfailures = [\"*\"]\nreason = \"It is expected.\"\n";

#[test]
fn a_gate_answers_by_its_exit_code_and_its_last_line() {
    let conforming = a_run_with(|_| ());
    let deviating = a_run_with(deviate);
    let none = "0 changed observations, 0 newly broken, 0 new skips, 0 gone";
    for (directory, baseline, code, last) in [
        (
            &conforming,
            "",
            PASSED,
            format!("0 new deviations, {none}, 0 unexpected passes, 0 stale entries, 0 expected failures"),
        ),
        (
            &deviating,
            EXPECTED,
            PASSED,
            format!("0 new deviations, {none}, 0 unexpected passes, 0 stale entries, 3 expected failures"),
        ),
        (
            &deviating,
            "",
            FAILED,
            format!("3 new deviations, {none}, 0 unexpected passes, 0 stale entries, 0 expected failures"),
        ),
        (
            &conforming,
            EXPECTED,
            FAILED,
            format!("0 new deviations, {none}, 3 unexpected passes, 0 stale entries, 0 expected failures"),
        ),
    ] {
        let answer = gate(directory, baseline, &[]);
        assert_eq!(answer.code, Some(code), "{}{}", answer.out, answer.err);
        assert_eq!(answer.out.lines().last().unwrap(), format!("gate: {last}; exit {code}"));
    }
}

#[test]
fn a_gate_says_when_the_run_was_and_how_much_it_judged() {
    let directory = a_run_with(|record| {
        if record.id.ends_with("/nix") {
            record.verdict = Verdict::Skipped;
        }
    });
    change_records(&directory.path().join("r.jsonl"), |records| records.run.started = 1_795_000_000);
    let answer = gate(&directory, "", &[]);
    assert!(answer.out.contains("\nthe run of 2026-11-18 11:06:40 UTC: 2 specs judged, 1 skipped\n"), "{}", answer.out);
}

#[test]
fn an_entry_hides_no_other_failure_of_its_spec() {
    let directory = a_run_with(|record| {
        deviate(record);
        record.checks = 1;
    });
    let pinned = |failure: &str| EXPECTED.replace('*', failure);
    assert_eq!(gate(&directory, &pinned("the reason is not recorded"), &[]).code, Some(PASSED));
    let other = gate(&directory, &pinned("read(*): Ok(0) -> Ok(1)"), &[]);
    assert_eq!(other.code, Some(FAILED), "{}", other.out);
    assert!(other.out.contains("\ngate: 3 new deviations, "), "{}", other.out);
}

#[test]
fn git_bisect_is_answered_in_its_own_codes() {
    let conforming = a_run_with(|_| ());
    let deviating = a_run_with(deviate);
    let broken = a_run_with(|record| record.verdict = Verdict::Broken);
    for (directory, baseline, code) in [
        (&conforming, "", PASSED),
        (&conforming, EXPECTED, PASSED),
        (&deviating, EXPECTED, PASSED),
        (&deviating, "", FAILED),
        (&broken, "", UNTESTABLE),
    ] {
        let answer = gate(directory, baseline, &["--git-bisect"]);
        assert_eq!(answer.code, Some(code), "{baseline} {}{}", answer.out, answer.err);
    }
    let bisect = |directory: &TempDir, baseline: &str| gate(directory, baseline, &["--git-bisect"]);
    assert_refused(&bisect(&conforming, "["), UNTESTABLE, "b.toml is not a baseline: line 1: ");
    assert_refused(&bisect(&TempDir::new().unwrap(), ""), UNTESTABLE, "r.jsonl cannot be read");
    let mistyped = ask(&["gate", "--git-bisect", "--basline", "b.toml"]);
    assert_eq!(mistyped.code, Some(UNTESTABLE), "{}", mistyped.err);
    assert!(mistyped.err.contains("unexpected argument '--basline'"), "{}", mistyped.err);
}

#[test]
fn github_is_shown_what_the_gate_finds() {
    let directory = a_run_with(deviate);
    let path = |name: &str| directory.path().join(name);
    fs::write(path("b.toml"), "").unwrap();
    let mut command = ipcspec();
    command.current_dir(directory.path()).args(["gate", SPEC, "--baseline", "b.toml", "--records", "r.jsonl"]);
    let answer = answer(command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", path("summary.md")));
    assert_eq!(answer.code, Some(FAILED), "{}", answer.err);
    let annotated =
        answer.out.lines().filter(|line| line.starts_with("::error file=suites/pipes/src/channels.rs")).count();
    assert_eq!(annotated, 1, "one cause: {}", answer.out);
    let summary = fs::read_to_string(path("summary.md")).unwrap();
    assert!(summary.starts_with("## ipcspec gate: the run does not match the baseline\n"), "{summary}");
}

#[test]
fn what_cannot_be_gated_is_refused() {
    let directory = a_run_with(|_| ());
    assert_refused(
        &gate(&directory, "reboot = 1", &[]),
        COULD_NOT_RUN,
        "b.toml is not a baseline: line 1: unknown field",
    );
    let unpinned = EXPECTED.replace("failures = [\"*\"]\n", "");
    let words = "b.toml: the entry for pipe.read-eof does not say which `failures` it expects";
    assert_refused(&gate(&directory, &unpinned, &[]), COULD_NOT_RUN, words);
    let unexplained = EXPECTED.replace("It is expected.", "");
    let words = "b.toml: the entry for pipe.read-eof has no reason";
    assert_refused(&gate(&directory, &unexplained, &[]), COULD_NOT_RUN, words);
    assert_refused(&gate(&directory, "", &["--layer", "raw", "fifo.*"]), COULD_NOT_RUN, "r.jsonl does not judge fifo.");
    assert_refused(&gate(&directory, "", &["zzz"]), NOTHING_SELECTED, "unknown id `zzz`");
    let nowhere = ["gate", "--baseline", "nowhere.toml"];
    assert_refused(&ask(&nowhere), COULD_NOT_RUN, "nowhere.toml cannot be read: No such file or directory");
    assert_eq!(ask(&["gate"]).code, Some(COULD_NOT_RUN), "without a baseline there is no question");

    change_records(&directory.path().join("r.jsonl"), |records| records.end.interrupted = true);
    let words = "r.jsonl is incomplete: the run was interrupted after 3 of 3 attempts";
    assert_refused(&gate(&directory, "", &[]), COULD_NOT_RUN, words);
}

#[test]
fn a_baseline_is_written_explained_by_a_person_and_kept() {
    let directory = a_run_with(deviate);
    let path = directory.path().join("b.toml");
    let update = |more: &[&str]| {
        let answer =
            ask_in(directory.path(), &[&["baseline", "update", "b.toml", "--records", "r.jsonl"], more].concat());
        assert!(answer.code == Some(PASSED) || !path.exists(), "{}", answer.err);
        answer
    };
    assert_refused(&update(&[]), COULD_NOT_RUN, "r.jsonl does not judge ");
    assert_refused(&update(&["--pin", "pipe.capacty"]), NOTHING_SELECTED, "unknown id `pipe.capacty`");

    // As if all specs had been run, and the one deviated.
    let listed = json(&ask(&["list", "--json"]).out);
    let ids: Vec<_> = listed.as_array().unwrap().iter().map(|spec| spec["id"].as_str().unwrap()).collect();
    change_records(&directory.path().join("r.jsonl"), |records| {
        let conforming = SpecRecord { verdict: Verdict::Conforms, ..records.specs[0].clone() };
        let others = ids.iter().filter(|id| !id.starts_with("pipe.read-eof/"));
        records.specs.extend(others.map(|id| SpecRecord { id: (*id).into(), ..conforming.clone() }));
        records.run.selected = records.specs.len();
    });
    let answer = update(&[]);
    let words = format!("b.toml: 1 expected failures, 0 skips, {} specs; 1 entry has no reason yet", ids.len());
    assert!(answer.err.starts_with(&words), "{}", answer.err);
    let gate = || ask_in(directory.path(), &["gate", "--baseline", "b.toml", "--records", "r.jsonl"]);
    assert_refused(&gate(), COULD_NOT_RUN, "b.toml: the entry for pipe.read-eof has no reason");

    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("reason = \"\"", "reason = \"A person said so.\"")).unwrap();
    assert_eq!(gate().code, Some(PASSED), "{}", gate().out);
    assert_eq!(
        update(&["--reason", "It is new."]).err,
        format!("b.toml: 1 expected failures, 0 skips, {} specs\n", ids.len())
    );
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("A person said so.") && !text.contains("It is new."), "{text}");
    assert_eq!(gate().code, Some(PASSED));

    fs::write(&path, text.replace("\"fifo.", "\"fax.")).unwrap();
    assert_eq!(gate().code, Some(FAILED), "specs are gone: {}", gate().out);
}

#[test]
fn a_baseline_with_former_ids_is_refused_and_an_update_rewrites_it() {
    let directory = a_run_with(|_| ());
    let former = EXPECTED.replace("pipe.read-eof", "pipe.shell-bar");
    let words = "b.toml: `pipe.shell-bar` was renamed to `pipe.shell-pipeline`; `ipcspec baseline update`";
    assert_refused(&gate(&directory, &former, &[]), COULD_NOT_RUN, words);
    assert_eq!(gate(&directory, &former.replace("shell-bar", "shell-pipeline"), &[]).code, Some(PASSED));
}

#[test]
fn the_baseline_in_the_book_is_one() {
    let page = include_str!("../../../../docs/src/gate.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (baseline, _) = rest.split_once("```").unwrap();
    // Its entries name specs that there are; of this run they say nothing.
    let answer = gate(&a_run_with(|_| ()), baseline, &[]);
    assert_eq!(answer.code, Some(PASSED), "{}{}", answer.out, answer.err);
}

#[test]
fn a_baseline_that_cannot_be_written_is_refused() {
    let directory = a_run_with(|_| ());
    fs::create_dir(directory.path().join("b.toml")).unwrap();
    let answer = ask_in(directory.path(), &["baseline", "update", "b.toml", "--records", "r.jsonl"]);
    assert_refused(&answer, COULD_NOT_RUN, "b.toml cannot be read: Is a directory");
}
