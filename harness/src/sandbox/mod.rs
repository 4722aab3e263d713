//! One spec, one process tree, in a place of its own.
//!
//! [`start`] makes the *reaper*: the first process of the sandbox, PID 1 where there is a pid namespace. It sets the
//! place up, forks the spec's first process from itself, reaps whatever ends, and at the end looks for what was left
//! behind and removes it. The spec is never PID 1, since signals treat that one apart.

mod clean;
mod leftovers;
mod place;
mod reaper;

pub use clean::reset_signals;
pub use reaper::close_above_standard_error;

use crate::audit::Watch;
use crate::ledger::Ledger;
use crate::spec::Scene;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{Pid, geteuid, pipe2};
use std::fs;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// How much of the machine a sandbox has for itself. The highest that works is taken, and named in each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// Own user, IPC, pid and mount namespaces. Root's sandboxes get user ids that nobody else uses.
    Userns,
    /// Own IPC, pid and mount namespaces, as the machine's root.
    Root,
    /// Nothing: unique keys and names, owned objects, and a sweep.
    None,
}

impl Rung {
    /// Every rung, the highest first.
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

    fn clone_flags(self) -> libc::c_int {
        const OWN: libc::c_int = libc::CLONE_NEWIPC | libc::CLONE_NEWPID | libc::CLONE_NEWNS;
        match self {
            Self::Userns => libc::CLONE_NEWUSER | OWN,
            Self::Root => OWN,
            Self::None => 0,
        }
    }
}

/// What a sandbox is to be.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The isolation.
    pub rung: Rung,
    /// Whether it also has a network of its own, which costs more than all the rest.
    pub netns: bool,
}

/// A sandbox that was started. Reap `reaper` to know that it has ended.
#[derive(Debug)]
pub struct Sandbox {
    /// The reaper's pid, as the caller sees it.
    pub reaper: Pid,
    /// What the spec prints, to be read; non-blocking.
    pub output: OwnedFd,
    /// What its processes write down.
    pub ledger: Ledger,
}

/// What this process's sandbox is, set before its first process starts.
static HERE: OnceLock<Here> = OnceLock::new();

#[derive(Debug)]
struct Here {
    rung: Rung,
    scratch: PathBuf,
    /// Where POSIX message queues can be listed; none outside namespaces, where other people's are there too.
    queues: Option<PathBuf>,
}

/// An empty folder of the spec's own; it is the current one when a spec starts.
pub fn scratch() -> &'static Path {
    &HERE.get().expect("a spec runs in a sandbox").scratch
}

/// The folder of the sandbox's own message queue file system.
pub fn queues() -> Option<&'static Path> {
    HERE.get()?.queues.as_deref()
}

/// Whether this process is in namespaces of its own.
pub fn is_namespaced() -> bool {
    HERE.get().is_some_and(|here| here.rung != Rung::None)
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

/// Starts a sandbox and runs `body` in it, watched by its reaper if that is asked for. `io::ErrorKind::WouldBlock` means that the machine has no room for another process now.
pub fn start(place: Place, watch: Option<&Watch>, body: impl FnOnce() -> Scene) -> io::Result<Sandbox> {
    let ledger = Ledger::new()?;
    let (output, print) = pipe2(OFlag::O_CLOEXEC)?;
    let (wait, go) = pipe2(OFlag::O_CLOEXEC)?;
    nix::fcntl::fcntl(&output, nix::fcntl::FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    io::stdout().flush()?;
    let runner = std::process::id().cast_signed();
    let netns = if place.netns { libc::CLONE_NEWNET } else { 0 };
    match fork_into(place.rung.clone_flags() | netns) {
        Ok(None) => {
            // The runner's alone: its end is seen as the end of `wait`.
            drop(go);
            let begun = reaper::Begun { rung: place.rung, runner, print, wait };
            reaper::main(begun, ledger, watch, body)
        }
        Ok(Some(reaper)) => {
            drop((print, wait));
            let sandbox = Sandbox { reaper, output, ledger };
            let mapped = if place.rung == Rung::Userns { map_ids(reaper) } else { Ok(()) };
            if let Err(error) = mapped.and_then(|()| nix::unistd::write(go.as_fd(), b"g").map_err(io::Error::from)) {
                // Without the byte the reaper ends by itself.
                drop(go);
                let _ = nix::sys::wait::waitpid(reaper, None);
                sandbox.ledger.unmap();
                return Err(error);
            }
            Ok(sandbox)
        }
        Err(error) => {
            ledger.unmap();
            Err(error.into())
        }
    }
}

/// clone(2) as fork, into new namespaces. The C library does not hear of it: the child must not ask it for its thread id,
/// which raise() does; the reaper never does, and what it forks with fork() is in order again.
fn fork_into(flags: libc::c_int) -> nix::Result<Option<Pid>> {
    let flags = libc::c_long::from(flags | libc::SIGCHLD);
    // SAFETY: this process has one thread; the child goes on with a copy of its memory, as after fork.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    Errno::result(pid).map(|pid| (pid != 0).then(|| Pid::from_raw(pid as libc::pid_t)))
}

/// Root gives each sandbox two user ids, and groups, that nothing else on the machine has: what the kernel counts per
/// user (pipe pages, pending signals, queue bytes) is then the sandbox's own, and root's rights stay outside.
/// Anybody else can only map the id that they have.
fn map_ids(reaper: Pid) -> io::Result<()> {
    let map = |file: &str, text: &str| fs::write(format!("/proc/{reaper}/{file}"), text);
    if let Some(first) = own_ids_begin() {
        // Pids are below 2^22, so no two sandboxes that live in one pid namespace share an id.
        let ids = format!("0 {} {OWN_IDS}\n", first + 2 * reaper.as_raw().cast_unsigned());
        map("uid_map", &ids)?;
        map("gid_map", &ids)
    } else {
        map("setgroups", "deny")?;
        map("uid_map", &format!("0 {} 1\n", geteuid()))?;
        map("gid_map", &format!("0 {} 1\n", nix::unistd::getegid()))
    }
}

/// Where the ids that this runner gives away begin, if it may give any. Containers, which may be in one user namespace but not
/// in one pid namespace, are set apart by the number of theirs.
fn own_ids_begin() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    static BEGIN: OnceLock<Option<u32>> = OnceLock::new();
    *BEGIN.get_or_init(|| {
        let may_give = geteuid().is_root() && ids_held().is_ok_and(|held| held == ALL_IDS);
        let namespace = fs::metadata("/proc/self/ns/pid").ok()?.ino() as u32;
        may_give.then_some(0x4000_0000 + ((namespace & 0x7f) << 23))
    })
}

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
