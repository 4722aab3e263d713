//! A gate for a terminal.

use super::run::{capped, write_machine};
use crate::gate::{Exit, Finding, Kind, Outcome};
use crate::render::facts::started;
use crate::render::page::{Page, Style};
use crate::text;
use record::Records;
use strum::VariantArray;

/// How many causes of one kind are shown.
const CAUSES: usize = 20;

/// The findings, with ANSI styles.
///
/// Its last line is for scripts: all counts as `NUMBER WORDS`, the same words in the same order for every gate.
pub fn gate(outcome: &Outcome, records: &Records, exit: Exit) -> String {
    let mut page = Page::default();
    write_machine(&mut page, &records.run);
    let (judged, skipped) = (text::count(outcome.judged, "spec"), outcome.skipped);
    let when = format!("the run of {}: {judged} judged, {skipped} skipped", started(&records.run));
    page.line(&[(Style::Plain, &when)]);
    for kind in Kind::VARIANTS.iter().copied().filter(|kind| outcome.of(*kind).next().is_some()) {
        page.heading(&kind.title());
        let groups = outcome.grouped(kind);
        groups.iter().take(CAUSES).for_each(|(first, about)| write(&mut page, first, about));
        if groups.len() > CAUSES {
            let more = format!("  ... and {} more causes; the report of the run has them all", groups.len() - CAUSES);
            page.line(&[(Style::Plain, &more)]);
        }
    }
    page.blank();
    let counts: Vec<_> = outcome.counts().map(|(count, words)| format!("{count} {words}")).collect();
    let style = if outcome.findings.is_empty() { Style::Green } else { Style::Red };
    page.line(&[(style, outcome.words())]);
    let last = format!("gate: {}; exit {}", counts.join(", "), exit.code());
    // Not cut at the width of the page: scripts read it.
    page.into_text() + &last + "\n"
}

fn write(page: &mut Page, first: &Finding, about: &[String]) {
    page.words((Style::Plain, "  "), Style::Bold, &capped(about.to_vec()));
    page.paragraph((Style::Plain, "    "), Style::Plain, &first.what);
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
            plain(&gate(&outcome, &records, outcome.exit())),
            "ipcspec 0.1.0 on Linux 6.18.44 x86_64, glibc 2.36, 2 cpus, uid 1000, isolation: userns
the run of 2026-11-18 11:06:40 UTC: 5 specs judged, 2 skipped

New deviations
  pipe.read-eof
    deviates: the reason is not recorded

the run does not match the baseline
gate: 1 new deviations, 0 changed observations, 0 newly broken, 0 new skips, 0 gone, 0 unexpected passes, \
         0 stale entries, 3 expected failures; exit 1
"
        );
    }

    #[test]
    fn findings_with_one_cause_are_one_entry() {
        let text = plain(&gate(&sample::gate_of_alike(), &sample::alike(), Exit::Failed));
        let expected = "
New deviations
  pipe.a/{libc,nix} pipe.b/libc
    deviates: write(&writer, b\"ab\"): expected Ok(2), actual Ok(1); at fault: C library: raw
    conforms, libc deviates, nix deviates
  pipe.e
    deviates: write(&writer, b\"ab\"): expected Ok(2), actual Ok(0)

Newly broken
  pipe.c pipe.d
    broken: pipe2(O_DIRECT) is refused with EINVAL
";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("\ngate: 4 new deviations, "), "{text}");
    }
}
