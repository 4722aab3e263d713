//! The documents that every run leaves.

use super::{html, json, junit, ktap};
use crate::documented::Documented;
use crate::replace_file;
use record::Records;
use std::io;
use std::path::{Path, PathBuf};

/// The documents that are written as files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `report.json`, described by `schema/report.schema.json`.
    Json,
    /// `junit.xml`, for CI systems.
    Junit,
    /// `report.ktap`, for kernel test frameworks.
    Ktap,
    /// `report.html`, for people.
    Html,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Json, Self::Junit, Self::Ktap, Self::Html];

    /// The name of the file that [`write_all`] makes.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Json => "report.json",
            Self::Junit => "junit.xml",
            Self::Ktap => "report.ktap",
            Self::Html => "report.html",
        }
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

/// Writes every [`Format`] into a directory, which is made if need be, and returns the paths. A reader sees the old
/// file or the new one, never a part.
pub fn write_all(dir: &Path, records: &Records, documented: &Documented) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(dir)?;
    Format::ALL
        .into_iter()
        .map(|format| {
            let path = dir.join(format.file_name());
            replace_file(&path, |file| file.write_all(format.render(records, documented).as_bytes()))?;
            Ok(path)
        })
        .collect()
}
