//! Many targets side by side: how many specs got which verdict on each, and the specs on which they differ.

use crate::causes::{Key, causes};
use crate::gate::{self, Exit};
use crate::judged::judged;
use record::Records;
use record::Verdict;
use record::id::family;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// One target.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub target: String,
    /// Its records, or why there are none.
    pub outcome: Result<Records, String>,
    /// The result of its gate, if it has a baseline.
    pub gate: Option<gate::Outcome>,
}

/// The exit of runs on several targets, each compared with its baseline if it has one. A failure takes precedence over a
/// target without records, and that over what passed.
pub fn exit(columns: &[Column]) -> Exit {
    let exit = |column: &Column| match (&column.gate, &column.outcome) {
        (Some(gate), _) => gate.exit(),
        (None, Ok(records)) => Exit::of(records),
        (None, Err(_)) => Exit::CouldNotRun,
    };
    let exits: Vec<_> = columns.iter().map(exit).collect();
    let weight = [Exit::Failed, Exit::CouldNotRun, Exit::NothingJudged, Exit::NothingSelected, Exit::Passed];
    weight.into_iter().find(|exit| exits.contains(exit)).unwrap_or(Exit::NothingSelected)
}

/// What a cell holds: the verdict, or none where the spec was not judged.
pub(crate) type Cell = Option<Verdict>;

/// Specs of one family with the same verdicts on every target.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// The spec, or the family and how many of its cases.
    pub(crate) name: String,
    /// One for each target.
    pub(crate) cells: Vec<Cell>,
}

/// The specs that fail somewhere; those that fail on one target only come first. A spec that some targets skip is not a
/// difference between kernels: these targets lack something that it needs, and the counts show that.
pub(crate) fn rows(columns: &[Column]) -> Vec<Row> {
    let mut verdicts: BTreeMap<&str, Vec<Cell>> = BTreeMap::new();
    for (index, column) in columns.iter().enumerate() {
        let Ok(records) = &column.outcome else { continue };
        for spec in judged(records) {
            verdicts.entry(&spec.record().id).or_insert_with(|| vec![None; columns.len()])[index] =
                Some(spec.verdict());
        }
    }
    let mut groups: BTreeMap<(&str, Vec<Cell>), Vec<&str>> = BTreeMap::new();
    for (id, cells) in verdicts {
        if failures(&cells) > 0 {
            groups.entry((family(id), cells)).or_default().push(id);
        }
    }
    let mut rows: Vec<_> = groups
        .into_iter()
        .map(|((family, cells), ids)| {
            let name = if let [id] = ids[..] { id.into() } else { format!("{family} ({} cases)", ids.len()) };
            Row { name, cells }
        })
        .collect();
    rows.sort_by_key(|row| failures(&row.cells));
    rows
}

/// Failures with one cause, and how many specs of each target have it.
pub(crate) struct CauseRow {
    /// What they have in common.
    pub(crate) words: String,
    /// One for each target.
    pub(crate) specs: Vec<usize>,
}

/// The causes of all failures, those of most specs first.
pub(crate) fn cause_rows(columns: &[Column]) -> Vec<CauseRow> {
    let mut rows: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (index, column) in columns.iter().enumerate() {
        let Ok(records) = &column.outcome else { continue };
        for cause in causes(judged(records).iter().filter(|spec| spec.fails())) {
            rows.entry(cause.key).or_insert_with(|| vec![0; columns.len()])[index] = cause.specs.len();
        }
    }
    let mut rows: Vec<_> = rows.into_iter().map(|(key, specs)| CauseRow { words: key.words(), specs }).collect();
    rows.sort_by_key(|row| Reverse(row.specs.iter().sum::<usize>()));
    rows
}

fn failures(cells: &[Cell]) -> usize {
    cells.iter().filter(|cell| cell.is_some_and(Verdict::is_failure)).count()
}

/// How many different specs the targets have.
pub(crate) fn specs(columns: &[Column]) -> usize {
    let records = columns.iter().filter_map(|column| column.outcome.as_ref().ok());
    records.flat_map(|records| &records.specs).map(|spec| &spec.id).collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn cases_that_agree_share_a_row() {
        let mut records = sample::records();
        records.specs.retain(|spec| spec.verdict == Verdict::Deviates);
        let case = |name: &str| {
            let mut spec = records.specs[0].clone();
            spec.id = format!("fifo.open-read-blocks/{name}");
            spec
        };
        records.specs = vec![case("libc"), case("nix"), case("raw")];
        records.specs[2].verdict = Verdict::Timeout;
        let rows = rows(&[Column { target: "local".into(), outcome: Ok(records), gate: None }]);
        let shown: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.cells[0])).collect();
        assert_eq!(
            shown,
            [
                ("fifo.open-read-blocks (2 cases)", Some(Verdict::Deviates)),
                ("fifo.open-read-blocks/raw", Some(Verdict::Timeout))
            ]
        );
    }

    #[test]
    fn causes_are_counted_on_each_target() {
        let column = |records| Column { target: "a target".into(), outcome: Ok(records), gate: None };
        let mut other = sample::alike();
        other.specs.retain(|spec| spec.verdict == Verdict::Broken);
        let rows = cause_rows(&[column(sample::alike()), column(other)]);
        let rows: Vec<_> = rows.iter().map(|row| (row.words.as_str(), &row.specs[..])).collect();
        assert_eq!(rows[0], ("cannot be judged: pipe2(O_DIRECT) is refused with EINVAL", &[2, 2][..]));
        assert_eq!(rows.iter().map(|(_, specs)| specs.iter().sum::<usize>()).collect::<Vec<_>>(), [4, 3, 1]);
    }

    #[test]
    fn the_worst_target_decides() {
        let mut records = sample::records();
        records.specs.retain(|spec| !spec.verdict.is_failure());
        records.run.selected = records.specs.len();
        let column = |outcome| Column { target: "a target".into(), outcome, gate: None };
        let (holds, fails) = (column(Ok(records)), column(Ok(sample::records())));
        let absent = column(Err("it sent no records".into()));
        assert_eq!(exit(&[]), Exit::NothingSelected);
        assert_eq!(exit(&[holds.clone(), holds.clone()]), Exit::Passed);
        assert_eq!(exit(&[holds.clone(), absent.clone()]), Exit::CouldNotRun);
        assert_eq!(exit(&[holds, absent, fails.clone()]), Exit::Failed);
        let expected = gate::Outcome::default();
        assert_eq!(exit(&[Column { gate: Some(expected), ..fails }]), Exit::Passed, "its baseline decides");
    }
}
