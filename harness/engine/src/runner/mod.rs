//! Runs specs side by side: one thread around a poll loop, because it forks, and because a container may refuse threads.

pub mod machine;
pub mod selection;

use crate::mutation::{Made, Watch};
use crate::sandbox::{self, Place, Sandbox};
use harness::ended::Ended;
use harness::event_log::Event;
use harness::need::Demand;
use harness::process_state;
use harness::spec::Spec;
use machine::{CannotRun, Machine};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, kill, sigaction, sigprocmask};
use nix::sys::time::TimeSpec;
use record::Verdict;
use record::{Failure, Missing, Process, Source, SpecRecord};
use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How a run goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How many specs run at once.
    pub jobs: usize,
    /// What every deadline is multiplied by, for slow machines.
    pub timeout_scale: f64,
}

/// How long a spec may take before the watchdog ends it. Specs take milliseconds: a spec that is here has hung.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long a reaper may take to end its tree and sweep before it is killed, which ends the tree too.
const GRACE: Duration = Duration::from_secs(5);

/// How much of a spec's output is kept, in bytes.
const OUTPUT_KEPT: usize = 64 * 1024;

/// How often one spec's output is read before it is another's turn: somewhat more than a full pipe.
const READS: usize = 8;

impl Pace {
    /// More workers than processors, since most specs wait more than they compute.
    pub fn default_jobs() -> usize {
        4 * std::thread::available_parallelism().map_or(1, usize::from)
    }
}

/// One thing to do in a run.
#[derive(Clone, Debug)]
pub struct Task {
    /// What is run.
    pub spec: &'static Spec,
    /// Which repetition this is, from 1.
    pub attempt: u32,
    /// Whether it is watched, for the audit.
    pub watch: Option<Watch>,
}

/// What a run tells while it goes on.
#[derive(Debug)]
pub enum RunEvent<'a> {
    /// A spec was started.
    Started(&'static Spec),
    /// A spec was judged, or skipped.
    Judged(&'a Task, &'a SpecRecord, &'a Watched),
}

/// What came of watching a spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// The calls that it made: all, but of those made over and over from one place some.
    pub made: Vec<Made>,
    /// Whether the mutation took place.
    pub mutated: bool,
}

/// Does each task and tells the observer; an observer's error ends the run. Returns whether the run was
/// interrupted, by SIGINT or SIGTERM: specs under way are then ended, cleaned up after, and not judged.
pub fn run(
    order: Vec<Task>,
    machine: &Machine,
    pace: Pace,
    mut observer: impl FnMut(RunEvent) -> std::io::Result<()>,
) -> Result<bool, CannotRun> {
    let signals = Signals::take_over().map_err(|error| CannotRun(format!("signals cannot be set up: {error}")))?;
    let mut queue = VecDeque::from(order);
    let mut running: Vec<Running> = Vec::new();
    let mut tell =
        |event: RunEvent| observer(event).map_err(|error| CannotRun(format!("records cannot be written: {error}")));
    let mut outcome = Ok(());
    let mut ending = false;
    while !running.is_empty() || !(queue.is_empty() || ending) {
        while !ending && running.len() < pace.jobs {
            let Some(task) = queue.pop_front_if(|next| may_join(next.spec, &running)) else { break };
            let told = match machine.place(task.spec) {
                Err(missing) => tell(RunEvent::Judged(&task, &skip(&task, missing), &Watched::default())),
                Ok(place) => match Running::start(&task, place, pace.timeout_scale) {
                    Ok(started) => {
                        running.push(started);
                        tell(RunEvent::Started(task.spec))
                    }
                    // No room for another process or descriptor: there is some when a spec ends.
                    Err(_) if !running.is_empty() => {
                        queue.push_front(task);
                        break;
                    }
                    Err(error) => Err(CannotRun(format!("a sandbox cannot be started: {error}"))),
                },
            };
            if let Err(error) = told {
                (outcome, ending) = (Err(error), true);
            }
        }
        ending |= signals.interrupted();
        if ending {
            running.iter_mut().for_each(Running::end);
        }
        wait_for_something(&mut running, &signals.unblocked);
        let mut index = 0;
        while index < running.len() {
            running[index].read_output();
            if let Some((status, cpu)) = running[index].reap() {
                let (task, record, watched) = running.swap_remove(index).record(status, cpu);
                if !ending && let Err(error) = tell(RunEvent::Judged(&task, &record, &watched)) {
                    (outcome, ending) = (Err(error), true);
                }
            } else {
                running[index].look_at_the_clock();
                index += 1;
            }
        }
    }
    outcome.map(|()| signals.interrupted())
}

