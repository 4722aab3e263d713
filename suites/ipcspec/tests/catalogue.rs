//! The registry against the catalogue: every spec is about clauses that exist, and has an id of its own.

use catalogue::pages::Pages;
use catalogue::{Catalogue, Lifetime, OUT_OF_REACH, Persistence};
use engine::mutation::calls;
use harness::call::Errors;
use harness::need::Need;
use harness::registry::{SPECS, specs};
use record::Citation;
use record::id::{Form, family, from_flat};
use reports::audit::Allowances;
use std::collections::{BTreeMap, HashMap, HashSet};
use suites::FAMILIES;

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
fn every_spec_in_the_table_of_persistence_exists() {
    let families: HashSet<_> = specs().iter().map(|spec| family(spec.id)).collect();
    for Lifetime { object, fates } in &Persistence::load().objects {
        for id in fates.iter().flat_map(|fate| &fate.specs) {
            assert!(families.contains(id.as_str()), "persistence.csv, {object}: there is no spec {id}");
        }
    }
}

#[test]
fn every_id_begins_with_a_mechanism_of_the_catalogue() {
    let mechanisms = Catalogue::load().mechanisms();
    let strange: Vec<_> = specs()
        .iter()
        .filter(|spec| !mechanisms.contains(&spec.mechanism()))
        .map(|spec| format!("`{}` is not a mechanism: {} ({}:{})", spec.mechanism(), spec.id, spec.file, spec.line))
        .collect();
    assert!(strange.is_empty(), "{}", strange.join("\n"));
}

#[test]
fn ids_are_unique() {
    let mut seen = HashSet::new();
    let twice: Vec<_> = SPECS.iter().filter(|spec| !seen.insert(spec.id)).map(|spec| spec.id).collect();
    assert!(!seen.is_empty(), "no spec is linked in");
    assert!(twice.is_empty(), "{twice:?}");
}

