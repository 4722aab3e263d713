//! System V shared memory.

mod detach;
mod forced;
mod removal;

/// What the specs here write into a segment, and its size.
const TEXT: &[u8] = b"in the segment";
