//! Where a spec runs, as far as it may know: its isolation, its scratch directory, its user ids.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// How much of the machine a sandbox has for itself. The highest that works is taken, and named in each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isolation {
    /// Own user, IPC, pid and mount namespaces. Root's sandboxes get user ids that nobody else uses.
    Userns,
    /// Own IPC, pid and mount namespaces, as the machine's root.
    Root,
    /// Nothing: unique keys and names, owned objects, and a sweep.
    None,
}

impl Isolation {
    /// Every isolation level, the highest first.
    pub const ALL: [Self; 3] = [Self::Userns, Self::Root, Self::None];

    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Userns => "userns",
            Self::Root => "root",
            Self::None => "none",
        }
    }

    /// What specs have there, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Userns => "own user, IPC, pid and mount namespaces",
            Self::Root => "own IPC, pid and mount namespaces, with the rights of root",
            Self::None => "no namespaces; objects with names of their own, swept after each spec",
        }
    }

    /// The flags of clone(2) that make it.
    pub fn clone_flags(self) -> libc::c_int {
        const OWN: libc::c_int = libc::CLONE_NEWIPC | libc::CLONE_NEWPID | libc::CLONE_NEWNS;
        match self {
            Self::Userns => libc::CLONE_NEWUSER | OWN,
            Self::Root => OWN,
            Self::None => 0,
        }
    }
}

/// What this process's sandbox is, set before its first process starts.
static HERE: OnceLock<Here> = OnceLock::new();

/// Says where this process and its children are, once.
pub fn settle(here: Here) -> Result<(), Here> {
    HERE.set(here)
}

/// Where this process is; none outside a sandbox.
pub fn here() -> Option<&'static Here> {
    HERE.get()
}

/// What this process's sandbox is.
#[derive(Debug)]
pub struct Here {
    /// Its isolation.
    pub isolation: Isolation,
    /// The scratch directory.
    pub scratch: PathBuf,
    /// Where POSIX message queues can be listed; none outside namespaces, where other people's are there too.
    pub queues: Option<PathBuf>,
}

/// An empty directory of the spec's own; it is the current one when a spec starts.
pub fn scratch() -> &'static Path {
    &HERE.get().expect("a spec runs in a sandbox").scratch
}

/// The directory of the sandbox's own message queue file system.
pub fn queues() -> Option<&'static Path> {
    HERE.get()?.queues.as_deref()
}

/// Whether this process is in namespaces of its own.
pub fn is_namespaced() -> bool {
    HERE.get().is_some_and(|here| here.isolation != Isolation::None)
}

/// Whether the user chose where scratch directories are.
static IS_CHOSEN: AtomicBool = AtomicBool::new(false);

/// Declares that the user chose the file system of scratch directories.
pub fn declare_chosen() {
    IS_CHOSEN.store(true, Ordering::Relaxed);
}

/// Whether the file system of the scratch directory is one that the user chose: it may lack what a tmpfs has.
pub fn is_chosen() -> bool {
    IS_CHOSEN.load(Ordering::Relaxed)
}

/// How many user ids this process's user namespace holds: 1 the run's, [`OWN_IDS`] those that nobody else has, [`ALL_IDS`]
/// the machine's.
pub fn ids_held() -> io::Result<u64> {
    Ok(ids_in(&fs::read_to_string("/proc/self/uid_map")?))
}

fn ids_in(map: &str) -> u64 {
    map.split_whitespace().nth(2).and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// How many user ids, and groups, of its own root gives a sandbox.
pub const OWN_IDS: u64 = 2;

/// How many user ids the initial user namespace holds.
pub const ALL_IDS: u64 = 4_294_967_295;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_counted_by_the_map() {
        assert_eq!(ids_in("         0 1073756824          2\n"), OWN_IDS);
        assert_eq!(ids_in("         0          0 4294967295\n"), ALL_IDS);
        assert_eq!(ids_in("         0      65534          1\n"), 1);
        assert_eq!(ids_in(""), 0);
    }
}
