//! A comparison as Markdown.

use super::text::inline;
use crate::gate::compare::Comparison;
use crate::render::comparison::{Item, Section, counts, letter, machines, sections};

/// As Markdown, for a review or a job summary.
pub fn compare(comparison: &Comparison) -> String {
    let mut text = String::from("## ipcspec: comparison\n\n| | run |\n| :-- | :-- |\n");
    for (number, (machine, shortfall)) in machines(comparison).enumerate() {
        let shortfall =
            shortfall.map(|shortfall| format!(" **incomplete: {}**", inline(shortfall))).unwrap_or_default();
        text += &format!("| {} | {}{shortfall} |\n", letter(number), inline(&machine));
    }
    for Section { title, items } in sections(comparison) {
        text += &format!("\n### {title}\n\n");
        for Item { id, words } in items {
            text += &format!("- **{}** {}\n", inline(id), inline(&words));
        }
    }
    text + &format!("\n{}.\n", counts(comparison))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn markdown_says_the_same() {
        let runs = sample::three();
        let markdown = compare(&sample::compared(&runs));
        for line in [
            "| B | two: Linux 6.1 x86\\_64, glibc 2.36, isolation: userns |",
            "### Only in B",
            "- **pipe.read-eof** A conforms, B deviates, C conforms: the reason is not recorded",
            "- **pipe.exit-with-unread-data** 20.0 times: A 1.5 ms, B 30.0 ms, C 1.5 ms",
        ] {
            assert!(markdown.lines().any(|have| have == line), "{line:?} is missing from:\n{markdown}");
        }
        assert!(markdown.contains(" **incomplete: the run was interrupted"), "{markdown}");
    }
}
