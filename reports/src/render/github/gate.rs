//! Annotations for what a gate finds.

use super::annotation::{error, shown};
use crate::gate::{Finding, Kind, Outcome};
use record::Records;
use strum::VariantArray;

/// Workflow commands for standard output: one for findings of one cause. A finding about a spec points to its source.
pub fn gate(outcome: &Outcome, records: &Records) -> String {
    let annotation = |(first, about): (&Finding, Vec<String>)| {
        let source = records.specs.iter().find(|record| record.id == first.about).map(|record| &record.source);
        error(source, &format!("{}: {}", first.kind.words(), about.join(" ")), &first.what)
    };
    let groups = Kind::VARIANTS.iter().flat_map(|kind| outcome.grouped(*kind));
    shown(groups.map(annotation).collect(), "findings of the gate")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_finding_points_to_the_source_of_its_spec() {
        let (records, mut outcome) = sample::newly_deviating();
        let gone = Finding {
            kind: Kind::Gone,
            about: "pipe.was-here: 1".into(),
            what: "is no longer in the suite".into(),
            cause: String::new(),
        };
        outcome.findings.push(gone);
        assert_eq!(
            gate(&outcome, &records),
            "::error file=suites/src/pipe.rs,line=42,title=new deviations%3A pipe.read-eof::\
             deviates: the reason is not recorded\n\
             ::error title=gone%3A pipe.was-here%3A 1::is no longer in the suite\n"
        );
        assert_eq!(gate(&Outcome::default(), &records), "");
    }

    #[test]
    fn findings_with_one_cause_are_one_annotation() {
        let commands = gate(&sample::gate_of_alike(), &sample::alike());
        assert_eq!(commands.lines().count(), 3, "{commands}");
        assert!(commands.contains("title=new deviations%3A pipe.a/{libc%2Cnix} pipe.b/libc::deviates: "), "{commands}");
    }

    #[test]
    fn what_github_would_drop_is_counted() {
        let finding =
            |n| Finding { kind: Kind::Gone, about: format!("a.{n}"), what: "x".repeat(900), cause: String::new() };
        let outcome = Outcome { findings: (0..1000).map(finding).collect(), ..Outcome::default() };
        let commands = gate(&outcome, &sample::records());
        assert_eq!(commands.lines().count(), 10);
        let last = "::error title=ipcspec::991 more findings of the gate; the job summary has them all\n";
        assert!(commands.ends_with(last), "{commands}");
    }
}
