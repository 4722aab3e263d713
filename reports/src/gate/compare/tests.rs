//! What a comparison finds.

use super::*;
use crate::sample;
use Verdict::{Broken, Conforms, Deviates, Skipped, Timeout};
use record::{Observation, SpecRecord};

/// A run of specs with these verdicts.
fn run(verdicts: &[(&str, Verdict)]) -> Records {
    let mut records = sample::records();
    let model = records.specs[0].clone();
    let spec = |(id, verdict): &(&str, Verdict)| SpecRecord { id: (*id).into(), verdict: *verdict, ..model.clone() };
    records.specs = verdicts.iter().map(spec).collect();
    records.run.selected = records.specs.len();
    records
}

fn compared<'a, const N: usize>(runs: [&'a Records; N]) -> Comparison<'a> {
    let named = ["one", "two", "three"].into_iter().zip(runs).map(|(name, records)| Named { name, records });
    compare(&named.collect::<Vec<_>>(), 2.0)
}

/// Scope, run and change of each row, with its spec.
fn rows<'a>(comparison: &Comparison<'a>) -> Vec<(Scope, usize, Change, &'a str)> {
    let row = |row: &Row<'a>| (row.difference.scope, row.difference.run, row.difference.change, row.id);
    comparison.specs.iter().map(row).collect()
}

#[test]
fn a_run_is_like_itself() {
    let records = sample::records();
    let comparison = compared([&records, &records, &records]);
    assert_eq!((comparison.same, comparison.specs.len()), (7, 0));
    assert!(comparison.observations.is_empty() && comparison.slower.is_empty());
}

#[test]
fn every_change_between_two_runs_has_its_kind() {
    let before = run(&[
        ("a.same", Conforms),
        ("a.broke", Conforms),
        ("a.ran", Skipped),
        ("a.hung", Deviates),
        ("a.fixed", Deviates),
        ("a.ran-well", Skipped),
        ("a.stopped", Conforms),
        ("a.went", Conforms),
    ]);
    let after = run(&[
        ("a.same", Conforms),
        ("a.broke", Broken),
        ("a.ran", Deviates),
        ("a.hung", Timeout),
        ("a.fixed", Conforms),
        ("a.ran-well", Conforms),
        ("a.stopped", Skipped),
        ("a.came", Deviates),
    ]);
    let comparison = compared([&before, &after]);
    let among = |change, id| (Scope::Among, 1, change, id);
    assert_eq!(
        rows(&comparison),
        [
            among(Change::NewlyDeviating, "a.broke"),
            among(Change::NewlyDeviating, "a.ran"),
            among(Change::FailsDifferently, "a.hung"),
            among(Change::NewlyConforming, "a.fixed"),
            among(Change::NewlyConforming, "a.ran-well"),
            among(Change::NewlySkipped, "a.stopped"),
            among(Change::Added, "a.came"),
            among(Change::Removed, "a.went"),
        ]
    );
    assert_eq!(comparison.same, 1);
}

#[test]
fn the_odd_one_out_comes_first() {
    let one = run(&[("a.first", Deviates), ("a.mixed", Conforms), ("a.third", Conforms), ("a.gone", Conforms)]);
    let two = run(&[("a.first", Conforms), ("a.mixed", Deviates), ("a.third", Conforms), ("a.gone", Conforms)]);
    let three = run(&[("a.first", Conforms), ("a.mixed", Skipped), ("a.third", Timeout)]);
    assert_eq!(
        rows(&compared([&one, &two, &three])),
        [
            (Scope::Alone, 0, Change::NewlyDeviating, "a.first"),
            (Scope::Alone, 2, Change::NewlyDeviating, "a.third"),
            (Scope::Alone, 2, Change::Removed, "a.gone"),
            (Scope::Among, 1, Change::NewlyDeviating, "a.mixed"),
        ]
    );
}

#[test]
fn observations_are_compared_where_they_were_made_and_once_for_alike_layers() {
    let observing = |values: &[(&str, &str)]| {
        let mut records = run(&values.iter().map(|(id, _)| (*id, Conforms)).collect::<Vec<_>>());
        for (spec, (_, value)) in records.specs.iter_mut().zip(values) {
            spec.observations.push(Observation { name: "size".into(), value: (*value).into() });
        }
        records
    };
    let one = observing(&[("a.b/libc", "1"), ("a.b/raw", "1"), ("a.c/libc", "1"), ("a.c/raw", "1"), ("a.d", "1")]);
    let two = observing(&[("a.b/libc", "2"), ("a.b/raw", "2"), ("a.c/libc", "1"), ("a.c/raw", "2")]);
    let comparison = compared([&one, &two]);
    let rows: Vec<_> = comparison.observations.iter().map(|row| (row.id, row.values.clone())).collect();
    let values = || vec![Some("1".to_owned()), Some("2".to_owned())];
    assert_eq!(rows, [("a.b", values()), ("a.c/raw", values())]);
}

#[test]
fn much_slower_is_told_the_slowest_first() {
    let taking = |times: &[(&str, u64)]| {
        let mut records = run(&times.iter().map(|(id, _)| (*id, Conforms)).collect::<Vec<_>>());
        for (spec, (_, time)) in records.specs.iter_mut().zip(times) {
            spec.wall_us = *time;
        }
        records
    };
    let one = taking(&[("a.slow", 10_000), ("a.slower", 10_000), ("a.short", 10), ("a.same", 10_000)]);
    let two = taking(&[("a.slow", 20_000), ("a.slower", 45_000), ("a.short", 900), ("a.same", 19_000)]);
    let comparison = compared([&one, &two]);
    let rows: Vec<_> = comparison.slower.iter().map(|row| (row.id, row.ratio)).collect();
    assert_eq!(rows, [("a.slower", 4.5), ("a.slow", 2.0)]);
}
