//! `ipcspec run`.

use super::select::Filters;
use super::{Refusal, audit, colour, documented::documented, github, preload, print, progress::Progress, store, trace};
use clap::Args;
use harness::environment::Environment;
use harness::ladder::Machine;
use harness::record::{EndRecord, FORMAT, Records, RunRecord};
use harness::runner::{self, Event, Pace};
use harness::selection::{self, Shard};
use reports::{Documented, Exit};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    filters: Filters,
    /// How many specs run at once [default: four for each processor].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Multiply every deadline, for slow machines.
    #[arg(long, value_name = "X", default_value = "1", value_parser = scale)]
    timeout_scale: f64,
    /// Run in an order that this number determines, and draw the cases of properties from it.
    #[arg(long, value_name = "SEED")]
    shuffle: Option<u64>,
    /// Run each spec so many times, and show how often it conforms.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    repeat: u32,
    /// Run one part of the selected specs: 2/4 is the second of four.
    #[arg(long, value_name = "M/N")]
    shard: Option<Shard>,
    /// Where records are written, and the reports beside them [default: target/ipcspec/records.jsonl].
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,
    /// Put this library before the C library, to judge what it changes; for a binary that is linked dynamically.
    #[arg(long, value_name = "LIBRARY")]
    preload: Option<PathBuf>,
    /// Run what fails again under strace, and show its last system calls.
    #[arg(long, conflicts_with = "traced")]
    trace: bool,
    /// Make signs for strace: this is the run that is traced.
    #[arg(long, hide = true)]
    traced: bool,
    /// Sabotage one call, as `ipcspec audit` does, to see what a wrong kernel would make of the spec: `read#2:stale-byte`.
    /// No records are kept.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["shuffle", "repeat", "shard", "records", "trace"])]
    sabotage: Option<String>,
    /// This machine was booted for the run: specs may change its global settings.
    #[arg(long)]
    expendable: bool,
}

fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor > 0.0 && factor <= 1000.0 => Ok(factor),
        _ => Err("a number above 0, up to 1000".into()),
    }
}

pub fn run(arguments: &Arguments) -> Result<Exit, Refusal> {
    if let Some(library) = &arguments.preload {
        preload::begin_again_with(library)?;
    }
    let mut specs = arguments.filters.specs()?;
    if let Some(shard) = arguments.shard {
        specs = shard.of(specs);
        if specs.is_empty() {
            return Err(Refusal::nothing("this shard holds no spec: there are fewer specs than shards"));
        }
    }
    if arguments.expendable {
        harness::need::declare_expendable();
    }
    if arguments.traced {
        harness::trace::make_signs();
    }
    harness::set_seed(arguments.shuffle.unwrap_or_default());
    prepare(arguments.records.as_deref())?;
    let could_not = |error: harness::ladder::CannotRun| Refusal::could_not(error.to_string());
    let machine = Machine::probe(specs.iter().copied()).map_err(could_not)?;
    let jobs = machine.jobs(arguments.jobs.map_or_else(Pace::default_jobs, usize::from)).map_err(could_not)?;
    let pace = Pace { jobs, timeout_scale: arguments.timeout_scale };
    let order = match &arguments.sabotage {
        Some(name) => audit::sabotaged(&specs, name, &machine, pace)?,
        None => selection::order(&specs, arguments.repeat, arguments.shuffle),
    };
    let run = header(arguments, &machine, order.len());
    announce(&run, jobs);
    let progress = Progress::new(order.len());
    let start = Instant::now();
    let mut judged = Vec::with_capacity(order.len());
    let interrupted = runner::run(order, &machine, pace, |event| {
        progress.show(&event);
        if let Event::Judged(_, record, _) = event {
            judged.push(record.clone());
        }
        Ok(())
    })
    .map_err(could_not)?;
    progress.end();
    let end = EndRecord { specs: judged.len(), interrupted, wall_us: start.elapsed().as_micros() as u64 };
    if arguments.trace && !interrupted {
        trace::add_traces(&mut judged, &again(arguments));
    }
    let place = if arguments.sabotage.is_some() { Place::Nowhere } else { Place::of(arguments.records.as_deref()) };
    tell(place, &Records { run, specs: judged, end })
}

/// What a run of one spec has to be told, to be like this one.
fn again(arguments: &Arguments) -> Vec<OsString> {
    let mut again = vec!["--timeout-scale".into(), arguments.timeout_scale.to_string().into()];
    if let Some(seed) = arguments.shuffle {
        again.extend(["--shuffle".into(), seed.to_string().into()]);
    }
    if let Some(library) = &arguments.preload {
        again.extend(["--preload".into(), library.into()]);
    }
    if arguments.expendable {
        again.push("--expendable".into());
    }
    again
}

/// Sees that a named place can be written: better known before the work than after it.
pub fn prepare(named: Option<&Path>) -> Result<(), Refusal> {
    named.map_or(Ok(()), |path| store::prepare(path).map_err(|error| store::unwritable(path, &error)))
}

fn header(arguments: &Arguments, machine: &Machine, selected: usize) -> RunRecord {
    let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    RunRecord {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        run: format!("{started}-{}", std::process::id()),
        started,
        target: None,
        selected,
        repeat: arguments.repeat,
        seed: arguments.shuffle,
        sabotage: arguments.sabotage.clone(),
        environment: Environment::look(machine.rung.word(), machine.refused.clone()),
    }
}

fn announce(run: &RunRecord, jobs: usize) {
    let here = &run.environment;
    let _ = writeln!(
        std::io::stderr(),
        "ipcspec {}: {} specs on {} {}, {}, {} processors, isolation {}, {jobs} at once",
        run.version,
        run.selected,
        here.kernel,
        here.arch,
        here.libc,
        here.cpus,
        here.rung,
    );
}

/// Where records are kept, and the reports beside them.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// Where the other commands look first, if that can be written.
    Usual,
    /// Where the user wants them.
    Named(&'a Path),
    /// Nowhere: they say nothing of this system.
    Nowhere,
}

impl<'a> Place<'a> {
    /// A named place, or else the usual one.
    pub fn of(named: Option<&'a Path>) -> Self {
        named.map_or(Self::Usual, Self::Named)
    }
}

/// Reports, in every form that was asked for or that the surroundings read.
pub fn tell(place: Place, records: &Records) -> Result<Exit, Refusal> {
    let documented = documented();
    let claims = &documented.claims;
    let kept = keep(place, records, &documented);
    print(&reports::terminal::render(records, claims, colour()))?;
    if let Some(folder) = kept? {
        let _ = writeln!(std::io::stderr(), "records and reports are in {}", folder.display());
    }
    let summary = || reports::github::job_summary(records, claims);
    github::show(|| reports::github::annotations(records), summary)?;
    Ok(Exit::of(records))
}

/// Writes records and reports. Where nobody named a place and the usual one cannot be written, the run still judges.
fn keep(place: Place, records: &Records, documented: &Documented) -> Result<Option<PathBuf>, Refusal> {
    let path = match place {
        Place::Nowhere => return Ok(None),
        Place::Usual => Path::new(store::DEFAULT),
        Place::Named(path) => path,
    };
    let folder = store::folder(path);
    let written = store::write(path, records).and_then(|()| reports::write_all(&folder, records, documented));
    match written {
        Ok(_) => Ok(Some(folder)),
        Err(error) if matches!(place, Place::Usual) => {
            let _ = writeln!(
                std::io::stderr(),
                "no records are kept: {} cannot be written ({error}); name a place with --records",
                path.display()
            );
            Ok(None)
        }
        Err(error) => Err(store::unwritable(path, &error)),
    }
}
