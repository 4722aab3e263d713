//! The audit: a spec is run again and again, each time with one of its system calls mutated, as a wrong kernel would
//! behave. A spec that conforms all the same does not show what it says.
//!
//! [`calls`] finds the description of a call: what can be mutated. The sandbox's init traces the spec (ptrace(2)): first it only writes down
//! which calls the spec makes ([`Tracing::Learn`]); from these follow the [`Mutation`]s ([`mutations()`]); then each is done
//! once ([`Tracing::Mutate`]).

mod arguments;
pub mod calls;
pub mod campaign;
mod deliveries;
mod effect;
mod elements;
pub mod mutations;
mod parameters;
mod registers;
mod sample;
mod siginfo;
mod stop;
mod traced;
mod tracee;
mod tracer;

pub use deliveries::{Action, Delivery};
pub use mutations::{Mutation, mutations};
pub use traced::{Made, Traced};

use crate::sandbox::{Attach, Tracer};
use harness::event_log::EventLog;
use harness::spec::TestResult;
use nix::unistd::Pid;

/// What the tracer does while a spec runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tracing {
    /// It writes down which calls the spec makes.
    Learn,
    /// It does this to one of them.
    Mutate(Mutation),
}

impl Attach for Tracing {
    fn attach<'a>(&'a self, first: Pid, log: &'a EventLog) -> TestResult<Box<dyn Tracer + 'a>> {
        Ok(Box::new(tracer::Tracer::seize(first, self, log)?))
    }
}
