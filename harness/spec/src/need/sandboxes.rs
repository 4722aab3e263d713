//! Needs that decide the sandbox.

use super::{Demand, Need, Probe, met};
use crate::place::{ALL_IDS, OWN_IDS, ids_held, is_namespaced};
use crate::raw;
use crate::raw::Sysno;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

const ALLOW_NAMESPACES: &str = "Run as root, or allow unprivileged user namespaces.";
const PROVIDE_IDS: &str = "Run as root, or install newuidmap and newgidmap (package uidmap) and give the user ids in /etc/subuid and /etc/subgid.";

/// Root in the initial user namespace. user_namespaces(7).
pub const ROOT: Need =
    Need::new("root", |_| initial_root(), "Run as root, outside a user namespace.").demands(Demand::Root);

/// CAP_SYS_RESOURCE in the initial user namespace. capabilities(7).
pub const CAP_SYS_RESOURCE: Need =
    Need::new("cap_sys_resource", has_cap_sys_resource, "Run as a root that holds CAP_SYS_RESOURCE.")
        .demands(Demand::Root);

/// A machine whose global settings may be changed: one that was booted for the run.
pub const DISPOSABLE: Need = Need::new(
    "disposable",
    is_disposable,
    "Run as root with --disposable in a throwaway VM: this spec changes global settings.",
)
.demands(Demand::Alone);

/// A target that is booted twice.
pub const REBOOT: Need =
    Need::new("reboot", is_rebooted, "Run on a target that is booted twice.").demands(Demand::NoNamespaces);

/// An IPC namespace of the spec's own. ipc_namespaces(7).
pub const IPCNS: Need = Need::new("ipcns", has_namespaces, ALLOW_NAMESPACES);

/// A mount namespace of the spec's own in which it may mount. mount_namespaces(7).
pub const MOUNTS: Need = Need::new("mounts", has_namespaces, ALLOW_NAMESPACES);

/// A pid namespace of the spec's own. pid_namespaces(7).
pub const PIDNS: Need = Need::new("pidns", has_namespaces, ALLOW_NAMESPACES);

/// A network namespace of the spec's own. network_namespaces(7).
pub const NETNS: Need = Need::new(
    "netns",
    has_network_namespace,
    "Use a kernel with CONFIG_NET_NS, as root or with unprivileged user namespaces.",
)
.demands(Demand::Network);

/// A user id that no other process uses.
pub const OWN_UID: Need = Need::new("own_uid", has_own_uid, PROVIDE_IDS);

/// A second user id, to change to.
pub const SECOND_UID: Need = Need::new("second_uid", has_second_uid, PROVIDE_IDS);

/// The second user, and group, of a sandbox with two.
pub const SECOND_ID: u32 = 1;

/// Whether the run was told that it may change the machine.
static MAY_CHANGE_THE_MACHINE: AtomicBool = AtomicBool::new(false);

/// Declares that this machine's global settings may be changed.
pub fn declare_disposable() {
    MAY_CHANGE_THE_MACHINE.store(true, Ordering::Relaxed);
}

/// Whether it was declared that this machine's global settings may be changed: nobody else uses it.
pub fn machine_is_disposable() -> bool {
    MAY_CHANGE_THE_MACHINE.load(Ordering::Relaxed)
}

fn is_disposable(_: &Need) -> Probe {
    initial_root()?;
    met(machine_is_disposable(), || "this machine was not declared disposable".into())
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

/// The number that this boot of the kernel has. proc_sys_kernel(5).
pub fn boot_id() -> Result<String, String> {
    const FILE: &str = "/proc/sys/kernel/random/boot_id";
    fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))
}

fn is_rebooted(_: &Need) -> Probe {
    let directory = left_by_first_boot().ok_or("this target is not rebooted")?;
    let first = fs::read_to_string(directory.join(FIRST_BOOT)).map_err(|_| "the first boot has left nothing")?;
    met(first != boot_id()?, || "this is the first boot".into())
}

/// User namespaces other than the initial one map less than everything.
fn initial_root() -> Probe {
    // SAFETY: takes nothing and returns a number.
    let uid = unsafe { raw::syscall(Sysno::geteuid, [0; 6]) }.map_err(|error| format!("geteuid: {error}"))?;
    met(uid == 0 && held()? == ALL_IDS, || match uid {
        0 => "root of a user namespace only".into(),
        uid => format!("uid {uid}"),
    })
}

fn has_cap_sys_resource(_: &Need) -> Probe {
    const CAP_SYS_RESOURCE: u32 = 24;
    const VERSION_3: u32 = 0x2008_0522;
    initial_root()?;
    // struct __user_cap_header_struct and two of __user_cap_data_struct, linux/capability.h.
    let header = [VERSION_3, 0];
    let mut sets = [[0_u32; 3]; 2];
    let arguments = [header.as_ptr().addr(), sets.as_mut_ptr().expose_provenance(), 0, 0, 0, 0];
    // SAFETY: both have the form of version 3, and outlive the call.
    unsafe { raw::syscall(Sysno::capget, arguments) }.map_err(|error| format!("capget: {error}"))?;
    let effective = u64::from(sets[1][0]) << 32 | u64::from(sets[0][0]);
    met(effective >> CAP_SYS_RESOURCE & 1 == 1, || format!("effective capabilities {effective:016x}"))
}

fn has_namespaces(_: &Need) -> Probe {
    met(is_namespaced(), || "no namespaces here".into())
}

fn has_network_namespace(_: &Need) -> Probe {
    // SAFETY: changes the network namespace of this process, which is the probe's own.
    unsafe { raw::syscall(Sysno::unshare, [libc::CLONE_NEWNET as usize, 0, 0, 0, 0, 0]) }
        .map(drop)
        .map_err(|error| format!("unshare: {error}"))
}

/// Why the user who runs this has no ids for sandboxes.
static WITHOUT_IDS: OnceLock<String> = OnceLock::new();

/// Declares why sandboxes have no ids but that of the run.
pub fn declare_without_ids(why: String) {
    WITHOUT_IDS.get_or_init(|| why);
}

fn without_ids(found: &str) -> String {
    WITHOUT_IDS.get().map_or(found.into(), |why| format!("{found}: {why}"))
}

fn has_own_uid(_: &Need) -> Probe {
    met(held()? == OWN_IDS, || without_ids("the user id of the sandbox is another's too"))
}

/// Root that lacks CAP_SETUID or CAP_SETGID holds all ids and can change to none.
fn has_second_uid(_: &Need) -> Probe {
    const SECOND: usize = SECOND_ID as usize;
    met(held()? > 1, || without_ids("the sandbox holds only the user id of the run"))?;
    for (call, arguments) in [
        (Sysno::setgroups, [0; 6]),
        (Sysno::setresgid, [SECOND, SECOND, SECOND, 0, 0, 0]),
        (Sysno::setresuid, [SECOND, SECOND, SECOND, 0, 0, 0]),
    ] {
        // SAFETY: changes the ids of this process, which is the probe's own; an empty list of groups is not read.
        unsafe { raw::syscall(call, arguments) }.map_err(|error| format!("{call}: {error}"))?;
    }
    Ok(())
}

fn held() -> Result<u64, String> {
    ids_held().map_err(|error| format!("/proc/self/uid_map: {error}"))
}
