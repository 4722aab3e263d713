//! `ipcspec audit` and `ipcspec run --mutation`.

use super::select::{Filters, shard_of, unknown};
use super::{CliError, github, print, progress::Progress, publish, reach, store};
use catalogue::Catalogue;
use clap::Args;
use engine::mutation::Tracing;
use engine::mutation::campaign::{self, Plan};
use engine::runner::machine::Machine;
use engine::runner::{Pace, Task};
use harness::Spec;
use harness::registry::specs;
use record::Shard;
use record::findings::{Audited, Findings, LeftOut, Sample};
use reports::Exit;
use reports::audit::{Allowances, Judgement};
use reports::render::{json, markdown, terminal};
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use wildmatch::WildMatch;

/// The findings of the last audit in this directory.
const DEFAULT: &str = "target/ipcspec/audit.json";

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    filters: Filters,
    /// Only the spec with exactly this id.
    #[arg(long, value_name = "ID", conflicts_with = "ids")]
    only: Option<String>,
    /// Only this mutation, by name or glob: `read#2:stale-byte`, '*:stale-byte'.
    #[arg(long, value_name = "NAME")]
    mutation: Option<String>,
    /// Only specs in this source file. Can be repeated.
    #[arg(long, value_name = "FILE")]
    source: Vec<PathBuf>,
    /// Number of specs to run at once [default: four per processor].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Audit one shard of the selected specs: 2/4 is the second of four.
    #[arg(long, value_name = "M/N")]
    shard: Option<Shard>,
    /// Try only so many of a hundred mutations, chosen by chance.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..100), conflicts_with = "mutation")]
    sample: Option<u8>,
    /// Choose the same sample again [default: a new one, which is shown].
    #[arg(long, value_name = "SEED", requires = "sample")]
    seed: Option<u64>,
    /// Show which calls are mutated, and what of them.
    #[arg(long, exclusive = true)]
    reach: bool,
    /// Write the findings to FILE [default: target/ipcspec/audit.json].
    #[arg(long, value_name = "FILE")]
    findings: Option<PathBuf>,
}

pub fn audit(arguments: &Arguments) -> Result<Exit, CliError> {
    if arguments.reach {
        print(&reach::page())?;
        return Ok(Exit::Passed);
    }
    let specs = arguments.specs()?;
    publish::prepare(arguments.findings.as_deref())?;
    let machine = Machine::probe(specs.iter().copied())?;
    let jobs = machine.jobs(arguments.jobs.map_or_else(Pace::default_jobs, usize::from))?;
    let pace = Pace { jobs, timeout_scale: 1.0 };
    let start = Instant::now();
    let mut plans = plan(&specs, &machine, pace)?;
    if let Some(name) = &arguments.mutation {
        narrow(&mut plans, name)?;
    }
    let sample = arguments.sample();
    if let Some(sample) = &sample {
        let _ = writeln!(stderr(), "{} % of the mutations; again with --seed {}", sample.percent, sample.seed);
        for Plan { spec, mutations, .. } in &mut plans {
            mutations.retain(|(mutation, _)| sample.has(spec.id, &mutation.name()));
        }
    }
    let findings = Findings {
        version: env!("CARGO_PKG_VERSION").into(),
        environment: engine::environment::look(machine.isolation.word(), machine.refused.clone()),
        only: arguments.mutation.clone(),
        shard: arguments.shard,
        sample,
        specs: try_all(plans, &machine, pace)?,
        wall_us: start.elapsed().as_micros() as u64,
    };
    report(arguments, &findings)
}

impl Arguments {
    fn specs(&self) -> Result<Vec<&'static Spec>, CliError> {
        let mut selected = match &self.only {
            None => self.filters.specs()?,
            Some(id) => match specs().iter().find(|spec| spec.id == id) {
                Some(spec) => vec![*spec],
                None => return Err(unknown(id)),
            },
        };
        if !self.source.is_empty() {
            let wanted = |spec: &&Spec| self.source.iter().any(|file| file.as_path() == Path::new(spec.file));
            selected.retain(wanted);
            if selected.is_empty() {
                return Err(CliError::nothing_selected("no selected spec is in these files"));
            }
        }
        shard_of(self.shard, selected)
    }

    fn sample(&self) -> Option<Sample> {
        let new = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.sample.map(|percent| Sample { percent, seed: self.seed.unwrap_or_else(new) })
    }
}

fn interrupted() -> CliError {
    CliError::could_not_run("the audit was interrupted")
}

