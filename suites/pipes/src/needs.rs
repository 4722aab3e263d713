//! What specs of pipes require of the machine.

use harness::need::{Need, met};
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
