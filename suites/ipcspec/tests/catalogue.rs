//! The registry against the catalogue: every spec is about clauses that exist, and has an id of its own.

use catalogue::{Catalogue, OUT_OF_REACH};
use engine::mutation::calls;
use harness::call::Errors;
use harness::registry::{SPECS, specs};
use std::collections::{HashMap, HashSet};
use suites as _;

#[test]
fn every_covered_clause_is_in_the_catalogue() {
    let catalogue = Catalogue::load();
    let unknown: Vec<_> = specs()
        .iter()
        .flat_map(|spec| spec.covers.iter().map(move |clause| (spec, *clause)))
        .filter(|(_, clause)| catalogue.find(clause).is_none())
        .map(|(spec, clause)| format!("{} covers {clause}, which is no clause ({}:{})", spec.id, spec.file, spec.line))
        .collect();
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn every_id_begins_with_a_mechanism_of_the_catalogue() {
    let mechanisms = Catalogue::load().mechanisms();
    let strange: Vec<_> = specs().iter().filter(|spec| !mechanisms.contains(&spec.mechanism())).collect();
    assert!(strange.is_empty(), "{strange:#?}");
}

#[test]
fn ids_are_unique() {
    let mut seen = HashSet::new();
    let twice: Vec<_> = SPECS.iter().filter(|spec| !seen.insert(spec.id)).map(|spec| spec.id).collect();
    assert!(!seen.is_empty(), "no spec is linked in");
    assert!(twice.is_empty(), "{twice:?}");
}

/// Cases and layers share one statement, which the manifest and `explain` show once.
#[test]
fn a_family_of_cases_is_one_function() {
    let mut families = HashMap::new();
    for spec in specs() {
        let family = spec.id.split('/').next();
        let first = families.entry(family).or_insert(*spec);
        assert_eq!((first.file, first.line), (spec.file, spec.line), "{} and {} are not one spec", first.id, spec.id);
    }
}

/// Words of the needs column beside those of `harness::Need`: what a fixture provides, or what no spec asks for yet.
const FURTHER: [&str; 5] = ["fault_injection", "hardware", "old_abi", "unprivileged", "userns"];

#[test]
fn needs_are_known() {
    let known: HashSet<_> = harness::Need::WORDS.into_iter().chain(FURTHER).collect();
    for clause in Catalogue::load().clauses() {
        for need in clause.needs() {
            assert!(known.contains(need.as_str()), "{} needs {need}, which no machine knows of", clause.id());
        }
    }
    assert!(OUT_OF_REACH.iter().all(|need| known.contains(need)));
}

#[test]
fn every_audited_call_has_an_error_to_fail_with() {
    for call in calls::all() {
        if let Errors::Documented(name) = call.errors {
            assert!(!Catalogue::load().errnos_of(name).is_empty(), "{}: no errors of {name} are listed", call.name());
        }
    }
}
