//! What specs of POSIX IPC require of the machine.

use harness::Errno;
use harness::need::{Need, Probe, met};
use harness::raw::{Argument as _, Sysno, arguments};
use kit::needs::{ask, make_queue, setting};

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
    let opened = make_queue(None)?;
    met(opened != Err(Errno::EMFILE), || "mq_open without attributes fails with EMFILE".into())
}
