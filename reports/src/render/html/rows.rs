//! Rows of every table of specs: a spec without its layer, with the verdicts of each column through one or more layers.

use super::{Column, layer_list, letter};
use crate::judged::{Judged, judged, reason, without_layer};
use crate::text;
use record::Layer;
use record::SpecRecord;
use record::Verdict;
use std::collections::{BTreeMap, BTreeSet};

/// A spec, whatever its layer.
#[derive(Clone)]
pub(super) struct Row<'a> {
    /// The id, without the layer.
    pub(super) id: &'a str,
    /// One of its records, for what is the same in every column and layer.
    pub(super) record: &'a SpecRecord,
    /// One for each column.
    pub(super) cells: Vec<Cell<'a>>,
}

/// One column: a spec for each layer, or none if it was not run.
#[derive(Clone, Default)]
pub(super) struct Cell<'a> {
    pub(super) specs: Vec<Judged<'a>>,
}

/// Rows by id; the layers of a spec share one.
pub(super) fn rows<'a>(columns: &[Column<'a>]) -> Vec<Row<'a>> {
    let mut rows = BTreeMap::new();
    for (number, column) in columns.iter().enumerate() {
        for spec in judged(column.records) {
            let record = spec.record();
            let id = without_layer(record);
            let row: &mut Row =
                rows.entry(id).or_insert_with(|| Row { id, record, cells: vec![Cell::default(); columns.len()] });
            row.cells[number].specs.push(spec);
        }
    }
    rows.into_values().collect()
}

/// The rows of one mechanism.
pub(super) struct Mechanism<'a> {
    pub(super) name: &'a str,
    pub(super) rows: Vec<Row<'a>>,
}

impl Mechanism<'_> {
    /// How many specs of it got each verdict, for its heading: `96 conforms, 2 skipped`.
    pub(super) fn counts(&self) -> String {
        let specs = || self.rows.iter().flat_map(|row| &row.cells).flat_map(|cell| &cell.specs);
        let counts = Verdict::ALL.map(|verdict| (specs().filter(|spec| spec.verdict() == verdict).count(), verdict));
        let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, verdict)| format!("{count} {verdict}"));
        counts.collect::<Vec<_>>().join(", ")
    }
}

/// Groups rows by mechanism.
pub(super) fn by_mechanism<'a>(rows: &[Row<'a>]) -> Vec<Mechanism<'a>> {
    let mut groups: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    for row in rows {
        groups.entry(&row.record.mechanism).or_default().push(row.clone());
    }
    groups.into_iter().map(|(name, rows)| Mechanism { name, rows }).collect()
}

impl<'a> Row<'a> {
    /// The specs of all columns and layers.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Origin, &Judged<'a>)> {
        let specs =
            self.cells.iter().enumerate().flat_map(|(column, cell)| cell.specs.iter().map(move |spec| (column, spec)));
        specs.map(|(column, spec)| ((column, spec.record().layer), spec))
    }

    pub(super) fn has_failure(&self) -> bool {
        self.entries().any(|(_, spec)| spec.verdict().is_failure())
    }

    /// Whether it has layers, so that a table of one run has a cell for each.
    pub(super) fn has_layers(&self) -> bool {
        self.record.layer.is_some()
    }

    /// The asserted error returns, each once.
    pub(super) fn errors(&self) -> Vec<String> {
        let seen = self.entries().flat_map(|(_, spec)| &spec.record().errors);
        seen.map(|seen| format!("{}: {}", seen.call, seen.errno)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The reasons of columns that do not conform, each once: where, verdict, reason.
    pub(super) fn reasons(&self, columns: &[Column]) -> Vec<(String, Verdict, String)> {
        let key = |spec: &Judged| (spec.verdict(), reason(spec.record()));
        let failing = self.entries().filter(|(_, spec)| spec.verdict() != Verdict::Conforms);
        let groups = group(failing, |one, other| key(one) == key(other)).into_iter();
        groups.map(|(spec, who)| (who.names(columns), spec.verdict(), reason(spec.record()))).collect()
    }
}

impl<'a> Cell<'a> {
    /// The specs of this layer.
    pub(super) fn by(&self, layer: &Layer) -> Vec<&Judged<'a>> {
        self.specs.iter().filter(|spec| spec.record().layer == Some(*layer)).collect()
    }
}

/// Index of a column, and a layer.
pub(super) type Origin = (usize, Option<Layer>);

/// Several columns and layers.
#[derive(PartialEq)]
pub(super) struct Origins(pub(super) Vec<Origin>);

impl Origins {
    /// As shown: `gvisor (libc, raw), uml`. The name of a single column is left out.
    pub(super) fn names(&self, columns: &[Column]) -> String {
        let groups = self.0.chunk_by(|one, other| one.0 == other.0);
        let names = groups.map(|group| {
            let layers = layer_list(group.iter().map(|(_, layer)| *layer));
            match (columns, layers.as_str()) {
                ([_], _) => layers,
                (_, "") => columns[group[0].0].name.clone(),
                _ => format!("{} ({layers})", columns[group[0].0].name),
            }
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Groups equal items: the first of each kind, with its columns and layers.
pub(super) fn group<T>(items: impl Iterator<Item = (Origin, T)>, same: impl Fn(&T, &T) -> bool) -> Vec<(T, Origins)> {
    let mut kinds: Vec<(T, Origins)> = Vec::new();
    for (origin, item) in items {
        match kinds.iter_mut().find(|(first, _)| same(first, &item)) {
            Some((_, who)) => who.0.push(origin),
            None => kinds.push((item, Origins(vec![origin]))),
        }
    }
    kinds
}

/// How tables of one run show a spec.
impl Judged<'_> {
    pub(super) fn letter(&self) -> char {
        letter(self.verdict())
    }

    pub(super) fn time(&self) -> String {
        if self.verdict() == Verdict::Skipped { String::new() } else { text::duration(self.wall_us()) }
    }
}
