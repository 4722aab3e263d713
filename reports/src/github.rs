//! What GitHub Actions shows of a run: annotations on the source, and the job summary.
//!
//! Escapes are those of actions/toolkit (packages/core/src/command.ts).

use crate::claims::{Finding, NotedClaim, Outcome, findings};
use crate::exit::{Exit, shortfall};
use crate::facts::facts;
use crate::failure;
use crate::judged::{Judged, judged, reason};
use crate::markdown::{fence, inline};
use crate::summary::{Counts, Summary};
use crate::text;
use record::Verdict;
use record::{Records, Source};

/// GitHub shows this many annotations of a step and drops the rest in silence.
const ANNOTATIONS: usize = 10;

/// GitHub refuses a job summary of more than 1 MiB; other steps write to it too.
pub(crate) const SUMMARY_BYTES: usize = 512 * 1024;

/// Workflow commands for standard output: an error for each failing spec. When GitHub would drop some, the last one
/// says how many.
pub fn annotations(records: &Records) -> String {
    let specs = judged(records);
    let failing: Vec<_> = specs.iter().filter(|spec| spec.verdict().is_failure()).map(annotation).collect();
    shown(failing, "specs fail")
}

fn annotation(spec: &Judged) -> String {
    let record = spec.record();
    let at_fault = spec.at_fault().map(|at_fault| format!("{at_fault}\n")).unwrap_or_default();
    let (statement, reason) = (text::one_line(&record.statement), reason(record));
    let message = format!("{statement}\n{at_fault}{reason}\nreproduce: {}", spec.reproduce());
    error(Some(&record.source), &format!("{} {}", record.id, record.verdict), &message)
}

/// The errors that GitHub shows, and in the place of the last how many more there are, of what kind.
pub(crate) fn shown(mut errors: Vec<String>, kind: &str) -> String {
    if errors.len() > ANNOTATIONS {
        let more = errors.len() - (ANNOTATIONS - 1);
        errors.truncate(ANNOTATIONS - 1);
        errors.push(format!("::error title=ipcspec::{more} more {kind}; the job summary has them all\n"));
    }
    errors.concat()
}

/// A workflow command that shows an error, on a line of the source where one is known.
pub(crate) fn error(source: Option<&Source>, title: &str, message: &str) -> String {
    let place = source.map(|source| format!("file={},line={},", property(&source.file), source.line));
    let (place, title, message) = (place.unwrap_or_default(), property(title), data(&text::clean(message)));
    format!("::error {place}title={title}::{message}\n")
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&text::one_line(text)).replace(':', "%3A").replace(',', "%2C")
}

/// Markdown for the file that `GITHUB_STEP_SUMMARY` names.
pub fn job_summary(records: &Records, claims: &[NotedClaim]) -> String {
    let summary = Summary::of(records);
    let mut markdown = format!("## ipcspec: {}\n\n", Exit::of(records).words());
    if let Some(shortfall) = shortfall(records) {
        markdown += &format!("**{}**\n\n", inline(&shortfall));
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

/// A section of the job summary: what the run stood on.
pub(crate) fn environment(records: &Records) -> String {
    let mut table = String::from("### Environment\n\n| name | value |\n| :-- | :-- |\n");
    for (name, value) in facts(&records.run) {
        table += &format!("| {} | {} |\n", inline(&name), inline(&value));
    }
    table + "\n"
}

fn failures(records: &Records) -> String {
    let specs = judged(records);
    let failing: Vec<_> = specs.iter().filter(|spec| spec.verdict().is_failure()).collect();
    if failing.is_empty() {
        return String::new();
    }
    let mut text = String::from("### Failures\n\n");
    for (number, spec) in failing.iter().enumerate() {
        if text.len() > SUMMARY_BYTES {
            text += &format!("{} more are in the report.\n", failing.len() - number);
            break;
        }
        let body = failure::plain(spec);
        let fence = fence(&body);
        text += &format!(
            "{}. **{}** {}\n\n{fence}text\n{body}{fence}\n\n",
            number + 1,
            inline(&spec.record().id),
            spec.verdict()
        );
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
        records.specs = (0..count).map(|n| SpecRecord { id: format!("a.{n}"), ..deviating.clone() }).collect();
        records
    }

    #[test]
    fn an_annotation_points_at_the_spec() {
        let commands = annotations(&sample::records());
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
    fn annotations_are_escaped() {
        assert_eq!(property("50%, a: b\nc"), "50%25%2C a%3A b c");
        assert_eq!(data("50%\nb: c"), "50%25%0Ab: c");
    }

    #[test]
    fn what_github_would_drop_is_counted() {
        let records = failing(12);
        let commands = annotations(&records);
        assert_eq!(commands.lines().count(), 10);
        assert!(commands.ends_with("::error title=ipcspec::3 more specs fail; the job summary has them all\n"));
    }

    #[test]
    fn the_job_summary_has_every_part() {
        let markdown = job_summary(&sample::records(), &sample::claims());
        for part in [
            "## ipcspec: deviations\n",
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
    fn a_huge_run_stays_below_the_limit() {
        let records = failing(3000);
        let markdown = job_summary(&records, &[]);
        assert!(markdown.len() < 1024 * 1024);
        assert!(markdown.ends_with(" more are in the report.\n"));
    }
}
