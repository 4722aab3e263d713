//! What the tracer of an audit saw: written to the event log, and read from it.

use super::deliveries::Delivery;
use harness::event_log::{EngineEvent, Event};
use record::Source;
use serde::{Deserialize, Serialize};

/// A call that a spec made, or a signal that was delivered to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Which process made it: empty for the spec's first, then `child1`, `child1.2`.
    pub process: String,
    /// Which call, by the name of its description, or which signal.
    pub call: String,
    /// 1-based index among calls of this name in this process.
    pub number: u32,
    /// The assertion that judges it; none for a call of the setup.
    pub judged: Option<Source>,
    /// What it was called with.
    pub arguments: [u64; 6],
    /// What it returned, or the number of its error; none when it did not return.
    pub result: Option<Result<i64, i32>>,
    /// Whether the spec saw the process or thread blocked in it.
    pub blocked: bool,
    /// Whether, when it returned, the spec had seen another one blocked in the same call on the same object.
    pub contested: bool,
    /// The flags that were set, by name.
    pub flags: Vec<String>,
    /// What its arguments were, by the places in [`CallDescription::parameters`](harness::call::CallDescription::parameters); none
    /// where there is nothing to change.
    pub values: Vec<Option<u64>>,
    /// The file mode creation mask, if it has a mode.
    pub umask: u32,
    /// A checksum of what it wrote, if it only queried.
    pub given: Option<u64>,
    /// The wait status that it gave.
    pub status: Option<i32>,
    /// The object that it said it is about, by the number that the kernel chose.
    pub identity: Option<u64>,
    /// Whether it was made again after a signal.
    pub restarted: bool,
    /// How the signal was delivered, if it is one.
    pub delivery: Option<Delivery>,
}

/// Kinds of engine events; 0 is the sandbox's.
const MADE: u32 = 1;
const MUTATED: u32 = 2;
const EQUIVALENT: u32 = 3;
const QUIET: u32 = 4;

impl Made {
    /// As an entry of the event log.
    pub fn to_event(&self) -> Event {
        let bytes = serde_json::to_vec(self).expect("a call is plain data");
        Event::Engine(EngineEvent { kind: MADE, bytes })
    }
}

/// The entry that says that the mutation took place.
pub fn mutated() -> Event {
    Event::Engine(EngineEvent { kind: MUTATED, bytes: Vec::new() })
}

/// The entry that says that the mutation made no difference to its call.
pub fn equivalent() -> Event {
    Event::Engine(EngineEvent { kind: EQUIVALENT, bytes: Vec::new() })
}

/// The entry that says for how many ticks in a row nothing happened at most.
pub fn quiet(ticks: u32) -> Event {
    Event::Engine(EngineEvent { kind: QUIET, bytes: ticks.to_ne_bytes().to_vec() })
}

/// What came of tracing a spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traced {
    /// The calls that it made: all, but of those made over and over from one place some.
    pub made: Vec<Made>,
    /// Whether the mutation took place.
    pub mutated: bool,
    /// Whether it made no difference to its call.
    pub equivalent: bool,
    /// For how many ticks in a row nothing happened at most.
    pub longest_quiet: u32,
}

impl Traced {
    /// What the tracer wrote down.
    pub fn read(events: &[EngineEvent]) -> Self {
        let of = |kind| events.iter().filter(move |event| event.kind == kind);
        Self {
            made: of(MADE).filter_map(|event| serde_json::from_slice(&event.bytes).ok()).collect(),
            mutated: of(MUTATED).next().is_some(),
            equivalent: of(EQUIVALENT).next().is_some(),
            longest_quiet: of(QUIET)
                .find_map(|event| event.bytes.as_slice().try_into().ok())
                .map_or(0, u32::from_ne_bytes),
        }
    }
}
