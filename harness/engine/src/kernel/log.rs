//! The kernel's log while specs run. proc(5), Documentation/ABI/testing/dev-kmsg

use harness::bounded::{self, TICK};
use harness::need;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

/// What a report of an error in the kernel begins with, or has in its first line.
const REPORTS: [&str; 14] = [
    "BUG:",
    "WARNING:",
    "Oops",
    "general protection fault",
    "kernel BUG at",
    "Kernel panic",
    "INFO: task ",
    "INFO: rcu",
    "INFO: trying to register non-static key",
    "rcu: INFO:",
    "UBSAN:",
    "divide error:",
    "watchdog: ",
    "refcount_t:",
];

/// How many lines of a report are kept.
const LINES: usize = 60;

/// The log from a moment on.
#[derive(Debug)]
pub struct KernelLog(Option<File>);

impl KernelLog {
    /// Follows the log from now on. Where it cannot be read, or the machine is not disposable, it says nothing.
    pub fn follow() -> Self {
        let open = || {
            let mut log = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open("/dev/kmsg")?;
            log.seek(SeekFrom::End(0))?;
            Ok::<_, std::io::Error>(log)
        };
        Self(need::machine_is_disposable().then(|| open().ok()).flatten())
    }

    /// The lines of a report that the kernel has printed since the last time; none if it printed none.
    pub fn report(&mut self) -> Vec<String> {
        let mut lines = self.messages();
        let Some(first) = lines.iter().position(|line| is_report(line)) else { return Vec::new() };
        // A report has many lines, the last of which may be on their way.
        loop {
            bounded::pause(TICK);
            let more = self.messages();
            if more.is_empty() || lines.len() > first + LINES {
                break;
            }
            lines.extend(more);
        }
        lines.drain(..first);
        lines.truncate(LINES);
        lines
    }

    /// What was printed since the last time.
    fn messages(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let Some(log) = &mut self.0 else { return lines };
        let mut record = [0; 8192];
        loop {
            match log.read(&mut record) {
                Ok(count) if count > 0 => lines.extend(message(&record[..count])),
                // Messages that were overwritten before they were read.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
                _ => return lines,
            }
        }
    }
}

/// The text of a record, `priority,number,time,flags;text`, and its first line: what follows is a dictionary.
fn message(record: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(record);
    Some(text.split_once(';')?.1.lines().next()?.to_owned())
}

fn is_report(line: &str) -> bool {
    REPORTS.iter().any(|report| line.contains(report))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_a_text_and_reports_are_told_from_others() {
        let record =
            b"4,1017,8123456,-;WARNING: CPU: 0 PID: 71 at ipc/shm.c:1027 do_shm_rmid+0x2c/0x60\n SUBSYSTEM=x\n";
        let text = message(record).expect("a text");
        assert_eq!(text, "WARNING: CPU: 0 PID: 71 at ipc/shm.c:1027 do_shm_rmid+0x2c/0x60");
        assert!(is_report(&text));
        assert!(is_report("BUG: KASAN: slab-use-after-free in pipe_read+0x1/0x2"));
        assert!(!is_report("spec[71]: segfault at 0 ip 0000000000401000 sp 00007ffd error 4 in init"));
        assert_eq!(KernelLog(None).report(), Vec::<String>::new());
    }
}
