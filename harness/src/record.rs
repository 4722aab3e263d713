//! Records: what a run writes down, one JSON object on one line, and what every report is made from.
//!
//! A record file is a [`RunRecord`] line, then one [`SpecRecord`] line for each spec that was judged, then an
//! [`EndRecord`] line; a file without its end line was cut off. Readers refuse a file whose format is newer than theirs.

use crate::environment::Environment;
use crate::layer::Layer;
use crate::verdict::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};

/// The version of the record format. It grows when an old reader would misunderstand a new record.
pub const FORMAT: u32 = 1;

/// One line of a record file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Line {
    /// The first line.
    Run(Box<RunRecord>),
    /// A judged spec.
    Spec(Box<SpecRecord>),
    /// The last line.
    End(EndRecord),
}

/// What was asked for, and where it ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// The version of the record format, [`FORMAT`] of the writer.
    pub format: u32,
    /// The version of ipcspec that wrote the records.
    pub version: String,
    /// A name for the run: start time and process id.
    pub run: String,
    /// Start of the run, seconds since the epoch.
    pub started: u64,
    /// The target that it was carried to; none when it ran where it was started.
    #[serde(default)]
    pub target: Option<String>,
    /// How many specs were selected, those that will be skipped among them, each repetition counted.
    pub selected: usize,
    /// How many times each spec was to run.
    pub repeat: u32,
    /// The seed of the order, when it was shuffled.
    pub seed: Option<u64>,
    /// The machine.
    pub environment: Environment,
}

/// One spec, judged once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpecRecord {
    /// The id, with case and layer: `pipe.write-full/nonblocking/raw`.
    pub id: String,
    /// The first part of the id.
    pub mechanism: String,
    /// The layer, when the spec has layers as cases.
    pub layer: Option<Layer>,
    /// What the spec shows, one sentence.
    pub statement: String,
    /// The documentation that says so.
    pub cite: String,
    /// The clauses of the catalogue that it covers.
    pub covers: Vec<String>,
    /// The needs that it declares.
    pub needs: Vec<String>,
    /// Where the spec stands.
    pub source: Source,
    /// Which repetition this is, from 1.
    pub attempt: u32,
    /// The verdict.
    pub verdict: Verdict,
    /// The isolation that the spec ran in; none for a skip.
    pub rung: Option<String>,
    /// For a skip: the needs that are missing.
    pub missing: Vec<Missing>,
    /// How many assertions were executed, in all processes.
    pub checks: u64,
    /// What failed, the first failure first.
    pub failures: Vec<Failure>,
    /// Error returns that were asserted and seen.
    pub errors: Vec<SeenError>,
    /// Values that documentation leaves open.
    pub observations: Vec<Observation>,
    /// Where each process stood, when the watchdog ended the spec or a process was left behind.
    pub processes: Vec<Process>,
    /// What the spec's processes printed, the beginning of it.
    pub output: String,
    /// How many bytes of output were not kept.
    pub output_dropped: u64,
    /// Wall-clock time of the sandbox from start to end, in microseconds.
    pub wall_us: u64,
    /// Processor time of the sandbox and of all that ran in it, in microseconds.
    pub cpu_us: u64,
}

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Path of the file, from the root of the repository.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A need that the machine does not meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// The need, as it is written in the spec: `cpus(2)`.
    pub need: String,
    /// What was found instead.
    pub found: String,
    /// What the reader can do about it.
    pub remedy: String,
}

/// Something that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// `deviates` when an assertion about the system failed, `broken` when the spec is at fault.
    pub verdict: Verdict,
    /// What was done, or what went wrong: `write(&writer, b"x")`.
    pub message: String,
    /// What documentation lets expect, when an assertion compared two things.
    pub expected: Option<String>,
    /// What was there instead.
    pub actual: Option<String>,
    /// Where in the source.
    pub source: Option<Source>,
    /// Which process: `the spec`, `child 1`, ...
    pub process: String,
}

/// An error return that was asserted and seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct SeenError {
    /// The call, as the catalogue names it: `fcntl(F_SETPIPE_SZ)`.
    pub call: String,
    /// The error by name: `EPIPE`.
    pub errno: String,
    /// By which layer it was asked.
    pub layer: Layer,
}

/// A value that documentation leaves open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Observation {
    /// What was observed: `default capacity in bytes`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Where a process stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Process {
    /// Its pid in the sandbox.
    pub pid: i32,
    /// Its name.
    pub name: String,
    /// The state letter of /proc/PID/stat: S sleeping, R running, T stopped, Z zombie, ...
    pub state: char,
    /// The system call it was in, by name, where the kernel tells.
    pub syscall: Option<String>,
    /// The kernel function it was waiting in, where the kernel tells.
    pub wchan: Option<String>,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndRecord {
    /// How many spec records were written.
    pub specs: usize,
    /// Whether the run was ended before all selected specs were judged.
    pub interrupted: bool,
    /// Wall-clock time of the run in microseconds.
    pub wall_us: u64,
}

/// A whole run, read back or just made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Records {
    /// What was asked for, and where it ran.
    pub run: RunRecord,
    /// The judged specs, in the order in which they ended.
    pub specs: Vec<SpecRecord>,
    /// How it ended.
    pub end: EndRecord,
}

