//! Runs on targets, for `ipcspec run --on` and `ipcspec matrix`.

use super::{CliError, store};
use engine::remote::carry::{self, Event, Failed, Outcome, TargetRun};
use engine::remote::{Job, Target, list};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use record::{Line, Records};
use std::collections::HashMap;
use std::io::{IsTerminal, Write, stderr};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The target of this name.
pub fn find(file: Option<&Path>, name: &str) -> Result<Target, CliError> {
    let targets = list::all(file).map_err(CliError::could_not_run)?;
    list::find(&targets, name).map_err(CliError::could_not_run)
}

/// The first arguments for ipcspec on this target.
pub fn words(target: &Target, timeout_scale: f64) -> Vec<String> {
    let mut words = vec!["run".into(), "--frames".into()];
    words.push(format!("--timeout-scale={}", (timeout_scale * target.slowness()).min(1000.0)));
    words.extend(target.is_disposable().then(|| "--disposable".into()));
    words.extend(target.stopped_by.iter().map(|(id, how)| format!("--stopped-by={id}={how}")));
    words
}

/// Runs on one target and writes its log.
pub fn run(target: Target, job: Job, log: PathBuf) -> Result<Records, CliError> {
    std::fs::create_dir_all(store::directory(&log)).map_err(|error| store::unwritable(&log, &error))?;
    let run = TargetRun { target, job, log };
    let outcome = all(std::slice::from_ref(&run), |_, _| ())?.pop().expect("one run has one outcome");
    outcome.map_err(|failed| CliError::could_not_run(sentence(&run, &failed)))
}

/// Runs on several, with progress; calls `ended` as each one ends.
pub fn all(runs: &[TargetRun], mut ended: impl FnMut(&TargetRun, &Outcome)) -> Result<Vec<Outcome>, CliError> {
    let mut progress = Progress::new();
    let observe = |event: Event| {
        progress.show(&event);
        if let Event::Ended(run, outcome) = event {
            ended(run, outcome);
        }
    };
    carry::all(runs, carry::room(), observe)
        .map_err(|error| CliError::could_not_run(format!("cannot set up signals: {error}")))
}

/// Why there are no records, with the end of the target's log.
pub fn sentence(run: &TargetRun, failed: &Failed) -> String {
    let mut text = format!("{}: {}", run.target.name, failed.sentence);
    if !failed.said.is_empty() {
        let said: Vec<_> = failed.said.iter().map(|line| reports::plain_line(line)).collect();
        text += &format!("; {} ends with: {}", run.log.display(), said.join(" | "));
    }
    text
}

/// Progress of targets: a bar for each on a terminal, a line at its start and end elsewhere.
struct Progress {
    bars: Option<MultiProgress>,
    shown: HashMap<String, (ProgressBar, Instant)>,
}

impl Progress {
    fn new() -> Self {
        Self { bars: stderr().is_terminal().then(MultiProgress::new), shown: HashMap::new() }
    }

    fn show(&mut self, event: &Event) {
        match event {
            Event::Started(run) => {
                let bar = match &self.bars {
                    Some(bars) => bars.add(bar(&run.target.name)),
                    None => ProgressBar::hidden(),
                };
                self.log(&format!("{}: started", run.target.name));
                self.shown.insert(run.target.name.clone(), (bar, Instant::now()));
            }
            Event::Sent(run, line) => match (self.shown.get(&run.target.name), line) {
                (Some((bar, _)), Line::Run(sent)) => {
                    bar.set_length(sent.selected as u64);
                    self.log(&format!("{}: {} specs on {}", run.target.name, sent.selected, sent.environment.kernel));
                }
                (Some((bar, _)), Line::Spec(spec)) => {
                    bar.set_message(spec.id.clone());
                    bar.inc(1);
                }
                _ => {}
            },
            Event::Ended(run, outcome) => {
                let Some((bar, started)) = self.shown.remove(&run.target.name) else { return };
                let seconds = started.elapsed().as_secs_f64();
                let words = match outcome {
                    Ok(records) => reports::Summary::of(records).verdicts.words(),
                    Err(failed) => failed.sentence.clone(),
                };
                bar.finish_and_clear();
                let line = format!("{}: {} ({seconds:.1} s)", run.target.name, reports::plain_line(&words));
                match &self.bars {
                    Some(bars) => drop(bars.println(line)),
                    None => self.log(&line),
                }
            }
        }
    }

    /// Writes a line to a log.
    fn log(&self, line: &str) {
        if self.bars.is_none() {
            let _ = writeln!(stderr(), "{}", reports::plain_line(line));
        }
    }
}

fn bar(name: &str) -> ProgressBar {
    let template = "{prefix:18} {bar:30.cyan/blue} {pos}/{len} {wide_msg}";
    let style = ProgressStyle::with_template(template).expect("the template is valid");
    ProgressBar::new(0).with_style(style).with_prefix(name.to_owned())
}
