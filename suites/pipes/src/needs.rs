//! What specs of pipes require of the machine.

use crate::user_pages::{NEW_PIPE, shares};
use harness::need::{Need, Probe, met};
use harness::raw::{Argument as _, Sysno, arguments};
use kit::memory::page_size;
use kit::needs::{ask, new_pipe, open_files, pipe_control, setting, setting_is_on};

// Named here, where specs of pipes look for it.
pub use kit::needs::PIPE_PAGES;

const SOFT_LIMIT: &str = "fs/pipe-user-pages-soft";
const HARD_LIMIT: &str = "fs/pipe-user-pages-hard";
const LARGEST: &str = "fs/pipe-max-size";

/// Descriptors that a spec about the limits may need beside those of the pipes that use up a limit.
const FURTHER_DESCRIPTORS: usize = 48;

/// fs.pipe-user-pages-soft is set, and one process can use it up. pipe(7).
pub const PIPE_SOFT_LIMIT: Need = Need::new(
    "pipe_soft_limit",
    |_| {
        let (soft, hard, largest) = (setting(SOFT_LIMIT)?, setting(HARD_LIMIT)?, setting(LARGEST)? / page_size());
        met(soft >= 2 * NEW_PIPE, || format!("fs.pipe-user-pages-soft is {soft}"))?;
        met(largest >= 2 * NEW_PIPE, || format!("fs.pipe-max-size is {largest} pages"))?;
        met(hard == 0 || hard >= soft + 2 * NEW_PIPE, || format!("fs.pipe-user-pages-hard is {hard}"))?;
        has_descriptors(2 * shares(soft, largest).count())
    },
    "Set fs.pipe-user-pages-soft and fs.pipe-max-size back to 16384 and 1048576, and raise ulimit -n to 1024.",
);

/// fs.pipe-user-pages-hard is not 0, and one process can reach it. pipe(7).
pub const PIPE_HARD_LIMIT: Need = Need::new(
    "pipe_hard_limit",
    |_| {
        setting_is_on(HARD_LIMIT)?;
        let (soft, hard, largest) = (setting(SOFT_LIMIT)?, setting(HARD_LIMIT)?, setting(LARGEST)? / page_size());
        let lower = if soft == 0 { hard } else { soft.min(hard) };
        // Between the limits a new pipe has two descriptors and two pages.
        has_descriptors(2 * shares(lower, largest).count() + (hard - lower))
    },
    "Set fs.pipe-user-pages-hard little above fs.pipe-user-pages-soft on a machine made for tests.",
);

/// fs.pipe-user-pages-hard is 0, as it is when nobody sets it. pipe(7).
pub const NO_PIPE_HARD_LIMIT: Need = Need::new(
    "no_pipe_hard_limit",
    |_| met(setting_is_on(HARD_LIMIT).is_err(), || "fs.pipe-user-pages-hard is not 0".into()),
    "Set fs.pipe-user-pages-hard back to 0.",
);

/// The kernel was built without CONFIG_WATCH_QUEUE. pipe(2), ENOPKG.
pub const NO_WATCH_QUEUE: Need = Need::new(
    "no_watch_queue",
    |_| {
        let mut ends = [0_i32; 2];
        // O_NOTIFICATION_PIPE is O_EXCL: linux/watch_queue.h.
        let flags = libc::O_EXCL.register();
        // SAFETY: writes two descriptors to `ends`, which outlives the call.
        let created = unsafe { ask(Sysno::pipe2, arguments([ends.as_mut_ptr().register(), flags])) };
        met(created.is_err(), || "pipe2(O_NOTIFICATION_PIPE) succeeds".into())
    },
    "Use a kernel without CONFIG_WATCH_QUEUE.",
);

/// fs.protected_fifos is on. proc_sys_fs(5).
pub const PROTECTED_FIFOS: Need = Need::new(
    "protected_fifos",
    |_| setting_is_on("fs/protected_fifos"),
    "Set fs.protected_fifos to 1 or 2 on a machine made for tests.",
);

/// The pages of the user's other pipes leave fs.pipe-max-size. pipe(7), /proc files.
pub const LARGEST_PIPE: Need = Need::new(
    "largest_pipe",
    |_| {
        let largest = setting(LARGEST)?;
        met(largest < 1 << 30, || format!("fs.pipe-max-size is {largest}"))?;
        // Two of half the size: whether one can have the whole size is for specs to say.
        let halves = [new_pipe()?, new_pipe()?];
        halves.into_iter().try_for_each(|pipe| pipe_control(pipe, libc::F_SETPIPE_SZ, largest / 2).map(drop))
    },
    "Close pipes of the same user, or raise fs.pipe-user-pages-soft above the pages of fs.pipe-max-size.",
);

fn has_descriptors(count: usize) -> Probe {
    let (wanted, limit) = (count + FURTHER_DESCRIPTORS, open_files()?);
    met(wanted <= limit, || format!("using up the limit takes {wanted} descriptors, and RLIMIT_NOFILE is {limit}"))
}
