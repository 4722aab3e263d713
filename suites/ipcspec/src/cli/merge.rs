//! `ipcspec merge`.

use super::publish::{Output, publish};
use super::{CliError, store};
use clap::Args;
use reports::Exit;
use reports::gate::merge::{Part, merge as merge_parts};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Records of the parts: shards or layers of one run on one system.
    #[arg(value_name = "PART", required = true)]
    parts: Vec<PathBuf>,
    #[command(flatten)]
    output: Output,
}

pub fn merge(arguments: &Arguments) -> Result<Exit, CliError> {
    let whole = arguments.output.file();
    if let Some(part) = arguments.parts.iter().find(|part| store::is_same(part, whole)) {
        return Err(CliError::could_not_run(format!(
            "{} is one of the parts and would be overwritten: name another file with --records",
            part.display()
        )));
    }
    let place = arguments.output.prepare()?;
    let part = |path: &PathBuf| Ok(Part { name: path.display().to_string(), records: store::read(path)? });
    let parts = arguments.parts.iter().map(part).collect::<Result<Vec<_>, CliError>>()?;
    let records = merge_parts(parts).map_err(CliError::could_not_run)?;
    publish(&place, &arguments.output, &records)
}
