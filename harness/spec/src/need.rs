//! What a spec wants of the machine: a closed vocabulary, each word with one probe and one sentence.

use crate::place::{ALL_IDS, OWN_IDS};
use nix::unistd::geteuid;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

pub use record::Missing;

/// One need. The words are those of `needs = [...]` in `#[harness::test]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// CAP_SYS_RESOURCE in the initial user namespace.
    CapSysResource,
    /// At least so many processors that the run may use.
    Cpus(usize),
    /// A /dev/shm of the spec's own, or at least a writable one.
    DevShm,
    /// A machine whose global settings may be changed: one booted for the run.
    Disposable,
    /// An IPC namespace of the spec's own.
    Ipcns,
    /// A mount namespace of the spec's own in which it may mount.
    Mounts,
    /// POSIX message queues. Their file system need not be mounted.
    Mqueue,
    /// A network namespace of the spec's own.
    Netns,
    /// fs.pipe-user-pages-hard is 0, as it is when nobody sets it.
    NoPipeHardLimit,
    /// At least so many open files by RLIMIT_NOFILE.
    Nofile(u64),
    /// A user id that no other process uses.
    OwnUid,
    /// A pid namespace of the spec's own.
    Pidns,
    /// fs.pipe-user-pages-hard is not 0.
    PipeHardLimit,
    /// A program that is found in PATH.
    Program(&'static str),
    /// fs.protected_fifos is on.
    ProtectedFifos,
    /// Pseudo-terminals.
    Pty,
    /// A target that is booted twice.
    Reboot,
    /// Root in the initial user namespace.
    Root,
    /// A second user id, to change to.
    SecondUid,
    /// At least this Linux version.
    Since(u32, u32),
    /// System V message queues, semaphores and shared memory.
    Sysv,
}

/// What a probe found: nothing to complain of, or what is there instead.
type Probe = Result<(), String>;

/// Whether the run was told that it may change the machine.
static DISPOSABLE: AtomicBool = AtomicBool::new(false);

/// Declares that this machine's global settings may be changed.
pub fn declare_disposable() {
    DISPOSABLE.store(true, Ordering::Relaxed);
}

/// What the first boot of a machine left, where this is the second.
static REBOOTED: OnceLock<PathBuf> = OnceLock::new();

/// The file in which the first boot keeps its number.
pub const FIRST_BOOT: &str = "boot_id";

/// Declares that this is the second boot, and where the first has left things.
pub fn declare_rebooted(directory: &Path) {
    REBOOTED.get_or_init(|| directory.into());
}

/// The directory in which the first boot has left things.
pub fn left_by_first_boot() -> Option<&'static Path> {
    REBOOTED.get().map(PathBuf::as_path)
}

/// The number that this boot of the kernel has.
pub fn boot_id() -> Result<String, String> {
    const FILE: &str = "/proc/sys/kernel/random/boot_id";
    fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))
}

fn rebooted() -> Probe {
    let directory = left_by_first_boot().ok_or("this target is not rebooted")?;
    let first = fs::read_to_string(directory.join(FIRST_BOOT)).map_err(|_| "the first boot has left nothing")?;
    met(first != boot_id()?, || "this is the first boot".into())
}

/// The second user, and group, of a sandbox with two.
pub const SECOND_ID: u32 = 1;

impl Need {
    /// The words without their arguments, as the catalogue of clauses uses them.
    pub const WORDS: [&'static str; 21] = [
        "cap_sys_resource",
        "cpus",
        "dev_shm",
        "disposable",
        "ipcns",
        "mounts",
        "mqueue",
        "netns",
        "no_pipe_hard_limit",
        "nofile",
        "own_uid",
        "pidns",
        "pipe_hard_limit",
        "program",
        "protected_fifos",
        "pty",
        "reboot",
        "root",
        "second_uid",
        "since",
        "sysv",
    ];

    /// Whether the spec must run as the machine's own root, outside a user namespace.
    pub fn asks_for_root(self) -> bool {
        matches!(self, Self::Root | Self::CapSysResource | Self::Disposable)
    }

