//! What specs of pipes require of the machine.

use harness::need::{Need, Probe, met};
use harness::raw::{Argument as _, Sysno, arguments, syscall};
use kit::needs::setting_is_on;

const HARD_LIMIT: &str = "fs/pipe-user-pages-hard";

/// fs.pipe-user-pages-hard is not 0. pipe(7).
pub const PIPE_HARD_LIMIT: Need = Need::new(
    "pipe_hard_limit",
    |_| setting_is_on(HARD_LIMIT),
    "Set fs.pipe-user-pages-hard on a machine made for tests.",
);

/// fs.pipe-user-pages-hard is 0, as it is when nobody sets it. pipe(7).
pub const NO_PIPE_HARD_LIMIT: Need = Need::new(
    "no_pipe_hard_limit",
    |_| met(setting_is_on(HARD_LIMIT).is_err(), || "fs.pipe-user-pages-hard is not 0".into()),
    "Set fs.pipe-user-pages-hard back to 0.",
);

/// fs.protected_fifos is on. proc_sys_fs(5).
pub const PROTECTED_FIFOS: Need = Need::new(
    "protected_fifos",
    |_| setting_is_on("fs/protected_fifos"),
    "Set fs.protected_fifos to 1 or 2 on a machine made for tests.",
);

/// A new pipe has 16 pages, and can grow: the pages of the user's other pipes leave that much. pipe(7), Pipe capacity.
pub const PIPE_PAGES: Need = Need::new(
    "pipe_pages",
    |_| has_pipe_pages(),
    "Close pipes of the same user, or raise fs.pipe-user-pages-soft and fs.pipe-max-size.",
);

fn has_pipe_pages() -> Probe {
    let page = kit::memory::page_size();
    let mut ends = [0_i32; 2];
    let ask = |call: Sysno, given: [usize; 6]| {
        // SAFETY: pipe2 writes two descriptors to `ends`, which outlives the call; fcntl takes integers.
        unsafe { syscall(call, given) }.map_err(|error| format!("{call}: {error}"))
    };
    ask(Sysno::pipe2, arguments([ends.as_mut_ptr().register(), 0]))?;
    let control =
        |command: i32, value: usize| ask(Sysno::fcntl, arguments([ends[0].register(), command.register(), value]));
    let capacity = control(libc::F_GETPIPE_SZ, 0)?;
    met(capacity == 16 * page, || format!("a new pipe has {} pages", capacity / page))?;
    control(libc::F_SETPIPE_SZ, 32 * page).map(drop)
}
