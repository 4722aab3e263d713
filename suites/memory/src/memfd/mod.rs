//! Memory files and seals.
