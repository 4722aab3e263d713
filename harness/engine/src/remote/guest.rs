//! The program as the first process: of a machine that was booted for it, or of a container. Does its job, is the parent
//! of all who lost theirs, and ends the machine.

use harness::bounded::{self, TICK, Waited};
use nix::mount::{MsFlags, mount, umount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{ForkResult, dup2_stderr, dup2_stdin, dup2_stdout, execv, execve, fork, setsid};
use serde::{Deserialize, Serialize};
use std::ffi::{CStr, CString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// Where a guest finds its job.
pub const JOB: &str = "/job.json";

/// Where a guest finds the program.
pub const PROGRAM: &str = "/init";

/// Where its disk is mounted, if it has one.
pub const DISK: &str = "/disk";

/// Directories that are there from the start.
pub const DIRECTORIES: [&str; 5] = ["dev", "disk", "proc", "sys", "tmp"];

/// What a guest is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The arguments of the program.
    pub arguments: Vec<String>,
    /// The machine that it is the first process of; none in a container, where an engine has mounted everything.
    pub machine: Option<Machine>,
}

/// A machine that was booted for a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The device for its standard output.
    pub console: String,
    /// The block device of its disk, if it has one.
    pub disk: Option<String>,
    /// Whether it ends as by a power failure: what was not synchronised may be lost.
    pub sudden: bool,
}

/// Whether this process is the first one, with a job of ours.
pub fn is_here() -> bool {
    std::process::id() == 1 && Path::new(JOB).exists()
}

/// Does the job, and ends the machine whatever comes of it.
pub fn main() -> ! {
    let job = fs::read(JOB).and_then(|text| Ok(serde_json::from_slice::<Job>(&text)?));
    let outcome = job.and_then(|Job { arguments, machine }| match machine {
        None => run(&arguments, None),
        Some(machine) => machine.run(&arguments).and_then(|()| end_machine()),
    });
    match outcome {
        Ok(code) => std::process::exit(code),
        Err(error) => {
            // To the kernel's console, since that is what whoever started this machine keeps.
            let _ = fs::write("/dev/kmsg", format!("ipcspec: {error}\n"));
            let _ = end_machine();
            std::process::exit(2)
        }
    }
}

/// Power-off needs more of a kernel than a restart does; its host does not let it start again.
fn end_machine() -> io::Result<i32> {
    reboot(RebootMode::RB_AUTOBOOT)?;
    Ok(0)
}

/// Runs the program and reaps whatever ends meanwhile. Stands on what is trusted, and not on pipes as
/// `std::process::Command` does: the kernel may be broken.
fn run(arguments: &[String], console: Option<File>) -> io::Result<i32> {
    let program = CString::new(PROGRAM)?;
    let arguments: Vec<_> = [PROGRAM]
        .into_iter()
        .chain(arguments.iter().map(String::as_str))
        .map(CString::new)
        .collect::<Result<_, _>>()?;
    let ended = SigSet::from(Signal::SIGCHLD);
    ended.thread_block()?;
    // Where it is ignored, children are reaped without us.
    // SAFETY: the default action runs no code of ours.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) }?;
    // SAFETY: this process has one thread.
    let child = match unsafe { fork() }? {
        ForkResult::Parent { child } => child.as_raw(),
        ForkResult::Child => {
            let error = become_program(&program, &arguments, console, ended);
            let _ = fs::write("/dev/kmsg", format!("ipcspec: {PROGRAM} cannot be started: {error}\n"));
            std::process::exit(2)
        }
    };
    loop {
        match bounded::wait(-1, libc::WNOHANG | libc::__WALL) {
            Ok(Some(Waited { pid, status, .. })) if pid == child && libc::WIFEXITED(status) => {
                return Ok(libc::WEXITSTATUS(status));
            }
            Ok(Some(Waited { pid, status, .. })) if pid == child && libc::WIFSIGNALED(status) => {
                return Ok(128 + libc::WTERMSIG(status));
            }
            Ok(Some(_)) => {}
            // Whether SIGCHLD comes, or wait(2) has missed somebody, is seen at the next tick.
            Ok(None) | Err(_) => _ = bounded::take_signal(&ended, TICK),
        }
    }
}

/// The program in place of this process; returns only if that fails.
fn become_program(program: &CStr, arguments: &[CString], console: Option<File>, ended: SigSet) -> io::Error {
    let prepare = || {
        setsid()?;
        ended.thread_unblock()?;
        let null = File::open("/dev/null")?;
        dup2_stdin(&null)?;
        let Some(console) = console else { return Ok(execv(program, arguments)?) };
        dup2_stdout(&console)?;
        dup2_stderr(&console)?;
        Ok(execve(program, arguments, &[c"PATH=/usr/sbin:/usr/bin:/sbin:/bin"])?)
    };
    match prepare() {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

impl Machine {
    fn run(&self, arguments: &[String]) -> io::Result<()> {
        mount_all()?;
        let console = open_raw(&self.console)?;
        if let Some(device) = &self.disk {
            mount(Some(Path::new(device)), DISK, Some("ext4"), MsFlags::empty(), None::<&str>)
                .map_err(|error| io::Error::other(format!("{device} cannot be mounted: {error}")))?;
            fs::set_permissions(DISK, fs::Permissions::from_mode(0o777))?;
        }
        run(arguments, Some(console))?;
        if !self.sudden && self.disk.is_some() {
            umount(DISK)?;
        }
        Ok(())
    }
}

fn mount_all() -> io::Result<()> {
    let harmless = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    attach("devtmpfs", "/dev", MsFlags::MS_NOSUID, "mode=755")?;
    attach("proc", "/proc", harmless | MsFlags::MS_NOEXEC, "")?;
    // What udev makes: execveat of a descriptor names its program so, and TOMOYO looks the name up.
    symlink("/proc/self/fd", "/dev/fd")?;
    attach("sysfs", "/sys", harmless | MsFlags::MS_NOEXEC, "")?;
    attach("tmpfs", "/tmp", harmless, "mode=1777")?;
    attach("tmpfs", "/dev/shm", harmless, "mode=1777")?;
    // Kernels are built without these, and then specs that need them are skipped.
    let _ = attach("devpts", "/dev/pts", MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC, "gid=5,mode=620,ptmxmode=666");
    let _ = attach("mqueue", "/dev/mqueue", harmless, "");
    Ok(())
}

fn attach(kind: &str, directory: &str, flags: MsFlags, options: &str) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    mount(Some(kind), directory, Some(kind), flags, Some(options))
        .map_err(|error| io::Error::other(format!("{kind} cannot be mounted on {directory}: {error}")))
}

/// A console that passes bytes on as they are.
fn open_raw(device: &str) -> io::Result<File> {
    let console = OpenOptions::new().write(true).open(device)?;
    let mut settings = tcgetattr(&console)?;
    cfmakeraw(&mut settings);
    tcsetattr(&console, SetArg::TCSANOW, &settings)?;
    Ok(console)
}
