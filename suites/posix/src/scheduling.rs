//! Real-time scheduling of a process.

use kit::prelude::*;

/// Gives this process SCHED_FIFO with this priority.
pub fn become_real_time(priority: i32) -> TestResult {
    // The kernel's struct sched_param has the priority alone; musl's has more.
    // SAFETY: reads the priority, which outlives the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, libc::SCHED_FIFO, &raw const priority) })?;
    Ok(())
}
