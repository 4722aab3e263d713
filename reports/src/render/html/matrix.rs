//! The matrix: a row for each spec, a column for each run; rows in which one column differs from all others first.

use super::rows::{Cell, Row};
use super::{Column, layer_list, letter};
use record::Layer;
use record::Verdict;
use std::cmp::Reverse;

/// A row, and the columns that differ from the rest.
pub(super) struct MatrixRow<'a> {
    pub(super) row: Row<'a>,
    /// Indices of the columns that differ from the majority.
    odd: Vec<usize>,
    kind: Kind,
}

/// How the columns of a row differ, the most significant first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Columns that judged it have different verdicts.
    Verdicts,
    /// Some columns did not judge it, and the others agree.
    Judged,
    /// All columns agree, on a failure.
    Failure,
    /// All columns agree.
    Same,
}

/// Sorts rows: fewest differing columns first, then by which those are.
pub(super) fn matrix<'a>(rows: &[Row<'a>]) -> Vec<MatrixRow<'a>> {
    let mut rows: Vec<_> = rows.iter().cloned().map(MatrixRow::of).collect();
    // The sort is stable: equal rows stay in the order of ids.
    rows.sort_by(|one, other| one.order().cmp(&other.order()));
    rows
}

/// A verdict in a cell, and its layers if they disagree.
pub(super) struct Lettered {
    pub(super) letter: char,
    pub(super) layers: String,
}

impl<'a> MatrixRow<'a> {
    fn of(row: Row<'a>) -> Self {
        let odd = odd(&row.cells);
        Self { kind: Kind::of(&row, &odd), row, odd }
    }

    fn order(&self) -> (Kind, usize, &[usize]) {
        (self.kind, self.odd.len(), &self.odd)
    }

    pub(super) fn differs(&self) -> bool {
        matches!(self.kind, Kind::Verdicts | Kind::Judged)
    }

    pub(super) fn is_odd(&self, column: &usize) -> bool {
        self.odd.contains(column)
    }

    /// Which columns differ: their names if they are few.
    pub(super) fn apart(&self, columns: &[Column]) -> String {
        match &self.odd[..] {
            [] => String::new(),
            few if few.len() <= 2 => few.iter().map(|column| &*columns[*column].name).collect::<Vec<_>>().join(", "),
            many => format!("{} of {}", many.len(), columns.len()),
        }
    }
}

impl Cell<'_> {
    fn verdicts(&self) -> Vec<(Option<Layer>, Verdict)> {
        self.specs.iter().map(|spec| (spec.record().layer, spec.verdict())).collect()
    }

    fn has_judged(&self) -> bool {
        self.specs.iter().any(|spec| spec.verdict() != Verdict::Skipped)
    }

    /// What the cell shows: one letter if the layers agree, none if nothing was run.
    pub(super) fn letters(&self) -> Vec<Lettered> {
        let by_verdict = Verdict::ALL.iter().filter_map(|verdict| {
            let with = self.specs.iter().filter(|spec| spec.verdict() == *verdict);
            let layers: Vec<_> = with.map(|spec| spec.record().layer).collect();
            (!layers.is_empty()).then_some((*verdict, layers))
        });
        let agree = |layers: &[Option<Layer>]| layers.len() == self.specs.len();
        by_verdict
            .map(|(verdict, layers)| Lettered {
                letter: letter(verdict),
                layers: if agree(&layers) { String::new() } else { layer_list(layers) },
            })
            .collect()
    }
}

impl Kind {
    fn of(row: &Row, odd: &[usize]) -> Self {
        let judged: Vec<_> = row.cells.iter().filter(|cell| cell.has_judged()).map(Cell::verdicts).collect();
        if judged.windows(2).any(|pair| pair[0] != pair[1]) {
            Self::Verdicts
        } else if !odd.is_empty() {
            Self::Judged
        } else if row.has_failure() {
            Self::Failure
        } else {
            Self::Same
        }
    }
}

/// The columns that differ from the majority. Without a majority, those with the worse verdicts.
fn odd(cells: &[Cell]) -> Vec<usize> {
    let answers: Vec<_> = cells.iter().map(Cell::verdicts).collect();
    // A column that did not judge it does not count, unless none did.
    let weight = |answer: &Vec<(Option<Layer>, Verdict)>| {
        let judged = answer.iter().any(|(_, verdict)| *verdict != Verdict::Skipped);
        let votes = answers.iter().filter(|other| *other == answer).count();
        let failures = answer.iter().filter(|(_, verdict)| verdict.is_failure()).count();
        (judged, votes, Reverse(failures))
    };
    let usual = answers.iter().max_by_key(|answer| weight(answer));
    (0..answers.len()).filter(|column| Some(&answers[*column]) != usual).collect()
}
