//! What specs of processes require of the machine.

use harness::need::{Need, met};
use harness::place::{ALL_IDS, ids_held};
use harness::raw::Sysno;
use kit::needs::ask;

/// PID file descriptors. pidfd_open(2).
pub const PIDFD: Need = Need::new(
    "pidfd",
    |_| {
        // SAFETY: both take numbers alone; the descriptor is closed when the process of the probe ends.
        unsafe {
            let own = ask(Sysno::getpid, [0; 6])?;
            ask(Sysno::pidfd_open, [own, 0, 0, 0, 0, 0]).map(drop)
        }
    },
    "Use a kernel with pidfd_open, and no filter that refuses it.",
);

/// A user whose processes are limited in number: everybody but root of the initial user namespace. getrlimit(2), RLIMIT_NPROC.
pub const LIMITED_USER: Need = Need::new(
    "limited_user",
    |_| {
        // SAFETY: takes nothing and returns a number.
        let user = unsafe { ask(Sysno::getuid, [0; 6]) }?;
        let held = ids_held().map_err(|error| format!("/proc/self/uid_map: {error}"))?;
        met(user != 0 || held != ALL_IDS, || "root of the initial user namespace has no limit".into())
    },
    "Run with user namespaces, or as another user than root.",
);

/// User namespaces that a process may create. user_namespaces(7).
pub const USERNS: Need = Need::new(
    "userns",
    |_| {
        // SAFETY: changes the user namespace of this process, which is the probe's own.
        unsafe { ask(Sysno::unshare, [libc::CLONE_NEWUSER as usize, 0, 0, 0, 0, 0]) }.map(drop)
    },
    "Allow user namespaces: see user.max_user_namespaces.",
);
