//! The matrix: a row for each spec, a column for each run, and the row where one column stands alone first.

use super::rows::{Cell, Row};
use super::{Column, layer_list, letter};
use record::Layer;
use record::Verdict;
use std::cmp::Reverse;

/// A row, and which columns differ from the rest.
pub(super) struct MatrixRow<'a> {
    pub(super) row: Row<'a>,
    /// The numbers of the columns that are not with the majority.
    odd: Vec<usize>,
    kind: Kind,
}

/// How a row's columns differ, the most telling first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Columns that judged got different verdicts.
    Verdicts,
    /// Some columns did not judge, and the others agree.
    Judged,
    /// All columns agree, on a failure.
    Failure,
    /// All columns agree.
    Same,
}

/// Rows sorted so that the odd one out comes first: fewest columns apart, then by which those are.
pub(super) fn matrix<'a>(rows: &[Row<'a>]) -> Vec<MatrixRow<'a>> {
    let mut rows: Vec<_> = rows.iter().cloned().map(MatrixRow::of).collect();
    // The sort is stable, so that what is alike stays in the order of ids.
    rows.sort_by(|one, other| one.order().cmp(&other.order()));
    rows
}

/// A verdict in a cell of the matrix, and the layers that got it where they disagree.
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

    /// Who stands apart, in words: the names while they are few.
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
        self.asked.iter().map(|spec| (spec.record().layer, spec.verdict())).collect()
    }

    fn has_judged(&self) -> bool {
        self.asked.iter().any(|spec| spec.verdict() != Verdict::Skipped)
    }

    /// What is written in the cell: one letter where the layers agree, none where nothing was asked.
    pub(super) fn letters(&self) -> Vec<Lettered> {
        let by_verdict = Verdict::ALL.iter().filter_map(|verdict| {
            let with = self.asked.iter().filter(|spec| spec.verdict() == *verdict);
            let layers: Vec<_> = with.map(|spec| spec.record().layer).collect();
            (!layers.is_empty()).then_some((*verdict, layers))
        });
        let agree = |layers: &[Option<Layer>]| layers.len() == self.asked.len();
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

/// The columns that are not with the majority. Where there is none, the better verdicts are taken for it.
fn odd(cells: &[Cell]) -> Vec<usize> {
    let answers: Vec<_> = cells.iter().map(Cell::verdicts).collect();
    // A column that did not judge does not say what is usual, unless none did.
    let weight = |answer: &Vec<(Option<Layer>, Verdict)>| {
        let judged = answer.iter().any(|(_, verdict)| *verdict != Verdict::Skipped);
        let votes = answers.iter().filter(|other| *other == answer).count();
        let failures = answer.iter().filter(|(_, verdict)| verdict.is_failure()).count();
        (judged, votes, Reverse(failures))
    };
    let usual = answers.iter().max_by_key(|answer| weight(answer));
    (0..answers.len()).filter(|column| Some(&answers[*column]) != usual).collect()
}
