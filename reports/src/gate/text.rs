//! What a person reads of a gate.

use super::{Finding, Kind, Outcome};
use crate::exit::Exit;
use crate::page::{Page, Style};
use crate::terminal::write_machine;
use record::RunRecord;

/// The findings, with ANSI colour or without.
///
/// Its last line is for scripts: all counts as `NUMBER WORDS`, the same words in the same order for every gate.
pub fn render(outcome: &Outcome, run: &RunRecord, exit: Exit, colour: bool) -> String {
    let mut page = Page::new(colour);
    write_machine(&mut page, run);
    for kind in Kind::ALL.into_iter().filter(|kind| outcome.of(*kind).next().is_some()) {
        page.heading(&kind.title());
        outcome.of(kind).for_each(|finding| write(&mut page, finding));
    }
    page.blank();
    let counts: Vec<_> = outcome.counts().map(|(count, words)| format!("{count} {words}")).collect();
    let style = if outcome.findings.is_empty() { Style::Green } else { Style::Red };
    page.line(&[(style, outcome.words())]);
    let last = format!("gate: {}; exit {}", counts.join(", "), exit.code());
    // Not cut where the page ends: scripts read it.
    page.into_text() + &last + "\n"
}

fn write(page: &mut Page, finding: &Finding) {
    page.line(&[(Style::Plain, "  "), (Style::Bold, &finding.about)]);
    page.paragraph((Style::Plain, "    "), Style::Plain, &finding.what);
}
