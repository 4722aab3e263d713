//! Where two crates must know the same words.

use crate::trial;
use harness::{Layer, Need};
use libtest_mimic::Trial;
use std::collections::BTreeSet;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("seams::every_need_is_written_and_shown_by_one_word", every_need),
        trial("seams::the_attribute_knows_the_needs_that_there_are", known_needs),
        trial("seams::the_attribute_knows_the_layers_that_there_are", known_layers),
        trial("seams::ids_are_unique", ids_are_unique),
    ]
}

/// The words without their arguments.
fn words<'a>(needs: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    needs.into_iter().map(|need| need.split('(').next().unwrap_or(need)).collect()
}

fn every_need() {
    let spec = harness::registry::find("planted.needs-everything/raw").expect("it is planted");
    let shown: Vec<_> = spec.needs.iter().map(Need::to_string).collect();
    assert_eq!(words(shown.iter().map(String::as_str)), Need::WORDS);
    for written in ["cpus(2)", "nofile(64)", "program(sh)", "since(5.10)"] {
        assert!(shown.iter().any(|need| need == written), "{written} in {shown:?}");
    }
}

/// The message of the attribute lists all that it knows; `ui` holds that this is its message.
fn known_needs() {
    let message = include_str!("../ui/unknown_need.stderr");
    let (_, list) = message.split_once("write one of ").expect("the list");
    let (list, _) = list.split_once('\n').expect("the end of the line");
    assert_eq!(words(list.split(", ")), Need::WORDS);
}

fn known_layers() {
    let message = include_str!("../ui/unknown_layer.stderr");
    let [first, second, third] = Layer::ALL.map(Layer::word);
    assert!(message.contains(&format!("write {first}, {second} or {third}\n")), "{message}");
    let spec = |layer: &Layer| harness::registry::find(&format!("planted.needs-everything/{layer}"));
    assert_eq!(Layer::ALL.iter().filter_map(spec).filter_map(|spec| spec.layer).collect::<Vec<_>>(), Layer::ALL);
}

fn ids_are_unique() {
    let specs = harness::registry::specs();
    assert_eq!(specs.iter().map(|spec| spec.id).collect::<BTreeSet<_>>().len(), specs.len());
}
