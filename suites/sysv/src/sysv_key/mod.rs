//! Keys of System V objects, of whatever kind.

mod ftok;
