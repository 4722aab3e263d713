//! One spec under way: its sandbox, its output, its deadline, and what becomes of it.

use super::Task;
use super::verdict::{Evidence, judge};
use crate::sandbox::{self, InitEnded, Place, Sandbox};
use harness::ended::Ended;
use harness::event_log::{EngineEvent, Event};
use harness::{bounded, label, process_state};
use record::{Failure, Missing, Process, Source, SpecRecord, Verdict, signature};
use std::time::{Duration, Instant};

/// How long a spec may take before the watchdog ends it, in time in which the runner ran. Specs take milliseconds: a spec that is
/// here has hung.
const DEADLINE: Duration = Duration::from_secs(10);

/// How many deadlines a spec has that waits for a processor, which the machine gives to others.
const DEADLINES: u32 = 8;

/// How long init may take to end its tree and sweep before it is killed, which ends the tree too.
const GRACE: Duration = Duration::from_secs(5);

/// A spec under way.
pub struct Running {
    /// What it is.
    pub task: Task,
    place: Place,
    /// Where it runs.
    pub sandbox: Sandbox,
    started: Instant,
    /// How long it may take.
    limit: Duration,
    /// When the watchdog acts, by the runner's clock: the spec's deadline, then the end of init's grace.
    deadline: Duration,
    /// How many deadlines are over.
    over: u32,
    /// Whether the machine stood still in the meantime.
    pub stood_still: bool,
    /// Seen to be late; the watchdog acts when it still is at the next look.
    is_late: bool,
    /// Set when init was asked to end.
    ended: bool,
    /// Where each process was when the watchdog acted.
    were: Option<Vec<Process>>,
    /// What the kernel printed of an error of its own, and how many other specs ran then.
    reported: Vec<String>,
    beside: usize,
}

impl Running {
    /// Starts the spec in a sandbox of its own, now by the runner's clock.
    pub fn start(task: &Task, place: Place, timeout_scale: f64, now: Duration) -> std::io::Result<Self> {
        let started = Instant::now();
        let limit = DEADLINE.mul_f64(timeout_scale);
        let sandbox = sandbox::start_spec(place, task.attach.as_deref(), task.spec)?;
        Ok(Self {
            task: task.clone(),
            place,
            sandbox,
            started,
            limit,
            deadline: now + limit,
            over: 0,
            stood_still: false,
            is_late: false,
            ended: false,
            were: None,
            reported: Vec::new(),
            beside: 0,
        })
    }

    /// How init has ended, if it has. `ticked` when the last wait was over without a reason, so that signals may be lost.
    pub fn reap(&mut self, ticked: bool) -> Option<InitEnded> {
        self.sandbox.reap().or_else(|| if ticked { self.sandbox.ended_unreported() } else { None })
    }

    /// The watchdog. It acts at the second look after the deadline: what came in the meantime was seen by then.
    pub fn look_at_the_clock(&mut self, now: Duration) {
        if now < self.deadline || !std::mem::replace(&mut self.is_late, true) {
            return;
        }
        if self.ended {
            let _ = bounded::kill(self.sandbox.init.as_raw(), libc::SIGKILL);
            self.deadline = now + GRACE;
        } else {
            let inside = process_state::descendants_of(self.sandbox.init.as_raw());
            self.over += 1;
            if self.over < DEADLINES && wait_for_a_processor(&inside, self.limit * self.over) {
                (self.deadline, self.is_late) = (now + self.limit, false);
                return;
            }
            self.were = Some(inside.into_iter().filter_map(process_state::of).collect());
            self.end(now);
        }
    }

    /// Asks init to end its tree and to sweep.
    pub fn end(&mut self, now: Duration) {
        if !self.ended {
            let _ = bounded::kill(self.sandbox.init.as_raw(), libc::SIGTERM);
            self.ended = true;
            self.is_late = false;
            self.deadline = now + GRACE;
        }
    }

    /// The kernel has printed this report while the spec ran beside so many others.
    pub fn was_reported(&mut self, report: &[String], beside: usize) {
        if self.reported.is_empty() {
            self.beside = beside;
        }
        self.reported.extend_from_slice(report);
    }

    /// Whether somebody who is neither the runner nor in the sandbox has asked init to end: it is not the spec's fault.
    pub fn was_ended_by_others(&self) -> bool {
        !self.ended && self.sandbox.log.was_told_to_end()
    }

    /// What became of it, once init has ended, and what was attached to it wrote down.
    pub fn record(mut self, init: InitEnded) -> (Task, SpecRecord, Vec<EngineEvent>) {
        self.sandbox.output.take();
        let wall = self.started.elapsed();
        let log = &self.sandbox.log;
        let mut record = SpecRecord {
            isolation: Some(self.place.isolation.word().into()),
            checks: log.checks(),
            processes: self.were.clone().unwrap_or_default(),
            output: String::from_utf8_lossy(&self.sandbox.output.kept).into_owned(),
            output_dropped: self.sandbox.output.dropped,
            kernel_log: std::mem::take(&mut self.reported),
            wall_us: wall.as_micros() as u64,
            cpu_us: init.cpu.as_micros() as u64,
            ..blank(&self.task)
        };
        let (mut pids, mut others, mut stalled) = (Vec::new(), Vec::new(), false);
        for event in log.events() {
            match event {
                Event::Failure(failure) => record.failures.push(failure),
                Event::Error(seen) if !record.errors.contains(&seen) => record.errors.push(seen),
                Event::Observation(observation) => record.observations.push(observation),
                Event::Evidence(evidence) => record.evidence.push(evidence),
                Event::Process(pid) => pids.push(pid),
                Event::Engine(event) => match sandbox::as_stalled(&event) {
                    Some(processes) => (record.processes, stalled) = (processes, true),
                    None => others.push(event),
                },
                Event::Error(_) | Event::Missing(_) | Event::Created(_) | Event::Removed(_) | Event::Handler(_) => {}
            }
        }
        let evidence = Evidence {
            timed_out: self.were.is_some().then_some(self.limit * self.over),
            stalled,
            failures: &record.failures,
            first: log.status().map(Ended::from_status),
            init: init.status.map(Ended::from_status),
            reported: record.kernel_log.first().map(|line| (line.as_str(), self.beside)),
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

/// Whether one of these has waited for a processor for half of this time or longer. Where the kernel does not tell, none has.
fn wait_for_a_processor(processes: &[i32], time: Duration) -> bool {
    processes.iter().filter_map(|pid| process_state::waited_for_a_processor(*pid)).any(|waited| waited >= time / 2)
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
        needs: spec.needs().map(ToString::to_string).collect(),
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
        evidence: Vec::new(),
        processes: Vec::new(),
        trace: Vec::new(),
        output: String::new(),
        output_dropped: 0,
        kernel_log: Vec::new(),
        wall_us: 0,
        cpu_us: 0,
    }
}
