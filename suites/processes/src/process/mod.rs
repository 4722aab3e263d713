//! Processes: fork, exec and exit.

mod exec;
mod exit;
mod fork;
mod session;
mod system;
