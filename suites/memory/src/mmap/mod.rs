//! Memory mappings.

mod contents;
mod ends;
mod placing;
mod processes;
mod protection;
mod unmapping;
