//! Runs side by side: what differs, the odd one out first.

use crate::judged::{Judged, judged, reason};
use record::Verdict;
use record::id::family;
use record::{Records, RunRecord};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A run and the name by which a comparison tells of it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// The name: a file, a target.
    pub name: &'a str,
    /// The run.
    pub records: &'a Records,
}

/// What differs between runs. Verdicts, values and times stand in the order of the runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Comparison<'a> {
    /// The runs; the first is what the others are compared with.
    pub runs: Vec<Column<'a>>,
    /// How many specs have the same verdict in all runs.
    pub alike: usize,
    /// Specs whose verdicts differ, in the order in which they are told.
    pub specs: Vec<Row<'a>>,
    /// Observations that differ where they were made.
    pub observations: Vec<ObservationRow<'a>>,
    /// Specs that take much longer than in the first run, the slowest first.
    pub slower: Vec<SlowerRow<'a>>,
}

/// One of the runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// What was asked for, and where it ran.
    pub run: &'a RunRecord,
    /// What keeps the run from being whole: specs may be absent for that alone.
    pub shortfall: Option<String>,
}

/// A spec whose verdicts differ.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Row<'a> {
    /// Where and how.
    #[serde(flatten)]
    pub difference: Difference,
    /// The spec.
    pub id: &'a str,
    /// Its verdicts; none where it was not judged.
    pub verdicts: Vec<Option<Verdict>>,
    /// Why it fails in the run that differs, if it does.
    pub why: Option<String>,
}

/// Where a spec differs, and how. The order is that in which differences are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Difference {
    /// Whether the run differs alone.
    pub scope: Scope,
    /// The run that differs, by its place from 0: from the first run, or from all others.
    pub run: usize,
    /// What it is there.
    pub change: Change,
}

/// Whether one run differs alone. Those that do are told first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All others agree.
    Alone,
    /// The others do not agree, or there is one other.
    Among,
}

/// What changed from the run that is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It fails, and did not.
    NewlyDeviating,
    /// It fails in another way.
    FailsOtherwise,
    /// It conforms, and did not.
    NewlyConforming,
    /// It is skipped, and was not.
    NewlySkipped,
    /// It was not judged, and is.
    Added,
    /// It was judged, and is not.
    Removed,
}

/// An observation that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct ObservationRow<'a> {
    /// The spec; without its cases and layers when they all observe alike.
    pub id: &'a str,
    /// What is observed.
    pub name: &'a str,
    /// The values; none where it was not observed.
    pub values: Vec<Option<String>>,
}

/// A spec that takes much longer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SlowerRow<'a> {
    /// The spec.
    pub id: &'a str,
    /// Microseconds of its fastest attempt; none where it did not conform.
    pub wall_us: Vec<Option<u64>>,
    /// How many times as long as in the first run the slowest takes.
    pub ratio: f64,
}

/// Less than this much longer is the scheduler's doing, whatever the ratio.
const NOTICEABLE_US: u64 = 5_000;

/// Compares runs with the first of them. `slower` is the ratio of times from which a spec is told as slower.
pub fn compare<'a>(runs: &[Named<'a>], slower: f64) -> Comparison<'a> {
    let judged: Vec<BTreeMap<&str, Judged>> = runs
        .iter()
        .map(|run| judged(run.records).into_iter().map(|spec| (spec.record().id.as_str(), spec)).collect())
        .collect();
    let ids: BTreeSet<&'a str> = judged.iter().flat_map(|run| run.keys().copied()).collect();
    let columns = |id: &str| judged.iter().map(|run| run.get(id)).collect::<Vec<_>>();
    let mut specs: Vec<_> = ids.iter().filter_map(|id| row(id, &columns(id))).collect();
    // Stable: within a difference, by id.
    specs.sort_by_key(|row| row.difference);
    let mut slower: Vec<_> = ids.iter().filter_map(|id| slower_row(id, &columns(id), slower)).collect();
    slower.sort_by(|one, other| other.ratio.total_cmp(&one.ratio));
    Comparison {
        runs: runs.iter().map(column).collect(),
        alike: ids.len() - specs.len(),
        specs,
        observations: once_for_a_family(ids.iter().flat_map(|id| observation_rows(id, &columns(id))).collect()),
        slower,
    }
}

fn column<'a>(named: &Named<'a>) -> Column<'a> {
    let shortfall = crate::gate::exit::shortfall(named.records);
    Column { name: named.name, run: &named.records.run, shortfall }
}

