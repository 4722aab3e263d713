//! Processes: fork, exec and exit.

mod exec;
mod exit;
mod fork;
mod session;
mod system;

use kit::prelude::*;

/// The command name of a process. proc_pid_comm(5).
pub(crate) fn comm_of(pid: i32) -> TestResult<String> {
    Ok(std::fs::read_to_string(format!("/proc/{pid}/comm"))?.trim_end().to_owned())
}

/// The ids of the threads of a process. proc_pid_task(5).
fn threads_of(pid: i32) -> TestResult<Vec<i32>> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/task"))?;
    Ok(entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}

/// Whether a descriptor is open in a process.
fn is_open_in(pid: i32, fd: i32) -> bool {
    std::fs::symlink_metadata(format!("/proc/{pid}/fd/{fd}")).is_ok()
}
