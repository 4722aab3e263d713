//! Waiting for children.

mod ending;
