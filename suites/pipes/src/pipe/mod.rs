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

use kit::prelude::*;

/// So many pages, as capacities are counted.
fn pages(count: usize) -> i32 {
    (count * page_size()) as i32
}

/// Makes pipes until there can be no more: the result is the error that says so.
fn fill_descriptors(made: &mut Vec<(Fd, Fd)>) -> Result<()> {
    loop {
        made.push(pipe()?);
    }
}
