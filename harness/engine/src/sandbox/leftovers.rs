//! What a spec left behind: looked for after each one, told as a failure, and removed.
//!
//! Objects are removed although the namespace ends with the sandbox: the kernel frees a dead namespace late.

use super::reaping;
use harness::event_log::{self, Event, EventLog, Object};
use harness::label;
use harness::place::{Isolation, here};
use record::Failure;
use record::Verdict;
use std::fs;
use std::path::Path;

/// Ends and removes all that is left; says so in the event log, unless the spec was ended before it could clean up.
pub fn report_and_remove(log: &EventLog) {
    let was_ended_early = log.status().is_none();
    let left = remove(log);
    if !left.is_empty() && !was_ended_early {
        event_log::append(&Event::Failure(Failure {
            verdict: Verdict::Broken,
            message: format!("left behind: {}", left.join("; ")),
            expected: None,
            actual: None,
            source: None,
            process: label::get(),
            signature: String::new(),
        }));
    }
}

/// Ends and removes all that is left; what it was.
pub fn remove(log: &EventLog) -> Vec<String> {
    let Some(here) = here() else { return Vec::new() };
    let mut left: Vec<String> = reaping::end_processes(here.isolation != Isolation::None, log)
        .iter()
        .map(|process| format!("process {process}"))
        .collect();
    let objects = if here.isolation == Isolation::None { unremoved(log) } else { in_namespace(here.queues.as_deref()) };
    for object in objects {
        let removed = object.remove();
        left.push(describe(&object, removed));
    }
    left.extend(files_in(&here.scratch).map(|name| format!("file {name} in the scratch directory")));
    let _ = std::env::set_current_dir("/");
    let _ = fs::remove_dir_all(&here.scratch);
    left
}

fn describe(object: &Object, removed: nix::Result<()>) -> String {
    let what = match object {
        Object::SysvQueue(id) => format!("System V message queue {id}"),
        Object::SysvSemaphores(id) => format!("System V semaphore set {id}"),
        Object::SysvSegment(id) => format!("System V shared memory segment {id}"),
        Object::Queue(name) => format!("POSIX message queue {name}"),
        Object::SharedMemoryFile(name) => format!("file {name} in /dev/shm"),
    };
    match removed {
        Ok(()) => what,
        Err(error) => format!("{what}, which cannot be removed ({error})"),
    }
}

/// All objects that there are, where all are ours.
fn in_namespace(queues: Option<&Path>) -> Vec<Object> {
    let mut objects = Vec::new();
    for (kind, object) in
        [("msg", Object::SysvQueue as fn(i32) -> Object), ("sem", Object::SysvSemaphores), ("shm", Object::SysvSegment)]
    {
        let table = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
        // A heading, then a line for each: key, identifier, ...
        let ids = table.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)?.parse().ok());
        objects.extend(ids.map(object));
    }
    objects.extend(queues.into_iter().flat_map(files_in).map(|name| Object::Queue(format!("/{name}"))));
    objects.extend(files_in(Path::new("/dev/shm")).map(Object::SharedMemoryFile));
    objects
}

/// What the fixtures made and did not remove, where other people's objects are there too.
fn unremoved(log: &EventLog) -> Vec<Object> {
    let mut objects = Vec::new();
    for event in log.events() {
        match event {
            Event::Created(object) => objects.push(object),
            Event::Removed(object) => objects.retain(|other| *other != object),
            _ => {}
        }
    }
    objects
}

fn files_in(directory: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned())
}
