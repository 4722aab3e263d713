//! pipe(7): pipes.

mod atomicity;
mod blocking;
mod capacity;
mod creation;
mod direction;
mod end_of_file;
mod holders;
mod identity;
mod inheritance;
mod interruption;
mod limits;
mod nonblocking;
mod other_end;
mod packets;
mod refused;
mod shell;
mod sigpipe;
mod stream;

use fixtures::prelude::*;

/// Makes pipes until there can be no more; returns the error that says so.
fn fill_descriptors(made: &mut Vec<(Fd, Fd)>) -> CallError {
    loop {
        match pipe() {
            Ok(ends) => made.push(ends),
            Err(refused) => return refused,
        }
    }
}
