//! pipe(7): pipes.

mod end_of_file;
