//! The unit of every table of specs: what is asked is a row, and each column answers it by one or more layers.

use super::{Column, layer_list, letter};
use crate::judged::{Judged, judged, reason, without_layer};
use crate::text;
use record::Layer;
use record::SpecRecord;
use record::Verdict;
use std::collections::{BTreeMap, BTreeSet};

/// What is asked.
#[derive(Clone)]
pub(super) struct Row<'a> {
    /// The id, without the layer.
    pub(super) id: &'a str,
    /// A record of it, for what is the same in every column and layer.
    pub(super) record: &'a SpecRecord,
    /// The answers, one for each column.
    pub(super) cells: Vec<Cell<'a>>,
}

/// The answer of one column: a spec for each layer, or none where it was not asked.
#[derive(Clone, Default)]
pub(super) struct Cell<'a> {
    pub(super) asked: Vec<Judged<'a>>,
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
            row.cells[number].asked.push(spec);
        }
    }
    rows.into_values().collect()
}

/// The rows about one mechanism.
pub(super) struct Mechanism<'a> {
    pub(super) name: &'a str,
    pub(super) rows: Vec<Row<'a>>,
}

impl Mechanism<'_> {
    /// How many specs of it got each verdict, for its heading: `96 conforms, 2 skipped`.
    pub(super) fn counts(&self) -> String {
        let specs = || self.rows.iter().flat_map(|row| &row.cells).flat_map(|cell| &cell.asked);
        let counts = Verdict::ALL.map(|verdict| (specs().filter(|spec| spec.verdict() == verdict).count(), verdict));
        let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, verdict)| format!("{count} {verdict}"));
        counts.collect::<Vec<_>>().join(", ")
    }
}

/// Groups rows by the mechanism that they are about.
pub(super) fn by_mechanism<'a>(rows: &[Row<'a>]) -> Vec<Mechanism<'a>> {
    let mut groups: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    for row in rows {
        groups.entry(&row.record.mechanism).or_default().push(row.clone());
    }
    groups.into_iter().map(|(name, rows)| Mechanism { name, rows }).collect()
}

impl<'a> Row<'a> {
    /// All answers, and who gave each.
    pub(super) fn answers(&self) -> impl Iterator<Item = (Voice, &Judged<'a>)> {
        let specs =
            self.cells.iter().enumerate().flat_map(|(column, cell)| cell.asked.iter().map(move |spec| (column, spec)));
        specs.map(|(column, spec)| ((column, spec.record().layer), spec))
    }

    pub(super) fn has_failure(&self) -> bool {
        self.answers().any(|(_, spec)| spec.verdict().is_failure())
    }

    /// Whether it is asked by layers, so that a table of one run has a cell for each.
    pub(super) fn has_layers(&self) -> bool {
        self.record.layer.is_some()
    }

    /// The calls and errors that were asserted and seen, each once.
    pub(super) fn errors(&self) -> Vec<String> {
        let seen = self.answers().flat_map(|(_, spec)| &spec.record().errors);
        seen.map(|seen| format!("{}: {}", seen.call, seen.errno)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Why the columns that do not conform do not, each reason once: who, verdict, reason.
    pub(super) fn reasons(&self, columns: &[Column]) -> Vec<(String, Verdict, String)> {
        let key = |spec: &Judged| (spec.verdict(), reason(spec.record()));
        let unlike = self.answers().filter(|(_, spec)| spec.verdict() != Verdict::Conforms);
        let groups = alike(unlike, |one, other| key(one) == key(other)).into_iter();
        groups.map(|(spec, who)| (who.names(columns), spec.verdict(), reason(spec.record()))).collect()
    }
}

impl<'a> Cell<'a> {
    /// The specs that ask by this layer.
    pub(super) fn by(&self, layer: &Layer) -> Vec<&Judged<'a>> {
        self.asked.iter().filter(|spec| spec.record().layer == Some(*layer)).collect()
    }
}

/// Who gave one answer: the number of a column, and the layer by which it asked.
pub(super) type Voice = (usize, Option<Layer>);

/// All who gave an answer.
#[derive(PartialEq)]
pub(super) struct Who(pub(super) Vec<Voice>);

impl Who {
    /// As a reader lists them: `gvisor (libc, raw), uml`. A single column has no name.
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

/// Answers that are alike are told once: the first of each kind, and who gave it.
pub(super) fn alike<T>(answers: impl Iterator<Item = (Voice, T)>, same: impl Fn(&T, &T) -> bool) -> Vec<(T, Who)> {
    let mut kinds: Vec<(T, Who)> = Vec::new();
    for (voice, answer) in answers {
        match kinds.iter_mut().find(|(known, _)| same(known, &answer)) {
            Some((_, who)) => who.0.push(voice),
            None => kinds.push((answer, Who(vec![voice]))),
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
