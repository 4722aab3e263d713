//! pipe(7): pipes.

mod capacity;
mod creation;
mod end_of_file;
mod holders;
mod identity;
mod inheritance;
mod limits;
mod packets;
mod shell;
