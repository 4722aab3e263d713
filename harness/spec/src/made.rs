//! A call that the tracer of an audit saw.

use record::Source;
use serde::{Deserialize, Serialize};

/// A call that a spec made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Which process made it: empty for the spec's first, then `child1`, `child1.2`.
    pub process: String,
    /// Which call, by the name of its description.
    pub call: String,
    /// 1-based index among calls of this name in this process.
    pub number: u32,
    /// The assertion that judges it; none for a call that sets the scene.
    pub judged: Option<Source>,
    /// What it was called with.
    pub arguments: [u64; 6],
    /// What it returned, or the number of its error; none when it did not return.
    pub result: Option<Result<i64, i32>>,
    /// Whether the spec saw the process sleep in it.
    pub blocked: bool,
    /// Whether, when it came back, the spec had seen another process sleep in the same call on the same object.
    pub contested: bool,
    /// The flags that were set, by name.
    pub flags: Vec<String>,
    /// The wait status that it gave.
    pub status: Option<i32>,
}