/// A spec that changes the machine runs alone: the others would see the change.
fn may_join(next: &Spec, running: &[Running]) -> bool {
    let changes_the_machine = |spec: &Spec| spec.demands(Demand::Alone);
    running.is_empty()
        || !(changes_the_machine(next) || running.iter().any(|other| changes_the_machine(other.task.spec)))
}

/// Sleeps until output comes, a child ends, a signal comes, or a deadline passes.
fn wait_for_something(running: &mut [Running], unblocked: &SigSet) {
    let Some(next) = running.iter().map(|spec| spec.deadline).min() else { return };
    let mut outputs: Vec<_> = running
        .iter()
        .filter(|spec| spec.output_is_open)
        .map(|spec| PollFd::new(spec.sandbox.output.as_fd(), PollFlags::POLLIN))
        .collect();
    let patience = next.saturating_duration_since(Instant::now());
    // EINTR is what it waits for.
    let _ = ppoll(&mut outputs, Some(TimeSpec::from_duration(patience)), Some(*unblocked));
}

/// SIGCHLD, SIGINT and SIGTERM are blocked but for the time in which the loop sleeps: none comes unseen.
struct Signals {
    before: SigSet,
    unblocked: SigSet,
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn on_signal(number: libc::c_int) {
    if number != libc::SIGCHLD {
        INTERRUPTED.store(true, Ordering::Relaxed);
    }
}

impl Signals {
    fn take_over() -> nix::Result<Self> {
        INTERRUPTED.store(false, Ordering::Relaxed);
        let handled = [Signal::SIGCHLD, Signal::SIGINT, Signal::SIGTERM];
        let action = SigAction::new(SigHandler::Handler(on_signal), SaFlags::empty(), SigSet::empty());
        let mut unblocked = SigSet::thread_get_mask()?;
        let mut blocked = unblocked;
        for signal in handled {
            // SAFETY: the handler stores to an atomic.
            unsafe { sigaction(signal, &action) }?;
            blocked.add(signal);
            // The parent may have blocked them all.
            unblocked.remove(signal);
        }
        let mut before = SigSet::empty();
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&blocked), Some(&mut before))?;
        Ok(Self { before, unblocked })
    }

    fn interrupted(&self) -> bool {
        INTERRUPTED.load(Ordering::Relaxed)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&self.before), None);
    }
}

/// A spec under way.
struct Running {
    task: Task,
    place: Place,
    sandbox: Sandbox,
    started: Instant,
    /// When to look again: the watchdog's deadline, then the end of the reaper's grace.
    deadline: Instant,
    /// Set when the reaper was asked to end.
    ended: bool,
    /// Where each process stood at the watchdog's deadline.
    stood: Option<Vec<Process>>,
    output: Vec<u8>,
    output_dropped: u64,
    output_is_open: bool,
}

impl Running {
    fn start(task: &Task, place: Place, timeout_scale: f64) -> std::io::Result<Self> {
        let started = Instant::now();
        let spec = task.spec;
        let sandbox = sandbox::start(place, task.watch.as_ref(), || {
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
            stood: None,
            output: Vec::new(),
            output_dropped: 0,
            output_is_open: true,
        })
    }

