//! What may go along with a spec in the sandbox's init: a tracer. The sandbox knows only these traits.

use harness::event_log::{EngineEvent, Event, EventLog};
use harness::spec::TestResult;
use nix::unistd::Pid;
use record::Process;
use std::fmt::Debug;

/// Something that attaches itself to each run of a spec.
pub trait Attach: Debug {
    /// Attaches itself to the first process of a spec, which waits until that is done.
    fn attach<'a>(&'a self, first: Pid, log: &'a EventLog) -> TestResult<Box<dyn Tracer + 'a>>;
}

/// What is attached to all processes of a spec.
pub trait Tracer {
    /// What became of processes, by their wait statuses: each ended, and was reaped, or stopped.
    fn handle(&mut self, changes: Vec<(Pid, i32)>);

    /// Where each process is, when nothing of the spec's can happen any more.
    fn stalled(&mut self) -> Option<Vec<Process>>;

    /// Writes down what it found.
    fn finish(self: Box<Self>);
}

/// The sandbox's own kind of engine event; a tracer's kinds are greater.
const STALLED: u32 = 0;

/// Says that the spec was ended because it was stalled, and where each process was.
pub fn stalled(processes: &[Process]) -> Event {
    let bytes = serde_json::to_vec(processes).expect("processes are plain data");
    Event::Engine(EngineEvent { kind: STALLED, bytes })
}

/// Where each process was, if this event says that the spec was stalled.
pub fn as_stalled(event: &EngineEvent) -> Option<Vec<Process>> {
    (event.kind == STALLED).then(|| serde_json::from_slice(&event.bytes).unwrap_or_default())
}
