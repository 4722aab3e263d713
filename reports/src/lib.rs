//! Records in, documents out.
//!
//! Every function takes the [`Records`](record::Records) of a run, and every number in every document is derived from them. Documents
//! that people read and those that machines read count the same thing: a spec, with all its attempts ([`Judged`]).
//! Strings in records come from tested systems and are not trusted: no document may break on one (`text`).

pub mod audit;
pub mod blame;
pub mod claims;
pub mod deviations;
pub mod documented;
pub mod gate;
pub mod matrix;
pub mod render;
pub mod summary;

#[cfg(test)]
mod damage;
mod judged;
#[cfg(test)]
mod sample;
mod text;

pub use claims::NotedClaim;
pub use documented::{Documented, DocumentedError, Shown};
pub use gate::{Exit, Scope};
pub use judged::{Judged, judged};
pub use summary::Summary;
pub use text::{plain_line, sentence};

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Replaces a file atomically, by renaming a temporary file beside it.
pub fn replace_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Temporary files are private by default; a report is readable as the umask allows.
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(directory)?;
    let mut out = io::BufWriter::new(&mut file);
    write(&mut out)?;
    out.flush()?;
    drop(out);
    file.persist(path)?;
    Ok(())
}
