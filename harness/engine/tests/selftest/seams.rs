//! Where two crates must know the same words.

use crate::trial;
use harness::Layer;
use harness::need::Need;
use libtest_mimic::Trial;
use std::collections::BTreeSet;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("seams::needs_are_shown_by_their_names", needs_are_shown),
        trial("seams::the_attribute_knows_the_layers_that_there_are", known_layers),
        trial("seams::ids_are_unique", ids_are_unique),
    ]
}

fn needs_are_shown() {
    let spec = harness::registry::find("planted.needs/raw").expect("it is planted");
    let shown: Vec<_> = spec.needs().map(Need::to_string).collect();
    assert_eq!(shown, ["root", "second_uid", "program(sh)"]);
    assert!(spec.asks_for_root());
}

fn known_layers() {
    let message = include_str!("../ui/unknown_layer.stderr");
    let [first, second, third] = Layer::ALL.map(Layer::word);
    assert!(message.contains(&format!("write {first}, {second} or {third}\n")), "{message}");
    let spec = |layer: &Layer| harness::registry::find(&format!("planted.needs/{layer}"));
    assert_eq!(Layer::ALL.iter().filter_map(spec).filter_map(|spec| spec.layer).collect::<Vec<_>>(), Layer::ALL);
}

fn ids_are_unique() {
    let specs = harness::registry::specs();
    assert_eq!(specs.iter().map(|spec| spec.id).collect::<BTreeSet<_>>().len(), specs.len());
}
