//! What specs of processes require of the machine.

use harness::need::Need;
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
