//! prctl: the parent-death signal, and subreapers.

mod death_signal;
mod errors;
mod subreaper;
