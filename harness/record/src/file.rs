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
mod tests;
