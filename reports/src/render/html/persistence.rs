//! How long objects live, and the verdicts of the specs that show it.

use super::letter;
use super::rows::Row;
use crate::documented::{Fate, Persistence};
use record::Verdict;
use record::id::family;
use std::collections::HashMap;

/// A row for each object, a column for each end.
pub(super) struct Table<'a> {
    pub(super) ends: &'a [String],
    pub(super) objects: Vec<(&'a str, Vec<Cell<'a>>)>,
}

/// What becomes of an object at an end.
pub(super) struct Cell<'a> {
    pub(super) fate: &'a Fate,
    /// The specs that show it.
    pub(super) shown: Vec<Shown<'a>>,
}

/// A family of specs.
pub(super) struct Shown<'a> {
    pub(super) family: &'a str,
    /// The first of its rows, and the letter of the worst verdict of its cases and layers on any run, if it was run.
    pub(super) seen: Option<(&'a str, char)>,
}

impl<'a> Table<'a> {
    pub(super) fn of(persistence: &'a Persistence, rows: &[Row<'a>]) -> Self {
        let seen = seen(rows);
        let shown = |family: &'a String| Shown {
            family,
            seen: seen.get(family.as_str()).map(|(row, worst)| (*row, letter(*worst))),
        };
        let cell = |fate: &'a Fate| Cell { fate, shown: fate.specs.iter().map(shown).collect() };
        let object = |(object, fates): &'a (String, Vec<Fate>)| (object.as_str(), fates.iter().map(cell).collect());
        Self { ends: &persistence.ends, objects: persistence.objects.iter().map(object).collect() }
    }
}

/// The first row and the worst verdict of each family that was run.
fn seen<'a>(rows: &[Row<'a>]) -> HashMap<&'a str, (&'a str, Verdict)> {
    let mut families = HashMap::new();
    for row in rows {
        for (_, spec) in row.entries() {
            let (_, worst) = families.entry(family(row.id)).or_insert((row.id, spec.verdict()));
            if badness(spec.verdict()) >= badness(*worst) {
                *worst = spec.verdict();
            }
        }
    }
    families
}

/// A failure comes before a skip, and a skip before a pass.
fn badness(verdict: Verdict) -> (bool, bool) {
    (verdict.is_failure(), verdict == Verdict::Skipped)
}
