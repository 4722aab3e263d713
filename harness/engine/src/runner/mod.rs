//! Runs specs side by side: one thread around a poll loop, because it forks, and because a container may refuse threads.

pub mod machine;
mod running;
pub mod selection;
mod signals;
mod unconfirmed;
pub mod verdict;

use crate::kernel::log::KernelLog;
use crate::sandbox::{Attach, Clock};
use harness::bounded::{self, TICK};
use harness::event_log::EngineEvent;
use harness::need::Demand;
use harness::spec::Spec;
use machine::{CannotRun, Machine};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::SigSet;
use nix::sys::time::TimeSpec;
use record::SpecRecord;
use running::{Running, skip};
use signals::Signals;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;
use unconfirmed::Unconfirmed;

/// How a run goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How many specs run at once.
    pub jobs: usize,
    /// What every deadline is multiplied by, for slow machines.
    pub timeout_scale: f64,
}

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
    /// What is attached to it.
    pub attach: Option<Rc<dyn Attach>>,
}

/// What a run tells while it goes on.
#[derive(Debug)]
pub enum RunEvent<'a> {
    /// A spec was started.
    Started(&'static Spec),
    /// A spec was judged, or skipped; and what was attached to it wrote down.
    Judged(&'a Task, &'a SpecRecord, &'a [EngineEvent]),
    /// The kernel printed a report of an error of its own, these lines, while no spec ran.
    KernelReported(&'a [String]),
}

/// Does each task and tells the observer; an observer's error ends the run. Returns whether the run was interrupted, by a signal
/// to the runner or to a sandbox: specs under way are then ended, cleaned up after, and not judged.
pub fn run(
    order: impl IntoIterator<Item = Task>,
    machine: &Machine,
    pace: Pace,
    mut observer: impl FnMut(RunEvent) -> std::io::Result<()>,
) -> Result<bool, CannotRun> {
    let signals = Signals::take_over().map_err(|error| CannotRun(format!("signals cannot be set up: {error}")))?;
    let mut queue = order.into_iter().peekable();
    // Taken from the queue when no process could be had for them, or to be done again.
    let mut held: Vec<Task> = Vec::new();
    let mut running: Vec<Running> = Vec::new();
    let mut unconfirmed = Unconfirmed::default();
    let (mut clock, mut now) = (Clock::start(), Duration::ZERO);
    let mut kernel_log = KernelLog::follow();
    let mut tell =
        |event: RunEvent| observer(event).map_err(|error| CannotRun(format!("records cannot be written: {error}")));
    let mut outcome = Ok(());
    let (mut ending, mut interrupted) = (false, false);
    while !running.is_empty() || !(ending || held.is_empty() && queue.peek().is_none() && unconfirmed.is_empty()) {
        while !ending && running.len() < pace.jobs {
            let next = match held.last() {
                Some(task) if may_join(task.spec, &running) => held.pop(),
                Some(_) => None,
                None => queue.next_if(|next| may_join(next.spec, &running)),
            };
            let Some(task) = next else { break };
            let told = match machine.place(task.spec) {
                Err(missing) => tell(RunEvent::Judged(&task, &skip(&task, missing), &[])),
                Ok(place) => match Running::start(&task, place, pace.timeout_scale, now) {
                    Ok(started) => {
                        running.push(started);
                        tell(RunEvent::Started(task.spec))
                    }
                    // No room for another process or descriptor: there is some when a spec ends; or no ids, which another run gives
                    // back as well.
                    Err(error) if !running.is_empty() || error.kind() == ErrorKind::ResourceBusy => {
                        held.push(task);
                        break;
                    }
                    Err(error) => Err(CannotRun(format!("a sandbox cannot be started: {error}"))),
                },
            };
            if let Err(error) = told {
                (outcome, ending) = (Err(error), true);
            }
        }
        if ending {
            running.iter_mut().for_each(|spec| spec.end(now));
        }
        let ticked = wait_for_something(&mut running, &signals.unblocked);
        let report = kernel_log.report();
        if !report.is_empty() {
            if running.is_empty() {
                outcome = outcome.and_then(|()| tell(RunEvent::KernelReported(&report)));
            }
            let beside = running.len().saturating_sub(1);
            running.iter_mut().for_each(|spec| spec.was_reported(&report, beside));
        }
        now = clock.advance();
        running.iter_mut().for_each(|spec| spec.stood_still |= clock.stood_still());
        let mut index = 0;
        while index < running.len() {
            let Some(init) = running[index].reap(ticked) else {
                running[index].look_at_the_clock(now);
                index += 1;
                continue;
            };
            let ended = running.swap_remove(index);
            interrupted |= ended.was_ended_by_others();
            let stood_still = ended.stood_still;
            let judged = ended.record(init);
            // A machine that stands still interrupts what waits: that it failed then says nothing, and it is done again.
            if stood_still && unconfirmed::is_failure(&judged) {
                held.push(judged.0);
            } else if !ending && let Some((task, record, events)) = unconfirmed.pass(judged, now) {
                outcome = outcome.and_then(|()| tell(RunEvent::Judged(&task, &record, &events)));
            }
        }
        interrupted |= signals.interrupted();
        if !interrupted {
            for (task, record, events) in unconfirmed.confirmed(now) {
                outcome = outcome.and_then(|()| tell(RunEvent::Judged(&task, &record, &events)));
            }
        }
        ending |= interrupted || outcome.is_err();
    }
    let report = kernel_log.report();
    if !report.is_empty() {
        outcome = outcome.and_then(|()| tell(RunEvent::KernelReported(&report)));
    }
    outcome.map(|()| interrupted)
}

/// A spec that changes the machine runs alone: the others would see the change.
fn may_join(next: &Spec, running: &[Running]) -> bool {
    let changes_the_machine = |spec: &Spec| spec.demands(Demand::Alone);
    running.is_empty()
        || !(changes_the_machine(next) || running.iter().any(|other| changes_the_machine(other.task.spec)))
}

/// Sleeps until output comes, a child ends, or a signal comes, for a tick at most; and takes the output. Says whether the tick was
/// over without a reason.
fn wait_for_something(running: &mut [Running], unblocked: &SigSet) -> bool {
    let mut outputs: Vec<_> = running
        .iter()
        .filter_map(|spec| spec.sandbox.output.polled())
        .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
        .collect();
    let answer = ppoll(&mut outputs, Some(TimeSpec::from_duration(TICK)), Some(*unblocked));
    let reported: Vec<_> = outputs.iter().map(|fd| fd.any() == Some(true)).collect();
    let polled = running.iter_mut().map(|spec| &mut spec.sandbox.output).filter(|output| output.polled().is_some());
    for (output, _) in polled.zip(reported).filter(|(_, reported)| *reported) {
        if !output.take() {
            output.was_polled_in_vain();
        }
    }
    let ticked = !matches!(answer, Ok(1..) | Err(Errno::EINTR));
    if ticked {
        // poll(2) may have missed something.
        running.iter_mut().for_each(|spec| _ = spec.sandbox.output.take());
    }
    if !matches!(answer, Ok(_) | Err(Errno::EINTR)) {
        bounded::pause(TICK);
    }
    ticked
}
