//! Text that Markdown shows as it is, and what summaries share.

use crate::render::facts::facts;
use crate::text;
use record::Records;

/// GitHub refuses a job summary of more than 1 MiB; other steps write to it too.
pub(super) const LARGEST: usize = 512 * 1024;

/// In a paragraph, a list or a table cell.
pub(super) fn inline(text: &str) -> String {
    let mut escaped = String::new();
    for c in text::clip(&text::one_line(text), 1000).chars() {
        if "\\`*_~[]<>|&#$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A code fence that nothing in the text can close.
pub(super) fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// The section of a job summary about the environment.
pub(super) fn environment(records: &Records) -> String {
    let mut table = String::from("### Environment\n\n| name | value |\n| :-- | :-- |\n");
    for (name, value) in facts(&records.run) {
        table += &format!("| {} | {} |\n", inline(&name), inline(&value));
    }
    table + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(inline("a|b <img> `c` *d*"), "a\\|b \\<img\\> \\`c\\` \\*d\\*");
        assert_eq!(fence("plain"), "```");
        assert_eq!(fence("a ```` b"), "`````");
    }
}
