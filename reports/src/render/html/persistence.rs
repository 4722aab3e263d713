//! How long objects live, and the verdicts of the specs that show it.

use super::letter;
use super::rows::Row;
use crate::documented::{Fate, Persistence};
use record::Verdict;
use record::id::family;

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
    /// The first of its rows, if it was run.
    pub(super) row: Option<&'a str>,
    /// The letter of the worst verdict of its cases and layers, on any run.
    pub(super) letter: Option<char>,
}

impl<'a> Table<'a> {
    pub(super) fn of(persistence: &'a Persistence, rows: &[Row<'a>]) -> Self {
        let cell = |fate: &'a Fate| Cell { fate, shown: fate.specs.iter().map(|spec| shown(spec, rows)).collect() };
        let object = |(object, fates): &'a (String, Vec<Fate>)| (object.as_str(), fates.iter().map(cell).collect());
        Self { ends: &persistence.ends, objects: persistence.objects.iter().map(object).collect() }
    }
}

fn shown<'a>(name: &'a str, rows: &[Row<'a>]) -> Shown<'a> {
    let of_family = || rows.iter().filter(|row| family(row.id) == name);
    let verdicts = of_family().flat_map(Row::entries).map(|(_, spec)| spec.verdict());
    Shown { family: name, row: of_family().map(|row| row.id).next(), letter: worst(verdicts).map(letter) }
}

/// A failure before a skip, and a skip before a pass.
fn worst(verdicts: impl Iterator<Item = Verdict>) -> Option<Verdict> {
    verdicts.max_by_key(|verdict| (verdict.is_failure(), *verdict == Verdict::Skipped))
}
