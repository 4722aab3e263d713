//! Files that commands read and write.

use super::CliError;
use record::Records;
use reports::render::{Format, beside, is_taken};
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use strum::VariantArray;

/// The records of the last run in this directory.
pub const DEFAULT: &str = "target/ipcspec/records.jsonl";

/// The directory of a record file, where the reports are as well.
pub fn directory(file: &Path) -> PathBuf {
    reports::directory_of(file).into()
}

/// Creates the directory if necessary, checks that a regular file can be written there, and returns where a symbolic link
/// leads. If it cannot, a file of an earlier run does not stay.
pub fn prepare(path: &Path) -> io::Result<PathBuf> {
    std::fs::create_dir_all(directory(path))?;
    let path = reports::destination(path)?;
    if path.file_name().is_some_and(|name| is_taken(&name.to_string_lossy())) {
        return Err(io::Error::other("a report has this name"));
    }
    if let Err(error) = tempfile::tempfile_in(directory(&path)) {
        let _ = discard(&path);
        return Err(error);
    }
    Ok(path)
}

/// Removes the records and reports of an earlier run, so that nobody takes them for those of a run that cannot write its own.
/// In a directory that cannot be written, the records are emptied.
pub fn discard(path: &Path) -> io::Result<()> {
    for format in Format::VARIANTS {
        let _ = std::fs::remove_file(beside(path, format.file_name()));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            File::options().write(true).truncate(true).open(path).map(drop).map_err(|_| error)
        }
        _ => Ok(()),
    }
}

/// Writes the records of a run, creating the directory if necessary. The file is replaced atomically: several runs in one
/// directory do not mix.
pub fn write(path: &Path, records: &Records) -> io::Result<()> {
    std::fs::create_dir_all(directory(path))?;
    reports::replace_file(path, |out| records.write(out))
}

/// Reads the records of a run.
pub fn read(path: &Path) -> Result<Records, CliError> {
    let unusable = |error: &dyn std::fmt::Display| CliError::could_not_run(format!("{} {error}", path.display()));
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if path == Path::new(DEFAULT) => {
            CliError::could_not_run(format!("no records in {DEFAULT}: run `ipcspec run` first, or name a record file"))
        }
        _ => unusable(&format_args!("cannot be read: {error}")),
    })?;
    Records::read(BufReader::new(file)).map_err(|error| unusable(&error))
}

/// Whether both are names of one existing file.
pub fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Replaces a file atomically.
pub fn replace(path: &Path, text: &str) -> Result<(), CliError> {
    reports::replace_file(path, |out| out.write_all(text.as_bytes())).map_err(|error| unwritable(path, &error))
}

/// Appends to a file.
pub fn append(path: &Path, text: &str) -> Result<(), CliError> {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| unwritable(path, &error))
}

/// The error for a file that cannot be read.
pub fn unreadable(path: &Path, error: &io::Error) -> CliError {
    CliError::could_not_run(format!("{} cannot be read: {error}", path.display()))
}

/// The error for a file that cannot be written.
pub fn unwritable(path: &Path, error: &io::Error) -> CliError {
    CliError::could_not_run(format!("{} cannot be written: {error}", path.display()))
}
