//! The audit: a spec is run again and again, each time with one of its system calls mutated, as a wrong kernel would
//! behave. A spec that conforms all the same does not show what it says.
//!
//! [`calls`] finds the description of a call: what can be mutated. The reaper of the sandbox is the tracer ([`tracer`], ptrace(2)): first it
//! only writes down which calls the spec makes ([`Watch::Learn`]); from these follow the [`Mutation`]s ([`mutation`]); then
//! each is done once ([`Watch::Mutation`]).

pub mod calls;
pub mod campaign;
mod effect;
pub mod mutations;
mod registers;
mod sample;
mod tracee;
pub mod tracer;

pub use harness::made::Made;
pub use mutations::{Mutation, mutations};

/// What the reaper does while a spec runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// It writes down which calls the spec makes.
    Learn,
    /// It does this to one of them.
    Mutation(Mutation),
}