    /// Takes what was printed, keeps the beginning, and lets a spec that prints megabytes go on. A spec that prints for ever
    /// is left after a while, for the others' sake and the clock's.
    fn read_output(&mut self) {
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

    /// Whether the reaper has ended: its wait status and the processor time of the whole sandbox.
    fn reap(&self) -> Option<(i32, Duration)> {
        let mut status = 0;
        // SAFETY: all zero is a valid rusage, and wait4 writes both.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        let pid = unsafe { libc::wait4(self.sandbox.reaper.as_raw(), &mut status, libc::WNOHANG, &mut usage) };
        let time = |value: libc::timeval| Duration::new(value.tv_sec as u64, value.tv_usec as u32 * 1000);
        (pid != 0).then(|| (status, time(usage.ru_utime) + time(usage.ru_stime)))
    }

    /// The watchdog.
    fn look_at_the_clock(&mut self) {
        if Instant::now() < self.deadline {
            return;
        }
        if self.ended {
            let _ = kill(self.sandbox.reaper, Signal::SIGKILL);
            self.deadline += GRACE;
        } else {
            let inside = process_state::descendants_of(self.sandbox.reaper.as_raw());
            self.stood = Some(inside.into_iter().filter_map(process_state::of).collect());
            self.end();
        }
    }

    /// Asks the reaper to end its tree and to sweep.
    fn end(&mut self) {
        if !self.ended {
            let _ = kill(self.sandbox.reaper, Signal::SIGTERM);
            self.ended = true;
            self.deadline = Instant::now() + GRACE;
        }
    }

    fn record(mut self, reaper_status: i32, cpu: Duration) -> (Task, SpecRecord, Watched) {
        self.read_output();
        let wall = self.started.elapsed();
        let log = &self.sandbox.log;
        let mut record = SpecRecord {
            isolation: Some(self.place.isolation.word().into()),
            checks: log.checks(),
            processes: self.stood.clone().unwrap_or_default(),
            output: String::from_utf8_lossy(&self.output).into_owned(),
            output_dropped: self.output_dropped,
            wall_us: wall.as_micros() as u64,
            cpu_us: cpu.as_micros() as u64,
            ..blank(&self.task)
        };
        let (mut watched, mut stalled) = (Watched::default(), false);
        for note in log.events() {
            match note {
                Event::Failure(failure) => record.failures.push(failure),
                Event::Error(seen) if !record.errors.contains(&seen) => record.errors.push(seen),
                Event::Observation(observation) => record.observations.push(observation),
                Event::Made(made) => watched.made.push(made),
                Event::Mutated => watched.mutated = true,
                Event::Stalled(stood) => (record.processes, stalled) = (stood, true),
                Event::Error(_) | Event::Missing(_) | Event::Created(_) | Event::Removed(_) => {}
            }
        }
        self.judge(&mut record, reaper_status, stalled);
        self.sandbox.log.unmap();
        (self.task, record, watched)
    }

    /// The verdict; a reason is added where no process could give one.
    fn judge(&self, record: &mut SpecRecord, reaper_status: i32, stalled: bool) {
        let log = &self.sandbox.log;
        let found = |verdict| record.failures.iter().any(|failure| failure.verdict == verdict);
        let reason = if self.stood.is_some() {
            record.verdict = Verdict::Timeout;
            let seconds = (self.deadline - GRACE).saturating_duration_since(self.started).as_secs_f32();
            Some(format!("it had not ended after {seconds:.0} s"))
        } else if stalled {
            record.verdict = Verdict::Timeout;
            Some("nothing could happen any more: every process slept".into())
        } else if found(Verdict::Deviates) {
            record.verdict = Verdict::Deviates;
            None
        } else if found(Verdict::Broken) {
            record.verdict = Verdict::Broken;
            None
        } else {
            let reason = match log.status().map(Ended::from_status) {
                None => Some(format!("its sandbox ended early: {}", Ended::from_status(reaper_status))),
                Some(_) if log.lost() > 0 => {
                    Some(format!("it wrote down more than its log holds: {} entries were lost", log.lost()))
                }
                Some(Ended::Exited(code)) if !log.is_finished() => {
                    Some(format!("its first process exited with {code} before the body returned"))
                }
                Some(Ended::Exited(_)) if record.checks == 0 => Some("it asserted nothing".into()),
                Some(Ended::Exited(_)) => None,
                Some(ended) => Some(format!("its first process was {ended}")),
            };
            record.verdict = if reason.is_some() { Verdict::Broken } else { Verdict::Conforms };
            reason
        };
        if let Some(message) = reason {
            let source = Some(Source { file: self.task.spec.file.into(), line: self.task.spec.line });
            let (verdict, process) = (record.verdict, "the spec".into());
            record.failures.push(Failure { verdict, message, expected: None, actual: None, source, process });
        }
    }
}

fn skip(task: &Task, missing: Vec<Missing>) -> SpecRecord {
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
