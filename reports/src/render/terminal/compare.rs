//! A comparison for a terminal.

use crate::gate::compare::Comparison;
use crate::render::comparison::{Item, Section, counts, letter, machines, sections};
use crate::render::page::{Page, Style};

/// The comparison, with ANSI styles.
///
/// Its last line is for scripts: all counts as `NUMBER WORDS`, the same words in the same order for every comparison.
pub fn compare(comparison: &Comparison) -> String {
    let mut page = Page::default();
    for (number, (machine, shortfall)) in machines(comparison).enumerate() {
        page.paragraph((Style::Bold, &format!("{}  ", letter(number))), Style::Bold, &machine);
        if let Some(shortfall) = shortfall {
            page.paragraph((Style::Plain, "   "), Style::Yellow, &format!("incomplete: {shortfall}"));
        }
    }
    for Section { title, items } in sections(comparison) {
        page.heading(&title);
        for Item { id, words } in items {
            page.line(&[(Style::Plain, "  "), (Style::Bold, id)]);
            page.paragraph((Style::Plain, "    "), Style::Plain, &words);
        }
    }
    page.blank();
    // Not cut at the width of the page: scripts read it.
    page.into_text() + &format!("compare: {}\n", counts(comparison))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::page::plain;
    use crate::sample;

    #[test]
    fn the_text_reads_so() {
        let runs = sample::three();
        assert_eq!(plain(&compare(&sample::compared(&runs))), TEXT);
    }

    const TEXT: &str = "\
A  one: Linux 6.18.44 x86_64, glibc 2.36, isolation: userns
B  two: Linux 6.1 x86_64, glibc 2.36, isolation: userns
C  three: Linux 6.18.44 x86_64, glibc 2.36, isolation: userns
   incomplete: the run was interrupted after 7 of 12 attempts

Only in B
  pipe.read-eof
    A conforms, B deviates, C conforms: the reason is not recorded

Only in C
  fifo.open-nonblock-write/raw
    A deviates, B deviates, C skipped

Failing differently in B
  pipe.write-atomic
    A broken, B timeout, C conforms: timed out after 0.001 s

Observations that differ
  pipe.exit-with-unread-data
    bytes read after the writer's exit: A 5, B 6, C 5

Slower
  pipe.exit-with-unread-data
    20.0 times: A 1.5 ms, B 30.0 ms, C 1.5 ms

compare: 4 unchanged, 2 only in one, 0 newly deviating, 1 failing differently, 0 newly conforming, \
0 newly skipped, 0 added, 0 removed, 1 observations, 1 slower
";
}
