//! The machine that a run judged, as far as it can change what a spec sees.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

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
    pub isolation: String,
    /// Why higher isolation levels were not reached: isolation level and reason.
    pub refused: BTreeMap<String, String>,
    /// Soft and hard resource limits of the runner: `1024/1048576`.
    pub rlimits: BTreeMap<String, String>,
    /// IPC, message queue and pipe settings of the host.
    pub sysctls: BTreeMap<String, String>,
    /// Active Linux security modules, where the kernel tells.
    pub lsm: Option<String>,
    /// The container that the run is in, if its signs are there.
    pub container: Option<String>,
    /// What the run itself found broken of that which makes it fast, in a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
    /// `uname -n`.
    #[serde(default)]
    pub hostname: Option<String>,
    /// Libraries that the dynamic linker put before the C library.
    #[serde(default)]
    pub preloaded: Option<String>,
    /// The directory below which specs had their scratch directories, if the user chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<Directory>,
}

/// A directory that the user chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Directory {
    /// Its path, without symbolic links.
    pub path: String,
    /// The type of its file system, as in proc_pid_mountinfo(5): `ext4`, `fuse.sshfs`.
    pub file_system: String,
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.path, self.file_system)
    }
}
