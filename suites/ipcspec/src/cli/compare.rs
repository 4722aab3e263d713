//! `ipcspec compare`.

use super::{Refusal, colour, print, store};
use clap::Args;
use reports::Exit;
use reports::gate::compare::{self, Named};
use reports::render::{json, markdown, terminal};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    after_help = "A comparison tells and does not judge: it ends with 0 whatever differs. `ipcspec gate` judges."
)]
pub struct Arguments {
    /// The records of the run that the others are compared with.
    #[arg(value_name = "A")]
    first: PathBuf,
    /// The records of the others.
    #[arg(value_name = "B", required = true)]
    others: Vec<PathBuf>,
    /// Tell specs that take so many times as long as in the first run.
    #[arg(long, value_name = "X", default_value = "5", value_parser = ratio)]
    slower: f64,
    /// Print Markdown.
    #[arg(long)]
    markdown: bool,
    /// Print one object.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
}

fn ratio(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(ratio) if ratio > 1.0 && ratio.is_finite() => Ok(ratio),
        _ => Err("a number above 1".into()),
    }
}

pub fn compare(arguments: &Arguments) -> Result<Exit, Refusal> {
    let paths: Vec<_> = [&arguments.first].into_iter().chain(&arguments.others).collect();
    let records = paths.iter().map(|path| store::read(path)).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    let runs: Vec<_> = names.iter().zip(&records).map(|(name, records)| Named { name, records }).collect();
    let comparison = compare::compare(&runs, arguments.slower);
    print(&match (arguments.markdown, arguments.json) {
        (true, _) => markdown::compare(&comparison),
        (_, true) => json::compare(&comparison),
        _ => terminal::compare(&comparison, colour()),
    })?;
    Ok(Exit::Holds)
}
