//! The audit: a spec is run again and again, each time with one of its system calls sabotaged, as a wrong kernel would
//! behave. A spec that conforms all the same does not show what it says.
//!
//! [`calls`] is the table of what can be sabotaged. The reaper of the sandbox is the tracer ([`tracer`], ptrace(2)): first it
//! only writes down which calls the spec makes ([`Watch::Learn`]); from these follow the [`Sabotage`]s ([`sabotage`]); then
//! each is done once ([`Watch::Sabotage`]).

mod act;
pub mod calls;
pub mod campaign;
mod registers;
pub mod sabotage;
mod sample;
mod tracee;
pub mod tracer;

pub use harness::made::Made;
pub use sabotage::{Sabotage, sabotages};

/// What the reaper does while a spec runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// It writes down which calls the spec makes.
    Learn,
    /// It does this to one of them.
    Sabotage(Sabotage),
}
