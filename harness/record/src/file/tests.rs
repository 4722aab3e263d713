//! Record files, whole and damaged.

use super::*;
use crate::Environment;
use crate::Verdict;
use crate::{EndRecord, RunRecord, Source, SpecRecord};

fn run() -> Line {
    Line::Run(Box::new(RunRecord {
        format: FORMAT,
        version: "0.0.0".into(),
        run: "a run".into(),
        started: 0,
        target: None,
        selected: 2,
        selection: Vec::new(),
        shard: None,
        repeat: 1,
        seed: None,
        mutation: None,
        environment: Environment {
            kernel: "Linux 6.18.44".into(),
            build: "#1 SMP".into(),
            arch: "x86_64".into(),
            libc: "glibc 2.36".into(),
            cpus: 2,
            euid: 1000,
            isolation: "userns".into(),
            refused: Default::default(),
            rlimits: Default::default(),
            sysctls: Default::default(),
            lsm: Some("capability,landlock".into()),
            container: None,
            hostname: None,
            broken: Vec::new(),
            preloaded: None,
            directory: None,
        },
    }))
}

fn spec(attempt: u32) -> Line {
    Line::Spec(Box::new(SpecRecord {
        id: "pipe.read-eof".into(),
        mechanism: "pipe".into(),
        layer: None,
        statement: "A statement.".into(),
        cite: vec![crate::Citation::man("pipe.7", "PIPE_BUF", None)],
        level: crate::Level::Linux,
        covers: Vec::new(),
        needs: Vec::new(),
        source: Source { file: "file.rs".into(), line: 1 },
        attempt,
        verdict: Verdict::Conforms,
        isolation: None,
        missing: Vec::new(),
        known: None,
        checks: 1,
        failures: Vec::new(),
        errors: Vec::new(),
        observations: Vec::new(),
        evidence: Vec::new(),
        processes: Vec::new(),
        trace: Vec::new(),
        output: "a line\nand another\n".into(),
        output_dropped: 0,
        kernel_log: Vec::new(),
        wall_us: 1,
        cpu_us: 1,
    }))
}

fn end(specs: usize) -> Line {
    Line::End(EndRecord { specs, ..EndRecord::default() })
}

fn file(lines: &[Line]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file);
    lines.iter().for_each(|line| writer.line(line).expect("memory can be written"));
    file
}

/// What the reader of a file is told, after its name.
fn refusal(file: &[u8]) -> String {
    Records::read(file).expect_err("it is refused").to_string()
}

#[test]
fn what_was_written_is_read() {
    let records = Records::read(&file(&[run(), spec(1), spec(2), end(2)])[..]).expect("whole records");
    let Records { run: begin, specs, end: last } = records;
    let lines: Vec<_> = specs.into_iter().map(|spec| Line::Spec(Box::new(spec))).collect();
    assert_eq!((Line::Run(Box::new(begin)), Line::End(last)), (run(), end(2)));
    assert_eq!(lines, [spec(1), spec(2)]);
}

#[test]
fn an_empty_file_is_not_a_run() {
    assert_eq!(refusal(b""), "is not one whole run: it is empty");
}

#[test]
fn a_file_that_was_cut_off_is_recognised_wherever_it_was_cut() {
    let whole = file(&[run(), spec(1), end(1)]);
    for length in 1..whole.len() - 1 {
        match Records::read(&whole[..length]).expect_err("it is refused") {
            // Between two lines; the last newline is not missed.
            ReadError::Incomplete(why) => {
                let lines = whole[..=length].iter().filter(|byte| **byte == b'\n').count();
                let missing = if lines < 3 { "end line" } else { "seal" };
                assert_eq!(why, format!("its {missing} is missing, so it was cut off"));
                assert!(whole[length] == b'\n' || whole[length - 1] == b'\n');
            }
            ReadError::Damaged { line, .. } => {
                assert_eq!(line, 1 + whole[..length].iter().filter(|byte| **byte == b'\n').count());
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(refusal(&file(&[run(), spec(1), end(2)])), "is not one whole run: lines are missing from its middle");
}

#[test]
fn files_that_were_mixed_are_recognised() {
    for (lines, why) in [
        (vec![run(), spec(1), run(), spec(2), end(2)], "it holds the first line of a second run"),
        (vec![run(), end(0), run(), end(0)], "there are lines after its seal"),
        (vec![run(), end(0), spec(1)], "there are lines after its seal"),
        (vec![run(), spec(1), spec(1), end(2)], "it judges one attempt of a spec twice"),
        (vec![spec(1), run(), end(1)], "its first line is missing"),
        (vec![end(0)], "its first line is missing"),
    ] {
        assert_eq!(refusal(&file(&lines)), format!("is not one whole run: {why}"));
    }
}

#[test]
fn a_line_that_was_changed_breaks_the_seal() {
    let whole = String::from_utf8(file(&[run(), spec(1), end(1)])).expect("JSON");
    assert!(Records::read(whole.as_bytes()).is_ok());
    for (from, to) in [
        (r#""verdict":"conforms""#, r#""verdict":"deviates""#),
        (r#""interrupted":false"#, r#""interrupted":true"#),
        (r#"{"kind":"end","#, r#"{"kind": "end","#),
    ] {
        let changed = whole.replace(from, to);
        assert_ne!(changed, whole);
        assert_eq!(refusal(changed.as_bytes()), "is damaged: its seal is not that of its lines, so one was changed");
    }
    let unsealed = whole.replace("sha256\":\"", "sha256\":\"0");
    assert_eq!(refusal(unsealed.as_bytes()), "is damaged: its seal is not that of its lines, so one was changed");
}

#[test]
fn a_line_without_end_is_not_read_for_ever() {
    let endless = io::BufReader::new(io::repeat(b'x'));
    assert_eq!(
        Records::read(endless).expect_err("it is refused").to_string(),
        "is damaged: line 1 is not a record (it is longer than any record)"
    );
}

#[test]
fn a_newer_file_is_recognised_whatever_it_holds() {
    let words = "use the ipcspec that wrote it, or a newer one";
    let newer = format!(r#"{{"kind":"run","format":{},"shape":"of tomorrow"}}"#, FORMAT + 1);
    assert_eq!(
        refusal(newer.as_bytes()),
        format!("has record format {}, and this ipcspec reads up to {FORMAT}: {words}", FORMAT + 1)
    );
    let newest = r#"{"kind":"run","format":99999999999}"#;
    assert!(matches!(Records::read(newest.as_bytes()), Err(ReadError::Newer(u32::MAX))));
}

#[test]
fn a_damaged_line_is_named() {
    for damage in [&b"{"[..], b"", b"null", b"{}", br#"{"kind":"spec"}"#, br#"{"kind":"other"}"#, b"\xff\xfe"] {
        let mut damaged = file(&[run(), spec(1)]);
        damaged.extend_from_slice(damage);
        damaged.push(b'\n');
        damaged.extend(file(&[end(1)]));
        let words = refusal(&damaged);
        assert!(words.starts_with("is damaged: line 3 is not a record ("), "{words}");
    }
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(21))
        }
    }
    let error = Records::read(io::BufReader::new(Failing)).expect_err("it is refused");
    assert_eq!(error.to_string(), "cannot be read: Is a directory (os error 21)");
}
