//! The machine that a run judges, as it is found.

use crate::sandbox::{directory, preloaded};
use record::Environment;
use std::collections::BTreeMap;
use std::fs;

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

/// Looks at this machine. `isolation` and `refused` come from the isolation levels; what is broken is for
/// [`crate::trusted::check`] to say.
pub fn look(isolation: &str, refused: BTreeMap<String, String>) -> Environment {
    let uname = nix::sys::utsname::uname().ok();
    let word = |pick: fn(&nix::sys::utsname::UtsName) -> &std::ffi::OsStr| {
        uname.as_ref().map(|name| pick(name).to_string_lossy().into_owned()).unwrap_or_default()
    };
    Environment {
        kernel: format!("{} {}", word(|name| name.sysname()), word(|name| name.release())),
        build: word(|name| name.version()),
        arch: word(|name| name.machine()),
        libc: libc_name(),
        cpus: std::thread::available_parallelism().map_or(1, usize::from),
        euid: nix::unistd::geteuid().as_raw(),
        isolation: isolation.into(),
        refused,
        rlimits: rlimits(),
        sysctls: SYSCTLS
            .into_iter()
            .filter_map(|name| Some((name.replace('/', "."), line(&format!("/proc/sys/{name}"))?)))
            .collect(),
        lsm: line("/sys/kernel/security/lsm"),
        container: container(),
        hostname: uname.as_ref().map(|name| name.nodename().to_string_lossy().into_owned()),
        broken: Vec::new(),
        preloaded: preloaded(),
        directory: directory::chosen().cloned(),
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
    if let Some(library) = preloaded::path() {
        return Some(library.to_string_lossy().into_owned());
    }
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
