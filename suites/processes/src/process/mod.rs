//! Processes: fork, exec and exit.

mod exec;
mod exit;
mod fork;
mod group_errors;
mod groups;
mod session;
mod system;
