//! Real-time scheduling of a process.

use kit::prelude::*;

/// Gives this process SCHED_FIFO with this priority.
pub fn become_real_time(priority: i32) -> TestResult {
    let parameters = libc::sched_param { sched_priority: priority };
    // SAFETY: reads the parameters, which outlive the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, libc::SCHED_FIFO, &raw const parameters) })?;
    Ok(())
}
