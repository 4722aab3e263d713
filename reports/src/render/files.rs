//! The documents that every run leaves.

use super::{html, json, junit, ktap};
use crate::documented::Documented;
use crate::replace_file;
use record::Records;
use record::id::Form;
use std::io;
use std::path::{Path, PathBuf};
use strum::{IntoStaticStr, VariantArray};

/// The documents that are written as files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
pub enum Format {
    /// For programs, described by `schema/report.schema.json`.
    #[strum(to_string = "report.json")]
    Json,
    /// For CI systems.
    #[strum(to_string = "junit.xml")]
    Junit,
    /// For kernel test frameworks.
    #[strum(to_string = "report.ktap")]
    Ktap,
    /// For people.
    #[strum(to_string = "report.html")]
    Html,
}

impl Format {
    /// The name of its file, behind the stem of the record file's: see [`beside`].
    pub fn file_name(self) -> &'static str {
        self.into()
    }

    /// The document. Test cases of JUnit and KTAP have their ids in this form.
    pub fn render(self, records: &Records, documented: &Documented, ids: Form) -> String {
        match self {
            Self::Json => json::run(records, &documented.claims),
            Self::Junit => junit::render(records, ids),
            Self::Ktap => ktap::render(records, ids),
            Self::Html => html::page(&[html::Column::of(records)], documented),
        }
    }
}

/// The record file whose documents have no stem in their names.
const USUAL: &str = "records";

/// A file that belongs to a record file, in the same directory: `report.html` of `records.jsonl`, and `a.report.html` of
/// `a.jsonl`, so that several runs in one directory do not overwrite each other's.
pub fn beside(records: &Path, name: &str) -> PathBuf {
    let file = records.file_name().unwrap_or_default().to_string_lossy();
    match file.strip_suffix(".jsonl").unwrap_or(&file) {
        USUAL => records.with_file_name(name),
        stem => records.with_file_name(format!("{stem}.{name}")),
    }
}

/// Whether a document may have this name, so that no record file can.
pub fn is_taken(name: &str) -> bool {
    Format::VARIANTS.iter().any(|format| {
        let stem = name.strip_suffix(format.file_name());
        stem.is_some_and(|stem| stem.is_empty() || stem.ends_with('.'))
    })
}

/// Writes every [`Format`] beside the record file, and returns the paths. Each file is replaced atomically.
pub fn write_all(path: &Path, records: &Records, documented: &Documented, ids: Form) -> io::Result<Vec<PathBuf>> {
    Format::VARIANTS
        .iter()
        .map(|format| {
            let path = beside(path, format.file_name());
            replace_file(&path, |file| file.write_all(format.render(records, documented, ids).as_bytes()))?;
            Ok(path)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_named_after_the_record_file() {
        for (records, page) in [
            ("records.jsonl", "report.html"),
            ("target/ipcspec/records.jsonl", "target/ipcspec/report.html"),
            ("out/uml.jsonl", "out/uml.report.html"),
            ("a.json", "a.json.report.html"),
            ("a", "a.report.html"),
        ] {
            assert_eq!(beside(Path::new(records), "report.html"), Path::new(page));
        }
        assert_eq!(
            ["report.html", "a.junit.xml", "my-report.html", "a.jsonl"].map(is_taken),
            [true, true, false, false]
        );
    }
}
