//! Workflow commands. Escapes are those of actions/toolkit (packages/core/src/command.ts).

use crate::text;
use record::Source;

/// GitHub shows this many annotations of a step and drops the rest in silence.
const ANNOTATIONS: usize = 10;

/// The errors that GitHub shows. If there are too many, the last one says how many more there are.
pub(super) fn shown(mut errors: Vec<String>, kind: &str) -> String {
    if errors.len() > ANNOTATIONS {
        let more = errors.len() - (ANNOTATIONS - 1);
        errors.truncate(ANNOTATIONS - 1);
        errors.push(format!("::error title=ipcspec::{more} more {kind}; the job summary has them all\n"));
    }
    errors.concat()
}

/// A workflow command that shows an error, on a line of the source where one is known.
pub(super) fn error(source: Option<&Source>, title: &str, message: &str) -> String {
    let place = source.map(|source| format!("file={},line={},", property(&source.file), source.line));
    let (place, title, message) = (place.unwrap_or_default(), property(title), data(&text::clean(message)));
    format!("::error {place}title={title}::{message}\n")
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&text::one_line(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_escaped() {
        assert_eq!(property("50%, a: b\nc"), "50%25%2C a%3A b c");
        assert_eq!(data("50%\nb: c"), "50%25%0Ab: c");
    }
}
