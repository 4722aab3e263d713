//! The job summary of an audit.

use super::text::inline;
use crate::audit::{Counts, Judgement};
use crate::text;

/// How many missed mutations are listed.
const LISTED: usize = 200;

/// The table of mechanisms, why the audit fails, and what was missed.
pub fn audit(judgement: &Judgement) -> String {
    let mut markdown = format!("## ipcspec audit: {}\n\n", judgement.exit().words());
    for objection in judgement.objections() {
        markdown += &format!("- {}\n", inline(&objection));
    }
    markdown +=
        "\n| mechanism | specs | asserted calls | caught | missed | allowed | calls of the setup | caught | missed |\n";
    markdown += &format!("| :-- |{}\n", " --: |".repeat(8));
    for (name, counts) in &judgement.mechanisms {
        markdown += &row(&inline(name), counts);
    }
    markdown += &row("**all**", &judgement.all);
    for part in judgement.findings.parts() {
        markdown += &format!("\n{part}\n");
    }
    markdown += &format!("\n{} in total.\n", text::seconds(judgement.findings.wall_us));
    if !judgement.missed.is_empty() {
        markdown += "\n### Missed\n\n| spec | mutation | asserted at |\n| :-- | :-- | :-- |\n";
    }
    for (spec, tried) in judgement.missed.iter().take(LISTED) {
        let place = tried.assertion.as_ref().map_or_else(String::new, ToString::to_string);
        markdown += &format!("| {} | {} | {} |\n", inline(&spec.id), inline(&tried.mutation), inline(&place));
    }
    if judgement.missed.len() > LISTED {
        markdown += &format!("\n{} more in audit.json.\n", judgement.missed.len() - LISTED);
    }
    markdown
}

fn row(name: &str, counts: &Counts) -> String {
    let Counts { specs, asserted, setup, .. } = counts;
    format!(
        "| {name} | {specs} | {} | {} | {} | {} | {} | {} | {} |\n",
        asserted.tried, asserted.caught, asserted.missed, asserted.allowed, setup.tried, setup.caught, setup.missed
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Allowances;
    use crate::audit::sample::{findings, spec};

    #[test]
    fn the_summary_has_every_part() {
        let findings = findings(vec![spec("pipe.a|b", &[("read#1:short", true, true), ("read#1:long", true, false)])]);
        let markdown = audit(&Judgement::of(&findings, &Allowances::parse("").unwrap(), &[]));
        for part in [
            "## ipcspec audit: failed\n",
            "- 1 of 2 mutations of asserted calls caught: fewer than 90 %\n",
            "| pipe | 1 | 2 | 1 | 1 | 0 | 0 | 0 | 0 |\n",
            "| pipe.a\\|b | read\\#1:long | suites/pipes/src/pipe/artificial.rs:12 |\n",
        ] {
            assert!(markdown.contains(part), "{part:?} is missing from:\n{markdown}");
        }
    }
}
