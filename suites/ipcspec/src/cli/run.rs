//! `ipcspec run`.

use super::publish::{Output, Place, publish};
use super::select::{Filters, shard_of};
use super::{CliError, audit, carried, progress::Progress, remote, send::send, spool::Spool, trace};
use clap::Args;
use engine::kernel::objects;
use engine::remote::{Job, Target};
use engine::runner::machine::Machine;
use engine::runner::selection;
use engine::runner::{self, Pace, RunEvent, Task};
use engine::sandbox::{directory, preloaded};
use harness::Spec;
use harness::need::Demand;
use record::{EndRecord, Environment, FORMAT, Records, RunRecord, Shard};
use reports::Exit;
use reports::deviations::Deviations;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    filters: Filters,
    /// Number of specs to run at once [default: four per processor].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Multiply every timeout by this, for slow machines.
    #[arg(long, value_name = "X", default_value = "1", value_parser = scale)]
    timeout_scale: f64,
    /// Run in random order with this seed, which property tests use as well.
    #[arg(long, value_name = "SEED")]
    shuffle: Option<u64>,
    /// Run each spec N times and show how often it conforms.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    repeat: u32,
    /// Run one shard of the selected specs: 2/4 is the second of four.
    #[arg(long, value_name = "M/N")]
    shard: Option<Shard>,
    #[command(flatten)]
    output: Output,
    /// Preload this library, to check what it changes. Requires a dynamically linked ipcspec.
    #[arg(long, value_name = "LIBRARY")]
    preload: Option<PathBuf>,
    /// Run specs in directories below this one, on its file system, instead of in a tmpfs of their own.
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
    /// Run failing specs again under strace and show their last system calls.
    #[arg(long, conflicts_with = "traced")]
    trace: bool,
    /// Used by --trace: mark calls for strace.
    #[arg(long, hide = true)]
    traced: bool,
    /// Mutate one system call, as `ipcspec audit` does, to see how the spec fails: `read#2:stale-byte`. Writes no records.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["shuffle", "repeat", "shard", "records", "trace"])]
    mutation: Option<String>,
    /// Also fail on known deviations of Linux from its own manual pages.
    #[arg(long)]
    strict: bool,
    /// This machine is disposable: specs may change its global settings.
    #[arg(long)]
    disposable: bool,
    /// Run on a target: a name from the list, or `qemu:PATH` for a kernel image.
    #[arg(long, value_name = "TARGET", conflicts_with_all = ["disposable", "mutation", "directory"])]
    on: Option<String>,
    /// Use this list of targets instead of the built-in one.
    #[arg(long, value_name = "FILE", requires = "on")]
    targets: Option<PathBuf>,
    /// Used by targets: write the records to standard output as frames, and no reports.
    #[arg(long, hide = true, conflicts_with = "on")]
    frames: bool,
    /// Used by targets: this is the second boot; the first one left this directory.
    #[arg(long, hide = true, value_name = "DIRECTORY")]
    rebooted: Option<PathBuf>,
    /// Used by targets: this spec stops the kernel as a whole, in these words, and is skipped.
    #[arg(long, hide = true, value_name = "ID=HOW", value_parser = spec_and_words)]
    stopped_by: Vec<(String, String)>,
}

impl Arguments {
    /// The same run as a job for a target.
    fn job(&self, specs: &[&Spec], target: &Target) -> Job {
        let mut arguments = remote::words(target, self.timeout_scale);
        arguments.extend(self.filters.words());
        arguments.extend(self.jobs.map(|jobs| format!("--jobs={jobs}")));
        arguments.extend(self.shuffle.map(|seed| format!("--shuffle={seed}")));
        arguments.extend(self.strict.then(|| "--strict".into()));
        arguments.push(format!("--repeat={}", self.repeat));
        arguments.extend(self.shard.map(|shard| format!("--shard={shard}")));
        Job { arguments, reboot: specs.iter().any(|spec| spec.demands(Demand::NoNamespaces)) }
    }
}

fn spec_and_words(text: &str) -> Result<(String, String), String> {
    let (id, words) = text.split_once('=').ok_or("not an id, '=' and words")?;
    Ok((id.into(), words.into()))
}

fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor > 0.0 && factor <= 1000.0 => Ok(factor),
        _ => Err("not a number above 0 and up to 1000".into()),
    }
}

pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    if let Some(library) = &arguments.preload {
        preloaded::preload(library)
            .map_err(|why| CliError::could_not_run(format!("cannot preload {}: {why}", library.display())))?;
    }
    let specs = shard_of(arguments.shard, arguments.filters.specs()?)?;
    // Records of a mutation say nothing about this system, and a target sends its own.
    let unkept = arguments.mutation.is_some() || arguments.frames;
    let place = if unkept { Place::Nowhere } else { arguments.output.prepare()? };
    if let Some(name) = &arguments.on {
        let target = remote::find(arguments.targets.as_deref(), name)?;
        carried::run_again_if_dynamic(std::slice::from_ref(&target))?;
        let records = remote::run(target.clone(), arguments.job(&specs, &target), place.target_log())?;
        return publish(&place, &arguments.output, &records);
    }
    if let Some(chosen) = &arguments.directory {
        directory::choose(chosen)
            .map_err(|why| CliError::could_not_run(format!("cannot run specs in {}: {why}", chosen.display())))?;
    }
    if arguments.disposable {
        harness::need::declare_disposable();
    }
    if let Some(directory) = &arguments.rebooted {
        harness::need::declare_rebooted(directory);
    }
    if arguments.traced {
        harness::sign::make_signs();
    }
    harness::set_seed(arguments.shuffle.unwrap_or_default());
    let broken = engine::trusted::check()?;
    let machine = Machine::probe(specs.iter().copied())?.stopped_by(&arguments.stopped_by);
    let jobs = machine.jobs(arguments.jobs.map_or_else(Pace::default_jobs, usize::from))?;
    let pace = Pace { jobs, timeout_scale: arguments.timeout_scale };
    let (selected, order): (usize, Box<dyn Iterator<Item = Task>>) = match &arguments.mutation {
        Some(name) => {
            let tasks = audit::mutated(&specs, name, &machine, pace)?;
            (tasks.len(), Box::new(tasks.into_iter()))
        }
        None => {
            let order = selection::order(&specs, arguments.repeat, arguments.shuffle);
            (specs.len() * arguments.repeat as usize, Box::new(order))
        }
    };
    let run = header(arguments, &machine, broken, selected);
    if arguments.frames {
        return send(&run, order, &machine, pace, arguments.strict);
    }
    announce(&run, jobs);
    let progress = Progress::new(selected);
    let start = Instant::now();
    let mut spool = Spool::new().map_err(unspooled)?;
    let (before, mut kernel_log) = (objects::count(), Vec::new());
    let interrupted = runner::run(order, &machine, pace, |event| {
        progress.show(&event);
        match event {
            RunEvent::Judged(_, record, _) => spool.push(record),
            RunEvent::KernelReported(lines) => {
                kernel_log.extend_from_slice(lines);
                Ok(())
            }
            RunEvent::Started(_) => Ok(()),
        }
    })?;
    progress.end();
    let wall_us = start.elapsed().as_micros() as u64;
    let mut judged = spool.into_records().map_err(unspooled)?;
    let end = EndRecord { specs: judged.len(), interrupted, wall_us, kernel_log, grown: objects::grown_since(&before) };
    if arguments.trace && !interrupted {
        trace::add_traces(&mut judged, &again(arguments));
    }
    let mut records = Records { run, specs: judged, end };
    if !arguments.strict {
        Deviations::ours().mark_all(&mut records);
    }
    publish(&place, &arguments.output, &records)
}

fn unspooled(error: std::io::Error) -> CliError {
    CliError::could_not_run(format!("cannot keep records in memory: {error}"))
}

/// Options for running one spec again in the same way.
fn again(arguments: &Arguments) -> Vec<OsString> {
    let mut again = vec!["--timeout-scale".into(), arguments.timeout_scale.to_string().into()];
    if let Some(seed) = arguments.shuffle {
        again.extend(["--shuffle".into(), seed.to_string().into()]);
    }
    if let Some(library) = &arguments.preload {
        again.extend(["--preload".into(), library.into()]);
    }
    if let Some(directory) = &arguments.directory {
        again.extend(["--directory".into(), directory.into()]);
    }
    if arguments.disposable {
        again.push("--disposable".into());
    }
    again
}

fn header(arguments: &Arguments, machine: &Machine, broken: Vec<String>, selected: usize) -> RunRecord {
    let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    RunRecord {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        run: format!("{started}-{}", std::process::id()),
        started,
        target: None,
        selected,
        selection: arguments.filters.words(),
        shard: arguments.shard,
        repeat: arguments.repeat,
        seed: arguments.shuffle,
        mutation: arguments.mutation.clone(),
        environment: Environment {
            broken,
            ..engine::environment::look(machine.isolation.word(), machine.refused.clone())
        },
    }
}

fn announce(run: &RunRecord, jobs: usize) {
    let here = &run.environment;
    let _ = writeln!(
        std::io::stderr(),
        "ipcspec {}: {} specs on {} {}, {}, {} processors, isolation: {}, {jobs} at once",
        run.version,
        run.selected,
        here.kernel,
        here.arch,
        here.libc,
        here.cpus,
        here.isolation,
    );
}
