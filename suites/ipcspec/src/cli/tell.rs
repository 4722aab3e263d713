//! What becomes of the records of a run: files, and what is said of them.

use super::{Refusal, colour, documented::documented, github, print, store};
use record::Records;
use reports::{Documented, Exit};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Sees that a named place can be written: better known before the work than after it.
pub fn prepare(named: Option<&Path>) -> Result<(), Refusal> {
    named.map_or(Ok(()), |path| store::prepare(path).map_err(|error| store::unwritable(path, &error)))
}

/// Where records are kept, and the reports beside them.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// Where the other commands look first, if that can be written.
    Usual,
    /// Where the user wants them.
    Named(&'a Path),
    /// Nowhere: they say nothing of this system.
    Nowhere,
}

impl<'a> Place<'a> {
    /// A named place, or else the usual one.
    pub fn of(named: Option<&'a Path>) -> Self {
        named.map_or(Self::Usual, Self::Named)
    }
}

/// Reports, in every form that was asked for or that the surroundings read.
pub fn tell(place: Place, records: &Records) -> Result<Exit, Refusal> {
    let documented = documented();
    let claims = &documented.claims;
    let kept = keep(place, records, &documented);
    print(&reports::render::terminal::run(records, claims, colour()))?;
    if let Some(directory) = kept? {
        let _ = writeln!(std::io::stderr(), "records and reports are in {}", directory.display());
    }
    let summary = || reports::render::markdown::run(records, claims);
    github::show(|| reports::render::github::run(records), summary)?;
    Ok(Exit::of(records))
}

/// Writes records and reports. Where nobody named a place and the usual one cannot be written, the run still judges.
fn keep(place: Place, records: &Records, documented: &Documented) -> Result<Option<PathBuf>, Refusal> {
    let path = match place {
        Place::Nowhere => return Ok(None),
        Place::Usual => Path::new(store::DEFAULT),
        Place::Named(path) => path,
    };
    let directory = store::directory(path);
    let written =
        store::write(path, records).and_then(|()| reports::render::write_all(&directory, records, documented));
    match written {
        Ok(_) => Ok(Some(directory)),
        Err(error) if matches!(place, Place::Usual) => {
            let _ = writeln!(
                std::io::stderr(),
                "no records are kept: {} cannot be written ({error}); name a place with --records",
                path.display()
            );
            Ok(None)
        }
        Err(error) => Err(store::unwritable(path, &error)),
    }
}
