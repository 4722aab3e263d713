//! Many targets side by side, for a page on the web: two tables.

use super::text::inline;
use crate::matrix::{Column, cause_rows, rows, specs};
use crate::render::matrix::{KEY, letter};
use crate::summary::{Counts, Summary};
use record::Records;
use record::Verdict;
use std::collections::BTreeMap;
use std::fmt::Write;

/// For a page on the web: two tables.
pub fn matrix(columns: &[Column]) -> String {
    let mut page = String::from("# Targets\n\n");
    let heads = Verdict::ALL.map(|verdict| format!(" {verdict} |")).concat();
    let _ = writeln!(page, "| target | kernel | C library | isolation |{heads}\n|---|---|---|---|{}", "--:|".repeat(5));
    for column in columns {
        let target = inline(&column.target);
        match &column.outcome {
            Ok(records) => {
                let (here, counts) = (&records.run.environment, counts(records));
                let counts = Verdict::ALL.map(|verdict| format!(" {} |", counts.get(verdict))).concat();
                let (kernel, libc, isolation) = (inline(&here.kernel), inline(&here.libc), inline(&here.isolation));
                let _ = writeln!(page, "| {target} | {kernel} | {libc} | {isolation} |{counts}");
            }
            Err(sentence) => {
                let _ = writeln!(page, "| {target} | {} | | |{}", inline(sentence), " |".repeat(5));
            }
        }
    }
    write_failing(&mut page, columns);
    if columns.iter().any(|column| column.gate.is_some()) {
        write_gates(&mut page, columns);
    }
    page
}

fn write_failing(page: &mut String, columns: &[Column]) {
    let rows = rows(columns);
    let all = specs(columns);
    let _ = writeln!(page, "\n## Specs that fail somewhere\n");
    if rows.is_empty() {
        let _ = writeln!(page, "None of {all}.");
        return;
    }
    let _ = writeln!(page, "Of {all} specs: {KEY}.\n");
    let heads: String = columns.iter().map(|column| format!(" {} |", inline(&column.target))).collect();
    let _ = writeln!(page, "| spec |{heads}\n|---|{}", ":-:|".repeat(columns.len()));
    for row in rows {
        let cells: String = row.cells.iter().map(|cell| format!(" {} |", letter(*cell))).collect();
        let _ = writeln!(page, "| {} |{cells}", inline(&row.name));
    }
    let _ = writeln!(page, "\n## Specs that fail, by cause\n\n| cause |{heads}\n|---|{}", "--:|".repeat(columns.len()));
    for row in cause_rows(columns) {
        let counts: String = row.specs.iter().map(|count| format!(" {count} |")).collect();
        let _ = writeln!(page, "| {} |{counts}", inline(&row.words));
    }
}

/// The findings and the expected failures of each target.
fn write_gates(page: &mut String, columns: &[Column]) {
    let _ = writeln!(page, "\n## Compared with the baselines\n\n| target | about | kind | what |\n|---|---|---|---|");
    for Column { target, gate, .. } in columns {
        let Some(gate) = gate else { continue };
        let target = inline(target);
        for finding in &gate.findings {
            let (about, what) = (inline(&finding.about), inline(&finding.what));
            let _ = writeln!(page, "| {target} | {about} | {} | {what} |", finding.kind.words());
        }
        // One entry may expect the failures of many specs.
        let entries: BTreeMap<_, _> = gate.expected.values().map(|entry| (&entry.id, entry)).collect();
        for (id, entry) in entries {
            let _ = writeln!(
                page,
                "| {target} | {} | expected failure | {}: {} |",
                inline(id),
                entry.verdict,
                inline(&entry.reason)
            );
        }
        if gate.findings.is_empty() && gate.expected.is_empty() {
            let _ = writeln!(page, "| {target} | | no failures | |");
        }
    }
}

fn counts(records: &Records) -> Counts {
    Summary::of(records).verdicts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_page_holds_the_same_and_nothing_leaves_its_cell() {
        assert_eq!(matrix(&sample::columns()), MARKDOWN);
    }

    const MARKDOWN: &str = r#"# Targets

| target | kernel | C library | isolation | conforms | deviates | broken | timeout | skipped |
|---|---|---|---|--:|--:|--:|--:|--:|
| local | Linux 6.18.44 | glibc 2.36 | userns | 2 | 1 | 1 | 1 | 2 |
| uml | Linux 6.18.44 | glibc 2.36 | userns | 3 | 0 | 1 | 1 | 2 |
| gvisor | runsc is missing: install \<b\>runsc\</b\> \| \\u{1b}\[2J | | | | | | | |

## Specs that fail somewhere

Of 7 specs: . conforms, D deviates, B broken, T timeout, s skipped.

| spec | local | uml | gvisor |
|---|:-:|:-:|:-:|
| fifo.open-nonblock-write/raw | D | . |   |
| fifo.open-read-blocks | T | T |   |
| pipe.write-atomic | B | B |   |

## Specs that fail, by cause

| cause | local | uml | gvisor |
|---|--:|--:|--:|
| cannot be judged: fcntl(F\_SETPIPE\_SZ) failed in the setup: EPERM | 1 | 1 | 0 |
| timeout: timed out after 30.000 s | 1 | 1 | 0 |
| deviates: open("fifo", O\_WRONLY \| O\_NONBLOCK): Err(ENXIO) -\> Ok(3) | 1 | 0 | 0 |
"#;

    #[test]
    fn a_page_lists_findings_and_expected_failures_of_each_target() {
        let mut columns = sample::columns();
        columns[0].gate = Some(sample::gate());
        let page = matrix(&columns);
        let gates = page.strip_prefix(MARKDOWN).unwrap_or_else(|| panic!("{page}"));
        assert_eq!(gates, GATES);
    }

    const GATES: &str = r#"
## Compared with the baselines

| target | about | kind | what |
|---|---|---|---|
| local | fifo.open-read-blocks | new deviations | timeout: timed out after 30.000 s |
| local | pipe.write-atomic | newly broken | broken: fcntl(F\_SETPIPE\_SZ) failed in the setup: EPERM |
| local | fifo.open-nonblock-write | expected failure | deviates: No \<reader\> is needed there. |
"#;
}
