//! A spec, and what its body returns.

use crate::judge::Stop;
use crate::need::{Demand, Need};
use crate::registry::NEEDS;
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
    /// What it wants of the machine beside what all specs of its mechanism want.
    pub own_needs: &'static [Need],
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

    /// What it wants of the machine.
    pub fn needs(&self) -> impl Iterator<Item = &'static Need> {
        let of_mechanism = NEEDS.iter().filter(|(mechanism, _)| *mechanism == self.mechanism()).map(|(_, need)| need);
        self.own_needs.iter().chain(of_mechanism.filter(|need| !self.own_needs.contains(need)))
    }

    /// Whether it must run as the machine's own root, outside a user namespace.
    pub fn asks_for_root(&self) -> bool {
        self.needs().any(Need::asks_for_root)
    }

    /// Whether one of its needs demands this of the sandbox.
    pub fn demands(&self, demand: Demand) -> bool {
        self.needs().any(|need| need.demand() == demand)
    }
}
