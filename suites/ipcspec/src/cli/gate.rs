//! `ipcspec gate`.

use super::select::Filters;
use super::{CliError, baseline, github, print, store};
use clap::Args;
use harness::registry::specs;
use reports::Exit;
use reports::render::{github as annotations, markdown, terminal};
use reports::{Scope, gate};
use std::path::PathBuf;

/// The exit codes of a gate.
pub const CODES: &str = "\
Exit codes:
    0  the run matches the baseline
    1  it does not: a new deviation, a newly broken spec, more skips than allowed, a changed
       observation, a spec that is gone, an unexpected pass, or a stale entry
    2  the run cannot be compared with the baseline
  125  the same, with --git-bisect; 1 then means a new deviation or a changed observation
";

#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub struct Arguments {
    /// The baseline; `ipcspec baseline update` writes one.
    #[arg(long, value_name = "FILE")]
    baseline: PathBuf,
    /// The records of the run.
    #[arg(long, value_name = "FILE", default_value = store::DEFAULT)]
    records: PathBuf,
    /// Exit as `git bisect run` expects: 0 for a good commit, 1 for a bad one, 125 for one that cannot be judged.
    #[arg(long)]
    git_bisect: bool,
    // The filters of the run: without them, specs that it did not judge are missing.
    #[command(flatten)]
    filters: Filters,
}

pub fn gate(arguments: &Arguments) -> Result<Exit, CliError> {
    match judge(arguments) {
        Err(error) if arguments.git_bisect => Err(CliError { exit: Exit::Untestable, ..error }),
        outcome => outcome,
    }
}

fn judge(arguments: &Arguments) -> Result<Exit, CliError> {
    let baseline = baseline::read(&arguments.baseline)?;
    let gated = arguments.filters.specs()?;
    let records = store::read(&arguments.records)?;
    let ids = |specs: &[&harness::Spec]| specs.iter().map(|spec| spec.id).collect();
    let scope = Scope { suite: ids(specs()), wanted: ids(&gated) };
    let outcome = gate::gate(&records, &baseline, &scope)
        .map_err(|why| CliError::could_not_run(format!("{} {why}", arguments.records.display())))?;
    let exit = if arguments.git_bisect { outcome.bisect() } else { outcome.exit() };
    print(&terminal::gate(&outcome, &records, exit))?;
    github::show(|| annotations::gate(&outcome, &records), || markdown::gate(&outcome, &records))?;
    Ok(exit)
}
