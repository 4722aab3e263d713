//! Processes: fork, exec and exit.

mod exec;
mod exit;
mod fork;
mod left_behind;
mod session;
mod system;

pub(crate) use left_behind::DN_CREATE;
