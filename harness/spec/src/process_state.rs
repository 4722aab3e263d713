//! The state of processes and threads, as /proc shows it.

use crate::mark;
use record::Process;
use std::fs;
use syscalls::Sysno;

/// The parts of /proc/PID/stat that matter here.
struct Stat {
    name: String,
    state: char,
    parent: i32,
}

/// What a file of /proc holds. The harness looks, whoever asks it to.
fn look(file: &str) -> Option<String> {
    mark::by_harness(|| fs::read_to_string(format!("/proc/{file}"))).ok()
}

/// The name may hold spaces and parentheses, so the line is cut at its last `)`.
fn stat(pid: impl std::fmt::Display) -> Option<Stat> {
    let text = look(&format!("{pid}/stat"))?;
    let (head, tail) = text.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let mut fields = tail.split_whitespace();
    Some(Stat { name: name.into(), state: fields.next()?.chars().next()?, parent: fields.next()?.parse().ok()? })
}

/// The state letter of a process; none when there is no such process.
pub fn state(pid: i32) -> Option<char> {
    stat(pid).map(|stat| stat.state)
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

/// The number of the system call that a process is in, while it sleeps in one.
/// None where the kernel does not show it (no /proc/PID/syscall, or not to us).
pub fn syscall(pid: i32) -> Option<usize> {
    let text = look(&format!("{pid}/syscall"))?;
    text.split_whitespace().next()?.parse().ok()
}

/// Whether the kernel tells of this process's children in which system call they are.
pub fn tells_syscalls() -> bool {
    look("self/syscall").is_some()
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
    let syscall = syscall(pid).map(|number| match Sysno::new(number) {
        Some(call) => call.name().to_owned(),
        None => format!("system call {number}"),
    });
    let wchan = fs::read_to_string(format!("/proc/{pid}/wchan")).ok().filter(|name| !name.is_empty() && name != "0");
    Some(Process { pid: pid_inside(pid).unwrap_or(pid), name, state, syscall, wchan })
}

/// The pid in the innermost namespace of the process: the last number of NSpid.
fn pid_inside(pid: i32) -> Option<i32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
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
        assert_eq!(state(i32::MAX), None);
    }
}
