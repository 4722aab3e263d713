//! A comparison for machines.

use super::Comparison;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// The version of the format. It grows when an old reader would misunderstand a new comparison.
const FORMAT: u32 = 1;

/// What differs between runs of ipcspec.
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    /// The version of the format.
    format: u32,
    #[serde(flatten)]
    comparison: &'a Comparison<'a>,
}

/// The comparison as JSON.
pub fn render(comparison: &Comparison) -> String {
    let document = Document { format: FORMAT, comparison };
    serde_json::to_string_pretty(&document).expect("every map of a comparison has text for keys") + "\n"
}

/// The JSON Schema of a comparison: `schema/comparison.schema.json`.
pub fn schema() -> Value {
    crate::json::schema_of::<Document>()
}
