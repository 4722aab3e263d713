//! Needs of these specs.

use harness::need::Need;
use harness::raw::{Argument as _, Sysno, arguments};
use kit::needs::ask;

/// TFD_IOC_SET_TICKS. timerfd_create(2).
pub const CHECKPOINT_RESTORE: Need = Need::new(
    "checkpoint_restore",
    |_| {
        const TFD_IOC_SET_TICKS: usize = 0x4008_5400;
        let ticks = 1_u64;
        // SAFETY: they take numbers, and read one of 8 bytes; the descriptor is closed when the process of the probe ends.
        unsafe {
            let timer = ask(Sysno::timerfd_create, arguments([libc::CLOCK_MONOTONIC.register()]))?;
            ask(Sysno::ioctl, arguments([timer as usize, TFD_IOC_SET_TICKS, (&raw const ticks).register()])).map(drop)
        }
    },
    "Use a kernel with CONFIG_CHECKPOINT_RESTORE.",
);
