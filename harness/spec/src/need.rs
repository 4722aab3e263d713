//! What a spec requires of the machine: a name, a probe and a remedy, declared once, by whom uses it.
//!
//! The needs here are those that decide the sandbox. Those that several suites share are in `kit::needs`; a suite's own are in
//! its `needs.rs`. A probe runs in a process of its own, in the sandbox in which the spec would run, by raw system calls: a library
//! under test cannot hide behind a skip. It asks for the feature, not for a version: kernels lie about theirs and are patched.

mod sandboxes;

pub use record::Missing;
pub use sandboxes::*;

use std::cmp::Ordering;
use std::fmt;

/// One need: `needs = [SECOND_UID, program("sh")]` in `#[harness::test]`.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    name: &'static str,
    argument: Option<&'static str>,
    probe: fn(&Need) -> Probe,
    remedy: &'static str,
    demand: Demand,
    since: Option<(u32, u32)>,
    excludes_tracers: bool,
}

/// What a probe found: nothing to complain of, or what is there instead.
pub type Probe = Result<(), String>;

/// What a need demands of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Nothing: any isolation level.
    Nothing,
    /// The machine's own root, outside a user namespace.
    Root,
    /// The same, and that no other spec runs: it changes the machine.
    Alone,
    /// A network namespace.
    Network,
    /// No namespaces: it looks for what a first boot has left, which was in none.
    NoNamespaces,
}

impl Need {
    /// A need with this name, in the words of `--need` and of the catalogue: lower case with underscores. The remedy is one sentence
    /// for the reader who misses it.
    pub const fn new(name: &'static str, probe: fn(&Need) -> Probe, remedy: &'static str) -> Self {
        Self { name, argument: None, probe, remedy, demand: Demand::Nothing, since: None, excludes_tracers: false }
    }

    /// The same of a thing: `program(sh)`.
    pub const fn of(self, argument: &'static str) -> Self {
        Self { argument: Some(argument), ..self }
    }

    /// The same, with a demand on the sandbox.
    pub const fn demands(self, demand: Demand) -> Self {
        Self { demand, ..self }
    }

    /// The same, of a feature that mainline Linux has since this version. A spec that covers a clause of a kernel newer than 5.10 has
    /// such a need.
    pub const fn since(self, major: u32, minor: u32) -> Self {
        Self { since: Some((major, minor)), ..self }
    }

    /// The same, of specs that trace their own processes (a process has one tracer) or that a tracer changes: the audit leaves them out.
    pub const fn excluding_tracers(self) -> Self {
        Self { excludes_tracers: true, ..self }
    }

    /// Its name, without its argument.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Of what it is, where it has an argument.
    pub fn argument(&self) -> Option<&'static str> {
        self.argument
    }

    /// What it demands of the sandbox.
    pub fn demand(&self) -> Demand {
        self.demand
    }

    /// The first mainline Linux that meets it, where it is a feature.
    pub fn feature_since(&self) -> Option<(u32, u32)> {
        self.since
    }

    /// Whether no process of the spec can be traced by another.
    pub fn excludes_tracers(&self) -> bool {
        self.excludes_tracers
    }

    /// Whether the spec must run as the machine's own root, outside a user namespace.
    pub fn asks_for_root(&self) -> bool {
        matches!(self.demand, Demand::Root | Demand::Alone)
    }

    /// Asks this process's surroundings, which are those of a spec; what is missing, if it is.
    pub fn missing(&self) -> Option<Missing> {
        Some(self.unmet((self.probe)(self).err()?))
    }

    /// What a report says of it when this was found instead.
    pub fn unmet(&self, found: String) -> Missing {
        Missing { need: self.to_string(), found, remedy: self.remedy.into() }
    }

    fn key(&self) -> (&'static str, Option<&'static str>) {
        (self.name, self.argument)
    }
}

impl PartialEq for Need {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Need {}

impl PartialOrd for Need {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Need {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.argument {
            Some(argument) => write!(f, "{}({argument})", self.name),
            None => f.write_str(self.name),
        }
    }
}

/// For probes: met, or what is there instead.
pub fn met(holds: bool, found: impl FnOnce() -> String) -> Probe {
    if holds { Ok(()) } else { Err(found()) }
}
