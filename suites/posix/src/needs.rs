//! What specs of POSIX IPC require of the machine.

use harness::Errno;
use harness::need::{Need, Probe, met};
use harness::raw::{Argument as _, Sysno, arguments, syscall};
use kit::needs::{ask, setting};
use std::ffi::CString;

/// Processes that may have SCHED_FIFO. sched(7).
pub const REAL_TIME: Need = Need::new(
    "real_time",
    |_| {
        let priority = 1_i32;
        let call = [0, libc::SCHED_FIFO.register(), (&raw const priority).register()];
        // SAFETY: reads a struct sched_param, which is one integer.
        unsafe { ask(Sysno::sched_setscheduler, arguments(call)) }.map(drop)
    },
    "Run as root with CAP_SYS_NICE, in a control group that has real-time runtime.",
);

/// The settings of POSIX message queues under /proc/sys/fs/mqueue. mq_overview(7).
pub const MQUEUE_SETTINGS: Need = Need::new(
    "mqueue_settings",
    |_| setting("fs/mqueue/msg_max").map(drop),
    "Mount /proc, and use a kernel with CONFIG_POSIX_MQUEUE_SYSCTL.",
);

/// A queue of the default size fits into RLIMIT_MSGQUEUE. getrlimit(2).
pub const DEFAULT_QUEUE: Need =
    Need::new("default_queue", |_| fits_default_queue(), "Raise RLIMIT_MSGQUEUE: see ulimit -q.");

/// Whatever else mq_open refuses is for specs to say.
fn fits_default_queue() -> Probe {
    let name = CString::new(format!("ipcspec-probe-{}", std::process::id())).map_err(|error| error.to_string())?;
    let new = (libc::O_CREAT | libc::O_EXCL | libc::O_RDWR).register();
    // SAFETY: the name ends in NUL and outlives the calls; there are no attributes.
    let opened = unsafe { syscall(Sysno::mq_open, arguments([name.as_ptr().register(), new, 0o600, 0])) };
    if let Ok(queue) = opened {
        // SAFETY: they take the name, and a descriptor of our own.
        unsafe {
            ask(Sysno::mq_unlink, arguments([name.as_ptr().register()]))?;
            ask(Sysno::close, arguments([queue]))?;
        }
    }
    met(opened != Err(Errno::EMFILE), || "mq_open without attributes fails with EMFILE".into())
}
