//! System V shared memory.

mod argument_errors;
mod detach;
mod forced;
mod getting;
mod inheritance;
mod removal;
mod returned;

use kit::prelude::*;

/// The size of a segment of these specs: it begins a third page.
fn size() -> usize {
    2 * page_size() + 14
}

/// The data that these specs write into a segment.
fn text() -> Bytes {
    Bytes::sequence(size())
}

/// Other data of the same size, each page of which differs.
fn other_text() -> Bytes {
    Bytes(text().0.into_iter().rev().collect())
}
