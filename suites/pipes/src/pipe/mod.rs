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

/// The size of this many pages in bytes, in the type of F_GETPIPE_SZ and F_SETPIPE_SZ.
fn pages(count: usize) -> i32 {
    (count * page_size()) as i32
}
