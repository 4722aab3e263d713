//! Records in, documents out.
//!
//! Every function takes the [`Records`] of a run, and every number in every document is derived from them. Documents
//! that people read and those that machines read count the same thing: a spec, with all its attempts ([`Judged`]).
//! Strings in records come from tested systems and are not trusted: no document may break on one (`text`).

pub mod audit;
pub mod baseline;
pub mod blame;
pub mod claims;
pub mod compare;
pub mod documented;
pub mod exit;
pub mod failure;
pub mod gate;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod ktap;
pub mod matrix;
pub mod merge;
pub mod summary;
pub mod terminal;

#[cfg(test)]
mod damage;
mod facts;
mod judged;
mod markdown;
mod page;
#[cfg(test)]
mod sample;
mod scope;
mod text;

pub use claims::NotedClaim;
pub use documented::{Documented, DocumentedError, Shown};
pub use exit::Exit;
pub use judged::{Judged, judged};
pub use scope::Scope;
pub use summary::Summary;
pub use text::sentence;

use record::Records;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
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
            Self::Json => json::render(records, &documented.claims),
            Self::Junit => junit::render(records),
            Self::Ktap => ktap::render(records),
            Self::Html => html::page(&[html::Column::of(records)], documented),
        }
    }
}

/// Text of a tested system on one line, with nothing in it that a terminal would obey.
pub fn plain_line(text: &str) -> String {
    text::one_line(text)
}

/// Writes a file by way of a temporary one beside it: a reader sees the old file or the new one, never a part.
pub fn replace_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Temporary files are private by default; a report is as readable as the umask allows.
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(directory)?;
    let mut out = io::BufWriter::new(&mut file);
    write(&mut out)?;
    out.flush()?;
    drop(out);
    file.persist(path)?;
    Ok(())
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

#[cfg(test)]
mod tests;
