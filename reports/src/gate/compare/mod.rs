//! Runs side by side: what differs, the odd one out first.

use crate::judged::{Judged, judged, reason};
use record::Verdict;
use record::id::family;
use record::{Records, RunRecord};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A run and its name in a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// A file or a target.
    pub name: &'a str,
    /// The run.
    pub records: &'a Records,
}

/// What differs between runs. Verdicts, values and times are in the order of the runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Comparison<'a> {
    /// The runs; the others are compared with the first.
    pub runs: Vec<Column<'a>>,
    /// How many specs have the same verdict in all runs.
    pub same: usize,
    /// Specs whose verdicts differ, the most significant first.
    pub specs: Vec<Row<'a>>,
    /// Observations that differ between runs that made them.
    pub observations: Vec<ObservationRow<'a>>,
    /// Specs that are much slower than in the first run, the slowest first.
    pub slower: Vec<SlowerRow<'a>>,
}

/// One of the runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// What was selected, and where it ran.
    pub run: &'a RunRecord,
    /// Why the run is incomplete, if it is: specs may be absent for that reason alone.
    pub shortfall: Option<String>,
}

/// A spec whose verdicts differ.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Row<'a> {
    /// Where and how they differ.
    #[serde(flatten)]
    pub difference: Difference,
    /// The spec.
    pub id: &'a str,
    /// Its verdicts; null where it was not judged.
    pub verdicts: Vec<Option<Verdict>>,
    /// Why it fails in the run that differs, if it does.
    pub why: Option<String>,
}

/// Where a spec differs, and how; ordered with the most significant first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Difference {
    /// Whether the run differs alone.
    pub scope: Scope,
    /// Index of the run that differs: from the first run, or from all others.
    pub run: usize,
    /// What changed there.
    pub change: Change,
}

/// Whether one run differs from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All others agree.
    Alone,
    /// The others disagree, or there is only one other.
    Among,
}

/// What changed, the most significant first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, strum::IntoStaticStr, strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It fails, and did not before.
    #[strum(to_string = "Newly deviating")]
    NewlyDeviating,
    /// It fails with another verdict.
    #[strum(to_string = "Failing differently")]
    FailsDifferently,
    /// It conforms, and did not before.
    #[strum(to_string = "Newly conforming")]
    NewlyConforming,
    /// It is skipped, and was not before.
    #[strum(to_string = "Newly skipped")]
    NewlySkipped,
    /// It was not judged before.
    Added,
    /// It is no longer judged.
    Removed,
}

impl Change {
    /// The words used in reports, as a heading.
    pub(crate) fn words(self) -> &'static str {
        self.into()
    }
}

/// An observation that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct ObservationRow<'a> {
    /// The spec; without cases and layers if all of them observe the same.
    pub id: &'a str,
    /// What is observed.
    pub name: &'a str,
    /// The values; null where it was not observed.
    pub values: Vec<Option<String>>,
}

/// A spec that is much slower.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SlowerRow<'a> {
    /// The spec.
    pub id: &'a str,
    /// Microseconds of its fastest attempt; null where it did not conform.
    pub wall_us: Vec<Option<u64>>,
    /// Ratio of the slowest run to the first one.
    pub ratio: f64,
}

/// A smaller difference is scheduling noise, whatever the ratio.
const NOTICEABLE_US: u64 = 5_000;

/// Compares runs with the first of them. A spec counts as slower from the ratio `slower`.
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
        same: ids.len() - specs.len(),
        specs,
        observations: merge_cases(ids.iter().flat_map(|id| observation_rows(id, &columns(id))).collect()),
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
        (Some(before), _) if before.is_failure() => Some(Change::FailsDifferently),
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

/// Layers and cases of a spec mostly observe the same: they share a row.
fn merge_cases(mut rows: Vec<ObservationRow>) -> Vec<ObservationRow> {
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
    let is_slower = ratio >= least && slowest.saturating_sub(first) >= NOTICEABLE_US;
    is_slower.then_some(SlowerRow { id, wall_us, ratio })
}

#[cfg(test)]
mod tests;
