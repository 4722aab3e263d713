//! System V shared memory.

mod detach;
mod forced;
mod inheritance;
mod removal;
mod returned;

/// The data that these specs write into a segment; its length is the size of the segment.
const TEXT: &[u8] = b"in the segment";
