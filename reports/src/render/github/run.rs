//! Annotations for the specs that fail.

use super::annotation::{error, shown};
use crate::causes::{Cause, causes};
use crate::judged::{judged, reason};
use crate::text;
use record::Records;

/// Workflow commands for standard output: an error for each cause. When GitHub would drop some, the last one says how many.
pub fn run(records: &Records) -> String {
    let specs = judged(records);
    let causes = causes(specs.iter().filter(|spec| spec.fails()));
    shown(causes.iter().map(annotation).collect(), "causes of failures")
}

fn annotation(cause: &Cause) -> String {
    let spec = cause.example();
    let record = spec.record();
    let at_fault = spec.at_fault().map(|at_fault| format!("at fault: {at_fault}\n")).unwrap_or_default();
    let alike = if cause.specs.len() > 1 { format!("alike: {}\n", cause.ids().join(" ")) } else { String::new() };
    let (statement, reason) = (text::one_line(&record.statement), reason(record));
    let message = format!("{statement}\n{at_fault}{reason}\n{alike}reproduce: {}", spec.reproduce());
    error(Some(&record.source), &format!("{} {}", record.id, record.verdict), &message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use record::SpecRecord;
    use record::Verdict;

    fn failing(count: usize) -> Records {
        let mut records = sample::records();
        let deviating = records.specs.iter().find(|spec| spec.verdict == Verdict::Deviates).unwrap().clone();
        let spec = |n| {
            let mut spec = SpecRecord { id: format!("a.{n}"), ..deviating.clone() };
            spec.failures[0].message = format!("call_{n}()");
            spec
        };
        records.specs = (0..count).map(spec).collect();
        records
    }

    #[test]
    fn an_annotation_points_at_the_spec() {
        let commands = run(&sample::records());
        assert_eq!(commands.lines().count(), 3);
        assert_eq!(
            commands.lines().next().unwrap(),
            "::error file=suites/src/fifo.rs,line=88,title=fifo.open-nonblock-write/raw deviates::\
             Opening a FIFO for writing with O_NONBLOCK and no reader fails with ENXIO.%0A\
             open(\"fifo\", O_WRONLY | O_NONBLOCK): expected Err(ENXIO), actual Ok(3)%0A\
             reproduce: ipcspec run fifo.open-nonblock-write/raw"
        );
    }

    #[test]
    fn specs_that_fail_alike_are_one_annotation() {
        let commands = run(&sample::alike());
        assert_eq!(commands.lines().count(), 3, "{commands}");
        let library = "%0Aat fault: C library: raw conforms, libc deviates, nix deviates%0A";
        assert!(
            commands.contains(library) && commands.contains("%0Aalike: pipe.a/{libc,nix} pipe.b/libc%0A"),
            "{commands}"
        );
    }

    #[test]
    fn what_github_would_drop_is_counted() {
        let records = failing(12);
        let commands = run(&records);
        assert_eq!(commands.lines().count(), 10);
        assert!(commands.ends_with("::error title=ipcspec::3 more causes of failures; the job summary has them all\n"));
    }
}
