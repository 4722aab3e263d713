//! Text for a terminal: cleaned, wrapped and styled in one place.

use crate::text;
use anstream::adapter::strip_str;
use anstyle::AnsiColor;
use std::fmt::Write;

/// The width of reports for people.
pub(crate) const WIDTH: usize = 100;

/// How much of one text is shown, in characters and lines; the records have the rest.
const LONGEST: usize = 1500;
const TALLEST: usize = 16;

/// The style of a piece of text.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    Plain,
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
}

impl Style {
    fn ansi(self) -> anstyle::Style {
        match self {
            Self::Plain => anstyle::Style::new(),
            Self::Bold => anstyle::Style::new().bold(),
            Self::Dim => anstyle::Style::new().dimmed(),
            Self::Red => AnsiColor::Red.on_default(),
            Self::Green => AnsiColor::Green.on_default(),
            Self::Yellow => AnsiColor::Yellow.on_default(),
            Self::Cyan => AnsiColor::Cyan.on_default(),
        }
    }
}

/// A text that grows line by line. It cleans what is written to it, so callers pass records as they are.
#[derive(Default)]
pub(crate) struct Page {
    text: String,
}

impl Page {
    /// The page with ANSI styles. The stream that it is printed to removes them where they are not wanted.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// The page without styles.
    pub(crate) fn into_plain(self) -> String {
        strip_str(&self.text).to_string()
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A title, with an empty line above.
    pub(crate) fn heading(&mut self, title: &str) {
        self.blank();
        self.line(&[(Style::Bold, title)]);
    }

    /// One line of pieces, cut at the width of the page.
    pub(crate) fn line(&mut self, pieces: &[(Style, &str)]) {
        let mut free = WIDTH;
        for (style, piece) in pieces {
            let whole = text::clean(piece).replace('\n', " ");
            let piece = fit(&whole, free);
            let cut = piece != whole;
            free -= textwrap::core::display_width(&piece);
            self.paint(*style, &piece);
            if cut {
                break;
            }
        }
        self.end_line();
    }

    /// A labelled paragraph: later lines are indented by the width of the label.
    pub(crate) fn paragraph(&mut self, label: (Style, &str), style: Style, content: &str) {
        let hanging = " ".repeat(textwrap::core::display_width(label.1));
        let content = text::clean(&text::clip(content, LONGEST));
        // Ids and options have hyphens, and must be copyable.
        let options =
            textwrap::Options::new(WIDTH - hanging.len()).word_splitter(textwrap::WordSplitter::NoHyphenation);
        let lines = textwrap::wrap(content.trim_end(), options);
        for (number, line) in lines.iter().take(TALLEST).enumerate() {
            if number == 0 {
                self.paint(label.0, label.1);
            } else if !line.is_empty() {
                self.text.push_str(&hanging);
            }
            self.paint(style, line);
            self.end_line();
        }
        if lines.len() > TALLEST {
            self.line(&[(style, &format!("{hanging}... ({} more lines)", lines.len() - TALLEST))]);
        }
    }

    /// A label and a text that is pasted elsewhere: cleaned, on one line, and neither wrapped nor cut.
    pub(crate) fn verbatim(&mut self, label: (Style, &str), style: Style, content: &str) {
        self.paint(label.0, label.1);
        self.paint(style, &text::one_line(content));
        self.end_line();
    }

    /// Words that are wrapped and never cut, as many as there are.
    pub(crate) fn words(&mut self, label: (Style, &str), style: Style, words: &[String]) {
        let hanging = " ".repeat(textwrap::core::display_width(label.1));
        let content: Vec<_> = words.iter().map(|word| text::one_line(word)).collect();
        let options =
            textwrap::Options::new(WIDTH - hanging.len()).word_splitter(textwrap::WordSplitter::NoHyphenation);
        for (number, line) in textwrap::wrap(&content.join(" "), options).iter().enumerate() {
            let label = if number == 0 { label } else { (Style::Plain, hanging.as_str()) };
            self.line(&[label, (style, line)]);
        }
    }

    fn paint(&mut self, style: Style, piece: &str) {
        // Blanks at the end of a line go, so they are outside of the style.
        let visible = piece.trim_end_matches(' ');
        let style = style.ansi();
        if !visible.is_empty() {
            let _ = write!(self.text, "{style}{visible}{style:#}");
        }
        self.text.push_str(&piece[visible.len()..]);
    }

    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }
}

/// A document for a terminal without its styles, for tests.
#[cfg(test)]
pub(crate) fn plain(text: &str) -> String {
    strip_str(text).to_string()
}

/// As much as fits into `width` columns; `...` marks a cut.
fn fit(piece: &str, width: usize) -> String {
    use textwrap::core::display_width;
    if display_width(piece) <= width {
        return piece.into();
    }
    let mut fitting = String::new();
    for c in piece.chars() {
        fitting.push(c);
        if display_width(&fitting) > width.saturating_sub(3) {
            fitting.pop();
            break;
        }
    }
    fitting + &"..."[..width.min(3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_hangs_under_its_label() {
        let mut page = Page::default();
        page.paragraph((Style::Bold, "  label: "), Style::Red, &"word ".repeat(30));
        assert_eq!(
            page.into_plain(),
            format!("  label: {}\n         {}\n", ["word"; 18].join(" "), ["word"; 12].join(" "))
        );
    }

    #[test]
    fn styles_wrap_each_piece_and_never_come_from_the_text() {
        let mut page = Page::default();
        page.line(&[(Style::Bold, "id"), (Style::Plain, " "), (Style::Red, "\x1b[5mx")]);
        assert_eq!(page.into_text(), "\x1b[1mid\x1b[0m \x1b[31m\\u{1b}[5mx\x1b[0m\n");
    }

    #[test]
    fn what_is_pasted_is_on_one_line() {
        let mut page = Page::default();
        let command = format!("ipcspec run {}", "a.b ".repeat(60));
        page.verbatim((Style::Dim, "  reproduce: "), Style::Cyan, &command);
        assert_eq!(page.into_plain(), format!("  reproduce: {}\n", command.trim_end()));
    }

    #[test]
    fn a_line_ends_where_the_page_ends() {
        let mut page = Page::default();
        page.line(&[(Style::Plain, &"漢".repeat(80)), (Style::Plain, "lost")]);
        let text = page.into_plain();
        assert_eq!(text, format!("{}...\n", "漢".repeat(48)));
    }
}
