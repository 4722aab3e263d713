//! A comparison in words, for every document that shows it to people.

use crate::gate::compare::{Change, Comparison, Difference, ObservationRow, Row, Scope, SlowerRow};
use crate::text::milliseconds;
use record::Verdict;
use strum::VariantArray;

/// Things of one kind.
pub(super) struct Section<'a> {
    pub(super) title: String,
    pub(super) items: Vec<Item<'a>>,
}

/// A spec and what is to be said of it.
pub(super) struct Item<'a> {
    pub(super) id: &'a str,
    pub(super) words: String,
}

pub(super) fn machines<'a>(comparison: &'a Comparison) -> impl Iterator<Item = (String, Option<&'a str>)> {
    comparison.runs.iter().map(|column| {
        let here = &column.run.environment;
        let target = column.run.target.as_ref().map(|target| format!(", target: {target}")).unwrap_or_default();
        let (name, isolation) = (column.name, &here.isolation);
        let machine = format!("{name}: {} {}, {}, isolation: {isolation}{target}", here.kernel, here.arch, here.libc);
        (machine, column.shortfall.as_deref())
    })
}

pub(super) fn sections<'a>(comparison: &Comparison<'a>) -> Vec<Section<'a>> {
    let title = |difference: Difference| match difference {
        Difference { scope: Scope::Alone, run, .. } => format!("Only in {}", letter(run)),
        Difference { run, change, .. } if comparison.runs.len() > 2 => format!("{} in {}", change.words(), letter(run)),
        Difference { change, .. } => change.words().to_owned(),
    };
    let mut sections: Vec<Section> = Vec::new();
    for row in &comparison.specs {
        let title = title(row.difference);
        let item = Item { id: row.id, words: verdicts(row) };
        match sections.last_mut().filter(|section| section.title == title) {
            Some(section) => section.items.push(item),
            None => sections.push(Section { title, items: vec![item] }),
        }
    }
    let observations = comparison.observations.iter().map(|row| Item { id: row.id, words: values(row) });
    let slower = comparison.slower.iter().map(|row| Item { id: row.id, words: times(row) });
    sections.push(Section { title: "Observations that differ".into(), items: observations.collect() });
    sections.push(Section { title: "Slower".into(), items: slower.collect() });
    sections.retain(|section| !section.items.is_empty());
    sections
}

/// `A conforms, B deviates: ...`.
fn verdicts(row: &Row) -> String {
    let word = |verdict: Option<Verdict>| verdict.map_or("absent", Verdict::word);
    let why = row.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    lettered(row.verdicts.iter().map(|verdict| word(*verdict).to_owned())) + &why
}

fn values(row: &ObservationRow) -> String {
    let values = row.values.iter().map(|value| value.clone().unwrap_or_else(|| "not observed".into()));
    format!("{}: {}", row.name, lettered(values))
}

fn times(row: &SlowerRow) -> String {
    let times = row.wall_us.iter().map(|time| time.map_or("does not conform".into(), milliseconds));
    format!("{:.1} times: {}", row.ratio, lettered(times))
}

/// What holds in each run, with the letter of the run.
fn lettered(values: impl Iterator<Item = String>) -> String {
    let values = values.enumerate().map(|(run, value)| format!("{} {value}", letter(run)));
    values.collect::<Vec<_>>().join(", ")
}

/// The short name of a run: A to Z, then numbers.
pub(super) fn letter(run: usize) -> String {
    match u8::try_from(run) {
        Ok(number) if number < 26 => char::from(b'A' + number).into(),
        _ => (run + 1).to_string(),
    }
}

pub(super) fn counts(comparison: &Comparison) -> String {
    let count = |pick: &dyn Fn(Difference) -> bool| comparison.specs.iter().filter(|row| pick(row.difference)).count();
    let mut counts = vec![
        format!("{} unchanged", comparison.same),
        format!("{} only in one", count(&|difference| difference.scope == Scope::Alone)),
    ];
    for change in Change::VARIANTS.iter().copied() {
        let among = count(&|difference| difference.scope == Scope::Among && difference.change == change);
        counts.push(format!("{among} {}", change.words().to_lowercase()));
    }
    counts.push(format!("{} observations", comparison.observations.len()));
    counts.push(format!("{} slower", comparison.slower.len()));
    counts.join(", ")
}
