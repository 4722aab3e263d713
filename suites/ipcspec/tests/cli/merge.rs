//! Parts of one run put together.

use crate::command::*;
use std::fs;
use tempfile::TempDir;

/// A directory with a run of the one spec by each layer.
fn layers() -> TempDir {
    let directory = TempDir::new().unwrap();
    for layer in ["libc", "nix", "raw"] {
        let file = format!("{layer}/r.jsonl");
        let run = ask_in(directory.path(), &["run", SPEC, "--layer", layer, "--records", &file]);
        assert_eq!(run.code, Some(PASSED), "{}", run.err);
    }
    directory
}

#[test]
fn layers_of_one_run_become_one_report() {
    let directory = layers();
    let merge = ask_in(directory.path(), &["merge", "libc/r.jsonl", "nix/r.jsonl", "raw/r.jsonl"]);
    assert_eq!(merge.code, Some(PASSED), "{}", merge.err);
    assert!(merge.out.ends_with("3 specs: 3 conforms, 0 deviates, 0 broken, 0 timeout, 0 skipped, 0 flaky; exit 0\n"));
    let report = json(&fs::read_to_string(directory.path().join("target/ipcspec/report.json")).unwrap());
    assert_eq!((&report["run"]["selected"], &report["end"]["specs"]), (&3.into(), &3.into()));
    // What merge writes, the other commands read where they look first.
    fs::write(directory.path().join("b.toml"), "").unwrap();
    assert_eq!(ask_in(directory.path(), &["gate", SPEC, "--baseline", "b.toml"]).code, Some(PASSED));
}

#[test]
fn shards_become_the_run_that_they_are_of() {
    let directory = TempDir::new().unwrap();
    for shard in ["1", "2"] {
        let run = ask_in(
            directory.path(),
            &["run", SPEC, "--shard", &format!("{shard}/2"), "--records", &format!("{shard}/r.jsonl")],
        );
        assert_eq!(run.code, Some(PASSED), "{}", run.err);
    }
    let merge = ask_in(directory.path(), &["merge", "1/r.jsonl", "2/r.jsonl", "--records", "all/r.jsonl"]);
    assert!(merge.out.contains("3 specs: 3 conforms"), "{}{}", merge.out, merge.err);
    assert!(directory.path().join("all/r.jsonl").exists());
}

#[test]
fn a_missing_shard_is_refused_and_a_single_one_is_not_gated() {
    let directory = TempDir::new().unwrap();
    for shard in ["1", "2", "3"] {
        let arguments = ["run", SPEC, "--shard", &format!("{shard}/3"), "--records", &format!("{shard}.jsonl")];
        assert_eq!(ask_in(directory.path(), &arguments).code, Some(PASSED));
    }
    fs::write(directory.path().join("b.toml"), "").unwrap();
    let gate = |records: &str| ask_in(directory.path(), &["gate", SPEC, "--baseline", "b.toml", "--records", records]);
    // Not even the part of the suite that it judged.
    assert_refused(&gate("1.jsonl"), COULD_NOT_RUN, "1.jsonl is shard 1/3 of a run: merge all 3 shards first");
    let merge = |parts: &[&str]| ask_in(directory.path(), &[&["merge"], parts, &["--records", "all.jsonl"]].concat());
    assert_eq!(merge(&["1.jsonl", "2.jsonl", "3.jsonl"]).code, Some(PASSED));
    assert_eq!(gate("all.jsonl").code, Some(PASSED), "{}", gate("all.jsonl").err);
    let hole = merge(&["1.jsonl", "2.jsonl"]);
    assert_refused(&hole, COULD_NOT_RUN, &format!("shard 3/3 of `{SPEC}` is missing"));
    assert_refused(&gate("all.jsonl"), COULD_NOT_RUN, "all.jsonl cannot be read: No such file");
}

#[test]
fn what_is_not_of_one_run_is_refused_and_nothing_is_written() {
    let directory = layers();
    let merge = |arguments: &[&str]| {
        let answer = ask_in(directory.path(), &[&["merge"], arguments].concat());
        assert!(!directory.path().join("target/ipcspec/records.jsonl").exists());
        answer
    };
    let overlap = "libc/r.jsonl and libc/r.jsonl overlap: both judge pipe.read-eof/libc";
    assert_refused(&merge(&["libc/r.jsonl", "raw/r.jsonl", "libc/r.jsonl"]), COULD_NOT_RUN, overlap);
    change_records(&directory.path().join("raw/r.jsonl"), |records| records.run.version = "99.0.0".into());
    let mixed = "libc/r.jsonl and raw/r.jsonl are not parts of one run: the version of ipcspec is ";
    assert_refused(&merge(&["libc/r.jsonl", "raw/r.jsonl"]), COULD_NOT_RUN, mixed);
    assert_refused(&merge(&["libc/r.jsonl", "nowhere"]), COULD_NOT_RUN, "nowhere cannot be read");
    let onto = ["libc/r.jsonl", "nix/r.jsonl", "--records", "nix/r.jsonl"];
    assert_refused(&merge(&onto), COULD_NOT_RUN, "nix/r.jsonl is one of the parts and would be overwritten");
    assert_refused(&merge(&["libc/r.jsonl", "--records", "nix/report.json"]), COULD_NOT_RUN, "has this name");
}
