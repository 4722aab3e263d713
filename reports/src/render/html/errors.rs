//! The documented errors, by call and errno, and which of them conforming specs observed.

use super::Column;
use super::rows::Row;
use crate::documented::{Documented, DocumentedError, Shown};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The errors of one mechanism: a row for each call, a column for each errno.
pub(super) struct Grid<'a> {
    pub(super) mechanism: &'a str,
    pub(super) errnos: Vec<&'a str>,
    pub(super) calls: Vec<(&'a str, Vec<Option<Square<'a>>>)>,
}

/// A call and an errno: one or more documented conditions.
#[derive(Default)]
pub(super) struct Square<'a> {
    /// Conditions that every column covers.
    by_all: usize,
    /// Conditions that some column covers.
    by_some: usize,
    /// Conditions that a spec can cause, or that are covered nevertheless.
    inducible: usize,
    conditions: Vec<&'a str>,
    /// The row of a spec that observed it.
    pub(super) row: Option<&'a str>,
}

/// The grids of all mechanisms, covered ones first, in the order of the catalogue.
pub(super) fn grids<'a>(columns: &[Column<'a>], rows: &[Row<'a>], documented: &'a Documented) -> Vec<Grid<'a>> {
    let errors = &documented.errors;
    let shown: Vec<_> = columns.iter().map(|column| Shown::by(column.records, &documented.clauses)).collect();
    let row_of: HashMap<&str, &str> =
        rows.iter().flat_map(|row| row.entries().map(|(_, spec)| (spec.record().id.as_str(), row.id))).collect();
    let mut mechanisms: Vec<&str> = Vec::new();
    for error in errors {
        if !mechanisms.contains(&error.mechanism.as_str()) {
            mechanisms.push(&error.mechanism);
        }
    }
    let mut grids: Vec<_> = mechanisms
        .into_iter()
        .map(|mechanism| {
            let errors: Vec<_> = errors.iter().filter(|error| error.mechanism == mechanism).collect();
            grid(mechanism, &errors, &shown, &row_of)
        })
        .collect();
    grids.sort_by_key(|grid| grid.shown() == 0);
    grids
}

fn grid<'a>(
    mechanism: &'a str,
    errors: &[&'a DocumentedError],
    shown: &[Shown<'a>],
    row_of: &HashMap<&str, &'a str>,
) -> Grid<'a> {
    let mut squares: BTreeMap<(&str, &str), Square> = BTreeMap::new();
    for error in errors {
        let seen: Vec<_> =
            shown.iter().filter_map(|shown| shown.error(&error.clause, &error.call, &error.errno)).collect();
        let square = squares.entry((&error.call, &error.errno)).or_default();
        square.by_all += usize::from(seen.len() == shown.len());
        square.by_some += usize::from(!seen.is_empty());
        square.inducible += usize::from(error.inducible || !seen.is_empty());
        square.conditions.push(&error.condition);
        square.row = square.row.or(seen.first().and_then(|id| row_of.get(id).copied()));
    }
    let errnos: Vec<_> = squares.keys().map(|(_, errno)| *errno).collect::<BTreeSet<_>>().into_iter().collect();
    let mut calls: BTreeMap<&str, Vec<Option<Square>>> = BTreeMap::new();
    for ((call, errno), square) in squares {
        let row = calls.entry(call).or_insert_with(|| errnos.iter().map(|_| None).collect());
        row[errnos.partition_point(|known| *known < errno)] = Some(square);
    }
    Grid { mechanism, errnos, calls: calls.into_iter().collect() }
}

impl<'a> Grid<'a> {
    fn squares(&self) -> impl Iterator<Item = &Square<'a>> {
        self.calls.iter().flat_map(|(_, squares)| squares.iter().flatten())
    }

    /// Conditions that some column covers.
    pub(super) fn shown(&self) -> usize {
        self.squares().map(|square| square.by_some).sum()
    }

    pub(super) fn inducible(&self) -> usize {
        self.squares().map(|square| square.inducible).sum()
    }

    pub(super) fn documented(&self) -> usize {
        self.squares().map(|square| square.conditions.len()).sum()
    }
}

impl Square<'_> {
    /// The class in the style sheet, by how many conditions are covered.
    pub(super) fn class(&self) -> &'static str {
        match self.conditions.len() {
            all if self.by_all == all => "whole",
            _ if self.by_some > 0 => "part",
            _ if self.inducible == 0 => "beyond",
            _ => "open-error",
        }
    }

    /// `1` of one, `2/3` of several, `0` of those that a spec could cause, a dash if none could.
    pub(super) fn text(&self) -> String {
        match (self.by_some, self.conditions.len()) {
            (0, _) if self.inducible == 0 => "–".into(),
            (shown, 1) => shown.to_string(),
            (shown, all) => format!("{shown}/{all}"),
        }
    }

    pub(super) fn title(&self) -> String {
        self.conditions.join("; ")
    }
}
