//! Signals that are read: signalfd(2).

mod descriptors;
mod errors;
mod fields;
mod processes;
mod reading;
