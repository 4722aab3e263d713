//! A comparison for machines.

use crate::gate::compare::Comparison;
use schemars::JsonSchema;
use serde::Serialize;

/// The version of the format. It is raised when an old reader would misunderstand a new comparison.
const FORMAT: u32 = 1;

/// What differs between runs of ipcspec.
#[derive(Serialize, JsonSchema)]
pub struct Document<'a> {
    /// The version of the format.
    format: u32,
    #[serde(flatten)]
    comparison: &'a Comparison<'a>,
}

/// The comparison as JSON.
pub fn compare(comparison: &Comparison) -> String {
    let document = Document { format: FORMAT, comparison };
    serde_json::to_string_pretty(&document).expect("every map of a comparison has text for keys") + "\n"
}
