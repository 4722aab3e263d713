//! The first file system of a kernel that is booted for a run: the program as /init, and its job.

use super::guest;
use cpio::newc::{Builder, ModeFileType, trailer};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes the archive that holds the program and what it is to do.
pub fn write(archive: &Path, program: &Path, job: &guest::Job) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(archive)?);
    for directory in guest::DIRECTORIES {
        entry(&mut out, Builder::new(directory).mode(0o755).set_mode_file_type(ModeFileType::Directory), b"")?;
    }
    // The kernel gives /init its standard streams from here, before a file system with devices is mounted.
    let console = Builder::new("dev/console").mode(0o600).rdev_major(5).rdev_minor(1);
    entry(&mut out, console.set_mode_file_type(ModeFileType::Char), b"")?;
    let null = Builder::new("dev/null").mode(0o666).rdev_major(1).rdev_minor(3);
    entry(&mut out, null.set_mode_file_type(ModeFileType::Char), b"")?;
    let regular = |name, mode| Builder::new(name).mode(mode).set_mode_file_type(ModeFileType::Regular);
    entry(&mut out, regular(guest::JOB.trim_start_matches('/'), 0o644), &serde_json::to_vec(job)?)?;
    entry(&mut out, regular(guest::PROGRAM.trim_start_matches('/'), 0o755), &std::fs::read(program)?)?;
    trailer(out)?.flush()
}

fn entry(out: &mut impl Write, entry: Builder, content: &[u8]) -> io::Result<()> {
    let size = u32::try_from(content.len()).map_err(io::Error::other)?;
    let mut writer = entry.write(out, size);
    writer.write_all(content)?;
    writer.finish().map(drop)
}
