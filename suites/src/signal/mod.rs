//! signal(7): signals.

mod guarded;
mod unchangeable;
mod zombie;
