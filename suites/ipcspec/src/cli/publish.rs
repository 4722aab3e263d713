//! What is made of the records of a run: files, and what is printed.

use super::{CliError, documented::documented, github, print, store};
use record::Records;
use reports::{Documented, Exit};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Checks that a file can be written, before the run rather than after it.
pub fn prepare(named: Option<&Path>) -> Result<(), CliError> {
    named.map_or(Ok(()), |path| store::prepare(path).map_err(|error| store::unwritable(path, &error)))
}

/// Where to write the records, and the reports beside them.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// Where the other commands look, if that can be written.
    Default,
    /// A file that the user named.
    Named(&'a Path),
    /// Nowhere: they say nothing about this system.
    Nowhere,
}

impl<'a> Place<'a> {
    /// A named file, or else the default one.
    pub fn of(named: Option<&'a Path>) -> Self {
        named.map_or(Self::Default, Self::Named)
    }
}

/// Writes and prints the reports.
pub fn publish(place: Place, records: &Records) -> Result<Exit, CliError> {
    let documented = documented();
    let claims = &documented.claims;
    let kept = keep(place, records, &documented);
    print(&reports::render::terminal::run(records, claims))?;
    if let Some(directory) = kept? {
        let _ = writeln!(std::io::stderr(), "records and reports written to {}", directory.display());
    }
    let summary = || reports::render::markdown::run(records, claims);
    github::show(|| reports::render::github::run(records), summary)?;
    Ok(Exit::of(records))
}

/// Writes records and reports. If the default file cannot be written, the run goes on without.
fn keep(place: Place, records: &Records, documented: &Documented) -> Result<Option<PathBuf>, CliError> {
    let path = match place {
        Place::Nowhere => return Ok(None),
        Place::Default => Path::new(store::DEFAULT),
        Place::Named(path) => path,
    };
    let directory = store::directory(path);
    let written =
        store::write(path, records).and_then(|()| reports::render::write_all(&directory, records, documented));
    match written {
        Ok(_) => Ok(Some(directory)),
        Err(error) if matches!(place, Place::Default) => {
            let _ = writeln!(
                std::io::stderr(),
                "records not written: {}: {error}; name a file with --records",
                path.display()
            );
            Ok(None)
        }
        Err(error) => Err(store::unwritable(path, &error)),
    }
}
