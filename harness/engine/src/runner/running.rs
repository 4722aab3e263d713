//! One spec under way: its sandbox, its output, its deadline, and what becomes of it.

use super::Task;
use super::verdict::{Evidence, judge};
use crate::sandbox::{self, Place, Sandbox};
use harness::ended::Ended;
use harness::event_log::{EngineEvent, Event};
use harness::{label, process_state};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use record::{Failure, Missing, Process, Source, SpecRecord, Verdict, signature};
use std::time::{Duration, Instant};

/// How long a spec may take before the watchdog ends it. Specs take milliseconds: a spec that is here has hung.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long init may take to end its tree and sweep before it is killed, which ends the tree too.
const GRACE: Duration = Duration::from_secs(5);

/// How much of a spec's output is kept, in bytes.
const OUTPUT_KEPT: usize = 64 * 1024;

/// How often one spec's output is read before it is another's turn: somewhat more than a full pipe.
const READS: usize = 8;

/// A spec under way.
pub struct Running {
    /// What it is.
    pub task: Task,
    place: Place,
    /// Where it runs.
    pub sandbox: Sandbox,
    started: Instant,
    /// When to look again: the watchdog's deadline, then the end of init's grace.
    pub deadline: Instant,
    /// Set when init was asked to end.
    ended: bool,
    /// Where each process was at the watchdog's deadline.
    were: Option<Vec<Process>>,
    output: Vec<u8>,
    output_dropped: u64,
    /// Whether more may be printed.
    pub output_is_open: bool,
}

impl Running {
    /// Starts the spec in a sandbox of its own.
    pub fn start(task: &Task, place: Place, timeout_scale: f64) -> std::io::Result<Self> {
        let started = Instant::now();
        let spec = task.spec;
        let sandbox = sandbox::start(place, task.attach.as_deref(), || {
            harness::layer::set_current(spec.layer.unwrap_or(harness::Layer::Libc));
            (spec.body)()
        })?;
        Ok(Self {
            task: task.clone(),
            place,
            sandbox,
            started,
            deadline: started + DEADLINE.mul_f64(timeout_scale),
            ended: false,
            were: None,
            output: Vec::new(),
            output_dropped: 0,
            output_is_open: true,
        })
    }

    /// Takes what was printed, keeps the beginning, and lets a spec that prints megabytes go on. A spec that prints for ever
    /// is left after a while, for the others' sake and the clock's.
    pub fn read_output(&mut self) {
        let mut buffer = [0; 16 * 1024];
        for _ in 0..READS {
            if !self.output_is_open {
                return;
            }
            match nix::unistd::read(&self.sandbox.output, &mut buffer) {
                Ok(0) => self.output_is_open = false,
                Ok(count) => {
                    let kept = count.min(OUTPUT_KEPT - self.output.len());
                    self.output.extend_from_slice(&buffer[..kept]);
                    self.output_dropped += (count - kept) as u64;
                }
                Err(Errno::EINTR) => {}
                Err(_) => return,
            }
        }
    }

    /// Whether init has ended: its wait status and the processor time of the whole sandbox.
    pub fn reap(&self) -> Option<(i32, Duration)> {
        let mut status = 0;
        // SAFETY: all zero is a valid rusage, and wait4 writes both.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        let pid = unsafe { libc::wait4(self.sandbox.init.as_raw(), &mut status, libc::WNOHANG, &mut usage) };
        let time = |value: libc::timeval| Duration::new(value.tv_sec as u64, value.tv_usec as u32 * 1000);
        (pid != 0).then(|| (status, time(usage.ru_utime) + time(usage.ru_stime)))
    }

    /// The watchdog.
    pub fn look_at_the_clock(&mut self) {
        if Instant::now() < self.deadline {
            return;
        }
        if self.ended {
            let _ = kill(self.sandbox.init, Signal::SIGKILL);
            self.deadline += GRACE;
        } else {
            let inside = process_state::descendants_of(self.sandbox.init.as_raw());
            self.were = Some(inside.into_iter().filter_map(process_state::of).collect());
            self.end();
        }
    }

