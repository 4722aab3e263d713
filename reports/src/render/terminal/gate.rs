//! A gate for a terminal.

use super::run::write_machine;
use crate::gate::{Exit, Finding, Kind, Outcome};
use crate::render::page::{Page, Style};
use record::RunRecord;
use strum::VariantArray;

/// The findings, with ANSI styles.
///
/// Its last line is for scripts: all counts as `NUMBER WORDS`, the same words in the same order for every gate.
pub fn gate(outcome: &Outcome, run: &RunRecord, exit: Exit) -> String {
    let mut page = Page::default();
    write_machine(&mut page, run);
    for kind in Kind::VARIANTS.iter().copied().filter(|kind| outcome.of(*kind).next().is_some()) {
        page.heading(&kind.title());
        outcome.of(kind).for_each(|finding| write(&mut page, finding));
    }
    page.blank();
    let counts: Vec<_> = outcome.counts().map(|(count, words)| format!("{count} {words}")).collect();
    let style = if outcome.findings.is_empty() { Style::Green } else { Style::Red };
    page.line(&[(style, outcome.words())]);
    let last = format!("gate: {}; exit {}", counts.join(", "), exit.code());
    // Not cut at the width of the page: scripts read it.
    page.into_text() + &last + "\n"
}

fn write(page: &mut Page, finding: &Finding) {
    page.line(&[(Style::Plain, "  "), (Style::Bold, &finding.about)]);
    page.paragraph((Style::Plain, "    "), Style::Plain, &finding.what);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::page::plain;
    use crate::sample;

    #[test]
    fn the_text_has_a_line_for_scripts() {
        let (records, outcome) = sample::newly_deviating();
        assert_eq!(
            plain(&gate(&outcome, &records.run, outcome.exit())),
            "ipcspec 0.1.0 on Linux 6.18.44 x86_64, glibc 2.36, 2 cpus, uid 1000, isolation: userns

New deviations
  pipe.read-eof
    deviates: the reason is not recorded

the run does not match the baseline
gate: 1 new deviations, 0 changed observations, 0 newly broken, 0 new skips, 0 gone, 0 unexpected passes, \
         0 stale entries, 3 expected failures; exit 1
"
        );
    }
}
