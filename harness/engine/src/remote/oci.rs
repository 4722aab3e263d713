//! Containers: crun on this machine's kernel, and runsc, which brings gVisor. Both run an OCI bundle.

use super::{Job, guest, tool};
use crate::runner::machine::CannotRun;
use nix::unistd::geteuid;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tool::Tool;

/// What runs a bundle.
pub struct Engine {
    tool: Tool,
    /// The seccomp filter that Podman and others have by default.
    filter: Option<PathBuf>,
}

/// What a container's root may do by default: Podman's list.
const CONTAINED: [&str; 11] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// What root may do in gVisor, whose system calls are its own: nothing of it reaches this machine.
const ALL: [&str; 38] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
];

/// What the strict container refuses besides: the calls of IPC that hardened platforms take away.
const REFUSED: [&str; 7] = ["mq_open", "msgget", "semget", "shmget", "signalfd", "signalfd4", "unshare"];

impl Engine {
    /// crun, with its filter.
    pub fn crun() -> Result<Self, CannotRun> {
        if !geteuid().is_root() {
            return Err(CannotRun("crun needs root here: without, it wants a user's own cgroup".into()));
        }
        let tool = tool::find("crun", "crun")?;
        let filter = tool::find_file("usr/share/containers/seccomp.json", "golang-github-containers-common")?;
        Ok(Self { tool, filter: Some(filter) })
    }

    /// runsc: the one that is installed, or another by its name in the cache or by its path.
    pub fn runsc(kernel: Option<&Path>) -> Result<Self, CannotRun> {
        Ok(Self { tool: tool::find_or(kernel, "runsc", "runsc")?, filter: None })
    }

    /// A container on this kernel.
    pub fn container(&self, program: &Path, strict: bool, job: &Job) -> Result<Command, CannotRun> {
        let filter = match &self.filter {
            Some(path) => Some(Profile::read(path)?.filter(&CONTAINED, if strict { &REFUSED } else { &[] })),
            None => None,
        };
        let bundle = bundle(program, job, &CONTAINED, filter)?;
        let mut command = self.tool.alone()?;
        // crun refuses a machine that has both versions of cgroups; in this mount namespace there is one.
        let script =
            "umount -R /sys/fs/cgroup 2>/dev/null; mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null; exec \"$@\"";
        command.args(["sh", "-c", script, "sh"]).arg(&self.tool.path);
        command.arg("--root").arg(bundle.join("state")).arg("--cgroup-manager=disabled");
        command.args(["run", "--bundle"]).arg(&bundle).arg("ipcspec");
        Ok(command)
    }

    /// A sandbox of gVisor. Its system calls are caught by ptrace, which needs neither hardware nor rights.
    pub fn sandbox(&self, program: &Path, job: &Job) -> Result<Command, CannotRun> {
        let bundle = bundle(program, job, &ALL, None)?;
        let mut command = self.tool.alone()?;
        command.arg(&self.tool.path).arg("--root").arg(bundle.join("state"));
        command.args(["--rootless", "--ignore-cgroups", "--platform=ptrace", "--network=none"]);
        command.args(["run", "--bundle"]).arg(&bundle).arg("ipcspec");
        Ok(command)
    }
}

/// Makes a bundle beside the program: a root that holds nothing else.
fn bundle(program: &Path, job: &Job, capabilities: &[&str], seccomp: Option<Value>) -> Result<PathBuf, CannotRun> {
    let capabilities: Vec<_> = capabilities.iter().map(|name| format!("CAP_{name}")).collect();
    let mount = |place: &str, kind: &str, options: &[&str]| json!({"destination": place, "type": kind, "source": kind, "options": options});
    let namespaces = ["pid", "network", "ipc", "uts", "mount"].map(|kind| json!({"type": kind}));
    let job = guest::Job { arguments: job.arguments.clone(), machine: None };
    let mut config = json!({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": false,
            "user": {"uid": 0, "gid": 0},
            "args": [guest::PROGRAM],
            "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR=/tmp"],
            "cwd": "/tmp",
            "noNewPrivileges": true,
            "capabilities": {"bounding": &capabilities, "effective": &capabilities, "permitted": &capabilities},
        },
        "root": {"path": "rootfs", "readonly": false},
        "hostname": "ipcspec",
        "mounts": [
            mount("/proc", "proc", &[]),
            mount("/dev", "tmpfs", &["nosuid", "mode=755"]),
            mount("/dev/pts", "devpts", &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
            mount("/dev/shm", "tmpfs", &["nosuid", "nodev", "noexec", "mode=1777"]),
            mount("/dev/mqueue", "mqueue", &["nosuid", "nodev", "noexec"]),
            mount("/tmp", "tmpfs", &["nosuid", "nodev", "mode=1777"]),
        ],
        "linux": {"namespaces": namespaces, "readonlyPaths": ["/proc/sys"]},
    });
    if let Some(filter) = seccomp {
        config["linux"]["seccomp"] = filter;
    }
    let directory = program.parent().expect("the program is in a directory of ours").join("bundle");
    let make = || {
        for part in ["state", "rootfs/dev", "rootfs/proc", "rootfs/sys", "rootfs/tmp"] {
            fs::create_dir_all(directory.join(part))?;
        }
        let root = directory.join("rootfs");
        fs::rename(program, root.join(guest::PROGRAM.trim_start_matches('/')))?;
        fs::write(root.join(guest::JOB.trim_start_matches('/')), serde_json::to_vec(&job)?)?;
        fs::write(directory.join("config.json"), config.to_string())
    };
    make().map_err(|error| CannotRun(format!("its files cannot be made: {error}")))?;
    Ok(directory)
}

