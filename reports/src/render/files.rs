//! The documents that every run leaves.

use super::{html, json, junit, ktap};
use crate::documented::Documented;
use crate::replace_file;
use record::Records;
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
    /// The name of the file that [`write_all`] writes.
    pub fn file_name(self) -> &'static str {
        self.into()
    }

    /// The document.
    pub fn render(self, records: &Records, documented: &Documented) -> String {
        match self {
            Self::Json => json::run(records, &documented.claims),
            Self::Junit => junit::render(records),
            Self::Ktap => ktap::render(records),
            Self::Html => html::page(&[html::Column::of(records)], documented),
        }
    }
}

/// Writes every [`Format`] into a directory, creating it if necessary, and returns the paths. Each file is replaced
/// atomically.
pub fn write_all(dir: &Path, records: &Records, documented: &Documented) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(dir)?;
    Format::VARIANTS
        .iter()
        .map(|format| {
            let path = dir.join(format.file_name());
            replace_file(&path, |file| file.write_all(format.render(records, documented).as_bytes()))?;
            Ok(path)
        })
        .collect()
}
