//! Where a run happens, when it is not here: the program is carried to a target, runs there, and its records come back.
//!
//! A target is a command whose standard output holds what the program prints there, as frames ([`frame`]). How that command is
//! made is a module for each kind; that it is watched, ended and believed or not is the same for all ([`carry`]).

pub mod carry;
pub mod frame;
pub mod guest;
pub mod list;

mod initramfs;
mod oci;
mod qemu;
mod tool;
mod uml;

pub use list::{Kind, Machine, Target};

use crate::runner::machine::CannotRun;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What a target is asked to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// The arguments for the program: `run`, filters, and what the target wants besides.
    pub arguments: Vec<String>,
    /// Whether a selected spec needs a machine that was booted twice.
    pub reboot: bool,
}

/// What a machine can lend to targets, or a target needs of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Processors.
    pub cpus: usize,
    /// Memory in MiB.
    pub memory: usize,
}

/// A target made ready: what to start, in this order, and the files that it stands on.
struct Ready {
    /// All but the last leave something for the last; its standard output holds the frames.
    commands: Vec<Command>,
    _directory: TempDir,
}

impl Target {
    /// Whether everything that it stands on is here; else a sentence that names what brings it.
    pub fn is_ready(&self) -> Result<(), CannotRun> {
        match &self.kind {
            Kind::Local { binary: Some(binary), .. } if !binary.is_file() => {
                Err(CannotRun(format!("there is no {}: see scripts/dist", binary.display())))
            }
            Kind::Local { .. } | Kind::Command { .. } => Ok(()),
            Kind::Container { .. } => oci::Engine::crun().map(drop),
            Kind::Gvisor { kernel } => oci::Engine::runsc(kernel.as_deref()).map(drop),
            Kind::Uml { disk, kernel, .. } => uml::find(kernel.as_deref(), *disk).map(drop),
            Kind::Qemu(machine) => qemu::find(machine).map(drop),
        }
    }

    /// What it takes while it runs. Most specs wait more than they compute; one thread emulates all processors of a machine.
    pub fn room(&self) -> Room {
        match &self.kind {
            Kind::Local { .. } | Kind::Container { .. } | Kind::Command { .. } => Room { cpus: 1, memory: 256 },
            Kind::Gvisor { .. } => Room { cpus: 1, memory: 512 },
            Kind::Uml { .. } => Room { cpus: 1, memory: uml::MEMORY },
            Kind::Qemu(Machine { accel: None, .. }) => Room { cpus: 1, memory: qemu::MEMORY },
            Kind::Qemu(Machine { cpus, .. }) => Room { cpus: cpus.unwrap_or(qemu::CPUS).into(), memory: qemu::MEMORY },
        }
    }

    /// How much slower than this machine it is: deadlines are multiplied by it.
    pub fn slowness(&self) -> f64 {
        match self.kind {
            Kind::Local { .. } | Kind::Container { .. } | Kind::Gvisor { .. } | Kind::Command { .. } => 1.0,
            Kind::Uml { .. } => 2.0,
            Kind::Qemu(_) => 4.0,
        }
    }

    /// Whether it has no shared libraries, so that the program must be static.
    pub fn needs_static(&self) -> bool {
        !matches!(self.kind, Kind::Local { .. } | Kind::Command { .. })
    }

    /// Whether it is booted for the run, so that specs may change its settings.
    pub fn is_disposable(&self) -> bool {
        matches!(self.kind, Kind::Uml { .. } | Kind::Qemu(_))
    }

    fn make_ready(&self, job: &Job, log: &Path) -> Result<Ready, CannotRun> {
        let cannot = |error: io::Error| CannotRun(format!("its files cannot be made: {error}"));
        self.is_ready()?;
        let directory = tempfile::Builder::new().prefix("ipcspec-").tempdir().map_err(cannot)?;
        let own = match &self.kind {
            Kind::Local { binary: Some(binary), .. } => binary.clone(),
            _ => PathBuf::from("/proc/self/exe"),
        };
        // Other users must get there.
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).map_err(cannot)?;
        let program = directory.path().join("ipcspec");
        std::fs::copy(own, &program).map_err(cannot)?;
        let commands = match &self.kind {
            Kind::Local { uid, max_user_namespaces, .. } => {
                vec![local(&program, *uid, *max_user_namespaces, job)]
            }
            Kind::Command { command } => {
                let mut wrapped = Command::new(&command[0]);
                wrapped.args(&command[1..]).arg(&program).args(&job.arguments);
                vec![wrapped]
            }
            Kind::Container { strict } => vec![oci::Engine::crun()?.container(&program, *strict, job)?],
            Kind::Gvisor { kernel } => vec![oci::Engine::runsc(kernel.as_deref())?.sandbox(&program, job)?],
            Kind::Uml { disk, kernel, append } => {
                uml::boots(&uml::find(kernel.as_deref(), *disk)?, &program, *disk, append.as_deref(), job)?
            }
            Kind::Qemu(machine) => qemu::boots(&qemu::find(machine)?, machine, &program, job, log)?,
        };
        Ok(Ready { commands, _directory: directory })
    }
}

/// This machine, perhaps as another user, who has no group and no rights of ours, and perhaps in a user namespace.
fn local(program: &Path, uid: Option<u32>, max_user_namespaces: Option<u32>, job: &Job) -> Command {
    let mut command = Command::new(program);
    command.args(&job.arguments);
    if uid.is_some() {
        command.current_dir("/").env_remove("TMPDIR");
    }
    let become_them = move || {
        if let Some(uid) = uid {
            let (user, group) = (Uid::from_raw(uid), Gid::from_raw(uid));
            setgroups(&[])?;
            setresgid(group, group, group)?;
            setresuid(user, user, user)?;
        }
        max_user_namespaces.map_or(Ok(()), limit_user_namespaces)
    };
    // SAFETY: this process has one thread, so that its copy may allocate memory between fork and exec.
    unsafe { command.pre_exec(become_them) };
    command
}

/// Enters a user namespace in which this user has the same id, and limits how many there can be below it. Who is not user 0
/// there loses the capabilities with the next execve(2). user_namespaces(7), namespaces(7)
fn limit_user_namespaces(most: u32) -> io::Result<()> {
    let (uid, gid) = (Uid::current(), Gid::current());
    // After a change of user /proc/self belongs to root, until this is said.
    nix::sys::prctl::set_dumpable(true)?;
    unshare(CloneFlags::CLONE_NEWUSER)?;
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))?;
    std::fs::write("/proc/sys/user/max_user_namespaces", most.to_string())
}
