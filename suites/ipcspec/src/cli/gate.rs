//! `ipcspec gate`.

use super::select::Filters;
use super::{Refusal, baseline, colour, github, print, store};
use clap::Args;
use harness::registry::specs;
use reports::Exit;
use reports::render::{github as annotations, markdown, terminal};
use reports::{Scope, gate};
use std::path::PathBuf;

/// What the exit codes say here.
pub const CODES: &str = "\
Exit codes:
    0  the run is what the baseline says
    1  it is not: a new deviation, a new skip beyond the budget, a changed observation,
       a spec that is gone, an unexpected pass, a stale entry
    2  it could not be judged
  125  the same, with --git-bisect; there 1 means new deviations and changed observations alone
";

#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub struct Arguments {
    /// The baseline to hold the run against; `ipcspec baseline update` writes one.
    #[arg(long, value_name = "FILE")]
    baseline: PathBuf,
    /// The records of the run.
    #[arg(long, value_name = "FILE", default_value = store::DEFAULT)]
    records: PathBuf,
    /// Answer `git bisect run`: 0 for a good commit, 1 for a bad one, 125 for one that cannot be judged.
    #[arg(long)]
    git_bisect: bool,
    // What a run was narrowed by has to be said here too: otherwise what it did not judge is missed.
    #[command(flatten)]
    filters: Filters,
}

pub fn gate(arguments: &Arguments) -> Result<Exit, Refusal> {
    let answer = judge(arguments);
    match answer {
        Err(refusal) if arguments.git_bisect => Err(Refusal { exit: Exit::Untestable, ..refusal }),
        answer => answer,
    }
}

fn judge(arguments: &Arguments) -> Result<Exit, Refusal> {
    let baseline = baseline::read(&arguments.baseline)?;
    let gated = arguments.filters.specs()?;
    let records = store::read(&arguments.records)?;
    let ids = |specs: &[&harness::Spec]| specs.iter().map(|spec| spec.id).collect();
    let scope = Scope { suite: ids(specs()), wanted: ids(&gated) };
    let outcome = gate::gate(&records, &baseline, &scope)
        .map_err(|why| Refusal::could_not(format!("{} {why}", arguments.records.display())))?;
    let exit = if arguments.git_bisect { outcome.bisect() } else { outcome.exit() };
    print(&terminal::gate(&outcome, &records.run, exit, colour()))?;
    github::show(|| annotations::gate(&outcome, &records), || markdown::gate(&outcome, &records))?;
    Ok(exit)
}
