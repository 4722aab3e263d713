//! What documentation leaves open, and what each run observed.

use super::layer_list;
use super::rows::{Cell, Row};
use record::Layer;
use std::collections::{BTreeMap, BTreeSet};

/// One value that a spec observes, in every column.
pub(super) struct Observed<'a> {
    /// The row of the spec.
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    /// One for each column; empty if it was not observed.
    pub(super) values: Vec<String>,
}

impl Observed<'_> {
    /// Whether columns observed different values.
    pub(super) fn differs(&self) -> bool {
        self.values.iter().filter(|value| !value.is_empty()).collect::<BTreeSet<_>>().len() > 1
    }
}

/// Everything observed, what differs between columns first.
pub(super) fn observations<'a>(rows: &[Row<'a>]) -> Vec<Observed<'a>> {
    let mut observed: Vec<_> = rows.iter().flat_map(of_row).collect();
    observed.sort_by_key(|observed| !observed.differs());
    observed
}

fn of_row<'a>(row: &Row<'a>) -> Vec<Observed<'a>> {
    let attempts = row.entries().flat_map(|(_, spec)| spec.attempts());
    let names: BTreeSet<&str> =
        attempts.flat_map(|record| &record.observations).map(|seen| seen.name.as_str()).collect();
    let observed = names.into_iter().map(|name| Observed {
        id: row.id,
        name,
        values: row.cells.iter().map(|cell| value(cell, name)).collect(),
    });
    observed.collect()
}

/// The value in one cell. If layers or attempts observed different values, all of them, with their layers.
fn value(cell: &Cell, name: &str) -> String {
    let mut values: BTreeMap<&str, BTreeSet<Option<Layer>>> = BTreeMap::new();
    for record in cell.specs.iter().flat_map(|spec| spec.attempts()) {
        for seen in record.observations.iter().filter(|seen| seen.name == name) {
            values.entry(&seen.value).or_default().insert(record.layer);
        }
    }
    let one = values.len() == 1;
    let shown = values.into_iter().map(|(value, layers)| match layer_list(layers) {
        layers if one || layers.is_empty() => value.to_owned(),
        layers => format!("{value} ({layers})"),
    });
    shown.collect::<Vec<_>>().join("; ")
}
