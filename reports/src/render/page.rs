//! Text for a terminal: cleaned, wrapped and coloured in one place.

use crate::text;

/// The width that reports for people are set in.
pub(crate) const WIDTH: usize = 100;

/// How much of a single text is shown, in characters and lines: a report is for reading, the records hold the rest.
const LONGEST: usize = 1500;
const TALLEST: usize = 16;

/// How a piece of text looks where colour is wanted.
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
    /// The parameter of ECMA-48 SGR.
    fn code(self) -> u8 {
        match self {
            Self::Plain => 0,
            Self::Bold => 1,
            Self::Dim => 2,
            Self::Red => 31,
            Self::Green => 32,
            Self::Yellow => 33,
            Self::Cyan => 36,
        }
    }
}

/// A text that grows line by line. What is put on it is cleaned here, so callers hand over records as they are.
pub(crate) struct Page {
    text: String,
    colour: bool,
}

impl Page {
    /// An empty page.
    pub(crate) fn new(colour: bool) -> Self {
        Self { text: String::new(), colour }
    }

    /// The page as text.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A title, set apart from what is above.
    pub(crate) fn heading(&mut self, title: &str) {
        self.blank();
        self.line(&[(Style::Bold, title)]);
    }

    /// One line of pieces, cut where the page ends.
    pub(crate) fn line(&mut self, pieces: &[(Style, &str)]) {
        let mut room = WIDTH;
        for (style, piece) in pieces {
            let whole = text::clean(piece).replace('\n', " ");
            let piece = fit(&whole, room);
            let cut = piece != whole;
            room -= textwrap::core::display_width(&piece);
            self.paint(*style, &piece);
            if cut {
                break;
            }
        }
        self.end_line();
    }

    /// A labelled paragraph: later lines hang under the first. `label` brings its own indentation.
    pub(crate) fn paragraph(&mut self, label: (Style, &str), style: Style, content: &str) {
        let hanging = " ".repeat(textwrap::core::display_width(label.1));
        let content = text::clean(&text::clip(content, LONGEST));
        // Ids and options are full of hyphens, and are to be copied whole.
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

    fn paint(&mut self, style: Style, piece: &str) {
        let painted = match (self.colour, style) {
            (false, _) | (_, Style::Plain) => piece.into(),
            _ if piece.trim().is_empty() => piece.into(),
            _ => format!("\x1b[{}m{piece}\x1b[0m", style.code()),
        };
        self.text.push_str(&painted);
    }

    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }
}

/// What fits into `room` columns; the end is marked when it does not all fit.
fn fit(piece: &str, room: usize) -> String {
    use textwrap::core::display_width;
    if display_width(piece) <= room {
        return piece.into();
    }
    let mut fitting = String::new();
    for c in piece.chars() {
        fitting.push(c);
        if display_width(&fitting) > room.saturating_sub(3) {
            fitting.pop();
            break;
        }
    }
    fitting + &"..."[..room.min(3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_hangs_under_its_label() {
        let mut page = Page::new(false);
        page.paragraph((Style::Bold, "  label: "), Style::Red, &"word ".repeat(30));
        assert_eq!(
            page.into_text(),
            format!("  label: {}\n         {}\n", ["word"; 18].join(" "), ["word"; 12].join(" "))
        );
    }

    #[test]
    fn colour_wraps_each_piece_and_never_comes_from_the_text() {
        let mut page = Page::new(true);
        page.line(&[(Style::Bold, "id"), (Style::Plain, " "), (Style::Red, "\x1b[5mx")]);
        assert_eq!(page.into_text(), "\x1b[1mid\x1b[0m \x1b[31m\\u{1b}[5mx\x1b[0m\n");
    }

    #[test]
    fn a_line_ends_where_the_page_ends() {
        let mut page = Page::new(false);
        page.line(&[(Style::Plain, &"漢".repeat(80)), (Style::Plain, "lost")]);
        let text = page.into_text();
        assert_eq!(text, format!("{}...\n", "漢".repeat(48)));
    }
}
