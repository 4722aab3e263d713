//! Documented errors that specs cover: naming one is not enough.

use crate::command::*;
use catalogue::Catalogue;
use record::id::family;
use record::{Records, Verdict};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use tempfile::TempDir;

/// The covered errors that no assertion of conforming specs has seen from their call, with the specs. Cases may share what they
/// cover, so one of a layer is enough.
fn unseen(records: &Records) -> Vec<String> {
    let mut seen = BTreeMap::new();
    for spec in records.specs.iter().filter(|spec| spec.verdict == Verdict::Conforms) {
        for error in Catalogue::load().errors.iter().filter(|error| spec.covers.contains(&error.id)) {
            let sees = spec.errors.iter().any(|seen| seen.call == error.call && seen.errno == error.recorded_errno());
            *seen.entry((family(&spec.id), spec.layer, error.id.as_str())).or_default() |= sees;
        }
    }
    assert!(seen.len() > 100, "only {} documented errors are covered", seen.len());
    let unseen = seen.into_iter().filter(|(_, is_seen): &(_, bool)| !is_seen);
    unseen.map(|((id, layer, clause), _)| format!("{id} ({layer:?}) covers {clause}, and sees none")).collect()
}

#[test]
fn every_error_that_a_spec_covers_is_seen() {
    let directory = TempDir::new().unwrap();
    ask_in(directory.path(), &["run", "--records", "r.jsonl"]);
    let records = File::open(directory.path().join("r.jsonl")).unwrap();
    let mut records = Records::read(BufReader::new(records)).unwrap();
    assert_eq!(unseen(&records), [""; 0]);
    let spec = records.specs.iter_mut().find(|spec| spec.id == "pipe.read-directory/raw").unwrap();
    spec.errors.clear();
    assert_eq!(unseen(&records).len(), 1, "a spec that sees no error is found");
}
