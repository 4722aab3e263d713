//! `ipcspec compare`.

use super::{CliError, print, store};
use clap::Args;
use reports::Exit;
use reports::gate::compare::{self, Named};
use reports::render::{json, markdown, terminal};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "A comparison exits with 0 whatever differs; use `ipcspec gate` to pass or fail.")]
pub struct Arguments {
    /// Records of the run to compare with.
    #[arg(value_name = "A")]
    first: PathBuf,
    /// Records of the other runs.
    #[arg(value_name = "B", required = true)]
    others: Vec<PathBuf>,
    /// Report specs that take X times as long as in the first run.
    #[arg(long, value_name = "X", default_value = "5", value_parser = ratio)]
    slower: f64,
    /// Print Markdown.
    #[arg(long)]
    markdown: bool,
    /// Print JSON.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
}

fn ratio(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(ratio) if ratio > 1.0 && ratio.is_finite() => Ok(ratio),
        _ => Err("not a number above 1".into()),
    }
}

pub fn compare(arguments: &Arguments) -> Result<Exit, CliError> {
    let paths: Vec<_> = [&arguments.first].into_iter().chain(&arguments.others).collect();
    let records = paths.iter().map(|path| store::read(path)).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    let runs: Vec<_> = names.iter().zip(&records).map(|(name, records)| Named { name, records }).collect();
    let comparison = compare::compare(&runs, arguments.slower);
    print(&match (arguments.markdown, arguments.json) {
        (true, _) => markdown::compare(&comparison),
        (_, true) => json::compare(&comparison),
        _ => terminal::compare(&comparison),
    })?;
    Ok(Exit::Passed)
}
