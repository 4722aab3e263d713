//! Waiting for children.

mod clone_children;
mod ending;
mod errors;
mod ignored;
mod reparenting;
mod selecting;
mod sigchld;
mod status;
mod stopping;
mod threads;
mod waitid;

pub(crate) use ending::{CHILD, log_child};