    /// One sentence for the reader who misses it: how to meet it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::CapSysResource => "Run as a root that holds CAP_SYS_RESOURCE.",
            Self::Cpus(_) => "Run on a machine with more processors, or with a wider affinity mask.",
            Self::DevShm => "Mount a tmpfs on /dev/shm.",
            Self::Disposable => {
                "Boot a machine for the run and say --disposable there, as root; never on a machine in use."
            }
            Self::Ipcns | Self::Mounts | Self::Pidns => "Run as root, or allow unprivileged user namespaces.",
            Self::Mqueue => {
                "Use a kernel with CONFIG_POSIX_MQUEUE, and let its user have message queues: see ulimit -q."
            }
            Self::Netns => "Use a kernel with CONFIG_NET_NS, as root or with unprivileged user namespaces.",
            Self::NoPipeHardLimit => "Set fs.pipe-user-pages-hard back to 0.",
            Self::Nofile(_) => "Raise the hard limit: ulimit -Hn.",
            Self::OwnUid | Self::SecondUid => "Run as root: its user namespaces hold user ids that nobody else uses.",
            Self::PipeHardLimit => "Set fs.pipe-user-pages-hard on a machine made for tests.",
            Self::Program(_) => "Install the program.",
            Self::ProtectedFifos => "Set fs.protected_fifos to 1 or 2 on a machine made for tests.",
            Self::Pty => "Mount devpts on /dev/pts and provide /dev/ptmx.",
            Self::Reboot => "Run on a target that is booted twice.",
            Self::Root => "Run as root, outside a user namespace.",
            Self::Since(..) => "Run on a newer kernel.",
            Self::Sysv => "Use a kernel with CONFIG_SYSVIPC, and no filter that refuses msgget, semget or shmget.",
        }
    }

    /// Asks this process's surroundings, which are those of a spec: call it in the sandbox.
    pub fn probe(self) -> Probe {
        match self {
            Self::CapSysResource => {
                const CAP_SYS_RESOURCE: u32 = 24;
                initial_root()?;
                let effective = status_field("CapEff").ok_or("/proc/self/status tells no capabilities")?;
                let mask = u64::from_str_radix(&effective, 16).map_err(|error| error.to_string())?;
                met(mask >> CAP_SYS_RESOURCE & 1 == 1, || format!("effective capabilities {effective}"))
            }
            Self::Cpus(wanted) => {
                let found = std::thread::available_parallelism().map_or(1, usize::from);
                met(found >= wanted, || format!("{found} processor(s)"))
            }
            Self::DevShm => writable("/dev/shm"),
            Self::Disposable => {
                initial_root()?;
                met(DISPOSABLE.load(Ordering::Relaxed), || "this machine was not declared disposable".into())
            }
            Self::Ipcns | Self::Mounts | Self::Pidns => {
                met(crate::place::is_namespaced(), || "no namespaces here".into())
            }
            Self::Mqueue => probe_mqueue(),
            Self::Netns => {
                nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).map_err(|error| format!("unshare: {error}"))
            }
            Self::Nofile(wanted) => {
                use nix::sys::resource::{Resource, getrlimit};
                let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(|error| error.to_string())?;
                met(hard >= wanted, || format!("RLIMIT_NOFILE is {hard}"))
            }
            Self::OwnUid => met(ids_held()? == OWN_IDS, || "the user id of the sandbox is another's too".into()),
            Self::SecondUid => met(ids_held()? > 1, || "the sandbox holds only the user id of the run".into()),
            Self::PipeHardLimit => setting_is_on("fs/pipe-user-pages-hard"),
            Self::NoPipeHardLimit => {
                met(setting_is_on("fs/pipe-user-pages-hard").is_err(), || "fs.pipe-user-pages-hard is not 0".into())
            }
            Self::Program(name) => {
                let path = std::env::var_os("PATH").unwrap_or_default();
                let found = std::env::split_paths(&path).any(|directory| directory.join(name).is_file());
                met(found, || format!("{name} is not in PATH"))
            }
            Self::ProtectedFifos => setting_is_on("fs/protected_fifos"),
            Self::Pty => {
                let open = nix::pty::posix_openpt(nix::fcntl::OFlag::O_RDWR | nix::fcntl::OFlag::O_NOCTTY);
                let master = open.map_err(|error| format!("posix_openpt: {error}"))?;
                nix::pty::grantpt(&master).and_then(|()| nix::pty::unlockpt(&master)).map_err(|error| error.to_string())
            }
            Self::Reboot => rebooted(),
            Self::Root => initial_root(),
            Self::Sysv => probe_sysv(),
            Self::Since(major, minor) => {
                let release = nix::sys::utsname::uname().map_err(|error| error.to_string())?;
                let release = release.release().to_string_lossy().into_owned();
                let mut numbers =
                    release.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse::<u32>().ok());
                let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
                met(found >= (major, minor), || format!("Linux {release}"))
            }
        }
    }

    /// Probes; tells what is missing.
    pub fn missing(self) -> Option<Missing> {
        let found = self.probe().err()?;
        Some(Missing { need: self.to_string(), found, remedy: self.remedy().into() })
    }
}

