//! Evidence of a failure by strace: the calls around the sign of a failed assertion, from what strace wrote.

use harness::sign::{PREFIX, Sign};
use std::collections::{HashMap, HashSet};

/// How many calls are kept before the failure, and after it.
const BEFORE: usize = 10;
const AFTER: usize = 2;

/// How strace ends the line of a call that has not returned when another process makes one.
const UNFINISHED: &str = " <unfinished ...>";

/// From what `strace -f -o` wrote, in which a line begins with the pid that made the call: the calls of the spec's
/// processes around its last sign of a failure; the last calls where there is none, as when a spec hangs or its setup
/// fails.
pub fn around_the_failure(text: &str) -> Vec<String> {
    let mut spec: Option<Calls> = None;
    let mut seen = HashSet::new();
    for (pid, call) in text.lines().filter_map(|line| line.split_once(' ')) {
        let call = call.trim_start();
        match (as_sign(call), &mut spec) {
            // The needs of the spec are probed in sandboxes before its own: the last that begins is the one.
            (Some(Sign::Begin), _) => spec = Some(Calls { others: &seen - &HashSet::from([pid]), ..Calls::default() }),
            (sign, Some(spec)) => spec.take(pid, call, sign),
            (_, None) => {}
        }
        seen.insert(pid);
    }
    spec.map(|spec| spec.around_the_failure()).unwrap_or_default()
}

/// The calls of one spec, as they are found.
#[derive(Default)]
struct Calls<'a> {
    /// The processes that were there before it began: the runner, init.
    others: HashSet<&'a str>,
    /// How deep a process is in the harness's own work.
    aside: HashMap<&'a str, i32>,
    calls: Vec<String>,
    /// Where in `calls` the call is in which a process was when strace wrote of another one.
    unfinished: HashMap<&'a str, usize>,
    /// How many calls were made when an assertion failed.
    failed: Option<usize>,
}

impl<'a> Calls<'a> {
    fn take(&mut self, pid: &'a str, call: &'a str, sign: Option<Sign>) {
        if let Some((_, rest)) = call.strip_prefix("<... ").and_then(|call| call.split_once(" resumed>")) {
            if let Some(begun) = self.unfinished.remove(pid).and_then(|at| self.calls.get_mut(at)) {
                *begun = begun.trim_end_matches(UNFINISHED).to_owned() + rest;
            }
            return;
        }
        let aside = self.aside.entry(pid).or_default();
        match sign {
            Some(Sign::Aside) => *aside += 1,
            Some(Sign::Back) => *aside -= 1,
            Some(Sign::Failed) => self.failed = Some(self.calls.len()),
            _ if *aside > 0 || self.others.contains(pid) => {}
            _ => {
                if call.ends_with(UNFINISHED) {
                    self.unfinished.insert(pid, self.calls.len());
                }
                self.calls.push(call.into());
            }
        }
    }

    fn around_the_failure(&self) -> Vec<String> {
        let end = self.failed.unwrap_or(self.calls.len());
        let first = end.saturating_sub(BEFORE);
        let last = (end + AFTER).min(self.calls.len());
        let mut around: Vec<_> = self.calls[first..last].to_vec();
        if self.failed.is_some() {
            around.insert(end - first, "--- here the assertion fails ---".into());
        }
        around
    }
}

/// The sign that a call is, if it is one.
fn as_sign(call: &str) -> Option<Sign> {
    let word = call.strip_prefix("write(-1, \"")?.strip_prefix(PREFIX)?;
    Sign::ALL.into_iter().find(|sign| word.starts_with(sign.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = r#"
10 execve("/bin/ipcspec", ["ipcspec"], 0x7ffc) = 0
10 clone(child_stack=NULL, flags=CLONE_NEWIPC) = 8
8  write(-1, "ipcspec: begin", 24) = -1 EBADF (Bad file descriptor)
8  getpid()                             = 2
10 clone(child_stack=NULL, flags=CLONE_NEWIPC) = 11
11 fork()                               = 12
12 umask(022)                           = 022
12 write(-1, "ipcspec: begin", 24) = -1 EBADF (Bad file descriptor)
12 pipe2([3<pipe:[1]>, 4<pipe:[1]>], 0) = 0
10 ppoll([], 0)                         = 0
12 fork()                               = 13
12 write(-1, "ipcspec: aside", 26) = -1 EBADF (Bad file descriptor)
12 openat(AT_FDCWD, "/proc/13/syscall", O_RDONLY) = 5
13 read(3<pipe:[1]>,  <unfinished ...>
12 write(-1, "ipcspec: back", 25) = -1 EBADF (Bad file descriptor)
12 fcntl(3<pipe:[1]>, F_GETFL <unfinished ...>
10 ppoll([], 0)                         = 0
12 <... fcntl resumed>)                 = 0
12 write(-1, "ipcspec: failed", 28 <unfinished ...>
10 ppoll([], 0)                         = 0
12 <... write resumed>) = -1 EBADF (Bad file descriptor)
12 close(3<pipe:[1]>)                   = 0
12 close(4<pipe:[1]>)                   = 0
12 exit_group(1)                        = ?
"#;

    #[test]
    fn the_calls_of_the_spec_around_the_failure_are_kept() {
        assert_eq!(
            around_the_failure(TRACE),
            [
                "pipe2([3<pipe:[1]>, 4<pipe:[1]>], 0) = 0",
                "fork()                               = 13",
                "read(3<pipe:[1]>,  <unfinished ...>",
                "fcntl(3<pipe:[1]>, F_GETFL)                 = 0",
                "--- here the assertion fails ---",
                "close(3<pipe:[1]>)                   = 0",
                "close(4<pipe:[1]>)                   = 0",
            ]
        );
    }

    #[test]
    fn without_a_failed_assertion_the_last_calls_are_kept() {
        let hung: String =
            TRACE.lines().filter(|line| !line.contains("failed")).map(|line| format!("{line}\n")).collect();
        let kept = around_the_failure(&hung);
        assert_eq!(kept.len(), 7);
        assert_eq!(kept[6], "exit_group(1)                        = ?");
        let many = "12 write(-1, \"ipcspec: begin\", 24) = -1\n".to_owned() + &"12 getpid() = 2\n".repeat(99);
        assert_eq!(around_the_failure(&many).len(), BEFORE);
    }

    #[test]
    fn what_is_no_trace_has_no_calls() {
        for text in
            ["", "\n\n", "12", "no trace at all", "12 getpid() = 2", "12 write(-1, \"ipcspec: begin\", 24) = -1"]
        {
            assert_eq!(around_the_failure(text), Vec::<String>::new(), "{text:?}");
        }
    }
}
