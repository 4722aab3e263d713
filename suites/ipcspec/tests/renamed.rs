//! The table of renamed ids against the registry.

use harness::registry::specs;
use record::id::IdPattern;
use reports::gate::Renames;
use suites as _;

fn exists(id: &str) -> bool {
    let pattern = IdPattern::new(id);
    specs().iter().any(|spec| pattern.matches(spec.id))
}

#[test]
fn every_present_id_exists_and_no_former_one_does() {
    let renames = Renames::parse(include_str!("../renamed-ids.tsv"));
    let wrong: Vec<_> = renames.pairs().filter(|(former, present)| exists(former) || !exists(present)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(renames.pairs().count(), include_str!("../renamed-ids.tsv").lines().count(), "a line is not two ids");
}

#[test]
fn no_removed_id_exists() {
    let table = include_str!("../removed-ids.tsv");
    let removed: Vec<_> = table.lines().filter_map(|line| line.split_once('\t')).collect();
    assert_eq!(removed.len(), table.lines().count(), "a line is not an id and a reason");
    assert!(removed.iter().all(|(id, reason)| !exists(id) && !reason.is_empty()), "{removed:#?}");
}
