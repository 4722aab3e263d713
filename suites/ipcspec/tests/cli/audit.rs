//! Mutation: audits, and single runs that show what a spec would say.

use crate::command::*;
use std::fs;
use tempfile::TempDir;

/// A mutation of the call that the spec is about.
const MUTATION: &str = "child1/read#1:long";

#[test]
fn an_audit_reports_what_was_caught_and_writes_its_findings() {
    let directory = TempDir::new().unwrap();
    let audit = ask_in(directory.path(), &["audit", SPEC]);
    assert_eq!(audit.code, Some(PASSED), "{}{}", audit.out, audit.err);
    let last = audit.out.lines().last().unwrap();
    assert!(last.starts_with("passed: 81 of 81 mutations of asserted calls caught, "), "{}", audit.out);
    let findings = json(&fs::read_to_string(directory.path().join("target/ipcspec/audit.json")).unwrap());
    let tried = findings["specs"][0]["tried"].as_array().unwrap();
    let this = tried.iter().find(|tried| tried["mutation"] == MUTATION).unwrap();
    assert_eq!(this["verdict"], "deviates");
    assert_eq!(findings["all"]["asserted"]["caught"], 81);
}

#[test]
fn one_mutation_is_repeated_by_its_name() {
    let directory = TempDir::new().unwrap();
    let arguments = ["audit", "--only", "pipe.read-eof/raw", "--mutation", MUTATION, "--findings", "one.json"];
    let audit = ask_in(directory.path(), &arguments);
    assert_eq!(audit.code, Some(PASSED), "{}{}", audit.out, audit.err);
    let findings = json(&fs::read_to_string(directory.path().join("one.json")).unwrap());
    assert_eq!(findings["only"], MUTATION);
    assert_eq!(findings["specs"].as_array().unwrap().len(), 1);
    assert_eq!(findings["specs"][0]["tried"].as_array().unwrap().len(), 1);
}

#[test]
fn shards_together_are_the_whole() {
    let directory = TempDir::new().unwrap();
    let audited = |shard: &str| -> Vec<String> {
        let audit = ask_in(directory.path(), &["audit", "pipe.read-eof", "--shard", shard, "--mutation", "*:long"]);
        assert_eq!(audit.code, Some(PASSED), "{}{}", audit.out, audit.err);
        let findings = json(&fs::read_to_string(directory.path().join("target/ipcspec/audit.json")).unwrap());
        findings["specs"].as_array().unwrap().iter().map(|spec| spec["id"].as_str().unwrap().into()).collect()
    };
    let mut parts = [audited("1/2"), audited("2/2")].concat();
    parts.sort();
    assert_eq!(parts, audited("1/1"));
}

#[test]
fn a_sample_is_the_same_with_its_seed() {
    let directory = TempDir::new().unwrap();
    let tried = |seed: &str| {
        let audit = ask_in(directory.path(), &["audit", SPEC, "--sample", "30", "--seed", seed]);
        assert_eq!(audit.code, Some(PASSED), "{}{}", audit.out, audit.err);
        assert!(audit.err.contains(&format!("30 % of the mutations; again with --seed {seed}")), "{}", audit.err);
        let findings = json(&fs::read_to_string(directory.path().join("target/ipcspec/audit.json")).unwrap());
        assert_eq!(findings["sample"]["percent"], 30);
        findings["specs"][0]["tried"].clone()
    };
    assert_eq!(tried("1"), tried("1"));
    assert_ne!(tried("1"), tried("2"));
}

/// The calls that are described differ between architectures.
#[cfg(target_arch = "x86_64")]
#[test]
fn the_book_says_what_the_audit_reaches() {
    let reach = ask(&["audit", "--reach"]);
    assert_eq!(reach.code, Some(PASSED), "{}", reach.err);
    let page = include_str!("../../../../docs/src/audit-reach.md");
    assert!(reach.out == page, "update it: ipcspec audit --reach > docs/src/audit-reach.md");
}

#[test]
fn a_mutated_run_shows_the_failure_and_keeps_nothing() {
    let directory = TempDir::new().unwrap();
    let run = ask_in(directory.path(), &["run", "pipe.read-eof/raw", "--mutation", MUTATION]);
    assert_eq!(run.code, Some(FAILED), "{}{}", run.out, run.err);
    assert!(run.out.contains("expected Ok(0)") || run.out.contains("Ok(1)"), "{}", run.out);
    assert!(run.out.contains(&format!("ipcspec run pipe.read-eof/raw --mutation {MUTATION}")), "{}", run.out);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn what_is_not_there_cannot_be_audited() {
    for (arguments, words) in [
        (&["audit", "--only", "pipe.read-eof"][..], "unknown id `pipe.read-eof`"),
        (&["audit", "--source", "suites/pipes/src/nothing.rs"], "no selected spec is in these files"),
        (&["audit", SPEC, "--shard", "9/9"], "this shard is empty: there are fewer specs than shards"),
        (&["audit", SPEC, "--mutation", "read#99:short"], "the selected specs have no mutation `read#99:short`"),
        (&["run", SPEC, "--mutation", "read#99:short"], "the selected specs have no mutation `read#99:short`"),
    ] {
        let answer = ask(arguments);
        assert_eq!(answer.code, Some(NOTHING_SELECTED), "{arguments:?}: {}", answer.err);
        assert!(answer.err.lines().last().unwrap().contains(words), "{}", answer.err);
        assert_eq!(answer.out, "");
    }
    let both = ask(&["run", SPEC, "--mutation", MUTATION, "--records", "r.jsonl"]);
    assert_eq!(both.code, Some(COULD_NOT_RUN), "{}", both.err);
}
