//! What /proc says of processes, read by the harness: no spec here is about reading it. proc(5).

use harness::mark;
use kit::prelude::*;
use std::fs;

/// The text of a file.
pub fn text_of(path: &str) -> TestResult<String> {
    Ok(mark::by_harness(|| fs::read_to_string(path))?)
}

/// What stands behind a key, such as `Pid:`, in a file with a key on each line; without what follows a number.
pub fn number_in(path: &str, key: &str) -> TestResult<i64> {
    let text = text_of(path)?;
    let value = text.lines().find_map(|line| line.strip_prefix(key));
    let number = value.and_then(|value| value.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| Stop::broken(format!("no {key} in {path}")))
}

/// The command name of a process.
pub fn comm_of(pid: i32) -> TestResult<String> {
    Ok(text_of(&format!("/proc/{pid}/comm"))?.trim_end().to_owned())
}

/// The ids of the threads of a process.
pub fn threads_of(pid: i32) -> TestResult<Vec<i32>> {
    mark::by_harness(|| {
        let entries = fs::read_dir(format!("/proc/{pid}/task"))?;
        Ok(entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
    })
}

/// Whether a descriptor is open in a process.
pub fn is_open_in(pid: i32, fd: i32) -> bool {
    mark::by_harness(|| fs::symlink_metadata(format!("/proc/{pid}/fd/{fd}")).is_ok())
}

/// A set of signals of a process, such as `SigBlk:`. proc_pid_status(5).
pub fn signals_in(pid: i32, key: &str) -> TestResult<u64> {
    let text = text_of(&format!("/proc/{pid}/status"))?;
    let set = text.lines().find_map(|line| u64::from_str_radix(line.strip_prefix(key)?.trim(), 16).ok());
    set.ok_or_else(|| Stop::broken(format!("no {key} in the status of {pid}")))
}

/// The status flags and the access mode of a descriptor in a process. proc_pid_fdinfo(5).
pub fn opened_in(pid: i32, fd: i32) -> TestResult<i32> {
    let text = text_of(&format!("/proc/{pid}/fdinfo/{fd}"))?;
    let flags = text.lines().find_map(|line| i32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok());
    flags.ok_or_else(|| Stop::broken(format!("no flags in the fdinfo of {fd}")))
}
