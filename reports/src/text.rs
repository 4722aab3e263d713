//! Text from records, made harmless: output of a tested system may contain anything.

/// Text that neither moves a cursor nor is illegal in XML: line feeds stay, tabs become four spaces, and every other
/// control or invisible formatting character is shown by its escape, `\u{1b}`.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => clean.push('\n'),
            '\t' => clean.push_str("    "),
            c if is_unsafe(c) => clean.extend(c.escape_default()),
            c => clean.push(c),
        }
    }
    clean
}

/// [`clean`] text on one line.
pub(crate) fn one_line(text: &str) -> String {
    let text = clean(text);
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Text of a tested system on one line, without control characters.
pub fn plain_line(text: &str) -> String {
    one_line(text)
}

/// A message for the terminal, with names and texts from files made harmless.
pub fn sentence(text: &str) -> String {
    clip(&one_line(text), 1000)
}

/// The first `max` characters, and how many more there are.
pub(crate) fn clip(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.into(),
        Some((end, _)) => format!("{}... ({} more)", &text[..end], text[end..].chars().count()),
    }
}

/// `1 spec`, `2 specs`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// Microseconds as seconds: `3.214 s`.
pub(crate) fn seconds(us: u64) -> String {
    format!("{}.{:03} s", us / 1_000_000, us / 1000 % 1000)
}

/// Microseconds for tables: `0.4 ms`, `312 ms`, `3.214 s`.
pub(crate) fn duration(us: u64) -> String {
    match us {
        0..10_000 => format!("{}.{} ms", us / 1000, us / 100 % 10),
        10_000..1_000_000 => format!("{} ms", us / 1000),
        _ => seconds(us),
    }
}

/// Microseconds as milliseconds: `3.2 ms`.
pub(crate) fn milliseconds(us: u64) -> String {
    format!("{}.{} ms", us / 1000, us / 100 % 10)
}

/// Control characters, and what reorders or hides text: the directional and zero-width characters, separators that some readers
/// take for line ends, tags, and the noncharacters that XML 1.0 forbids.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_shown_and_not_sent() {
        for (dirty, expected) in [
            ("plain ünïcode", "plain ünïcode"),
            ("\x1b[31mred\x1b[0m", "\\u{1b}[31mred\\u{1b}[0m"),
            ("a\0b\rc\x07", "a\\u{0}b\\rc\\u{7}"),
            ("a\n\tb", "a\n    b"),
            ("\u{9b}31m \u{202e}evil \u{ffff}", "\\u{9b}31m \\u{202e}evil \\u{ffff}"),
        ] {
            assert_eq!(clean(dirty), expected);
        }
    }

    #[test]
    fn one_line_is_one_line() {
        assert_eq!(one_line("assertion failed\n  left: 1\n\n right: 2\n"), "assertion failed left: 1 right: 2");
    }

    #[test]
    fn a_clip_says_how_much_is_missing() {
        assert_eq!(clip("äöü", 3), "äöü");
        assert_eq!(clip("äöüß", 3), "äöü... (1 more)");
    }
}