/// A seccomp profile as container engines keep it: rules with conditions.
#[derive(Deserialize)]
struct Profile {
    #[serde(rename = "defaultAction")]
    default_action: String,
    #[serde(rename = "defaultErrnoRet")]
    default_errno: Option<u32>,
    syscalls: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    names: Vec<String>,
    action: String,
    #[serde(rename = "errnoRet")]
    errno: Option<u32>,
    args: Option<Value>,
    #[serde(default)]
    includes: Option<Condition>,
    #[serde(default)]
    excludes: Option<Condition>,
}

#[derive(Default, Deserialize)]
struct Condition {
    #[serde(default)]
    caps: Vec<String>,
    #[serde(default)]
    arches: Vec<String>,
}

impl Profile {
    fn read(path: &Path) -> Result<Self, CannotRun> {
        let text = fs::read_to_string(path).map_err(|error| CannotRun(format!("{}: {error}", path.display())))?;
        serde_json::from_str(&text)
            .map_err(|error| CannotRun(format!("{} is not a seccomp profile: {error}", path.display())))
    }

    /// The filter for these capabilities, in which the refused calls fail with EPERM.
    fn filter(&self, capabilities: &[&str], refused: &[&str]) -> Value {
        let held = |name: &String| capabilities.iter().any(|held| name.strip_prefix("CAP_") == Some(held));
        let here = |arch: &String| arch == "amd64";
        let applies = |rule: &&Rule| {
            let included = rule.includes.as_ref().is_none_or(|condition| {
                (condition.arches.is_empty() || condition.arches.iter().any(here)) && condition.caps.iter().all(held)
            });
            let excluded = rule
                .excludes
                .as_ref()
                .is_some_and(|condition| condition.arches.iter().any(here) || condition.caps.iter().any(held));
            included && !excluded
        };
        let rule = |names: &[&str], action: &str, errno: Option<u32>, args: Option<&Value>| {
            let mut rule = json!({"names": names, "action": action});
            if let Some(errno) = errno {
                rule["errnoRet"] = errno.into();
            }
            if let Some(args) = args {
                rule["args"] = args.clone();
            }
            rule
        };
        let mut rules: Vec<_> = self
            .syscalls
            .iter()
            .filter(applies)
            .filter_map(|allowed| {
                let names: Vec<_> =
                    allowed.names.iter().map(String::as_str).filter(|name| !refused.contains(name)).collect();
                (!names.is_empty()).then(|| rule(&names, &allowed.action, allowed.errno, allowed.args.as_ref()))
            })
            .collect();
        if !refused.is_empty() {
            rules.push(rule(refused, "SCMP_ACT_ERRNO", Some(libc::EPERM.cast_unsigned()), None));
        }
        json!({
            "defaultAction": self.default_action,
            "defaultErrnoRet": self.default_errno.unwrap_or(libc::EPERM.cast_unsigned()),
            "architectures": ["SCMP_ARCH_X86_64"],
            "syscalls": rules,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_for_what_a_container_may_do() {
        let profile = r#"{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "syscalls": [
            {"names": ["read", "msgget"], "action": "SCMP_ACT_ALLOW"},
            {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
            {"names": ["mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
            {"names": ["arm_sync"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["arm"]}},
            {"names": ["chroot"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_CHROOT"]}}]}"#;
        let profile: Profile = serde_json::from_str(profile).expect("a profile");
        let allowed = |name: &str| json!({"names": [name], "action": "SCMP_ACT_ALLOW"});
        let refused = |name: &str| json!({"names": [name], "action": "SCMP_ACT_ERRNO", "errnoRet": 1});
        let filter = profile.filter(&CONTAINED, &["msgget"]);
        assert_eq!(filter["defaultErrnoRet"], 38);
        assert_eq!(
            filter["syscalls"],
            json!([allowed("read"), refused("mount"), allowed("chroot"), refused("msgget")])
        );
    }
}