/// What `run --ids flat` writes names one spec, and is made of letters, digits, hyphens and dots.
#[test]
fn flat_ids_can_be_read_again() {
    for spec in specs() {
        let flat = Form::Flat.of(spec.id);
        assert_eq!(from_flat(&flat), spec.id);
        assert!(flat.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.'), "{flat}");
    }
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

/// Words of the needs column beside those of the needs that specs have: what a fixture provides, or what no spec requires yet.
const FURTHER: [&str; 8] =
    ["cpus", "fault_injection", "hardware", "netns", "nofile", "old_abi", "root", "unprivileged"];

#[test]
fn needs_are_known() {
    let known: HashSet<_> = specs().iter().flat_map(|spec| spec.needs()).map(Need::name).chain(FURTHER).collect();
    for clause in Catalogue::load().clauses() {
        for need in clause.needs() {
            assert!(known.contains(need.as_str()), "{} needs {need}, which no machine knows of", clause.id());
        }
    }
    assert!(OUT_OF_REACH.iter().all(|need| known.contains(need)));
}

/// Runs look needs up by their names: two with one name would be probed once, and one of them skip the specs of the other.
#[test]
fn a_name_is_that_of_one_need() {
    let mut remedies = HashMap::new();
    for need in specs().iter().flat_map(|spec| spec.needs()) {
        let unmet = need.unmet(String::new());
        let first = remedies.entry(need.name()).or_insert(unmet.remedy.clone());
        assert_eq!(*first, unmet.remedy, "two needs are called {}", need.name());
    }
}

#[test]
fn every_audited_call_has_an_error_to_fail_with() {
    for call in calls::all() {
        if let Errors::Documented(name) = call.errors {
            assert!(!Catalogue::load().errnos_of(name).is_empty(), "{}: no errors of {name} are listed", call.name());
        }
    }
}

/// What a citation of a spec lacks, by the index of pages.
fn fault(pages: &Pages, citation: &Citation) -> Option<String> {
    let parts: Vec<&str> = match citation {
        Citation::Posix { page, heading, item, .. } | Citation::Linux { page, heading, item } => {
            [page, heading].into_iter().chain(item).map(AsRef::as_ref).collect()
        }
        Citation::Kernel { file, function, version } => [file, function, version].map(AsRef::as_ref).to_vec(),
    };
    let kind = match citation {
        Citation::Posix { edition: 2024, .. } => "posix_2024",
        Citation::Posix { .. } => "posix",
        Citation::Linux { .. } => "man",
        Citation::Kernel { .. } => "kernel",
    };
    pages.citation_exists(kind, &parts).err()
}

#[test]
fn every_text_that_a_spec_quotes_exists() {
    let pages = Pages::load();
    let wrong: Vec<_> = specs()
        .iter()
        .flat_map(|spec| spec.cite.iter().map(move |citation| (spec, citation)))
        .filter_map(|(spec, citation)| {
            Some(format!("{} ({}:{}): {citation}: {}", spec.id, spec.file, spec.line, fault(&pages, citation)?))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_citation_is_found() {
    let pages = Pages::load();
    for (citation, words) in [
        (Citation::posix(2017, "raed.3p", "ERRORS", None), "no page raed.3p"),
        (Citation::man("read.2", "MISTAKES", None), "MISTAKES"),
        (Citation::man("read.2", "ERRORS", Some("EXDEV")), "EXDEV"),
        (Citation::posix(2017, "XSH", "Pipelines", None), "Pipelines"),
        (Citation::kernel("pipe.c", "pipe_write", "6.18"), "is not a file"),
        (Citation::kernel("fs/pipe.c", "pipe_write()", "6.18"), "is not the name of a function"),
    ] {
        let found = fault(&pages, &citation).unwrap_or_else(|| panic!("{citation} passes"));
        assert!(found.contains(words), "{citation}: {found}");
    }
    assert_eq!(fault(&pages, &Citation::man("read.2", "ERRORS", Some("EAGAIN"))), None);
}

#[test]
fn every_allowance_of_the_audit_names_a_spec() {
    let ids: Vec<_> = specs().iter().map(|spec| spec.id).collect();
    assert_eq!(Allowances::ours().without_spec(&ids), [""; 0]);
}

/// The oldest kernel that is supported; what is newer is a feature, which a need has to ask for.
const OLDEST: (u32, u32) = (5, 10);

#[test]
fn a_clause_of_a_newer_kernel_is_covered_by_specs_that_require_the_feature() {
    let catalogue = Catalogue::load();
    let since =
        |id: &str| catalogue.behaviours.iter().find(|row| row.id == id).and_then(|row| version(&row.min_kernel));
    for spec in specs() {
        for clause in spec.covers {
            if let Some(newer) = since(clause).filter(|since| *since > OLDEST) {
                let requires = spec.needs().any(|need| need.feature_since() >= Some(newer));
                assert!(requires, "{} covers {clause}, of Linux {newer:?}, without a need `.since(..)`", spec.id);
            }
        }
    }
    assert!(
        catalogue.behaviours.iter().any(|row| version(&row.min_kernel) > Some(OLDEST)),
        "the test looks at something"
    );
}

fn version(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.split_once('.')?;
    Some((major.parse().ok()?, rest.split('.').next()?.parse().ok()?))
}

/// How many specs each family has, cases and layers included: none can be lost in linking.
#[test]
fn every_family_is_linked_in_whole() {
    let mut counts: BTreeMap<&str, usize> = FAMILIES.iter().map(|family| (*family, 0)).collect();
    for spec in specs() {
        let family = spec.file.strip_prefix("suites/").and_then(|path| path.split('/').next()).unwrap_or_default();
        *counts.get_mut(family).unwrap_or_else(|| panic!("{} is in no family", spec.file)) += 1;
    }
    let expected = BTreeMap::from([
        ("events", 331),
        ("memory", 486),
        ("persistence", 39),
        ("pipes", 1425),
        ("posix", 546),
        ("processes", 1013),
        ("signals", 531),
        ("sockets", 6),
        ("sync", 1),
        ("sysv", 849),
    ]);
    assert_eq!(counts, expected, "a new spec is counted here");
}
