//! What the attribute makes of tables, layers, properties and locks.

use crate::run::{Run, only_failure};
use crate::trial;
use harness::{Layer, Verdict};
use libtest_mimic::Trial;
use record::{Records, SpecRecord};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("composition::cases_and_layers_end_the_id", cases_and_layers_end_the_id),
        trial("composition::the_attribute_may_stand_behind_the_cases", the_attribute_behind_the_cases),
        trial("composition::the_layer_is_that_of_the_case", the_layer_is_that_of_the_case),
        trial("composition::a_property_that_fails_shows_its_smallest_input", property_that_fails),
        trial("composition::specs_with_one_lock_never_overlap", specs_with_one_lock_never_overlap),
    ]
}

/// Ids and verdicts, in the order of the ids.
fn verdicts(records: &Records) -> Vec<(&str, Verdict)> {
    let mut verdicts: Vec<_> = records.specs.iter().map(|record| (record.id.as_str(), record.verdict)).collect();
    verdicts.sort_unstable();
    verdicts
}

fn cases_and_layers_end_the_id() {
    assert_eq!(
        verdicts(&Run::of(["table"]).records()),
        [
            ("planted.table/does-not-hold/libc", Verdict::Deviates),
            ("planted.table/does-not-hold/raw", Verdict::Deviates),
            ("planted.table/holds/libc", Verdict::Conforms),
            ("planted.table/holds/raw", Verdict::Conforms),
        ]
    );
}

fn the_attribute_behind_the_cases() {
    assert_eq!(
        verdicts(&Run::of(["other-table"]).records()),
        [("planted.other-table/does-not-hold", Verdict::Deviates), ("planted.other-table/holds", Verdict::Conforms)]
    );
}

fn the_layer_is_that_of_the_case() {
    let records = Run::of(["deviates"]).records();
    assert_eq!(
        verdicts(&records),
        [("planted.deviates/libc", Verdict::Deviates), ("planted.deviates/raw", Verdict::Conforms)]
    );
    assert!(records.specs.iter().all(|record| record.layer.map(Layer::word) == record.id.split('/').nth(1)));
}

fn property_that_fails() {
    let record = Run::of(["property"]).record();
    assert_eq!(record.verdict, Verdict::Deviates);
    let message = &only_failure(&record).message;
    assert_eq!(message, "700 is not below 700\nminimal failing input: 700");
    assert_eq!(record.output, "cases are drawn from seed 0\n");
}

fn specs_with_one_lock_never_overlap() {
    let records = Run::of(["alone", "alone-too"]).within(["lock-file"]).repeat(10).records();
    assert_eq!(records.specs.len(), 20);
    let mut spans: Vec<_> = records.specs.iter().map(span).collect();
    spans.sort_unstable();
    for pair in spans.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "{pair:?}");
    }
}

/// When a spec was at work, in nanoseconds.
fn span(record: &SpecRecord) -> (u128, u128) {
    assert_eq!(record.verdict, Verdict::Conforms, "{record:#?}");
    let observed = |name: &str| {
        let observation = record.observations.iter().find(|observation| observation.name == name);
        observation.expect("it is observed").value.parse().expect("a number")
    };
    (observed("begin"), observed("end"))
}
