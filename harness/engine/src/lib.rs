//! Runs specs: the sandbox, the runner, the mutation of calls, and runs that are carried elsewhere.

pub mod environment;
pub mod kernel;
pub mod libtest;
pub mod mutation;
pub mod remote;
pub mod runner;
pub mod sandbox;
pub mod trace;
pub mod trusted;
