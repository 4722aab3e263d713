//! Annotations for the specs that fail.

use super::annotation::{error, shown};
use crate::judged::{Judged, judged, reason};
use crate::text;
use record::Records;

/// Workflow commands for standard output: an error for each failing spec. When GitHub would drop some, the last one
/// says how many.
pub fn run(records: &Records) -> String {
    let specs = judged(records);
    let failing: Vec<_> = specs.iter().filter(|spec| spec.fails()).map(annotation).collect();
    shown(failing, "specs fail")
}

fn annotation(spec: &Judged) -> String {
    let record = spec.record();
    let at_fault = spec.at_fault().map(|at_fault| format!("{at_fault}\n")).unwrap_or_default();
    let (statement, reason) = (text::one_line(&record.statement), reason(record));
    let message = format!("{statement}\n{at_fault}{reason}\nreproduce: {}", spec.reproduce());
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
        records.specs = (0..count).map(|n| SpecRecord { id: format!("a.{n}"), ..deviating.clone() }).collect();
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
    fn what_github_would_drop_is_counted() {
        let records = failing(12);
        let commands = run(&records);
        assert_eq!(commands.lines().count(), 10);
        assert!(commands.ends_with("::error title=ipcspec::3 more specs fail; the job summary has them all\n"));
    }
}
