//! `ipcspec matrix`.

use super::{Refusal, baseline, colour, documented::documented, print, remote, store};
use clap::Args;
use engine::remote::carry::{Outcome, TargetRun};
use engine::remote::{Job, Target, list};
use harness::need::Demand;
use harness::registry::specs;
use reports::gate::baseline::Baseline;
use reports::matrix::{self, Column};
use reports::render::{html, markdown, terminal};
use reports::{Exit, Scope, gate};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Names from the list, or `qemu:PATH` for a kernel of yours [default: the whole list].
    #[arg(value_name = "TARGET")]
    names: Vec<String>,
    /// A list of targets in the place of the one that comes with ipcspec.
    #[arg(long, value_name = "FILE")]
    targets: Option<PathBuf>,
    /// Where the records and the log of each target are kept, and the report.
    #[arg(long, value_name = "DIRECTORY", default_value = "target/ipcspec/matrix")]
    directory: PathBuf,
    /// Hold each target against the baseline in this directory that has its name: `reports/baselines`. Then the exit code says
    /// whether something is not known.
    #[arg(long, value_name = "DIRECTORY")]
    baselines: Option<PathBuf>,
}

pub fn matrix(arguments: &Arguments) -> Result<Exit, Refusal> {
    let targets = targets(arguments)?;
    let baselines = arguments.baselines.as_deref().map(|directory| baselines(directory, &targets)).transpose()?;
    std::fs::create_dir_all(&arguments.directory).map_err(|error| store::unwritable(&arguments.directory, &error))?;
    let runs: Vec<_> = targets.into_iter().map(|target| run(target, &arguments.directory)).collect();
    let mut kept = Ok(());
    // Each as it ends: when a later one is interrupted, this one's are there.
    let outcomes =
        remote::all(&runs, |run, outcome| kept = std::mem::replace(&mut kept, Ok(())).and(keep(run, outcome)))?;
    kept?;
    let column = |(run, outcome): (&TargetRun, Outcome)| Column {
        target: run.target.name.clone(),
        outcome: outcome.map_err(|failed| failed.sentence),
        gate: None,
    };
    let mut columns: Vec<_> = runs.iter().zip(outcomes).map(column).collect();
    let refused = baselines.as_ref().map_or(Ok(()), |baselines| gate(&mut columns, baselines));
    tell(&arguments.directory, &columns)?;
    refused?;
    Ok(matrix::exit(&columns))
}

/// The baseline of each target, by its name.
fn baselines(directory: &Path, targets: &[Target]) -> Result<Vec<Baseline>, Refusal> {
    targets.iter().map(|target| baseline::read(&directory.join(format!("{}.toml", target.name)))).collect()
}

/// Holds each target against its baseline.
fn gate(columns: &mut [Column], baselines: &[Baseline]) -> Result<(), Refusal> {
    let suite: BTreeSet<_> = specs().iter().map(|spec| spec.id).collect();
    let scope = Scope { wanted: suite.clone(), suite };
    for (column, baseline) in columns.iter_mut().zip(baselines) {
        let Ok(records) = &column.outcome else { continue };
        let outcome = gate::gate(records, baseline, &scope);
        column.gate = Some(outcome.map_err(|why| Refusal::could_not(format!("what {} sent {why}", column.target)))?);
    }
    Ok(())
}

/// Keeps the records of a target beside its log.
fn keep(run: &TargetRun, outcome: &Outcome) -> Result<(), Refusal> {
    let path = run.log.with_extension("jsonl");
    match outcome {
        Ok(records) => store::write(&path, records).map_err(|error| store::unwritable(&path, &error)),
        Err(_) => {
            // Records of an earlier run would pass for this one's.
            let _ = std::fs::remove_file(&path);
            Ok(())
        }
    }
}

/// The targets that were named, or all.
fn targets(arguments: &Arguments) -> Result<Vec<Target>, Refusal> {
    let all = list::all(arguments.targets.as_deref()).map_err(Refusal::could_not)?;
    let mut targets = Vec::new();
    for name in &arguments.names {
        let target = list::find(&all, name).map_err(Refusal::could_not)?;
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    Ok(if arguments.names.is_empty() { all } else { targets })
}

fn run(target: Target, directory: &Path) -> TargetRun {
    let reboot = specs().iter().any(|spec| spec.demands(Demand::NoNamespaces));
    let job = Job { arguments: remote::words(&target, 1.0), reboot };
    // A kernel is called by its path.
    let name = target.name.replace(['/', ':'], "-");
    TargetRun { target, job, log: directory.join(format!("{name}.log")) }
}

/// The report, as files and on standard output.
fn tell(directory: &Path, columns: &[Column]) -> Result<(), Refusal> {
    let page = html::matrix_page(columns, &documented());
    for (name, text) in [("matrix.md", markdown::matrix(columns)), ("matrix.html", page)] {
        store::replace(&directory.join(name), &text)?;
    }
    print(&terminal::matrix(columns, colour()))?;
    for Column { target, outcome, gate } in columns {
        if let (Ok(records), Some(gate)) = (outcome, gate) {
            print(&format!("\n{target}\n{}", terminal::gate(gate, &records.run, gate.exit(), colour())))?;
        }
    }
    let _ = writeln!(std::io::stderr(), "records, logs, matrix.md and matrix.html are in {}", directory.display());
    Ok(())
}
