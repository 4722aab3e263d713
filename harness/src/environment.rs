//! The machine that a run judged, as far as it can change what a spec sees.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;

/// Kernel, library, limits and settings. In every report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// `uname -s` and `-r`: `Linux 6.18.44`.
    pub kernel: String,
    /// `uname -v`.
    pub build: String,
    /// `uname -m`.
    pub arch: String,
    /// The C library that the binary was linked with: `glibc 2.36`, `musl`.
    pub libc: String,
    /// Processors that the run may use.
    pub cpus: usize,
    /// The effective user id that ran it.
    pub euid: u32,
    /// The isolation that specs ran in.
    pub rung: String,
    /// Why higher rungs were not reached: rung and reason.
    pub refused: BTreeMap<String, String>,
    /// Soft and hard resource limits of the runner: `1024/1048576`.
    pub rlimits: BTreeMap<String, String>,
    /// IPC, message queue and pipe settings of the host.
    pub sysctls: BTreeMap<String, String>,
    /// Active Linux security modules, where the kernel tells.
    pub lsm: Option<String>,
    /// The container that the run is in, if its signs are there.
    pub container: Option<String>,
    /// Libraries that the dynamic linker put before the C library.
    #[serde(default)]
    pub preloaded: Option<String>,
}

const SYSCTLS: [&str; 17] = [
    "fs/mqueue/msg_default",
    "fs/mqueue/msg_max",
    "fs/mqueue/msgsize_default",
    "fs/mqueue/msgsize_max",
    "fs/mqueue/queues_max",
    "fs/pipe-max-size",
    "fs/pipe-user-pages-hard",
    "fs/pipe-user-pages-soft",
    "fs/protected_fifos",
    "kernel/msgmax",
    "kernel/msgmnb",
    "kernel/msgmni",
    "kernel/sem",
    "kernel/shm_rmid_forced",
    "kernel/shmall",
    "kernel/shmmax",
    "kernel/shmmni",
];

impl Environment {
    /// Looks at this machine. `rung` and `refused` come from the ladder.
    pub fn look(rung: &str, refused: BTreeMap<String, String>) -> Self {
        let uname = nix::sys::utsname::uname().ok();
        let word = |pick: fn(&nix::sys::utsname::UtsName) -> &std::ffi::OsStr| {
            uname.as_ref().map(|name| pick(name).to_string_lossy().into_owned()).unwrap_or_default()
        };
        Self {
            kernel: format!("{} {}", word(|name| name.sysname()), word(|name| name.release())),
            build: word(|name| name.version()),
            arch: word(|name| name.machine()),
            libc: libc_name(),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            euid: nix::unistd::geteuid().as_raw(),
            rung: rung.into(),
            refused,
            rlimits: rlimits(),
            sysctls: SYSCTLS
                .into_iter()
                .filter_map(|name| Some((name.replace('/', "."), line(&format!("/proc/sys/{name}"))?)))
                .collect(),
            lsm: line("/sys/kernel/security/lsm"),
            container: container(),
            preloaded: preloaded(),
        }
    }
}

fn line(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().replace('\t', " "))
}

#[cfg(target_env = "gnu")]
fn libc_name() -> String {
    // SAFETY: returns a pointer to a static string.
    let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
    format!("glibc {}", version.to_string_lossy())
}

#[cfg(not(target_env = "gnu"))]
fn libc_name() -> String {
    "musl".into()
}

/// ld.so(8) reads this; a static binary has no dynamic linker.
fn preloaded() -> Option<String> {
    let libraries = std::env::var_os("LD_PRELOAD").filter(|names| !names.is_empty())?;
    (!cfg!(target_feature = "crt-static")).then(|| libraries.to_string_lossy().into_owned())
}

fn rlimits() -> BTreeMap<String, String> {
    use nix::sys::resource::{Resource, getrlimit};
    let show = |value: u64| if value == libc::RLIM_INFINITY { "unlimited".into() } else { value.to_string() };
    [
        ("nofile", Resource::RLIMIT_NOFILE),
        ("nproc", Resource::RLIMIT_NPROC),
        ("memlock", Resource::RLIMIT_MEMLOCK),
        ("msgqueue", Resource::RLIMIT_MSGQUEUE),
        ("sigpending", Resource::RLIMIT_SIGPENDING),
        ("stack", Resource::RLIMIT_STACK),
        ("fsize", Resource::RLIMIT_FSIZE),
        ("core", Resource::RLIMIT_CORE),
    ]
    .into_iter()
    .filter_map(|(name, resource)| {
        let (soft, hard) = getrlimit(resource).ok()?;
        Some((name.to_owned(), format!("{}/{}", show(soft), show(hard))))
    })
    .collect()
}

/// The signs that container engines leave, as systemd-detect-virt reads them.
fn container() -> Option<String> {
    if let Some(name) = std::env::var_os("container") {
        return Some(name.to_string_lossy().into_owned());
    }
    [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")]
        .into_iter()
        .find(|(path, _)| fs::exists(path).unwrap_or(false))
        .map(|(_, name)| name.into())
}