impl std::fmt::Display for Need {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CapSysResource => f.write_str("cap_sys_resource"),
            Self::Cpus(count) => write!(f, "cpus({count})"),
            Self::DevShm => f.write_str("dev_shm"),
            Self::Disposable => f.write_str("disposable"),
            Self::Ipcns => f.write_str("ipcns"),
            Self::Mounts => f.write_str("mounts"),
            Self::Mqueue => f.write_str("mqueue"),
            Self::Netns => f.write_str("netns"),
            Self::NoPipeHardLimit => f.write_str("no_pipe_hard_limit"),
            Self::Nofile(count) => write!(f, "nofile({count})"),
            Self::OwnUid => f.write_str("own_uid"),
            Self::Pidns => f.write_str("pidns"),
            Self::PipeHardLimit => f.write_str("pipe_hard_limit"),
            Self::Program(name) => write!(f, "program({name})"),
            Self::ProtectedFifos => f.write_str("protected_fifos"),
            Self::Pty => f.write_str("pty"),
            Self::Reboot => f.write_str("reboot"),
            Self::Root => f.write_str("root"),
            Self::SecondUid => f.write_str("second_uid"),
            Self::Since(major, minor) => write!(f, "since({major}.{minor})"),
            Self::Sysv => f.write_str("sysv"),
        }
    }
}

fn met(holds: bool, found: impl FnOnce() -> String) -> Probe {
    if holds { Ok(()) } else { Err(found()) }
}

fn status_field(name: &str) -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}

/// User namespaces other than the initial one map less than everything.
fn initial_root() -> Probe {
    met(geteuid().is_root() && ids_held()? == ALL_IDS, || match geteuid().is_root() {
        true => "root of a user namespace only".into(),
        false => format!("uid {}", geteuid()),
    })
}

fn ids_held() -> Result<u64, String> {
    crate::place::ids_held().map_err(|error| error.to_string())
}

fn writable(directory: &str) -> Probe {
    use nix::unistd::{AccessFlags, access};
    access(directory, AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK)
        .map_err(|error| format!("{directory}: {error}"))
}

fn setting_is_on(name: &str) -> Probe {
    let value = fs::read_to_string(format!("/proc/sys/{name}")).map_err(|error| format!("{name}: {error}"))?;
    met(value.trim() != "0", || format!("{} is 0", name.replace('/', ".")))
}

fn probe_mqueue() -> Probe {
    use nix::mqueue::{MQ_OFlag, MqAttr, mq_close, mq_open, mq_unlink};
    use nix::sys::stat::Mode;
    let name = format!("/ipcspec-probe-{}", nix::unistd::getpid());
    let flags = MQ_OFlag::O_CREAT | MQ_OFlag::O_EXCL | MQ_OFlag::O_RDWR;
    // With attributes: nix passes the mode only with them.
    let attributes = MqAttr::new(0, 1, 1, 0);
    let queue = mq_open(name.as_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR, Some(&attributes))
        .map_err(|error| format!("mq_open: {error}"))?;
    mq_unlink(name.as_str()).map_err(|error| format!("mq_unlink: {error}"))?;
    mq_close(queue).map_err(|error| format!("mq_close: {error}"))
}

/// Makes one object of each kind, and removes it.
fn probe_sysv() -> Probe {
    use nix::errno::Errno;
    const NEW: i32 = libc::IPC_CREAT | 0o600;
    // SAFETY: these make and remove objects of our own, and touch no memory.
    unsafe {
        let queue = Errno::result(libc::msgget(libc::IPC_PRIVATE, NEW)).map_err(|error| format!("msgget: {error}"))?;
        libc::msgctl(queue, libc::IPC_RMID, std::ptr::null_mut());
        let set = Errno::result(libc::semget(libc::IPC_PRIVATE, 1, NEW)).map_err(|error| format!("semget: {error}"))?;
        libc::semctl(set, 0, libc::IPC_RMID);
        let segment =
            Errno::result(libc::shmget(libc::IPC_PRIVATE, 1, NEW)).map_err(|error| format!("shmget: {error}"))?;
        libc::shmctl(segment, libc::IPC_RMID, std::ptr::null_mut());
    }
    Ok(())
}