    /// Asks init to end its tree and to sweep.
    pub fn end(&mut self) {
        if !self.ended {
            let _ = kill(self.sandbox.init, Signal::SIGTERM);
            self.ended = true;
            self.deadline = Instant::now() + GRACE;
        }
    }

    /// What became of it, once init has ended with this wait status, and what was attached to it wrote down.
    pub fn record(mut self, init_status: i32, cpu: Duration) -> (Task, SpecRecord, Vec<EngineEvent>) {
        self.read_output();
        let wall = self.started.elapsed();
        let log = &self.sandbox.log;
        let mut record = SpecRecord {
            isolation: Some(self.place.isolation.word().into()),
            checks: log.checks(),
            processes: self.were.clone().unwrap_or_default(),
            output: String::from_utf8_lossy(&self.output).into_owned(),
            output_dropped: self.output_dropped,
            wall_us: wall.as_micros() as u64,
            cpu_us: cpu.as_micros() as u64,
            ..blank(&self.task)
        };
        let (mut pids, mut others, mut stalled) = (Vec::new(), Vec::new(), false);
        for event in log.events() {
            match event {
                Event::Failure(failure) => record.failures.push(failure),
                Event::Error(seen) if !record.errors.contains(&seen) => record.errors.push(seen),
                Event::Observation(observation) => record.observations.push(observation),
                Event::Process(pid) => pids.push(pid),
                Event::Engine(event) => match sandbox::as_stalled(&event) {
                    Some(processes) => (record.processes, stalled) = (processes, true),
                    None => others.push(event),
                },
                Event::Error(_) | Event::Missing(_) | Event::Created(_) | Event::Removed(_) | Event::Handler(_) => {}
            }
        }
        let evidence = Evidence {
            timed_out: self.were.is_some().then(|| (self.deadline - GRACE).saturating_duration_since(self.started)),
            stalled,
            failures: &record.failures,
            first: log.status().map(Ended::from_status),
            init: Ended::from_status(init_status),
            lost: log.lost(),
            finished: log.is_finished(),
            checks: record.checks,
        };
        let (verdict, reason) = judge(&evidence);
        record.verdict = verdict;
        if let Some(message) = reason {
            record.failures.push(Failure {
                verdict,
                message,
                expected: None,
                actual: None,
                source: Some(record.source.clone()),
                process: label::FIRST.into(),
                signature: String::new(),
            });
        }
        for failure in &mut record.failures {
            failure.signature = signature(failure, &pids);
        }
        self.sandbox.log.unmap();
        (self.task, record, others)
    }
}

/// The record of a spec whose needs are not met.
pub fn skip(task: &Task, missing: Vec<Missing>) -> SpecRecord {
    SpecRecord { verdict: Verdict::Skipped, missing, ..blank(task) }
}

/// What is known of a spec before it has run.
fn blank(task: &Task) -> SpecRecord {
    let spec = task.spec;
    SpecRecord {
        id: spec.id.into(),
        mechanism: spec.mechanism().into(),
        layer: spec.layer,
        statement: spec.statement.into(),
        cite: spec.cite.to_vec(),
        level: spec.level(),
        covers: spec.covers.iter().map(ToString::to_string).collect(),
        needs: spec.needs.iter().map(ToString::to_string).collect(),
        source: Source { file: spec.file.into(), line: spec.line },
        attempt: task.attempt,
        verdict: Verdict::Broken,
        isolation: None,
        missing: Vec::new(),
        known: None,
        checks: 0,
        failures: Vec::new(),
        errors: Vec::new(),
        observations: Vec::new(),
        processes: Vec::new(),
        trace: Vec::new(),
        output: String::new(),
        output_dropped: 0,
        wall_us: 0,
        cpu_us: 0,
    }
}
