//! `ipcspec merge`.

use super::{Refusal, store, tell};
use clap::Args;
use reports::Exit;
use reports::gate::merge::{Part, merge as merge_parts};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The records of the parts: shards, or layers, of one run on one system.
    #[arg(value_name = "PART", required = true)]
    parts: Vec<PathBuf>,
    /// Where the records of the whole are written, and the reports beside them [default: target/ipcspec/records.jsonl].
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,
}

pub fn merge(arguments: &Arguments) -> Result<Exit, Refusal> {
    let named = arguments.records.as_deref();
    let whole = named.unwrap_or(Path::new(store::DEFAULT));
    if let Some(part) = arguments.parts.iter().find(|part| store::is_same(part, whole)) {
        return Err(Refusal::could_not(format!(
            "{} is a part, and would be overwritten by the whole: name another place with --records",
            part.display()
        )));
    }
    tell::prepare(named)?;
    let part = |path: &PathBuf| Ok(Part { name: path.display().to_string(), records: store::read(path)? });
    let parts = arguments.parts.iter().map(part).collect::<Result<Vec<_>, Refusal>>()?;
    let records = merge_parts(parts).map_err(Refusal::could_not)?;
    tell::tell(tell::Place::of(named), &records)
}
