//! The job summary of a run.

use super::text::{LARGEST, environment, fence, inline};
use crate::causes::causes;
use crate::claims::{Finding, NotedClaim, Outcome, findings};
use crate::gate::{Exit, shortfall};
use crate::judged::judged;
use crate::render::failure;
use crate::summary::{Counts, Summary};
use crate::text;
use record::Records;
use record::Verdict;

/// Markdown for the file that `GITHUB_STEP_SUMMARY` names.
pub fn run(records: &Records, claims: &[NotedClaim]) -> String {
    let summary = Summary::of(records);
    let mut markdown = format!("## ipcspec: {}\n\n", Exit::of(records).words());
    if let Some(shortfall) = shortfall(records) {
        markdown += &format!("**Incomplete: {}**\n\n", inline(&shortfall));
    }
    markdown += &verdict_table(&summary);
    markdown += &skip_table(&summary);
    markdown += &claim_list(records, claims);
    markdown += &environment(records);
    // Last, because they may be long and are cut where GitHub would refuse the whole.
    markdown + &failures(records)
}

fn verdict_table(summary: &Summary) -> String {
    let heads: String = Verdict::ALL.iter().map(|verdict| format!(" {verdict} |")).collect();
    let row = |name: &str, counts: &Counts| {
        let cells: String = Verdict::ALL.iter().map(|verdict| format!(" {} |", counts.get(*verdict))).collect();
        format!("| {name} |{cells}\n")
    };
    let mut table = format!("| mechanism |{heads}\n| :-- |{}\n", " --: |".repeat(Verdict::ALL.len()));
    for (mechanism, counts) in &summary.mechanisms {
        table += &row(&inline(mechanism), counts);
    }
    table += &row("**all**", &summary.verdicts);
    format!(
        "{table}\n{}, {} flaky, {} checks in {}.\n\n",
        text::count(summary.attempts, "attempt"),
        summary.flaky,
        summary.checks,
        text::seconds(summary.wall_us)
    )
}

fn skip_table(summary: &Summary) -> String {
    if summary.skips.is_empty() {
        return String::new();
    }
    let mut table =
        String::from("### Skipped\n\n| specs | missing need | found | remedy |\n| --: | :-- | :-- | :-- |\n");
    for group in &summary.skips {
        let cells = [&group.missing.need, &group.missing.found, &group.missing.remedy].map(|cell| inline(cell));
        table += &format!("| {} | {} |\n", group.specs.len(), cells.join(" | "));
    }
    table + "\n"
}

fn claim_list(records: &Records, claims: &[NotedClaim]) -> String {
    let findings = findings(records, claims);
    let mut lists = String::new();
    for (outcome, title) in [(Outcome::Refuted, "Claims refuted"), (Outcome::Qualified, "Claims true only in part")] {
        let items: String = findings.iter().filter(|finding| finding.outcome == outcome).map(claim_item).collect();
        if !items.is_empty() {
            lists += &format!("### {title}\n\n{items}\n");
        }
    }
    lists
}

fn claim_item(finding: &Finding) -> String {
    let (id, claim, truth) = (inline(&finding.id), inline(&finding.claim), inline(&finding.truth));
    let mut item = format!("- **{id}** {claim}\n  In truth: {truth}\n");
    for evidence in &finding.shown_by {
        item += &format!("  - {}: {}\n", inline(&evidence.id), inline(&evidence.statement));
        for seen in &evidence.observations {
            item += &format!("    - {}: {}\n", inline(&seen.name), inline(&seen.value));
        }
    }
    item
}

/// Each cause with one spec in full, and the ids of the others.
fn failures(records: &Records) -> String {
    let specs = judged(records);
    let causes = causes(specs.iter().filter(|spec| spec.fails()));
    if causes.is_empty() {
        return String::new();
    }
    let mut text = String::from("### Failures\n\n");
    for (number, cause) in causes.iter().enumerate() {
        if text.len() > LARGEST {
            text += &format!("{} more are in the report.\n", causes.len() - number);
            break;
        }
        let spec = cause.example();
        let body = failure::plain(spec);
        let fence = fence(&body);
        let (id, verdict) = (inline(&spec.record().id), spec.verdict());
        text += &format!("{}. **{id}** {verdict}\n\n{fence}text\n{body}{fence}\n\n", number + 1);
        if cause.specs.len() > 1 {
            text += &format!("   {} specs fail alike: {}\n\n", cause.specs.len(), inline(&cause.ids().join(" ")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use record::SpecRecord;

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
    fn the_job_summary_has_every_part() {
        let markdown = run(&sample::records(), &sample::claims());
        for part in [
            "## ipcspec: failed\n",
            "| mechanism | conforms | deviates | broken | timeout | skipped |\n",
            "| pipe | 2 | 0 | 1 | 0 | 0 |\n",
            "| **all** | 2 | 1 | 1 | 1 | 2 |\n",
            "| 2 | reboot | this machine is in use | run it in a virtual machine |\n",
            "### Claims refuted\n",
            "### Claims true only in part\n",
            "| sysctl.fs.pipe-max-size | 1048576 |\n",
            "1. **fifo.open-nonblock-write/raw** deviates\n\n```text\n  -> Opening a FIFO",
        ] {
            assert!(markdown.contains(part), "{part:?} is missing from:\n{markdown}");
        }
    }

    #[test]
    fn specs_that_fail_alike_share_an_entry() {
        let markdown = run(&sample::alike(), &[]);
        assert_eq!(markdown.matches("```text").count(), 3, "{markdown}");
        assert!(markdown.contains("\n   3 specs fail alike: pipe.a/{libc,nix} pipe.b/libc\n"), "{markdown}");
        assert!(markdown.contains("   at fault: C library: raw conforms, libc deviates, nix deviates\n"), "{markdown}");
    }

    #[test]
    fn a_huge_run_stays_below_the_limit() {
        let records = failing(3000);
        let markdown = run(&records, &[]);
        assert!(markdown.len() < 1024 * 1024);
        assert!(markdown.ends_with(" more are in the report.\n"));
    }
}
