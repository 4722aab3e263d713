//! signal(7): signals.

mod unchangeable;
mod zombie;