/// Why a record file cannot be used. Each is one sentence for the reader.
#[derive(Debug)]
pub enum ReadError {
    /// The file cannot be read at all.
    Io(std::io::Error),
    /// A line is not a record.
    Damaged {
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        why: String,
    },
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
            Self::Newer(format) => write!(
                f,
                "has record format {format}, and this ipcspec reads up to {FORMAT}: use the ipcspec that wrote it, or a newer one"
            ),
            Self::Incomplete(why) => write!(f, "is not one whole run: {why}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// Writes one line.
pub fn write_line(out: &mut impl Write, line: &Line) -> std::io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    out.write_all(&text)
}

impl Records {
    /// Reads the records of one run and checks that they are whole.
    pub fn read(input: impl BufRead) -> Result<Self, ReadError> {
        let mut run = None;
        let mut specs = Vec::new();
        let mut end = None;
        for (number, text) in input.lines().enumerate() {
            let line = number + 1;
            let text = text.map_err(|error| match error.kind() {
                std::io::ErrorKind::InvalidData => ReadError::Damaged { line, why: "it is not UTF-8".into() },
                _ => ReadError::Io(error),
            })?;
            if end.is_some() {
                return Err(ReadError::Incomplete("there are lines after its end line"));
            }
            match parse_line(&text, line)? {
                Line::Run(record) if line == 1 => run = Some(*record),
                Line::Run(_) => return Err(ReadError::Incomplete("it holds the first line of a second run")),
                _ if run.is_none() => return Err(ReadError::Incomplete("its first line is missing")),
                Line::Spec(record) => specs.push(*record),
                Line::End(record) => end = Some(record),
            }
        }
        let run = run.ok_or(ReadError::Incomplete("it is empty"))?;
        let end = end.ok_or(ReadError::Incomplete("its end line is missing, so it was cut off"))?;
        if end.specs != specs.len() {
            return Err(ReadError::Incomplete("lines are missing from its middle"));
        }
        Ok(Self { run, specs, end })
    }
}

/// The version is looked at first: a newer record need not have the shape that this reader knows.
fn parse_line(text: &str, line: usize) -> Result<Line, ReadError> {
    let damaged = |error: serde_json::Error| ReadError::Damaged { line, why: error.to_string() };
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

    fn run() -> Line {
        Line::Run(Box::new(RunRecord {
            format: FORMAT,
            version: "0.0.0".into(),
            run: "a run".into(),
            started: 0,
            target: None,
            selected: 2,
            repeat: 1,
            seed: None,
            environment: Environment::look("userns", [].into()),
        }))
    }

    fn spec() -> Line {
        Line::Spec(Box::new(SpecRecord {
            id: "pipe.read-eof".into(),
            mechanism: "pipe".into(),
            layer: None,
            statement: "A statement.".into(),
            cite: "pipe(7)".into(),
            covers: Vec::new(),
            needs: Vec::new(),
            source: Source { file: "file.rs".into(), line: 1 },
            attempt: 1,
            verdict: Verdict::Conforms,
            rung: None,
            missing: Vec::new(),
            checks: 1,
            failures: Vec::new(),
            errors: Vec::new(),
            observations: Vec::new(),
            processes: Vec::new(),
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
        lines.iter().for_each(|line| write_line(&mut file, line).expect("memory can be written"));
        file
    }

    /// What the reader of a file is told, after its name.
    fn refusal(file: &[u8]) -> String {
        Records::read(file).expect_err("it is refused").to_string()
    }

    #[test]
    fn what_was_written_is_read() {
        let records = Records::read(&file(&[run(), spec(), spec(), end(2)])[..]).expect("whole records");
        let Records { run: begin, specs, end: last } = records;
        let lines: Vec<_> = specs.into_iter().map(|spec| Line::Spec(Box::new(spec))).collect();
        assert_eq!((Line::Run(Box::new(begin)), Line::End(last)), (run(), end(2)));
        assert_eq!(lines, [spec(), spec()]);
    }

    #[test]
    fn an_empty_file_is_not_a_run() {
        assert_eq!(refusal(b""), "is not one whole run: it is empty");
    }

    #[test]
    fn a_file_that_was_cut_off_is_recognised_wherever_it_was_cut() {
        let whole = file(&[run(), spec(), end(1)]);
        for length in 1..whole.len() - 1 {
            match Records::read(&whole[..length]).expect_err("it is refused") {
                // Between two lines; the last newline is not missed.
                ReadError::Incomplete(why) => {
                    assert_eq!(why, "its end line is missing, so it was cut off");
                    assert!(whole[length] == b'\n' || whole[length - 1] == b'\n');
                }
                ReadError::Damaged { line, .. } => {
                    assert_eq!(line, 1 + whole[..length].iter().filter(|byte| **byte == b'\n').count());
                }
                other => panic!("{other}"),
            }
        }
        assert_eq!(refusal(&file(&[run(), spec(), end(2)])), "is not one whole run: lines are missing from its middle");
    }

    #[test]
    fn files_that_were_mixed_are_recognised() {
        for (lines, why) in [
            (vec![run(), spec(), run(), spec(), end(2)], "it holds the first line of a second run"),
            (vec![run(), end(0), run(), end(0)], "there are lines after its end line"),
            (vec![run(), end(0), spec()], "there are lines after its end line"),
            (vec![spec(), run(), end(1)], "its first line is missing"),
            (vec![end(0)], "its first line is missing"),
        ] {
            assert_eq!(refusal(&file(&lines)), format!("is not one whole run: {why}"));
        }
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
            let mut damaged = file(&[run(), spec()]);
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
        impl std::io::Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::from_raw_os_error(libc::EISDIR))
            }
        }
        let error = Records::read(std::io::BufReader::new(Failing)).expect_err("it is refused");
        assert_eq!(error.to_string(), "cannot be read: Is a directory (os error 21)");
    }
}
