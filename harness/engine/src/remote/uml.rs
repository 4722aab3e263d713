//! User-mode Linux: a kernel as a process of this one.

use super::qemu::{Guest, assignment, find_mkfs};
use super::{Job, tool};
use crate::runner::machine::CannotRun;
use std::path::Path;
use std::process::Command;
use tool::Tool;

/// Its memory in MiB.
pub const MEMORY: usize = 512;

/// What it stands on.
pub struct Found {
    uml: Tool,
    setsid: Tool,
    mkfs: Option<Tool>,
}

/// Finds it: Debian's, or a kernel by its name in the cache or by its path.
pub fn find(kernel: Option<&Path>, disk: bool) -> Result<Found, CannotRun> {
    Ok(Found {
        uml: tool::find_or(kernel, "linux.uml", "user-mode-linux")?,
        setsid: tool::find("setsid", "util-linux")?,
        mkfs: find_mkfs(disk)?,
    })
}

/// One boot, or two when something is to outlive a reboot.
pub fn boots(
    found: &Found,
    program: &Path,
    disk: bool,
    append: Option<&str>,
    job: &Job,
) -> Result<Vec<Command>, CannotRun> {
    let guest = Guest { console: "/dev/tty1", disk: disk.then_some("/dev/ubda"), mkfs: found.mkfs.as_ref() };
    // Checked here, so that making a command cannot fail below.
    found.uml.alone()?;
    let directory = program.parent().expect("the program is in a directory of ours");
    let shim = tool::cache().join("root/uml-xstate.so");
    guest.boots(program, job, |archive, image| {
        let mut command = found.uml.alone().expect("it was found a moment ago");
        // When its kernel panics, UML sends SIGTERM to its process group and aborts, which the first process of a pid
        // namespace survives: so it is neither in ours nor the first.
        command.arg(&found.setsid.path).args(["--fork", "--wait"]).arg(&found.uml.path);
        command.arg(format!("mem={MEMORY}M")).arg(assignment("initrd", archive)).arg(assignment("uml_dir", directory));
        if let Some(image) = image {
            command.arg(assignment("ubd0", image));
        }
        command.args(["con=null", "con0=null,fd:2", "con1=null,fd:1", "ssl=null", "panic=-1", "noreboot"]);
        command.args(append.unwrap_or_default().split_whitespace());
        command.env("TMPDIR", directory);
        if shim.is_file() {
            command.env("LD_PRELOAD", &shim);
        }
        command
    })
}
