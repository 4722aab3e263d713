//! The audit: a spec is run again and again, each time with one of its system calls mutated, as a wrong kernel would
//! behave. A spec that conforms all the same does not show what it says.
//!
//! [`calls`] finds the description of a call: what can be mutated. The sandbox's init traces the spec (ptrace(2)): first it only writes down
//! which calls the spec makes ([`Tracing::Learn`]); from these follow the [`Mutation`]s ([`mutations()`]); then each is done
//! once ([`Tracing::Mutate`]).

pub mod calls;
pub mod campaign;
mod effect;
pub mod mutations;
mod registers;
mod sample;
mod traced;
mod tracee;
mod tracer;

pub use mutations::{Mutation, mutations};
pub use traced::{Made, Traced};
pub use tracer::Tracing;
