//! `ipcspec matrix`.

use super::{CliError, baseline, carried, documented::documented, print, remote, store};
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
    /// Names from the list, or `qemu:PATH` for a kernel image [default: the whole list].
    #[arg(value_name = "TARGET")]
    names: Vec<String>,
    /// Use this list of targets instead of the built-in one.
    #[arg(long, value_name = "FILE")]
    targets: Option<PathBuf>,
    /// Write the records and the log of each target, and the report, to this directory.
    #[arg(long, value_name = "DIRECTORY", default_value = "target/ipcspec/matrix")]
    directory: PathBuf,
    /// Compare each target with the baseline of its name in this directory, such as `reports/baselines`, and exit as
    /// `ipcspec gate` does.
    #[arg(long, value_name = "DIRECTORY")]
    baselines: Option<PathBuf>,
}

pub fn matrix(arguments: &Arguments) -> Result<Exit, CliError> {
    let targets = targets(arguments)?;
    carried::run_again_if_dynamic(&targets)?;
    let baselines = arguments.baselines.as_deref().map(|directory| baselines(directory, &targets)).transpose()?;
    std::fs::create_dir_all(&arguments.directory).map_err(|error| store::unwritable(&arguments.directory, &error))?;
    let runs: Vec<_> = targets.into_iter().map(|target| run(target, &arguments.directory)).collect();
    let mut kept = Ok(());
    // As each one ends, so that an interrupt does not lose it.
    let outcomes =
        remote::all(&runs, |run, outcome| kept = std::mem::replace(&mut kept, Ok(())).and(keep(run, outcome)))?;
    kept?;
    let column = |(run, outcome): (&TargetRun, Outcome)| Column {
        target: run.target.name.clone(),
        outcome: outcome.map_err(|failed| failed.sentence),
        gate: None,
    };
    let mut columns: Vec<_> = runs.iter().zip(outcomes).map(column).collect();
    let gated = baselines.as_ref().map_or(Ok(()), |baselines| gate(&mut columns, baselines));
    publish(&arguments.directory, &columns)?;
    gated?;
    let mut gates = runs.iter().map(|run| run.target.gates);
    columns.retain(|_| gates.next() == Some(true));
    Ok(matrix::exit(&columns))
}

/// The baseline of each target that gates, by its name.
fn baselines(directory: &Path, targets: &[Target]) -> Result<Vec<Option<Baseline>>, CliError> {
    let read = |target: &Target| baseline::read(&directory.join(format!("{}.toml", target.name)));
    targets.iter().map(|target| target.gates.then(|| read(target)).transpose()).collect()
}

/// Compares each target with its baseline.
fn gate(columns: &mut [Column], baselines: &[Option<Baseline>]) -> Result<(), CliError> {
    let suite: BTreeSet<_> = specs().iter().map(|spec| spec.id).collect();
    let scope = Scope { wanted: suite.clone(), suite };
    for (column, baseline) in columns.iter_mut().zip(baselines) {
        let (Ok(records), Some(baseline)) = (&column.outcome, baseline) else { continue };
        let outcome = gate::gate(records, baseline, &scope);
        column.gate =
            Some(outcome.map_err(|why| CliError::could_not_run(format!("the run of {} {why}", column.target)))?);
    }
    Ok(())
}

/// Writes the records of a target beside its log.
fn keep(run: &TargetRun, outcome: &Outcome) -> Result<(), CliError> {
    let path = run.log.with_extension("jsonl");
    match outcome {
        Ok(records) => store::write(&path, records).map_err(|error| store::unwritable(&path, &error)),
        Err(_) => {
            // Records of an earlier run must not be taken for this one's.
            let _ = std::fs::remove_file(&path);
            Ok(())
        }
    }
}

/// The named targets, or all.
fn targets(arguments: &Arguments) -> Result<Vec<Target>, CliError> {
    let all = list::all(arguments.targets.as_deref()).map_err(CliError::could_not_run)?;
    let mut targets = Vec::new();
    for name in &arguments.names {
        let target = list::find(&all, name).map_err(CliError::could_not_run)?;
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    Ok(if arguments.names.is_empty() { all } else { targets })
}

fn run(target: Target, directory: &Path) -> TargetRun {
    let reboot = specs().iter().any(|spec| spec.demands(Demand::NoNamespaces));
    let job = Job { arguments: remote::words(&target, 1.0), reboot };
    // A kernel image is named by its path.
    let name = target.name.replace(['/', ':'], "-");
    TargetRun { target, job, log: directory.join(format!("{name}.log")) }
}

/// Writes the report to files and to standard output.
fn publish(directory: &Path, columns: &[Column]) -> Result<(), CliError> {
    let page = html::matrix_page(columns, &documented());
    for (name, text) in [("matrix.md", markdown::matrix(columns)), ("matrix.html", page)] {
        store::replace(&directory.join(name), &text)?;
    }
    print(&terminal::matrix(columns))?;
    for Column { target, outcome, gate } in columns {
        if let (Ok(records), Some(gate)) = (outcome, gate) {
            print(&format!("\n{target}\n{}", terminal::gate(gate, records, gate.exit())))?;
        }
    }
    let _ = writeln!(std::io::stderr(), "records, logs, matrix.md and matrix.html written to {}", directory.display());
    Ok(())
}
