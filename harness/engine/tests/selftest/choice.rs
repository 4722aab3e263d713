//! Which specs are run, and in which order: the planted ones are chosen from.

use crate::trial;
use engine::runner::selection::{Selection, order};
use harness::{Layer, Level, Spec};
use libtest_mimic::Trial;
use record::Shard;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("choice::an_empty_selection_is_everything", everything),
        trial("choice::ids_globs_needs_and_layers_select", selections),
        trial("choice::what_selects_nothing_is_named", nothing),
        trial("choice::shards_are_a_partition_of_equal_parts", shards),
        trial("choice::a_seed_determines_the_order", orders),
    ]
}

fn all() -> Vec<&'static Spec> {
    harness::registry::specs().to_vec()
}

fn ids(specs: &[&'static Spec]) -> Vec<&'static str> {
    specs.iter().map(|spec| spec.id).collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn selected(selection: &Selection) -> Vec<&'static str> {
    ids(&selection.specs().expect("something is selected"))
}

fn everything() {
    assert_eq!(selected(&Selection::default()), ids(&all()));
    assert!(all().is_sorted_by_key(|spec| spec.id));
}

fn selections() {
    let by_ids = |patterns: &[&str]| Selection { ids: words(patterns), ..Selection::default() };
    assert_eq!(selected(&by_ids(&["planted.conforms"])), ["planted.conforms"]);
    assert_eq!(selected(&by_ids(&["planted.deviates"])), ["planted.deviates/libc", "planted.deviates/raw"]);
    assert_eq!(selected(&by_ids(&["planted.alone"])), ["planted.alone"], "and not alone-too");
    assert_eq!(
        selected(&by_ids(&["*/holds"])),
        ["planted.other-table/holds", "planted.table/holds/libc", "planted.table/holds/raw"]
    );
    let by_layers =
        |layers: &[Layer]| Selection { layers: layers.to_vec(), ..by_ids(&["planted.deviates", "*.alone"]) };
    assert_eq!(selected(&by_layers(&[Layer::Raw])), ["planted.deviates/raw"]);
    assert_eq!(selected(&by_layers(&[Layer::Libc])), ["planted.alone", "planted.deviates/libc"]);
    let by_needs = |needs: &[&str]| Selection { needs: words(needs), ..Selection::default() };
    let needy = ["planted.needs/libc", "planted.needs/nix", "planted.needs/raw"];
    assert_eq!(selected(&by_needs(&["program"])), needy);
    assert_eq!(selected(&by_needs(&["program(sh)", "second_uid"])), needy);
    let by_level = |level| Selection { levels: vec![level], ..Selection::default() };
    assert_eq!(selected(&by_level(Level::Kernel)), ids(&all()));
    assert_eq!(selected(&by_level(Level::Posix)), [""; 0]);
    let by_mechanism = Selection { mechanisms: words(&["planted"]), ..Selection::default() };
    assert_eq!(selected(&by_mechanism), ids(&all()));
}

fn nothing() {
    for (selection, what, pattern) in [
        (
            Selection { ids: words(&["planted.conforms", "planted.no-such"]), ..Selection::default() },
            "id",
            "planted.no-such",
        ),
        (Selection { ids: words(&["planted.conf"]), ..Selection::default() }, "id", "planted.conf"),
        (Selection { mechanisms: words(&["plant"]), ..Selection::default() }, "mechanism", "plant"),
        (Selection { needs: words(&["cpus(3)"]), ..Selection::default() }, "need", "cpus(3)"),
    ] {
        let error = selection.specs().expect_err("nothing is selected");
        assert_eq!((error.what, error.pattern.as_str()), (what, pattern));
    }
    // Two things that are there, but not together: an empty selection, not a mistake in one of them.
    let disjoint = Selection { ids: words(&["planted.conforms"]), layers: vec![Layer::Raw], ..Selection::default() };
    assert!(disjoint.specs().expect("each is known").is_empty());
}

fn shards() {
    for total in [1, 2, 7, 1000] {
        let parts: Vec<_> = (1..=total).map(|part| Shard { part, total }.of(all())).collect();
        let sizes = parts.iter().map(Vec::len);
        assert!(sizes.clone().max() <= sizes.min().map(|least| least + 1));
        let mut together = ids(&parts.concat());
        together.sort_unstable();
        assert_eq!(together, ids(&all()));
    }
}

fn orders() {
    let attempts = |seed| order(&all(), 2, seed).map(|task| (task.spec.id, task.attempt)).collect::<Vec<_>>();
    let plain = attempts(None);
    let rounds: Vec<_> = (1..=2).flat_map(|attempt| ids(&all()).into_iter().map(move |id| (id, attempt))).collect();
    assert_eq!(plain, rounds);
    let shuffled = attempts(Some(7));
    assert_eq!(shuffled, attempts(Some(7)));
    assert_ne!(shuffled, attempts(Some(8)));
    let mut sorted = shuffled.clone();
    sorted.sort_unstable_by_key(|(id, attempt)| (*attempt, *id));
    assert_eq!(sorted, plain);
    assert!(shuffled.is_sorted_by_key(|(_, attempt)| *attempt), "round by round");
}
