//! Files that are written whole or not at all.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// As many symbolic links as Linux follows, path_resolution(7).
const LINKS: usize = 40;

/// Replaces a file atomically, by renaming a temporary file beside it. What is no regular file stays: see [`destination`].
pub fn replace_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let path = destination(path)?;
    // Temporary files are private by default; a report is readable as the umask allows.
    let mut file =
        tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(directory_of(&path))?;
    let mut out = io::BufWriter::new(&mut file);
    write(&mut out)?;
    out.flush()?;
    drop(out);
    file.persist(path)?;
    Ok(())
}

/// The regular file to which a path leads, whether it exists or not. Symbolic links are followed, so that they stay. A
/// directory, a device, a FIFO or a socket is an error: a rename would replace it.
pub fn destination(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let kind = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata.file_type(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(path),
            Err(error) => return Err(error),
        };
        if kind.is_file() {
            return Ok(path);
        }
        if kind.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        if !kind.is_symlink() {
            return Err(io::Error::other("it is no regular file"));
        }
        path = directory_of(&path).join(fs::read_link(&path)?);
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

/// The directory of a file.
pub fn directory_of(file: &Path) -> &Path {
    file.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn replace(path: &Path) -> io::Result<()> {
        replace_file(path, |out| out.write_all(b"new"))
    }

    #[test]
    fn a_link_stays_and_its_file_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let [file, link, dangling] = ["file", "link", "dangling"].map(|name| directory.path().join(name));
        fs::write(&file, "old").unwrap();
        symlink("file", &link).unwrap();
        symlink("made", &dangling).unwrap();
        replace(&link).unwrap();
        replace(&dangling).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("file"));
        assert_eq!(fs::read(directory.path().join("made")).unwrap(), b"new");
        let looped = directory.path().join("loop");
        symlink("loop", &looped).unwrap();
        assert_eq!(replace(&looped).unwrap_err().to_string(), "too many levels of symbolic links");
    }

    #[test]
    fn what_is_no_regular_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let [socket, link] = ["socket", "link"].map(|name| directory.path().join(name));
        drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
        symlink("/dev/null", &link).unwrap();
        for path in [&socket, &link, Path::new("/dev/full")] {
            assert_eq!(replace(path).unwrap_err().to_string(), "it is no regular file", "{}", path.display());
        }
        assert_eq!(replace(directory.path()).unwrap_err().kind(), ErrorKind::IsADirectory);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left behind");
    }

    #[test]
    fn what_cannot_be_written_whole_leaves_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "old").unwrap();
        replace_file(&file, |_| Err(ErrorKind::StorageFull.into())).unwrap_err();
        assert_eq!(fs::read(&file).unwrap(), b"old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no temporary file stays");
    }
}
