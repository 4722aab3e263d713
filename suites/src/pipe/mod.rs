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