fn row<'a>(id: &'a str, columns: &[Option<&Judged>]) -> Option<Row<'a>> {
    let verdicts: Vec<_> = columns.iter().map(|spec| spec.map(Judged::verdict)).collect();
    let difference = difference(&verdicts)?;
    let there = columns[difference.run].filter(|spec| spec.verdict().is_failure());
    Some(Row { difference, id, verdicts, why: there.map(|spec| reason(spec.record())) })
}

/// How the verdicts differ, if they do.
pub fn difference(verdicts: &[Option<Verdict>]) -> Option<Difference> {
    if let Some((run, others)) = odd_one_out(verdicts) {
        let change = change(others, verdicts[run])?;
        return Some(Difference { scope: Scope::Alone, run, change });
    }
    let (first, rest) = verdicts.split_first()?;
    let changes = (1..).zip(rest).filter_map(|(run, verdict)| Some((run, change(*first, *verdict)?)));
    let (run, change) = changes.min_by_key(|(_, change)| *change)?;
    Some(Difference { scope: Scope::Among, run, change })
}

/// The one of at least three that differs from all others, and what those agree on.
fn odd_one_out(verdicts: &[Option<Verdict>]) -> Option<(usize, Option<Verdict>)> {
    let (first, second, third) = (verdicts.first()?, verdicts.get(1)?, verdicts.get(2)?);
    let usual = if first == second { first } else { third };
    let mut odd = verdicts.iter().enumerate().filter(|(_, verdict)| *verdict != usual);
    let (run, _) = odd.next()?;
    odd.next().is_none().then_some((run, *usual))
}

fn change(before: Option<Verdict>, after: Option<Verdict>) -> Option<Change> {
    match (before, after) {
        (before, after) if before == after => None,
        (None, _) => Some(Change::Added),
        (_, None) => Some(Change::Removed),
        (_, Some(Verdict::Conforms)) => Some(Change::NewlyConforming),
        (_, Some(Verdict::Skipped)) => Some(Change::NewlySkipped),
        (Some(before), _) if before.is_failure() => Some(Change::FailsOtherwise),
        _ => Some(Change::NewlyDeviating),
    }
}

fn observation_rows<'a>(id: &'a str, columns: &[Option<&Judged<'a>>]) -> Vec<ObservationRow<'a>> {
    let records = columns.iter().flatten().flat_map(|spec| spec.attempts());
    let names: BTreeSet<&str> =
        records.flat_map(|record| &record.observations).map(|observation| observation.name.as_str()).collect();
    let row = |name| {
        let values: Vec<_> = columns.iter().map(|spec| (*spec)?.observed(name)).collect();
        let different: BTreeSet<_> = values.iter().flatten().collect();
        (different.len() > 1).then_some(ObservationRow { id, name, values })
    };
    names.into_iter().filter_map(row).collect()
}

/// The layers and cases of a spec mostly observe alike: one row for all of those that do.
fn once_for_a_family(mut rows: Vec<ObservationRow>) -> Vec<ObservationRow> {
    rows.sort_by(|one, other| {
        (family(one.id), one.name, &one.values).cmp(&(family(other.id), other.name, &other.values))
    });
    let alike = |one: &ObservationRow, other: &ObservationRow| {
        (family(one.id), one.name, &one.values) == (family(other.id), other.name, &other.values)
    };
    rows.chunk_by(alike)
        .map(|rows| match rows {
            [row] => row.clone(),
            [row, ..] => ObservationRow { id: family(row.id), ..row.clone() },
            [] => unreachable!("no chunk is empty"),
        })
        .collect()
}

fn slower_row<'a>(id: &'a str, columns: &[Option<&Judged>], least: f64) -> Option<SlowerRow<'a>> {
    let fastest = |spec: &Judged| {
        let attempts = spec.attempts().iter().filter(|record| record.verdict == Verdict::Conforms);
        attempts.map(|record| record.wall_us).min()
    };
    let wall_us: Vec<_> = columns.iter().map(|spec| spec.and_then(fastest)).collect();
    let (first, slowest) = (wall_us.first().copied()??, wall_us.iter().flatten().copied().max()?);
    let ratio = slowest as f64 / first.max(1) as f64;
    let told = ratio >= least && slowest.saturating_sub(first) >= NOTICEABLE_US;
    told.then_some(SlowerRow { id, wall_us, ratio })
}

#[cfg(test)]
mod tests;
