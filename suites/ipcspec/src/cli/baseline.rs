//! `ipcspec baseline`.

use super::renamed::renames;
use super::select::unknown;
use super::{CliError, store};
use clap::{Args, Subcommand};
use harness::registry::specs;
use record::id::IdPattern;
use reports::Exit;
use reports::gate::baseline::{Baseline, UpdateOptions, updated};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Update a baseline from a run of all specs: add new failures, remove what conforms again, keep reasons.
    Update(Update),
}

#[derive(Debug, Args)]
struct Update {
    /// The baseline; created if it does not exist.
    #[arg(value_name = "FILE")]
    baseline: PathBuf,
    /// The records of the run.
    #[arg(long, value_name = "FILE", default_value = store::DEFAULT)]
    records: PathBuf,
    /// Reason for new entries; without it, you must write one into each.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    /// Also pin the observations of these specs, by id or glob. Can be repeated.
    #[arg(long, value_name = "ID")]
    pin: Vec<String>,
}

pub fn baseline(arguments: &Arguments) -> Result<Exit, CliError> {
    let What::Update(arguments) = &arguments.what;
    let path = &arguments.baseline;
    let is_known = |pin: &&String| specs().iter().any(|spec| IdPattern::new(pin).matches(spec.id));
    if let Some(pin) = arguments.pin.iter().find(|pin| !is_known(pin)) {
        return Err(unknown(pin));
    }
    let mut old = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Baseline::default(),
        text => parse(path, text)?,
    };
    old.rename(renames());
    let records = store::read(&arguments.records)?;
    let suite = specs().iter().map(|spec| spec.id).collect();
    let options = UpdateOptions { reason: arguments.reason.clone(), pin: arguments.pin.clone() };
    let new = updated(&old, &records, &suite, &options)
        .map_err(|why| CliError::could_not_run(format!("{} {why}", arguments.records.display())))?;
    store::replace(path, &new.write())?;
    report(path, &new);
    Ok(Exit::Passed)
}

fn report(path: &Path, new: &Baseline) {
    let without_reason = match new.without_reason().count() {
        0 => String::new(),
        1 => "; 1 entry has no reason yet, and the gate requires one".into(),
        many => format!("; {many} entries have no reason yet, and the gate requires one"),
    };
    let _ = writeln!(
        std::io::stderr(),
        "{}: {} expected failures, {} skips, {} specs{without_reason}",
        path.display(),
        new.expected.len(),
        new.skips.values().sum::<usize>(),
        new.suite.specs.len(),
    );
}

/// Reads a baseline for a gate, which requires of every entry a reason, and which failure is expected.
pub fn read(path: &Path) -> Result<Baseline, CliError> {
    let baseline = parse(path, std::fs::read_to_string(path))?;
    let suite = specs().iter().map(|spec| spec.id).collect();
    if let Some(hint) = baseline.renamed(renames(), &suite) {
        let sentence = format!("{}: {hint}; `ipcspec baseline update` rewrites former ids", path.display());
        return Err(CliError::could_not_run(sentence));
    }
    if let Some(expected) = baseline.without_reason().next() {
        let sentence = format!("{}: the entry for {} has no reason", path.display(), expected.id);
        return Err(CliError::could_not_run(sentence));
    }
    if let Some(expected) = baseline.unpinned().next() {
        let sentence = format!(
            "{}: the entry for {} does not say which `failures` it expects; `ipcspec baseline update` writes them",
            path.display(),
            expected.id
        );
        return Err(CliError::could_not_run(sentence));
    }
    Ok(baseline)
}

fn parse(path: &Path, text: std::io::Result<String>) -> Result<Baseline, CliError> {
    let text = text.map_err(|error| format!("cannot be read: {error}"));
    let baseline = text.and_then(|text| Baseline::read(&text));
    baseline.map_err(|why| CliError::could_not_run(format!("{} {why}", path.display())))
}
