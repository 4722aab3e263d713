//! Scratch directories on a file system that the user chose, below a directory there.
//!
//! The runner makes and removes them, since who is in a sandbox may have no right to: in a user namespace of root's, for one.

use harness::place::declare_chosen;
use nix::sys::signal::{SigSet, SigmaskHow};
use nix::sys::statvfs::statvfs;
use nix::unistd::{Gid, Uid, chown, getegid, geteuid, mkdtemp, mkstemp};
use record::Directory;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The directory, its own path first.
static CHOSEN: OnceLock<(PathBuf, Directory)> = OnceLock::new();

/// How much the specs of a run may write at once, in bytes.
const FREE: usize = 16 << 20;

/// How many files they may have at once.
const INODES: u64 = 1024;

/// Makes all scratch directories of this process below this one. An error says why that cannot be.
pub fn choose(directory: &Path) -> Result<(), String> {
    let chosen = look_at(directory).map_err(|error| error.to_string())?;
    CHOSEN.get_or_init(|| chosen);
    declare_chosen();
    Ok(())
}

/// The directory that was chosen.
pub fn chosen() -> Option<&'static Directory> {
    CHOSEN.get().map(|(_, directory)| directory)
}

/// A file is written there to know that it can be, and a directory is made, since a file system may be full in either way.
fn look_at(directory: &Path) -> io::Result<(PathBuf, Directory)> {
    let path = directory.canonicalize()?;
    let opened = File::open(&path)?;
    let _held_back = HeldBack::new();
    fs::remove_dir(mkdtemp(&template(&path))?)?;
    let (file, name) = mkstemp(&template(&path))?;
    fs::remove_file(name)?;
    let inodes = statvfs(&path)?;
    // Zero where the file system makes them as they are needed.
    if inodes.files() > 0 && inodes.files_available() < INODES {
        return Err(io::Error::other(format!("it has only {} free inodes", inodes.files_available())));
    }
    let mut file = File::from(file);
    file.write_all(&vec![0; FREE])?;
    // Some file systems only then say that they are full.
    file.sync_all()?;
    let file_system = file_system_of(opened.as_raw_fd()).unwrap_or_else(|| "unknown".into());
    let found = Directory { path: path.to_string_lossy().into_owned(), file_system };
    Ok((path, found))
}

fn template(directory: &Path) -> PathBuf {
    directory.join("ipcspec-XXXXXX")
}

/// The type of the file system that this descriptor refers to: of its mount. proc_pid_fdinfo(5), proc_pid_mountinfo(5).
fn file_system_of(descriptor: RawFd) -> Option<String> {
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")).ok()?;
    let mount = info.lines().find_map(|line| line.strip_prefix("mnt_id:"))?.trim();
    type_of_mount(mount, &fs::read_to_string("/proc/self/mountinfo").ok()?)
}

fn type_of_mount(mount: &str, mounts: &str) -> Option<String> {
    let line = mounts.lines().find(|line| line.split(' ').next() == Some(mount))?;
    Some(line.split_once(" - ")?.1.split(' ').next()?.to_owned())
}

/// The scratch directory of one sandbox. It is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A new one, if the user chose where.
    pub fn new() -> io::Result<Option<Self>> {
        let Some((directory, _)) = CHOSEN.get() else { return Ok(None) };
        let step = |error| io::Error::other(format!("cannot make a directory in {}: {error}", directory.display()));
        let scratch = Self(mkdtemp(&template(directory)).map_err(step)?);
        // The group may be that of the directory above. Where this is refused, init finds out whether it matters.
        let _ = scratch.give(geteuid().as_raw(), getegid().as_raw());
        Ok(Some(scratch))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes it this user's and group's.
    pub fn give(&self, user: u32, group: u32) -> io::Result<()> {
        let step = |error| io::Error::other(format!("cannot give {} to uid {user}: {error}", self.0.display()));
        chown(&self.0, Some(Uid::from_raw(user)), Some(Gid::from_raw(group))).map_err(step)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A spec that was killed may have left a directory that its owner cannot read.
        if fs::remove_dir_all(&self.0).is_err() {
            make_readable(&self.0);
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// While this lives, no signal but SIGKILL ends this process before it has removed what it made.
#[derive(Debug)]
pub struct HeldBack(Option<SigSet>);

impl HeldBack {
    fn new() -> Self {
        Self(SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK).ok())
    }

    /// Where scratch directories are below a directory of the user's.
    pub fn if_chosen() -> Option<Self> {
        chosen().map(|_| Self::new())
    }
}

impl Drop for HeldBack {
    fn drop(&mut self) {
        let _ = self.0.map(|before| before.thread_set_mask());
    }
}

fn make_readable(directory: &Path) {
    let _ = fs::set_permissions(directory, Permissions::from_mode(0o700));
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_readable(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_that_of_the_mount() {
        let mounts = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
                      221 22 0:20 / /mnt/a\\040b rw - fuse.sshfs host: rw\n";
        assert_eq!(type_of_mount("22", mounts).as_deref(), Some("ext4"));
        assert_eq!(type_of_mount("221", mounts).as_deref(), Some("fuse.sshfs"));
        assert_eq!(type_of_mount("2", mounts), None);
    }

    #[test]
    fn what_is_no_directory_is_refused() {
        assert_eq!(choose(Path::new("/proc/version")), Err("Not a directory (os error 20)".into()));
        assert_eq!(choose(Path::new("/no/such")), Err("No such file or directory (os error 2)".into()));
        assert!(chosen().is_none());
    }

    #[test]
    fn what_was_left_in_unreadable_directories_is_removed() {
        let outer = tempfile::TempDir::new().unwrap();
        let scratch = Scratch(outer.path().join("scratch"));
        fs::create_dir_all(scratch.path().join("a/b")).unwrap();
        fs::set_permissions(scratch.path().join("a"), Permissions::from_mode(0o000)).unwrap();
        drop(scratch);
        assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 0);
    }
}
