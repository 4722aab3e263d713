//! Memory mappings.

mod advice;
mod argument_errors;
mod contents;
mod creation_errors;
mod ends;
mod limits_reached;
mod locking;
mod moving;
mod moving_errors;
mod placing;
mod processes;
mod protection;
mod syncing;
mod unmapping;
