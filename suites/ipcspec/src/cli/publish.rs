//! What is made of the records of a run: files, and what is printed.

use super::{CliError, documented::documented, github, print, store};
use clap::Args;
use record::Records;
use record::id::Form;
use reports::render::terminal::OnRequest;
use reports::render::{self, beside};
use reports::{Documented, Exit};
use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};

/// Where the records go, and what is printed of them.
#[derive(Debug, Args)]
pub struct Output {
    /// Write the records to FILE and the reports beside it, named after it; `-` writes the records to standard output, and no
    /// reports [default: target/ipcspec/records.jsonl].
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,
    /// Write neither records nor reports.
    #[arg(long, conflicts_with = "records")]
    no_records: bool,
    /// Write the ids in JUnit and KTAP with `slashes`, or `flat` for consumers that refuse a slash: pipe.read-eof.raw.
    #[arg(long = "ids", value_name = "FORM", default_value = "slashes")]
    form: Form,
    /// Also print which claims of the founding notes the run refutes.
    #[arg(long)]
    claims: bool,
    /// Also print the N specs that took longest, and the time of each mechanism.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    slowest: usize,
}

/// Where the records are written, and the reports beside them.
#[derive(Debug)]
pub enum Place {
    /// A file.
    File(PathBuf),
    /// Standard output, which then has nothing else.
    StandardOutput,
    /// Nowhere.
    Nowhere,
}

impl Output {
    /// What is printed on request.
    fn on_request(&self) -> OnRequest {
        OnRequest { claims: self.claims, slowest: self.slowest }
    }

    /// The file that was named, or else the one where the other commands look; whether or not it is written.
    pub fn file(&self) -> &Path {
        self.records.as_deref().unwrap_or(Path::new(store::DEFAULT))
    }

    /// Checks that the file can be written, before the run rather than after it, and removes what an earlier run left there.
    pub fn prepare(&self) -> Result<Place, CliError> {
        if self.no_records {
            return Ok(Place::Nowhere);
        }
        if self.file() == Path::new("-") {
            return Ok(Place::StandardOutput);
        }
        let prepared = store::prepare(self.file()).and_then(|path| store::discard(&path).map(|()| path));
        prepared.map(Place::File).map_err(|error| {
            let mut refused = store::unwritable(self.file(), &error);
            if self.records.is_none() {
                refused.message += "; name another file with --records, or give --no-records";
            }
            refused
        })
    }
}

impl Place {
    /// The log of a target.
    pub fn target_log(&self) -> PathBuf {
        match self {
            Self::File(records) => beside(records, "target.log"),
            Self::StandardOutput | Self::Nowhere => beside(Path::new(store::DEFAULT), "target.log"),
        }
    }
}

/// Checks that a file can be written, before the work rather than after it.
pub fn prepare(named: Option<&Path>) -> Result<(), CliError> {
    named.map_or(Ok(()), |path| store::prepare(path).map(drop).map_err(|error| store::unwritable(path, &error)))
}

/// Writes and prints the reports. A run whose records cannot be written has no result, and the text says so.
pub fn publish(place: &Place, output: &Output, records: &Records) -> Result<Exit, CliError> {
    let documented = documented();
    let kept = keep(place, records, &documented, output.form);
    let exit = if kept.is_ok() { Exit::of(records) } else { Exit::CouldNotRun };
    let text = render::terminal::run(records, &documented, exit, output.on_request());
    if matches!(place, Place::StandardOutput) {
        let _ = anstream::stderr().write_all(text.as_bytes());
        return kept.map(|()| exit);
    }
    print(&text)?;
    kept?;
    if let Place::File(path) = place {
        let _ = writeln!(stderr(), "records and reports written to {}", store::directory(path).display());
    }
    let summary = || render::markdown::run(records, &documented.claims);
    github::show(|| render::github::run(records), summary)?;
    Ok(exit)
}

/// Writes records and reports.
fn keep(place: &Place, records: &Records, documented: &Documented, ids: Form) -> Result<(), CliError> {
    match place {
        Place::Nowhere => Ok(()),
        Place::StandardOutput => records
            .write(stdout().lock())
            .map_err(|error| CliError::could_not_run(format!("cannot write to standard output: {error}"))),
        Place::File(path) => store::write(path, records)
            .and_then(|()| render::write_all(path, records, documented, ids).map(drop))
            .map_err(|error| store::unwritable(path, &error)),
    }
}
