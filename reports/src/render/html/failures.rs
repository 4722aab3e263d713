//! What failed: each failing spec once, with its different failures and where they occurred.

use super::Column;
use super::rows::{Origins, Row, group};
use crate::causes::Key;
use crate::gate::baseline::ExpectedFailure;
use crate::judged::{Judged, reason};
use crate::render::failure::state;
use crate::text;
use record::{Failure, Process};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How much of one text is shown, in characters: a report is for reading, the records hold the rest.
const LONGEST: usize = 4000;

/// A spec that failed somewhere.
pub(super) struct FailedSpec<'a> {
    pub(super) row: Row<'a>,
    pub(super) ways: Vec<Way<'a>>,
}

/// One way in which it failed.
pub(super) struct Way<'a> {
    /// A spec that failed in this way.
    pub(super) spec: Judged<'a>,
    /// All columns and layers where it did.
    pub(super) who: String,
    /// What baselines say of it.
    pub(super) expected: Vec<InBaselines<'a>>,
}

/// What the baselines of some columns say of a failure: the entry that expects it, if there is one.
pub(super) struct InBaselines<'a> {
    /// Empty if it is everywhere where the spec failed in this way.
    pub(super) who: String,
    pub(super) entry: Option<&'a ExpectedFailure>,
}

/// Failures with one cause.
pub(super) struct CauseRow<'a> {
    pub(super) words: String,
    pub(super) specs: usize,
    /// The columns, and how many specs of each; empty for one column.
    pub(super) who: String,
    /// The rows of its specs.
    pub(super) rows: Vec<&'a str>,
}

/// The causes of all failures, those of most specs first; none for a single one.
pub(super) fn by_cause<'a>(rows: &[Row<'a>], columns: &[Column<'a>]) -> Vec<CauseRow<'a>> {
    let mut causes: BTreeMap<Key, Vec<(usize, &'a str)>> = BTreeMap::new();
    for row in rows {
        let failing = row.entries().filter(|(_, spec)| spec.verdict().is_failure());
        failing.for_each(|((column, _), spec)| causes.entry(Key::of(spec)).or_default().push((column, row.id)));
    }
    let cause = |(key, specs): (Key, Vec<(usize, &'a str)>)| {
        let on = |column: usize| specs.iter().filter(|(other, _)| *other == column).count();
        let who = (0..columns.len()).filter(|column| on(*column) > 0);
        let who: Vec<_> = who.map(|column| format!("{}: {}", columns[column].name, on(column))).collect();
        let mut rows: Vec<_> = specs.iter().map(|(_, row)| *row).collect();
        rows.dedup();
        let who = if columns.len() == 1 { String::new() } else { who.join(", ") };
        CauseRow { words: text::clip(&key.words(), LONGEST), specs: specs.len(), who, rows }
    };
    let mut causes: Vec<_> = causes.into_iter().map(cause).collect();
    causes.sort_by_key(|cause| Reverse(cause.specs));
    if rows.iter().filter(|row| row.has_failure()).count() < 2 { Vec::new() } else { causes }
}

/// The failing specs, by id.
pub(super) fn failures<'a>(rows: &[Row<'a>], columns: &[Column<'a>]) -> Vec<FailedSpec<'a>> {
    let failing = rows.iter().filter(|row| row.has_failure());
    failing.map(|row| FailedSpec { row: row.clone(), ways: ways(row, columns) }).collect()
}

fn ways<'a>(row: &Row<'a>, columns: &[Column<'a>]) -> Vec<Way<'a>> {
    let failing = row.entries().filter(|(_, spec)| spec.verdict().is_failure());
    let ways = group(failing, |one, other| fails_alike(one, other)).into_iter();
    ways.map(|(spec, who)| Way {
        spec: spec.clone(),
        expected: in_baselines(row, &who, columns),
        who: who.names(columns),
    })
    .collect()
}

/// Each reason once: several columns may have the same one.
fn in_baselines<'a>(row: &Row, who: &Origins, columns: &[Column<'a>]) -> Vec<InBaselines<'a>> {
    let entries = row.entries().filter(|(origin, _)| who.0.contains(origin)).filter_map(|(origin, spec)| {
        let gate = columns[origin.0].gate?;
        Some((origin, gate.expected.get(&spec.record().id)))
    });
    let reason = |entry: &Option<&'a ExpectedFailure>| entry.map(|entry| &entry.reason);
    let names = |there: Origins| if there == *who { String::new() } else { there.names(columns) };
    let reasons = group(entries, |one, other| reason(one) == reason(other)).into_iter();
    reasons.map(|(entry, there)| InBaselines { who: names(there), entry }).collect()
}

/// Process states differ each time, so only failures without them are grouped.
fn fails_alike(one: &Judged, other: &Judged) -> bool {
    let key = |spec: &Judged| (spec.verdict(), spec.is_flaky(), spec.record().processes.is_empty());
    let failures = &one.record().failures;
    key(one) == key(other)
        && one.record().processes.is_empty()
        && !failures.is_empty()
        && *failures == other.record().failures
}

impl Way<'_> {
    /// How often, where there was more than one attempt.
    pub(super) fn attempts(&self) -> Option<String> {
        let attempt = self.spec.record().attempt;
        (self.spec.attempts().len() > 1).then(|| format!("{}; this is attempt {attempt}", self.spec.rate()))
    }

    /// The reason, if no failure has it.
    pub(super) fn reason(&self) -> Option<String> {
        self.spec.record().failures.is_empty().then(|| reason(self.spec.record()))
    }

    pub(super) fn failures(&self) -> impl Iterator<Item = FailureText<'_>> {
        self.spec.record().failures.iter().map(|failure| FailureText { failure })
    }

    pub(super) fn processes(&self) -> &[Process] {
        &self.spec.record().processes
    }

    /// The last calls before the failure.
    pub(super) fn trace(&self) -> String {
        text::clip(&self.spec.record().trace.join("\n"), LONGEST)
    }

    /// The beginning of what it printed.
    pub(super) fn output(&self) -> String {
        let record = self.spec.record();
        let mut output = text::clip(record.output.trim_end(), LONGEST);
        if record.output_dropped > 0 {
            output += &format!("\n... ({} bytes not kept)", record.output_dropped);
        }
        if !record.kernel_log.is_empty() {
            output += &format!("\nThe kernel's log:\n{}", text::clip(&record.kernel_log.join("\n"), LONGEST));
        }
        output
    }
}

/// A failure in the form that the template needs.
pub(super) struct FailureText<'a> {
    failure: &'a Failure,
}

impl FailureText<'_> {
    pub(super) fn message(&self) -> String {
        text::clip(&self.failure.message, LONGEST)
    }

    pub(super) fn expected(&self) -> Option<String> {
        self.failure.expected.as_ref().map(|value| text::clip(value, LONGEST))
    }

    pub(super) fn actual(&self) -> Option<String> {
        self.failure.actual.as_ref().map(|value| text::clip(value, LONGEST))
    }

    pub(super) fn place(&self) -> String {
        let source = self.failure.source.as_ref().map(|source| format!(", {source}")).unwrap_or_default();
        format!("{}{source}", self.failure.process)
    }
}

/// The state of a process in words, for the template.
pub(super) fn state_of(process: &Process) -> &'static str {
    state(process.state)
}
