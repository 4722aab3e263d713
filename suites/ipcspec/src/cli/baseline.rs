//! `ipcspec baseline`.

use super::renamed::renames;
use super::{Refusal, store};
use clap::{Args, Subcommand};
use harness::registry::specs;
use reports::Exit;
use reports::gate::baseline::{Baseline, Wishes, updated};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a baseline current by a run of all specs: new deviations come in, what conforms again goes, reasons stay.
    Update(Update),
}

#[derive(Debug, Args)]
struct Update {
    /// The baseline; a new one is made if it is not there.
    #[arg(value_name = "FILE")]
    baseline: PathBuf,
    /// The records of the run.
    #[arg(long, value_name = "FILE", default_value = store::DEFAULT)]
    records: PathBuf,
    /// The reason of new entries; without it, write one into each.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    /// Pin the observations of these specs, by id or glob. Can be repeated.
    #[arg(long, value_name = "ID")]
    pin: Vec<String>,
}

pub fn baseline(arguments: &Arguments) -> Result<Exit, Refusal> {
    let What::Update(arguments) = &arguments.what;
    let path = &arguments.baseline;
    let mut old = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Baseline::default(),
        text => parse(path, text)?,
    };
    old.rename(renames());
    let records = store::read(&arguments.records)?;
    let suite = specs().iter().map(|spec| spec.id).collect();
    let wishes = Wishes { reason: arguments.reason.clone(), pin: arguments.pin.clone() };
    let new = updated(&old, &records, &suite, &wishes)
        .map_err(|why| Refusal::could_not(format!("{} {why}", arguments.records.display())))?;
    store::replace(path, &new.write())?;
    tell(path, &new);
    Ok(Exit::Holds)
}

fn tell(path: &Path, new: &Baseline) {
    let wanting = match new.without_reason().count() {
        0 => String::new(),
        1 => "; one has no reason yet: write it, or the gate refuses the file".into(),
        many => format!("; {many} have no reason yet: write them, or the gate refuses the file"),
    };
    let _ = writeln!(
        std::io::stderr(),
        "{} holds {} entries, {} skips and {} specs{wanting}",
        path.display(),
        new.known.len(),
        new.skips.values().sum::<usize>(),
        new.suite.specs.len(),
    );
}

/// Reads a baseline for a gate: every entry has its reason.
pub fn read(path: &Path) -> Result<Baseline, Refusal> {
    let baseline = parse(path, std::fs::read_to_string(path))?;
    let suite = specs().iter().map(|spec| spec.id).collect();
    if let Some(hint) = baseline.renamed(renames(), &suite) {
        let sentence = format!("{}: {hint}; `ipcspec baseline update` rewrites former ids", path.display());
        return Err(Refusal::could_not(sentence));
    }
    if let Some(known) = baseline.without_reason().next() {
        let sentence = format!(
            "{} does not say why {} is known to be {}: write its reason",
            path.display(),
            known.id,
            known.verdict
        );
        return Err(Refusal::could_not(sentence));
    }
    Ok(baseline)
}

fn parse(path: &Path, text: std::io::Result<String>) -> Result<Baseline, Refusal> {
    let text = text.map_err(|error| format!("cannot be read: {error}"));
    let baseline = text.and_then(|text| Baseline::read(&text));
    baseline.map_err(|why| Refusal::could_not(format!("{} {why}", path.display())))
}
