//! Where records are kept between commands.

use super::Refusal;
use record::Records;
use reports::render::Format;
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

/// The records of the last run in this directory.
pub const DEFAULT: &str = "target/ipcspec/records.jsonl";

/// The directory of a record file; the reports stand beside it.
pub fn directory(file: &Path) -> PathBuf {
    match file.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory.into(),
        _ => ".".into(),
    }
}

/// Makes the directory if need be, and sees that records can be written.
pub fn prepare(path: &Path) -> io::Result<()> {
    let directory = directory(path);
    std::fs::create_dir_all(&directory)?;
    tempfile::tempfile_in(&directory)?;
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if Format::ALL.iter().any(|format| path.file_name().is_some_and(|name| name == format.file_name())) {
        return Err(io::Error::other("a report beside the records has this name"));
    }
    Ok(())
}

/// Writes the records of a run, and makes the directory if need be. A reader sees the old file or the new one, never a part:
/// several runs in one directory do not mix.
pub fn write(path: &Path, records: &Records) -> io::Result<()> {
    std::fs::create_dir_all(directory(path))?;
    reports::replace_file(path, |out| records.write(out))
}

/// Reads the records of a run.
pub fn read(path: &Path) -> Result<Records, Refusal> {
    let refusal = |error: &dyn std::fmt::Display| Refusal::could_not(format!("{} {error}", path.display()));
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if path == Path::new(DEFAULT) => Refusal::could_not(format!(
            "there are no records in {DEFAULT}: do `ipcspec run` here first, or name a record file"
        )),
        _ => refusal(&format_args!("cannot be read: {error}")),
    })?;
    Records::read(BufReader::new(file)).map_err(|error| refusal(&error))
}

/// Whether both are names of one file that is there.
pub fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Writes an answer into a file. A reader sees the old file or the new one, never a part.
pub fn replace(path: &Path, text: &str) -> Result<(), Refusal> {
    reports::replace_file(path, |out| out.write_all(text.as_bytes())).map_err(|error| unwritable(path, &error))
}

/// Adds to a file that others write too.
pub fn append(path: &Path, text: &str) -> Result<(), Refusal> {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| unwritable(path, &error))
}

/// Why a file of the user's cannot be used.
pub fn unreadable(path: &Path, error: &io::Error) -> Refusal {
    Refusal::could_not(format!("{} cannot be read: {error}", path.display()))
}

/// Why an answer could not be kept.
pub fn unwritable(path: &Path, error: &io::Error) -> Refusal {
    Refusal::could_not(format!("{} cannot be written: {error}", path.display()))
}
