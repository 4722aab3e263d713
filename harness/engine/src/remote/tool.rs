//! The programs that targets stand on: those of this machine, or those that scripts/kernels has unpacked.

use crate::runner::machine::CannotRun;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Where it is.
    pub path: PathBuf,
    /// The root of the unpacked packages, when it is there.
    pub unpacked: Option<PathBuf>,
}

/// Where scripts/kernels puts things.
pub fn cache() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("XDG_CACHE_HOME")
        .or_else(|| Some(variable("HOME")?.join(".cache")))
        .unwrap_or_else(|| "/var/cache".into())
        .join("ipcspec")
}

/// Finds a program that this package of Debian brings.
pub fn find(name: &str, package: &str) -> Result<Tool, CannotRun> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Where users have no administrator's directories in their path, these are still there.
    let directories = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let here = directories.map(|directory| directory.join(name)).find(|path| path.is_file());
    if let Some(path) = here {
        return Ok(Tool { path, unpacked: None });
    }
    let root = cache().join("root");
    let path = root.join("usr/bin").join(name);
    if path.is_file() { Ok(Tool { path, unpacked: Some(root) }) } else { Err(missing(name, package)) }
}

/// Finds a file that this package of Debian brings, by its path without the first slash.
pub fn find_file(path: &str, package: &str) -> Result<PathBuf, CannotRun> {
    let places = [Path::new("/").join(path), cache().join("root").join(path)];
    places.into_iter().find(|place| place.is_file()).ok_or_else(|| missing(path, package))
}

/// Finds a kernel that is a program: this one, or the one of a package.
pub fn find_or(kernel: Option<&Path>, name: &str, package: &str) -> Result<Tool, CannotRun> {
    match kernel {
        Some(kernel) => Ok(Tool { path: find_kernel(kernel)?, unpacked: None }),
        None => find(name, package),
    }
}

/// Finds a kernel: by its name in the cache, or by its path.
pub fn find_kernel(kernel: &Path) -> Result<PathBuf, CannotRun> {
    let path = cache().join("kernels").join(kernel);
    if path.is_file() {
        return Ok(path);
    }
    let remedy = if kernel.is_absolute() {
        "name a kernel image".into()
    } else if kernel == Path::new("broken") {
        "scripts/broken-kernel/build makes it".into()
    } else {
        format!("scripts/kernels {} fetches it", kernel.display())
    };
    Err(CannotRun(format!("there is no kernel {}: {remedy}", path.display())))
}

fn missing(what: &str, package: &str) -> CannotRun {
    CannotRun(format!("{what} is missing: install {package}, or let scripts/kernels fetch it"))
}

impl Tool {
    /// A command that starts it, or something that starts it.
    pub fn started_by(&self, first: &Path) -> Command {
        let mut command = Command::new(first);
        if let Some(root) = &self.unpacked {
            let library = |directory: &str| root.join(directory).into_os_string();
            let mut path = library("usr/lib/x86_64-linux-gnu");
            path.push(":");
            path.push(library("lib/x86_64-linux-gnu"));
            command.env("LD_LIBRARY_PATH", path);
        }
        command
    }

    /// A command that starts it.
    pub fn command(&self) -> Command {
        self.started_by(&self.path)
    }

    /// A command that starts it where no process outlives the command: in a pid namespace, with the rights to make one.
    pub fn alone(&self) -> Result<Command, CannotRun> {
        let unshare = find("unshare", "util-linux")?;
        let mut command = self.started_by(&unshare.path);
        if !nix::unistd::geteuid().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["--pid", "--fork", "--kill-child", "--mount-proc", "--"]);
        Ok(command)
    }
}
