//! Text that Markdown shows as it is.

use crate::text;

/// In a paragraph, a list or a table cell.
pub(crate) fn inline(text: &str) -> String {
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
pub(crate) fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
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
