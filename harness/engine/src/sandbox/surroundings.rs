//! The surroundings of a sandbox: its ids, mounts and directories.

use harness::judge::Stop;
use harness::place::{Here, Isolation, settle};
use harness::spec::TestResult;
use nix::fcntl::{OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Uid, getegid, geteuid, setgroups, setresgid, setresuid};
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Sets the place up, in init. An error names the step; a trial run shows it as the reason why an isolation level is refused.
pub fn set_up(isolation: Isolation, made: Option<Made>) -> TestResult {
    let here = match (isolation, &made) {
        (Isolation::None, None) => Here { isolation, scratch: directory_of_our_own()?, queues: None },
        (Isolation::None, Some(made)) => Here { isolation, scratch: made.path.clone(), queues: None },
        (Isolation::Userns | Isolation::Root, made) => namespaced(isolation, made.as_ref())?,
    };
    if made.is_some() {
        is_ours(&here.scratch)?;
    }
    // Whatever the umask: a second user goes through it as well.
    fs::set_permissions(&here.scratch, fs::Permissions::from_mode(0o755))
        .map_err(|error| refused("set the permissions of the scratch directory", error))?;
    std::env::set_current_dir(&here.scratch).map_err(|error| refused("chdir to the scratch directory", error))?;
    settle(here).map_err(|_| Stop::broken("a sandbox is set up once"))
}

/// A scratch directory that the runner made, open.
#[derive(Debug)]
pub struct Made {
    path: PathBuf,
    descriptor: OwnedFd,
}

impl Made {
    /// Opens it by this path.
    pub fn open(path: PathBuf) -> TestResult<Self> {
        let opened = open(&path, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty());
        let descriptor = opened.map_err(|error| refused(&format!("open {}", path.display()), error))?;
        Ok(Self { path, descriptor })
    }
}

/// Some file systems give files other owners than who made them: those of FAT, and of NFS with root_squash.
fn is_ours(scratch: &Path) -> TestResult {
    let found = fs::metadata(scratch).map_err(|error| refused("stat the scratch directory", error))?;
    let (owner, ours) = ((found.uid(), found.gid()), (geteuid().as_raw(), getegid().as_raw()));
    if owner == ours {
        return Ok(());
    }
    Err(Stop::broken(format!("the file system gives the scratch directory the owner {owner:?} instead of {ours:?}")))
}

fn namespaced(isolation: Isolation, made: Option<&Made>) -> TestResult<Here> {
    if isolation == Isolation::Root {
        // What we mount must not appear outside. In a user namespace the kernel sees to that.
        attach("make mounts private", None, "/", None, MsFlags::MS_SLAVE | MsFlags::MS_REC)?;
    }
    attach("mount /proc", Some("proc"), "/proc", Some("proc"), HARMLESS)?;
    let temporary = "/tmp";
    attach("mount a tmpfs on /tmp", Some("tmpfs"), temporary, Some("tmpfs"), HARMLESS)?;
    if Path::new("/dev/shm").is_dir() {
        attach("mount a tmpfs on /dev/shm", Some("tmpfs"), "/dev/shm", Some("tmpfs"), HARMLESS)?;
    }
    let scratch = Path::new(temporary).join("scratch");
    fs::create_dir(&scratch).map_err(|error| refused("make the scratch directory", error))?;
    if let Some(made) = made {
        let source = format!("/proc/self/fd/{}", made.descriptor.as_raw_fd());
        mount(Some(&*source), &scratch, None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .map_err(|error| refused(&format!("bind mount {}", made.path.display()), error))?;
    }
    Ok(Here { isolation, scratch, queues: mount_queues(temporary) })
}

const HARMLESS: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV);

/// The queue file system at its usual place, or where we can make one; queues work without it, only listing them does not.
fn mount_queues(temporary: &str) -> Option<PathBuf> {
    let usual = PathBuf::from("/dev/mqueue");
    let directory = if usual.is_dir() { usual } else { Path::new(temporary).join("mqueue") };
    fs::create_dir_all(&directory).ok()?;
    mount(Some("mqueue"), &directory, Some("mqueue"), HARMLESS, None::<&str>).ok()?;
    Some(directory)
}

fn attach(step: &str, source: Option<&str>, target: &str, kind: Option<&str>, flags: MsFlags) -> TestResult {
    mount(source, target, kind, flags, None::<&str>).map_err(|error| refused(step, error))
}

#[track_caller]
fn refused(step: &str, error: impl std::fmt::Display) -> Stop {
    Stop::broken(format!("{step}: {error}"))
}

/// Takes the ids that the runner mapped.
pub fn become_root_of_namespace() -> TestResult {
    let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
    // Where setgroups is denied we keep the groups that we have, which the kernel shows as nobody's.
    let _ = setgroups(&[]);
    setresgid(group, group, group).map_err(|error| refused("setresgid", error))?;
    setresuid(user, user, user).map_err(|error| refused("setresuid", error))?;
    // A change of ids hides a process from its peers' /proc, where waiting until it blocks needs to see it.
    nix::sys::prctl::set_dumpable(true).map_err(|error| refused("prctl(PR_SET_DUMPABLE)", error))
}

/// Without namespaces: a directory that nobody else has, which init removes.
fn directory_of_our_own() -> TestResult<PathBuf> {
    let template = std::env::temp_dir().join("ipcspec-XXXXXX");
    let step = format!("make a scratch directory in {}", std::env::temp_dir().display());
    nix::unistd::mkdtemp(&template).map_err(|error| refused(&step, error))
}