fn plan(specs: &[&'static Spec], machine: &Machine, pace: Pace) -> Result<Vec<Plan>, CliError> {
    let _ = writeln!(
        stderr(),
        "ipcspec {}: recording the system calls of {} specs",
        env!("CARGO_PKG_VERSION"),
        specs.len()
    );
    let progress = Progress::of_many(campaign::RUNS as usize * specs.len());
    let documented = |call: &str| Catalogue::load().errnos_of(call);
    let plans = campaign::plan(specs, machine, pace, documented, |event| progress.show(event));
    progress.end();
    let mut plans = plans?.ok_or_else(interrupted)?;
    let allowances = Allowances::ours();
    for Plan { spec, mutations, .. } in &mut plans {
        mutations.retain(|(mutation, _)| !allowances.is_nondeterministic(spec.id, &mutation.name()));
    }
    Ok(plans)
}

/// Keeps only mutations that match. It is an error if there are none.
fn narrow(plans: &mut [Plan], name: &str) -> Result<(), CliError> {
    let wanted = WildMatch::new(name);
    for plan in plans.iter_mut() {
        plan.mutations.retain(|(mutation, _)| wanted.matches(&mutation.name()));
    }
    if plans.iter().any(|plan| !plan.mutations.is_empty()) {
        return Ok(());
    }
    let why = plans.iter().find_map(|plan| plan.left_out.as_ref().map(|why| (plan.spec.id, why)));
    Err(CliError::nothing_selected(match why {
        Some((id, LeftOut::Skipped(needs))) => format!("{id} is skipped: it needs {needs}"),
        Some((id, LeftOut::DoesNotConform(verdict))) => {
            format!("{id} cannot be mutated: its verdict without a mutation is {verdict}")
        }
        Some((id, LeftOut::NotWhenTraced(verdict, _))) => {
            format!("{id} cannot be mutated: its verdict while traced is {verdict}")
        }
        None => {
            format!("the selected specs have no mutation `{name}`; `ipcspec audit` writes all names to audit.json")
        }
    }))
}

fn try_all(plans: Vec<Plan>, machine: &Machine, pace: Pace) -> Result<Vec<Audited>, CliError> {
    let total = plans.iter().map(|plan| plan.mutations.len()).sum();
    let _ = writeln!(stderr(), "{total} mutations, {} at once", pace.jobs);
    let progress = Progress::of_many(total);
    let audited = campaign::try_all(plans, machine, pace, |event| progress.show(event));
    progress.end();
    audited?.ok_or_else(interrupted)
}

/// The tasks that run each spec under the mutations that match.
pub fn mutated(specs: &[&'static Spec], name: &str, machine: &Machine, pace: Pace) -> Result<Vec<Task>, CliError> {
    let mut plans = plan(specs, machine, pace)?;
    narrow(&mut plans, name)?;
    let _ = writeln!(stderr(), "mutated with {name}: the verdicts are about the specs, not about this system");
    let tasks = plans.into_iter().flat_map(|plan| {
        let Plan { spec, mutations, .. } = plan;
        (1..).zip(mutations).map(move |(attempt, (mutation, _))| Task {
            spec,
            attempt,
            attach: Some(Rc::new(Tracing::Mutate(mutation))),
        })
    });
    Ok(tasks.collect())
}

fn report(arguments: &Arguments, findings: &Findings) -> Result<Exit, CliError> {
    let registered: Vec<_> = specs().iter().map(|spec| spec.id).collect();
    let judgement = Judgement::of(findings, Allowances::ours(), &registered);
    let kept = keep(arguments, &judgement);
    print(&terminal::audit(&judgement))?;
    kept?;
    github::show(String::new, || markdown::audit(&judgement))?;
    Ok(judgement.exit())
}

/// Writes the findings. If the default file cannot be written, the audit goes on without.
fn keep(arguments: &Arguments, judgement: &Judgement) -> Result<(), CliError> {
    let path = arguments.findings.as_deref().unwrap_or(Path::new(DEFAULT));
    let written = std::fs::create_dir_all(store::directory(path))
        .and_then(|()| reports::replace_file(path, |out| out.write_all(json::audit(judgement).as_bytes())));
    match written {
        Ok(()) => {
            let _ = writeln!(stderr(), "findings written to {}", path.display());
            Ok(())
        }
        Err(error) if arguments.findings.is_none() => {
            let _ = writeln!(stderr(), "findings not written: {}: {error}", path.display());
            Ok(())
        }
        Err(error) => Err(store::unwritable(path, &error)),
    }
}
