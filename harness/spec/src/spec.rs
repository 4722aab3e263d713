//! A spec, and what its body returns.

use crate::judge::Stop;
use crate::need::{Demand, Need};
use record::id::without_layer;
use record::{Citation, Layer, Level};

/// One executable specification, as `#[harness::test]` enters it into the registry.
#[derive(Debug)]
pub struct Spec {
    /// Fixed when the spec is written, with case and layer at its end: `pipe.write-full/nonblocking/raw`.
    pub id: &'static str,
    /// What it shows, one sentence.
    pub statement: &'static str,
    /// The documentation that says so, at least one text; the first carries the whole statement.
    pub cite: &'static [Citation],
    /// Ids of the clauses that it covers.
    pub covers: &'static [&'static str],
    /// What it wants of the machine.
    pub needs: &'static [Need],
    /// How the system is asked, when that is a case.
    pub layer: Option<Layer>,
    /// Source file, from the root of the repository.
    pub file: &'static str,
    /// Source line, from 1.
    pub line: u32,
    /// The function.
    pub body: fn() -> TestResult,
}

/// What a spec, or a process of a spec, returns: `?` is setup, an assertion judges.
pub type TestResult<T = ()> = Result<T, Stop>;

impl Spec {
    /// The first part of the id: `pipe`.
    pub fn mechanism(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(mechanism, _)| mechanism)
    }

    /// The id without the layer: `fifo.make-enotdir/mkfifo`.
    pub fn case_id(&self) -> &'static str {
        without_layer(self.id, self.layer)
    }

    /// Who promises what it shows: the level of the text that carries the whole statement.
    pub fn level(&self) -> Level {
        self.cite[0].level()
    }

    /// Whether it must run as the machine's own root, outside a user namespace.
    pub fn asks_for_root(&self) -> bool {
        self.needs.iter().any(Need::asks_for_root)
    }

    /// Whether one of its needs demands this of the sandbox.
    pub fn demands(&self, demand: Demand) -> bool {
        self.needs.iter().any(|need| need.demand() == demand)
    }
}
