//! What a spec quotes: structured, so that a machine can check that the page and the heading exist.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

type Text = Cow<'static, str>;

/// Who promises a behaviour: the three kinds of text that specs quote, the strongest first.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Level {
    /// POSIX.1 demands it.
    Posix,
    /// The Linux man-pages promise it.
    Linux,
    /// Only the kernel's source shows it.
    Kernel,
}

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "level", rename_all = "lowercase")]
pub enum Citation {
    /// POSIX.1.
    Posix {
        /// The year of the edition: 2017, or 2024 for what only that one says.
        edition: u16,
        /// The page as manpages-posix names it, `read.3p`; or the volume, `XSH`, for text that is on no page.
        page: Text,
        /// The heading; for a volume, the number and title of the section.
        heading: Text,
        /// The tagged paragraph under the heading: an errno, a flag, a limit.
        item: Option<Text>,
    },
    /// The Linux man-pages.
    Linux {
        /// The page: `pipe.7`.
        page: Text,
        /// The heading.
        heading: Text,
        /// The tagged paragraph under the heading.
        item: Option<Text>,
    },
    /// The source of the kernel.
    Kernel {
        /// The file, from the root of the source: `fs/pipe.c`.
        file: Text,
        /// The function, without parentheses.
        function: Text,
        /// The version that was read: `6.18`.
        version: Text,
    },
}

/// Volumes of POSIX.1, for text that is on no page.
pub const VOLUMES: [&str; 4] = ["XBD", "XSH", "XCU", "XRAT"];

impl Citation {
    /// Of POSIX.1.
    pub const fn posix(edition: u16, page: &'static str, heading: &'static str, item: Option<&'static str>) -> Self {
        Self::Posix { edition, page: Cow::Borrowed(page), heading: Cow::Borrowed(heading), item: borrowed(item) }
    }

    /// Of the Linux man-pages.
    pub const fn man(page: &'static str, heading: &'static str, item: Option<&'static str>) -> Self {
        Self::Linux { page: Cow::Borrowed(page), heading: Cow::Borrowed(heading), item: borrowed(item) }
    }

    /// Of the kernel's source.
    pub const fn kernel(file: &'static str, function: &'static str, version: &'static str) -> Self {
        Self::Kernel { file: Cow::Borrowed(file), function: Cow::Borrowed(function), version: Cow::Borrowed(version) }
    }

    /// Who promises what is quoted.
    pub fn level(&self) -> Level {
        match self {
            Self::Posix { .. } => Level::Posix,
            Self::Linux { .. } => Level::Linux,
            Self::Kernel { .. } => Level::Kernel,
        }
    }

    /// Where the text can be read; none for a volume of POSIX, and for what only POSIX.1-2024 says.
    pub fn url(&self) -> Option<String> {
        let page_url = |page: &str| {
            let (_, section) = page.rsplit_once('.')?;
            let directory = section.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            Some(format!("https://man7.org/linux/man-pages/man{directory}/{page}.html"))
        };
        match self {
            Self::Posix { edition: 2024, .. } => None,
            Self::Posix { page, .. } | Self::Linux { page, .. } => page_url(page),
            Self::Kernel { file, version, .. } => {
                Some(format!("https://elixir.bootlin.com/linux/v{version}/source/{file}"))
            }
        }
    }
}

const fn borrowed(item: Option<&'static str>) -> Option<Text> {
    match item {
        Some(item) => Some(Cow::Borrowed(item)),
        None => None,
    }
}

/// `read.3p` as people write it: `read(3p)`.
fn title(page: &str) -> String {
    match page.rsplit_once('.') {
        Some((name, section)) => format!("{name}({section})"),
        None => page.into(),
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = match self {
            Self::Posix { edition, page, heading, item } if VOLUMES.contains(&page.as_ref()) => {
                write!(f, "POSIX.1-{edition} {page} {heading}")?;
                item
            }
            Self::Posix { edition, page, heading, item } => {
                write!(f, "POSIX.1-{edition} {}, {heading}", title(page))?;
                item
            }
            Self::Linux { page, heading, item } => {
                write!(f, "{}, {heading}", title(page))?;
                item
            }
            Self::Kernel { file, function, version } => return write!(f, "Linux {version} {file}, {function}()"),
        };
        item.as_ref().map_or(Ok(()), |item| write!(f, ": {item}"))
    }
}

/// Citations on one line.
pub fn line(citations: &[Citation]) -> String {
    citations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citations_are_written_as_people_write_them() {
        for (citation, words, url) in [
            (
                Citation::posix(2017, "read.3p", "ERRORS", Some("EAGAIN")),
                "POSIX.1-2017 read(3p), ERRORS: EAGAIN",
                Some("https://man7.org/linux/man-pages/man3/read.3p.html"),
            ),
            (
                Citation::posix(2017, "limits.h.0p", "DESCRIPTION", None),
                "POSIX.1-2017 limits.h(0p), DESCRIPTION",
                Some("https://man7.org/linux/man-pages/man0/limits.h.0p.html"),
            ),
            (Citation::posix(2024, "pipe.3p", "DESCRIPTION", None), "POSIX.1-2024 pipe(3p), DESCRIPTION", None),
            (Citation::posix(2017, "XCU", "2.9.2 Pipelines", None), "POSIX.1-2017 XCU 2.9.2 Pipelines", None),
            (
                Citation::man("pipe.7", "I/O on pipes and FIFOs", None),
                "pipe(7), I/O on pipes and FIFOs",
                Some("https://man7.org/linux/man-pages/man7/pipe.7.html"),
            ),
            (
                Citation::kernel("fs/pipe.c", "pipe_write", "6.18"),
                "Linux 6.18 fs/pipe.c, pipe_write()",
                Some("https://elixir.bootlin.com/linux/v6.18/source/fs/pipe.c"),
            ),
        ] {
            assert_eq!(citation.to_string(), words);
            assert_eq!(citation.url().as_deref(), url);
            let text = serde_json::to_string(&citation).expect("plain data");
            assert_eq!(serde_json::from_str::<Citation>(&text).expect("what was written"), citation);
        }
    }

    #[test]
    fn levels_are_ordered_by_strength() {
        assert!(Level::Posix < Level::Linux && Level::Linux < Level::Kernel);
        assert_eq!("linux".parse(), Ok(Level::Linux));
        assert_eq!(Level::Kernel.to_string(), "kernel");
    }
}
