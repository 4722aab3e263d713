//! Objects that the kernel keeps: what a run leaves behind is a leak, of ours or of the kernel's.

use harness::bounded::{self, TICK};
use harness::need;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// How many ticks the kernel has to free what ends with the last spec.
const TICKS: usize = 100;

/// The kernel counts open files on each processor, and adds up what is above this.
const FILES: u64 = 256;

/// Numbers of objects, by what they are.
pub type Objects = BTreeMap<String, u64>;

/// What there is now: files, sockets, System V objects and, where their caches are not merged with others, namespaces. None
/// on a machine that is not disposable. proc(5), slabinfo(5)
pub fn count() -> Objects {
    let mut objects = Objects::new();
    if !need::machine_is_disposable() {
        return objects;
    }
    let word = |path: &str, index: usize| -> Option<u64> {
        fs::read_to_string(path).ok()?.split_whitespace().nth(index)?.parse().ok()
    };
    let lines = |path: &str| Some((fs::read_to_string(path).ok()?.lines().count() as u64).saturating_sub(1));
    let namespaces = |cache: &str| {
        let directory = Path::new("/sys/kernel/slab").join(cache);
        if directory.is_symlink() {
            return None;
        }
        fs::write(directory.join("shrink"), "1").ok()?;
        word(directory.join("objects").to_str()?, 0)
    };
    for (name, number) in [
        ("open files", word("/proc/sys/fs/file-nr", 0)),
        ("sockets", word("/proc/net/sockstat", 2)),
        ("System V shared memory segments", lines("/proc/sysvipc/shm")),
        ("System V message queues", lines("/proc/sysvipc/msg")),
        ("System V semaphore sets", lines("/proc/sysvipc/sem")),
        ("PID namespaces", namespaces("pid_namespace")),
        ("network namespaces", namespaces("net_namespace")),
        ("user namespaces", namespaces("user_namespace")),
    ] {
        objects.extend(number.map(|number| (name.into(), number)));
    }
    objects
}

/// What has grown since, with both numbers, once the kernel has had time to free what it frees late.
pub fn grown_since(before: &Objects) -> BTreeMap<String, [u64; 2]> {
    let look = || -> BTreeMap<String, [u64; 2]> {
        let now = count();
        let pairs = before.iter().filter_map(|(name, before)| Some((name.clone(), [*before, *now.get(name)?])));
        pairs.filter(|(name, [before, now])| *now > before + if name == "open files" { FILES } else { 0 }).collect()
    };
    let mut grown = look();
    for _ in 0..TICKS {
        if grown.is_empty() {
            break;
        }
        bounded::pause(TICK);
        grown = look();
    }
    grown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_others_use_is_not_counted() {
        assert_eq!(count(), Objects::new());
        assert!(grown_since(&Objects::new()).is_empty());
    }
}
