//! Record files: written line by line, and read only when they are whole.

use super::{FORMAT, Line, Records, Seal};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::io::{self, BufRead, Read, Write};

/// No record is as long: what a spec can write down, and print, is bounded.
const LONGEST_LINE: u64 = 16 << 20;

/// Writes a record file as a run goes on.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    written: Sha256,
}

impl<W: Write> Writer<W> {
    /// A writer of a file that is empty so far.
    pub fn new(out: W) -> Self {
        Self { out, written: Sha256::new() }
    }

    /// Writes a line, so that a reader who follows the file sees it whole; behind the end line, the seal.
    pub fn line(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.written.update(&text);
        self.out.write_all(&text)?;
        if matches!(line, Line::End(_)) {
            let sha256 = in_hexadecimal(self.written.clone());
            return self.line(&Line::Seal(Seal { sha256 }));
        }
        self.out.flush()
    }
}

fn in_hexadecimal(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a record file cannot be used. Each is one sentence for the reader.
#[derive(Debug)]
pub enum ReadError {
    /// The file cannot be read at all.
    Io(io::Error),
    /// A line is not a record.
    Damaged {
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        why: String,
    },
    /// Each line is a record, but not each the one that was written.
    Changed,
    /// The records were written by a newer ipcspec.
    Newer(u32),
    /// The lines are not those of one whole run: truncated, mixed, or empty.
    Incomplete(&'static str),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read: {error}"),
            Self::Damaged { line, why } => write!(f, "is damaged: line {line} is not a record ({why})"),
            Self::Changed => write!(f, "is damaged: its seal is not that of its lines, so one was changed"),
            Self::Newer(format) => write!(
                f,
                "has record format {format}, and this ipcspec reads up to {FORMAT}: use the ipcspec that wrote it, or a newer one"
            ),
            Self::Incomplete(why) => write!(f, "is not one whole run: {why}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl Records {
    /// Writes the records of a run that has ended.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let mut file = Writer::new(out);
        file.line(&Line::Run(Box::new(self.run.clone())))?;
        for spec in &self.specs {
            file.line(&Line::Spec(Box::new(spec.clone())))?;
        }
        file.line(&Line::End(self.end.clone()))
    }

    /// Reads the records of one run and checks that they are whole.
    pub fn read(mut input: impl BufRead) -> Result<Self, ReadError> {
        let mut read = Sha256::new();
        let (mut run, mut specs, mut end) = (None, Vec::new(), None);
        let mut seal = None;
        for number in 1.. {
            let Some(text) = next_line(&mut input, number)? else { break };
            if seal.is_some() {
                return Err(ReadError::Incomplete("there are lines after its seal"));
            }
            match parse_line(&text, number)? {
                Line::Run(record) if number == 1 => run = Some(*record),
                Line::Run(_) => return Err(ReadError::Incomplete("it holds the first line of a second run")),
                _ if run.is_none() => return Err(ReadError::Incomplete("its first line is missing")),
                Line::Seal(Seal { sha256 }) => seal = Some((sha256, in_hexadecimal(read.clone()))),
                _ if end.is_some() => return Err(ReadError::Incomplete("there are lines after its end line")),
                Line::Spec(record) => specs.push(*record),
                Line::End(record) => end = Some(record),
            }
            read.update(&text);
        }
        let run = run.ok_or(ReadError::Incomplete("it is empty"))?;
        let end = end.ok_or(ReadError::Incomplete("its end line is missing, so it was cut off"))?;
        let (sealed, found) = seal.ok_or(ReadError::Incomplete("its seal is missing, so it was cut off"))?;
        if end.specs != specs.len() {
            return Err(ReadError::Incomplete("lines are missing from its middle"));
        }
        if sealed != found {
            return Err(ReadError::Changed);
        }
        let mut attempts = HashSet::new();
        if !specs.iter().all(|spec| attempts.insert((&spec.id, spec.attempt))) {
            return Err(ReadError::Incomplete("it judges one attempt of a spec twice"));
        }
        Ok(Self { run, specs, end })
    }
}

/// The next line, with its newline; none at the end.
fn next_line(input: &mut impl BufRead, number: usize) -> Result<Option<Vec<u8>>, ReadError> {
    let mut text = Vec::new();
    input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text).map_err(ReadError::Io)?;
    if text.len() as u64 == LONGEST_LINE {
        return Err(ReadError::Damaged { line: number, why: "it is longer than any record".into() });
    }
    Ok((!text.is_empty()).then_some(text))
}

/// The version is looked at first: a newer record need not have the shape that this reader knows.
fn parse_line(text: &[u8], line: usize) -> Result<Line, ReadError> {
    let damaged = |error: serde_json::Error| ReadError::Damaged { line, why: error.to_string() };
    let text = std::str::from_utf8(text).map_err(|_| ReadError::Damaged { line, why: "it is not UTF-8".into() })?;
    let value: serde_json::Value = serde_json::from_str(text).map_err(damaged)?;
    if value["kind"] == "run"
        && let Some(format) = value["format"].as_u64()
        && format > u64::from(FORMAT)
    {
        return Err(ReadError::Newer(u32::try_from(format).unwrap_or(u32::MAX)));
    }
    serde_json::from_value(value).map_err(damaged)
}

#[cfg(test)]
mod tests {
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
                preloaded: None,
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
            processes: Vec::new(),
            trace: Vec::new(),
            output: "a line\nand another\n".into(),
            output_dropped: 0,
            wall_us: 1,
            cpu_us: 1,
        }))
    }

    fn end(specs: usize) -> Line {
        Line::End(EndRecord { specs, interrupted: false, wall_us: 1 })
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
        assert_eq!(
            refusal(&file(&[run(), spec(1), end(2)])),
            "is not one whole run: lines are missing from its middle"
        );
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
            assert_eq!(
                refusal(changed.as_bytes()),
                "is damaged: its seal is not that of its lines, so one was changed"
            );
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
}
