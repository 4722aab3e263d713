//! pipe(7): pipes.

mod atomicity;
mod blocking;
mod direction;
mod end_of_file;
mod interruption;
mod nonblocking;
mod other_end;
mod refused;
mod sigpipe;
mod stream;
