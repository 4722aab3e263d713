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

pub use list::{Kind, Target};

use crate::runner::machine::CannotRun;
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
            Kind::Gvisor {} => oci::Engine::runsc().map(drop),
            Kind::Uml { disk } => uml::find(*disk).map(drop),
            Kind::Qemu { kernel, disk, .. } => qemu::find(kernel, *disk).map(drop),
        }
    }

    /// What it takes while it runs. Most specs wait more than they compute; one thread emulates all processors of a machine.
    pub fn room(&self) -> Room {
        match &self.kind {
            Kind::Local { .. } | Kind::Container { .. } | Kind::Command { .. } => Room { cpus: 1, memory: 256 },
            Kind::Gvisor {} => Room { cpus: 1, memory: 512 },
            Kind::Uml { .. } => Room { cpus: 1, memory: uml::MEMORY },
            Kind::Qemu { accel: None, .. } => Room { cpus: 1, memory: qemu::MEMORY },
            Kind::Qemu { accel: Some(_), .. } => Room { cpus: qemu::CPUS, memory: qemu::MEMORY },
        }
    }

    /// How much slower than this machine it is: deadlines are multiplied by it.
    pub fn slowness(&self) -> f64 {
        match self.kind {
            Kind::Local { .. } | Kind::Container { .. } | Kind::Gvisor {} | Kind::Command { .. } => 1.0,
            Kind::Uml { .. } => 2.0,
            Kind::Qemu { .. } => 4.0,
        }
    }

    /// Whether it is booted for the run, so that specs may change its settings.
    pub fn is_disposable(&self) -> bool {
        matches!(self.kind, Kind::Uml { .. } | Kind::Qemu { .. })
    }

    fn make_ready(&self, job: &Job, log: &Path) -> Result<Ready, CannotRun> {
        let cannot = |error: std::io::Error| CannotRun(format!("its files cannot be made: {error}"));
        self.is_ready()?;
        let directory = tempfile::Builder::new().prefix("ipcspec-").tempdir().map_err(cannot)?;
        let own = match &self.kind {
            Kind::Local { binary: Some(binary), .. } => binary.clone(),
            _ => PathBuf::from("/proc/self/exe"),
        };
        if !cfg!(target_feature = "crt-static") && !matches!(self.kind, Kind::Local { .. } | Kind::Command { .. }) {
            let sentence = "this ipcspec needs shared libraries, which the target does not have: build the static one with scripts/dist, and run that";
            return Err(CannotRun(sentence.into()));
        }
        // Other users must get there.
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).map_err(cannot)?;
        let program = directory.path().join("ipcspec");
        std::fs::copy(own, &program).map_err(cannot)?;
        let commands = match &self.kind {
            Kind::Local { uid, .. } => vec![local(&program, *uid, job)],
            Kind::Command { command } => {
                let mut wrapped = Command::new(&command[0]);
                wrapped.args(&command[1..]).arg(&program).args(&job.arguments);
                vec![wrapped]
            }
            Kind::Container { strict } => vec![oci::Engine::crun()?.container(&program, *strict, job)?],
            Kind::Gvisor {} => vec![oci::Engine::runsc()?.sandbox(&program, job)?],
            Kind::Uml { disk } => uml::boots(&uml::find(*disk)?, &program, *disk, job)?,
            Kind::Qemu { kernel, disk, accel } => {
                qemu::boots(&qemu::find(kernel, *disk)?, &program, *disk, accel.as_deref(), job, log)?
            }
        };
        Ok(Ready { commands, _directory: directory })
    }
}

/// This machine, perhaps as another user, who has no group and no rights of ours.
fn local(program: &Path, uid: Option<u32>, job: &Job) -> Command {
    let mut command = Command::new(program);
    command.args(&job.arguments);
    if let Some(uid) = uid {
        command.current_dir("/").env_remove("TMPDIR");
        let become_them = move || {
            let (user, group) = (nix::unistd::Uid::from_raw(uid), nix::unistd::Gid::from_raw(uid));
            nix::unistd::setgroups(&[])?;
            nix::unistd::setresgid(group, group, group)?;
            nix::unistd::setresuid(user, user, user)?;
            Ok(())
        };
        // SAFETY: between fork and exec it makes system calls only.
        unsafe { command.pre_exec(become_them) };
    }
    command
}
