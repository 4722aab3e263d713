//! Access to another process's memory.
