//! Processes: fork, exec and exit.

mod clone_errors;
mod cloned;
mod exec;
mod exec_errors;
mod execveat;
mod exit;
mod exiting;
mod fork;
mod group_errors;
mod groups;
mod left_behind;
mod limits;
mod popen;
mod program;
mod session;
mod sharing;
mod spawn_actions;
mod spawning;
mod system;
mod vfork;

pub(crate) use exec::become_cat;
pub(crate) use left_behind::DN_CREATE;
