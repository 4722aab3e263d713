//! The job summary of a gate.

use super::text::{LARGEST, environment, inline};
use crate::gate::{Kind, Outcome};
use crate::render::facts::started;
use crate::text;
use record::Records;
use strum::VariantArray;

/// Markdown for the file that `GITHUB_STEP_SUMMARY` names.
pub fn gate(outcome: &Outcome, records: &Records) -> String {
    let mut markdown = format!("## ipcspec gate: {}\n\n", outcome.words());
    let (judged, skipped) = (text::count(outcome.judged, "spec"), outcome.skipped);
    markdown += &format!("The run of {}: {judged} judged, {skipped} skipped.\n\n", started(&records.run));
    let heads: String = outcome.counts().map(|(_, words)| format!(" {words} |")).collect();
    let counts: String = outcome.counts().map(|(count, _)| format!(" {count} |")).collect();
    let columns = " --: |".repeat(outcome.counts().count());
    markdown += &format!("|{heads}\n|{columns}\n|{counts}\n\n");
    markdown += &environment(records);
    // Last, because they may be long and are cut where GitHub would refuse the whole.
    markdown + &findings(outcome)
}

fn findings(outcome: &Outcome) -> String {
    let mut text = String::new();
    let mut shown = 0;
    for kind in Kind::VARIANTS {
        for (number, (first, about)) in outcome.grouped(*kind).into_iter().enumerate() {
            if text.len() > LARGEST {
                return text + &format!("\n{} more are in the output of the step.\n", outcome.findings.len() - shown);
            }
            if number == 0 {
                text += &format!("\n### {}\n\n", kind.title());
            }
            shown += about.len();
            text += &format!("- **{}** {}\n", inline(&about.join(" ")), inline(&first.what));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Finding;
    use crate::sample;

    #[test]
    fn the_job_summary_of_a_gate_counts_and_lists() {
        let (records, outcome) = sample::newly_deviating();
        let markdown = gate(&outcome, &records);
        for part in [
            "## ipcspec gate: the run does not match the baseline\n",
            "The run of 2026-11-18 11:06:40 UTC: 5 specs judged, 2 skipped.\n",
            "|\n| 1 | 0 | 0 | 0 | 0 | 0 | 0 | 3 |\n",
            "| sysctl.fs.pipe-max-size | 1048576 |\n",
            "\n### New deviations\n\n- **pipe.read-eof** deviates: the reason is not recorded\n",
        ] {
            assert!(markdown.contains(part), "{part:?} is missing from:\n{markdown}");
        }
        let holds = Outcome::default();
        let markdown = gate(&holds, &sample::records());
        assert!(markdown.starts_with("## ipcspec gate: the run matches the baseline\n"), "{markdown}");
        assert!(!markdown.contains("New deviations"), "{markdown}");
    }

    #[test]
    fn what_github_would_refuse_is_counted() {
        let finding =
            |n| Finding { kind: Kind::Gone, about: format!("a.{n}"), what: "x".repeat(900), cause: String::new() };
        let outcome = Outcome { findings: (0..1000).map(finding).collect(), ..Outcome::default() };
        let markdown = gate(&outcome, &sample::records());
        assert!(markdown.len() < 1024 * 1024);
        assert!(markdown.ends_with(" more are in the output of the step.\n"));
    }
}
