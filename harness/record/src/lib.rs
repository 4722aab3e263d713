//! Records: what a run writes down, one JSON object on one line, and what every report is made from.
//!
//! A record file is a [`RunRecord`] line, then one [`SpecRecord`] line for each spec that was judged, then an
//! [`EndRecord`] line, then the [`Seal`] of all of them: a file that lacks a line, or has one that was changed, is not
//! read. Readers refuse a file whose format is newer than theirs.

mod citation;
mod environment;
mod file;
pub mod findings;
pub mod id;
mod layer;
mod shard;
mod signature;
mod verdict;

pub use citation::{Citation, Level, VOLUMES, line as citation_line};
pub use environment::{Directory, Environment};
pub use file::{ReadError, Writer};
pub use layer::Layer;
pub use shard::Shard;
pub use signature::signature;
pub use verdict::Verdict;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the record format. It grows when an old reader would misunderstand a new record.
pub const FORMAT: u32 = 3;

/// One line of a record file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Line {
    /// The first line.
    Run(Box<RunRecord>),
    /// A judged spec.
    Spec(Box<SpecRecord>),
    /// How the run ended.
    End(EndRecord),
    /// The last line.
    Seal(Seal),
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
    /// What was selected, in the words of the command line; empty for everything.
    pub selection: Vec<String>,
    /// The part of the selected specs that the run was about, when it was one of several.
    pub shard: Option<Shard>,
    /// How many times each spec was to run.
    pub repeat: u32,
    /// The seed of the order, when it was shuffled.
    pub seed: Option<u64>,
    /// The mutation that was done to a call of each spec, on purpose: the run tells of the specs and not of the system.
    #[serde(default)]
    pub mutation: Option<String>,
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
    /// The documentation that says so; the first text carries the whole statement.
    pub cite: Vec<Citation>,
    /// Who promises it: the level of the first citation.
    pub level: Level,
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
    pub isolation: Option<String>,
    /// For a skip: the needs that are missing.
    pub missing: Vec<Missing>,
    /// How many assertions were executed, in all processes.
    pub checks: u64,
    /// Why its deviation is known of Linux, where it is: then it does not fail the run.
    #[serde(default)]
    pub known: Option<KnownDeviation>,
    /// What failed, the first failure first.
    pub failures: Vec<Failure>,
    /// Error returns that were asserted and seen.
    pub errors: Vec<SeenError>,
    /// Values that documentation leaves open.
    pub observations: Vec<Observation>,
    /// Values that an assertion has fixed, and that support or refute a claim.
    #[serde(default)]
    pub evidence: Vec<Observation>,
    /// Where each process was, when the watchdog ended the spec or a process was left behind.
    pub processes: Vec<Process>,
    /// What strace showed around the assertion that failed, when the failure was traced.
    #[serde(default)]
    pub trace: Vec<String>,
    /// What the spec's processes printed, the beginning of it.
    pub output: String,
    /// How many bytes of output were not kept.
    pub output_dropped: u64,
    /// What the kernel printed of an error of its own while the spec ran.
    #[serde(default)]
    pub kernel_log: Vec<String>,
    /// Wall-clock time of the sandbox from start to end, in microseconds.
    pub wall_us: u64,
    /// Processor time of the sandbox and of all that ran in it, in microseconds.
    pub cpu_us: u64,
}

impl SpecRecord {
    /// Whether a gate has to stop on it.
    pub fn fails(&self) -> bool {
        self.verdict.is_failure() && self.known.is_none()
    }
}

/// A known deviation of Linux from its own documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KnownDeviation {
    /// What the kernel does instead, and where.
    pub reason: String,
    /// Where it was reported.
    pub reported: String,
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
    /// `deviates` when an assertion about the system failed, `broken` when the spec could not be judged.
    pub verdict: Verdict,
    /// What was done, or what went wrong: `write(&writer, b"x")`.
    pub message: String,
    /// What documentation lets expect, when an assertion compared two things.
    pub expected: Option<String>,
    /// What was there instead.
    pub actual: Option<String>,
    /// Where in the source.
    pub source: Option<Source>,
    /// Which process or thread: `the spec`, `child 1`, `thread 1`, ...
    pub process: String,
    /// What stays the same when it fails again in another run: what failures are grouped by. Empty in a file of an older
    /// ipcspec.
    #[serde(default)]
    pub signature: String,
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

/// A value that a spec wrote down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Observation {
    /// What was observed: `default capacity in bytes`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Where a process was.
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

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match self.state {
            'R' => "running",
            'S' => "sleeping",
            'D' => "sleeping uninterruptibly",
            'T' => "stopped",
            't' => "stopped by a tracer",
            'Z' => "ended, not reaped",
            'X' => "dead",
            'I' => "idle",
            _ => "in an unknown state",
        };
        write!(f, "{} ({}): {state}", self.pid, self.name)?;
        if let Some(call) = &self.syscall {
            write!(f, " in {call}")?;
        }
        if let Some(wchan) = &self.wchan {
            write!(f, ", waiting at {wchan}")?;
        }
        Ok(())
    }
}

/// The end of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndRecord {
    /// How many spec records were written.
    pub specs: usize,
    /// Whether the run was ended before all selected specs were judged.
    pub interrupted: bool,
    /// Wall-clock time of the run in microseconds.
    pub wall_us: u64,
    /// What the kernel printed of an error of its own while no spec ran.
    #[serde(default)]
    pub kernel_log: Vec<String>,
    /// Kernel objects of which there were more after the run than before it: both numbers.
    #[serde(default)]
    pub grown: BTreeMap<String, [u64; 2]>,
}

/// What shows that a record file is whole: a run that was killed, a full disk and a console that mixes lines leave none
/// that fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seal {
    /// SHA-256 of all lines before this one, in hexadecimal: what `head -n -1 FILE | sha256sum` says.
    pub sha256: String,
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
