//! What GitHub Actions shows of a gate: an error for each finding, and a part of the job summary.

use super::{Finding, Outcome};
use crate::github::{self, SUMMARY_BYTES};
use crate::markdown::inline;
use record::Records;

/// Workflow commands for standard output. A finding about a spec that was run stands where the spec is written.
pub fn annotations(outcome: &Outcome, records: &Records) -> String {
    let annotation = |finding: &Finding| {
        let source = records.specs.iter().find(|record| record.id == finding.about).map(|record| &record.source);
        github::error(source, &format!("{}: {}", finding.kind.words(), finding.about), &finding.what)
    };
    github::shown(outcome.findings.iter().map(annotation).collect(), "findings of the gate")
}

/// Markdown for the file that `GITHUB_STEP_SUMMARY` names.
pub fn job_summary(outcome: &Outcome, records: &Records) -> String {
    let mut markdown = format!("## ipcspec gate: {}\n\n", outcome.words());
    let heads: String = outcome.counts().map(|(_, words)| format!(" {words} |")).collect();
    let counts: String = outcome.counts().map(|(count, _)| format!(" {count} |")).collect();
    let columns = " --: |".repeat(outcome.counts().count());
    markdown += &format!("|{heads}\n|{columns}\n|{counts}\n\n");
    markdown += &github::environment(records);
    // Last, because they may be long and are cut where GitHub would refuse the whole.
    markdown + &findings(outcome)
}

fn findings(outcome: &Outcome) -> String {
    let mut text = String::new();
    for (number, finding) in outcome.findings.iter().enumerate() {
        if text.len() > SUMMARY_BYTES {
            text += &format!("\n{} more are in the output of the step.\n", outcome.findings.len() - number);
            break;
        }
        if number == 0 || outcome.findings[number - 1].kind != finding.kind {
            text += &format!("\n### {}\n\n", finding.kind.title());
        }
        text += &format!("- **{}** {}\n", inline(&finding.about), inline(&finding.what));
    }
    text
}
