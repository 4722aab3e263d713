//! Timers that are read: timerfd_create(2).

mod descriptors;
mod errors;
mod reading;
