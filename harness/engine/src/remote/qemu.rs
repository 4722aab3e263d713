//! A kernel under qemu: emulated by default, with its own first file system, so that it needs no rights and no network.

use super::list::Machine;
use super::{Job, guest, initramfs, tool};
use crate::runner::machine::CannotRun;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use tool::Tool;

/// Processors of the machine when its entry does not say.
pub const CPUS: u8 = 2;
/// One thread emulates all processors. With a thread for each, qemu before 8.1 lets one run an instruction while another
/// changes it: one boot in a hundred ended in "Oops: int3" (Red Hat's bug 2216496).
const EMULATION: &str = "tcg,thread=single";
/// Its memory in MiB: the archive is in it three times while it boots.
pub const MEMORY: usize = 1024;

/// What it stands on.
pub struct Found {
    qemu: Tool,
    kernel: PathBuf,
    mkfs: Option<Tool>,
}

/// Finds it; the kernel by its name in the cache, or by its path.
pub fn find(machine: &Machine) -> Result<Found, CannotRun> {
    let qemu = tool::find("qemu-system-x86_64", "qemu-system-x86")?;
    Ok(Found { qemu, kernel: tool::find_kernel(&machine.kernel)?, mkfs: find_mkfs(machine.disk)? })
}

/// What makes the file system of a disk.
pub fn find_mkfs(disk: bool) -> Result<Option<Tool>, CannotRun> {
    disk.then(|| tool::find("mkfs.ext4", "e2fsprogs")).transpose()
}

/// One boot, or two when something is to outlive a reboot.
pub fn boots(
    found: &Found,
    machine: &Machine,
    program: &Path,
    job: &Job,
    log: &Path,
) -> Result<Vec<Command>, CannotRun> {
    let disk = machine.disk.then_some("/dev/nvme0n1");
    let guest = Guest { console: "/dev/ttyS1", disk, mkfs: found.mkfs.as_ref() };
    guest.boots(program, job, |archive, image| {
        let mut command = found.command(machine);
        command.arg("-kernel").arg(&found.kernel).arg("-initrd").arg(archive);
        // Both on one log: what the kernel says, and what qemu says.
        command.args(["-chardev", &format!("file,id=log,append=on,path={}", doubled(log)), "-serial", "chardev:log"]);
        command.args(["-serial", "stdio"]);
        if let Some(image) = image {
            command.args(["-drive", &format!("id=disk,if=none,format=raw,file={}", doubled(image))]);
            command.args(["-device", "nvme,drive=disk,serial=disk"]);
        }
        // A kernel that panics restarts, and is not started again. An emulated timer is late on a busy machine: without the
        // last word the kernel counts its ticks while it boots, and panics ("IO-APIC + timer doesn't work").
        let append = machine.append.as_deref().unwrap_or_default();
        command.args(["-append", format!("console=ttyS0 panic=-1 no_timer_check {append}").trim_end()]);
        command
    })
}

/// A path in one of qemu's lists of options, where a comma would end it.
fn doubled(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}

impl Found {
    /// The machine without what is special to a boot.
    fn command(&self, machine: &Machine) -> Command {
        let mut command = self.qemu.command();
        if let Some(root) = &self.qemu.unpacked {
            command.env("QEMU_MODULE_DIR", root.join("usr/lib/x86_64-linux-gnu/qemu"));
            for directory in ["usr/share/seabios", "usr/share/qemu"] {
                command.arg("-L").arg(root.join(directory));
            }
        }
        command.args(["-M", "pc", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
        command.args(["-accel", machine.accel.as_deref().unwrap_or(EMULATION)]);
        // Emulated five-level page tables are what some kernels stumbled on.
        command.args([
            "-cpu",
            "max,la57=off",
            "-smp",
            &machine.cpus.unwrap_or(CPUS).to_string(),
            "-m",
            &MEMORY.to_string(),
        ]);
        command
    }
}

/// What a guest is told, by whatever boots it.
pub struct Guest<'a> {
    /// The device that is its standard output.
    pub console: &'a str,
    /// Its disk, if it has one.
    pub disk: Option<&'a str>,
    /// What makes the file system on it.
    pub mkfs: Option<&'a Tool>,
}

impl Guest<'_> {
    /// The boots of a job. `command` makes one of an archive and the image of a disk.
    pub fn boots(
        &self,
        program: &Path,
        job: &Job,
        command: impl Fn(&Path, Option<&Path>) -> Command,
    ) -> Result<Vec<Command>, CannotRun> {
        let cannot = |error: std::io::Error| CannotRun(format!("its files cannot be made: {error}"));
        let directory = program.parent().expect("the program is in a directory of ours");
        let Some((device, mkfs)) = self.disk.zip(self.mkfs).filter(|_| job.reboot) else {
            let archive = directory.join("initramfs.cpio");
            initramfs::write(&archive, program, &self.job(job.arguments.clone(), None, false)).map_err(cannot)?;
            return Ok(vec![command(&archive, None)]);
        };
        let image = directory.join("disk");
        std::fs::File::create(&image).and_then(|file| file.set_len(64 << 20)).map_err(cannot)?;
        let made = mkfs.command().args(["-q", "-F"]).arg(&image).output().map_err(cannot)?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr).trim().replace('\n', " ");
            return Err(CannotRun(format!("a disk cannot be made: {said}")));
        }
        let first = vec!["leave".into(), guest::DISK.into()];
        let second = job.arguments.iter().cloned().chain(["--rebooted".into(), guest::DISK.into()]).collect();
        let boots = [("first.cpio", first, true), ("second.cpio", second, false)];
        boots
            .into_iter()
            .map(|(name, arguments, sudden)| {
                let archive = directory.join(name);
                initramfs::write(&archive, program, &self.job(arguments, Some(device), sudden)).map_err(cannot)?;
                Ok(command(&archive, Some(&image)))
            })
            .collect()
    }

    fn job(&self, arguments: Vec<String>, disk: Option<&str>, sudden: bool) -> guest::Job {
        let machine = guest::Machine { console: self.console.into(), disk: disk.map(Into::into), sudden };
        guest::Job { arguments, machine: Some(machine) }
    }
}

/// `name=value` with a path as the value.
pub fn assignment(name: &str, value: &Path) -> OsString {
    let mut word = OsString::from(format!("{name}="));
    word.push(value);
    word
}
