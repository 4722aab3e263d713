//! The state of processes and threads, as /proc shows it.

use crate::mark;
use crate::raw::{self, Sysno};
use nix::errno::Errno;
use record::Process;
use std::ffi::CString;
use std::fs;
use std::time::Duration;

/// The parts of /proc/PID/stat that matter here.
struct Stat {
    name: String,
    state: char,
    parent: i32,
}

/// What a file of /proc holds. The harness looks, whoever asks it to.
fn look(file: &str) -> Result<String, Errno> {
    let path = CString::new(format!("/proc/{file}")).map_err(|_| Errno::EINVAL)?;
    let bytes = mark::by_harness(|| raw::read_file(&path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The name may hold spaces and parentheses, so the line is cut at its last `)`.
fn stat(pid: impl std::fmt::Display) -> Option<Stat> {
    let text = look(&format!("{pid}/stat")).ok()?;
    let (head, tail) = text.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let mut fields = tail.split_whitespace();
    Some(Stat { name: name.into(), state: fields.next()?.chars().next()?, parent: fields.next()?.parse().ok()? })
}

/// The state letter of a process; none when there is no such process.
pub fn state(pid: i32) -> Option<char> {
    stat(pid).map(|stat| stat.state)
}

/// How long the first thread of a process has waited for a processor since it began; none where the kernel does not tell. The second
/// number of /proc/PID/schedstat, in nanoseconds: Linux Documentation/scheduler/sched-stats.rst.
pub fn waited_for_a_processor(pid: i32) -> Option<Duration> {
    look(&format!("{pid}/schedstat")).ok()?.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

/// Whether this is the id of a thread other than the first one of its process.
pub fn is_thread(id: i32) -> bool {
    let status = look(&format!("{id}/status")).unwrap_or_default();
    let process = status.lines().find_map(|line| line.strip_prefix("Tgid:"));
    process.is_some_and(|process| process.trim() != id.to_string())
}

/// The parent of this process, as /proc counts pids: a parent outside the pid namespace too.
pub fn parent() -> Option<i32> {
    stat("self").map(|stat| stat.parent)
}

/// The number of the system call that a process is in, while it sleeps in one; none while it runs. An error where the kernel
/// does not show it: no /proc/PID/syscall, not to us (ptrace(2), Ptrace access mode checking), or no such process.
pub fn syscall(pid: i32) -> Result<Option<usize>, Errno> {
    let text = look(&format!("{pid}/syscall"))?;
    Ok(text.split_whitespace().next().and_then(|number| number.parse().ok()))
}

/// Living children, zombies too.
pub fn children_of(pid: i32) -> Vec<i32> {
    processes().filter(|(_, parent)| *parent == pid).map(|(child, _)| child).collect()
}

/// Children, their children, and so on.
pub fn descendants_of(pid: i32) -> Vec<i32> {
    let all: Vec<_> = processes().collect();
    let mut found = vec![pid];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(all.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        next += 1;
    }
    found.split_off(1)
}

/// Every process that /proc shows, with its parent.
fn processes() -> impl Iterator<Item = (i32, i32)> {
    let directories = fs::read_dir("/proc").into_iter().flatten().flatten();
    directories.filter_map(|directory| {
        let pid = directory.file_name().to_str()?.parse().ok()?;
        Some((pid, stat(pid)?.parent))
    })
}

/// One process, as a report shows it; none when it is gone.
pub fn of(pid: i32) -> Option<Process> {
    let Stat { name, state, .. } = stat(pid)?;
    let syscall = syscall(pid).ok().flatten().map(|number| match Sysno::new(number) {
        Some(call) => call.name().to_owned(),
        None => format!("system call {number}"),
    });
    let wchan = look(&format!("{pid}/wchan")).ok().filter(|name| !name.is_empty() && name != "0");
    Some(Process { pid: pid_inside(pid).unwrap_or(pid), name, state, syscall, wchan })
}

/// The pid in the innermost namespace of the process: the last number of NSpid.
fn pid_inside(pid: i32) -> Option<i32> {
    let status = look(&format!("{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("NSpid:"))?.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_and_runs() {
        let own = std::process::id().cast_signed();
        assert!(matches!(state(own), Some('R' | 'S')));
        let parent = stat(own).unwrap().parent;
        assert!(children_of(parent).contains(&own));
        assert!(descendants_of(parent).contains(&own));
        assert_eq!(of(own).unwrap().pid, own);
        assert!(waited_for_a_processor(own).is_none_or(|waited| waited < Duration::from_secs(3600)));
        assert_eq!(state(i32::MAX), None);
    }
}
