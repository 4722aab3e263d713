//! System V semaphores.

mod arrays;
mod waiting;
