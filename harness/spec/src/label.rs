//! Which process or thread of a spec this is, in the words of a report.

use std::cell::Cell;

/// How many bytes a label has at most; those that are generated are shorter.
const LENGTH: usize = 95;

/// No `String`: a signal handler reads it as well.
#[derive(Clone, Copy)]
struct Label {
    length: u8,
    bytes: [u8; LENGTH],
}

thread_local! {
    /// Of this thread; a child that it forks begins with a copy.
    static LABEL: Cell<Label> = const { Cell::new(Label { length: 0, bytes: [0; LENGTH] }) };
}

/// The label of a spec's first process.
pub const FIRST: &str = "the spec";

/// Names this thread for failures: `the spec`, `child 1`, `thread 1`.
pub fn set(label: &str) {
    let length = label.floor_char_boundary(LENGTH);
    let mut bytes = [0; LENGTH];
    bytes[..length].copy_from_slice(&label.as_bytes()[..length]);
    LABEL.set(Label { length: length as u8, bytes });
}

/// Does something with the name of this thread. It may be called in a signal handler.
pub fn with<T>(work: impl FnOnce(&str) -> T) -> T {
    let label = LABEL.get();
    let text = str::from_utf8(&label.bytes[..usize::from(label.length)]).unwrap_or_default();
    work(if text.is_empty() { "a thread without a label" } else { text })
}

/// The name of this thread.
pub fn get() -> String {
    with(str::to_owned)
}

/// The label of a child or a thread that this one starts.
pub fn of(kind: &str, number: u32) -> String {
    match get().as_str() {
        FIRST => format!("{kind} {number}"),
        parent if parent.starts_with(kind) && !parent.contains(',') => format!("{parent}.{number}"),
        parent => format!("{parent}, {kind} {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_tell_the_way_from_the_spec() {
        set(FIRST);
        assert_eq!(of("child", 1), "child 1");
        set("child 1");
        assert_eq!((of("child", 2), of("thread", 1)), ("child 1.2".into(), "child 1, thread 1".into()));
        set("child 1, thread 1");
        assert_eq!(of("child", 2), "child 1, thread 1, child 2");
        let other = std::thread::spawn(get).join().unwrap();
        assert_eq!((other.as_str(), get().as_str()), ("a thread without a label", "child 1, thread 1"));
        set(&"x".repeat(200));
        assert_eq!(get().len(), LENGTH);
    }
}
