//! What the matrix looks like wherever it is shown.

use crate::matrix::Cell;
use record::Verdict;

/// What a cell shows.
pub(crate) fn letter(cell: Cell) -> &'static str {
    match cell {
        None => " ",
        Some(Verdict::Conforms) => ".",
        Some(Verdict::Deviates) => "D",
        Some(Verdict::Broken) => "B",
        Some(Verdict::Timeout) => "T",
        Some(Verdict::Skipped) => "s",
    }
}

/// `.` conforms, `D` deviates, ...
pub(crate) const KEY: &str = ". conforms, D deviates, B broken, T timeout, s skipped";
