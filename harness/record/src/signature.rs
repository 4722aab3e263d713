//! The signature of a failure: what stays the same when it comes again in another run.

use crate::Failure;

/// How much of each part of a failure is in its signature, in characters.
const KEPT: usize = 200;

/// A number below this is not taken for a pid: it is as likely to be a count.
const LEAST_PID: u32 = 1000;

/// What stands before a number that the system gives anew in each run.
const GIVEN: [&str; 13] = [
    "pid ",
    "pid: ",
    "process ",
    "waitpid(",
    "inode ",
    "inode: ",
    "ino ",
    "ino: ",
    "System V message queue ",
    "System V semaphore set ",
    "System V shared memory segment ",
    // How long it was is a matter of --timeout-scale.
    "timed out after ",
    "the event log is full: ",
];

/// Verdict, call, expected and actual result, without what differs from run to run: addresses, the pids of the spec's
/// processes, inodes, identifiers, and the input that a property failed with. Failures are grouped and expected by it.
pub fn signature(failure: &Failure, pids: &[i32]) -> String {
    let part = |text: &str| generalise(text, pids).chars().take(KEPT).collect::<String>();
    let first_line = failure.message.lines().next().unwrap_or_default();
    let mut signature = format!("{}: {}", failure.verdict, part(first_line));
    match (&failure.expected, &failure.actual) {
        (None, None) => {}
        (expected, actual) => {
            let side = |text: &Option<String>| text.as_deref().map_or_else(|| "?".into(), part);
            signature.push_str(&format!(": {} -> {}", side(expected), side(actual)));
        }
    }
    signature
}

/// The text with `#` for each number that differs from run to run.
fn generalise(text: &str, pids: &[i32]) -> String {
    let mut general = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|next: char| !next.is_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length.max(first.len_utf8()));
        if is_address(word) {
            general.push_str("0x#");
        } else if is_given(word, &general, pids) || is_random_name(word, &general) {
            general.push('#');
        } else {
            general.push_str(word);
        }
        rest = after;
    }
    general
}

/// Flags have fewer digits.
fn is_address(word: &str) -> bool {
    const LEAST_DIGITS: usize = 6;
    let digits = word.strip_prefix("0x").unwrap_or_default();
    digits.len() >= LEAST_DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn is_given(word: &str, before: &str, pids: &[i32]) -> bool {
    let Ok(number) = word.parse::<u64>() else { return false };
    let is_pid = number >= LEAST_PID.into() && pids.iter().any(|pid| i64::from(*pid) == number as i64);
    is_pid || GIVEN.iter().any(|label| before.ends_with(label))
}

/// The end of the name of a scratch directory, by mkdtemp(3).
fn is_random_name(word: &str, before: &str) -> bool {
    const LENGTH: usize = 6;
    word.len() == LENGTH && before.ends_with("/ipcspec-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn of(verdict: Verdict, message: &str, expected: Option<&str>, actual: Option<&str>) -> String {
        let failure = Failure {
            verdict,
            message: message.into(),
            expected: expected.map(Into::into),
            actual: actual.map(Into::into),
            source: None,
            process: "child 1".into(),
            signature: String::new(),
        };
        signature(&failure, &[31337, 4242, 12])
    }

    #[test]
    fn a_signature_is_verdict_call_expected_and_actual() {
        for (verdict, message, expected, actual, signature) in [
            (
                Verdict::Deviates,
                "read(&reader, &mut [0; 4])",
                Some("EAGAIN (Try again)"),
                Some("success, 3"),
                "deviates: read(&reader, &mut [0; 4]): EAGAIN (Try again) -> success, 3",
            ),
            (Verdict::Deviates, "1 > 2", None, None, "deviates: 1 > 2"),
            (Verdict::Deviates, "made()", Some("success"), None, "deviates: made(): success -> ?"),
            (
                Verdict::Broken,
                "EMFILE (Too many open files) from pipe2",
                None,
                None,
                "broken: EMFILE (Too many open files) from pipe2",
            ),
            (Verdict::Timeout, "timed out after 30 s", None, None, "timeout: timed out after # s"),
            (
                Verdict::Deviates,
                "700 is not below 700\nminimal failing input: 700",
                None,
                None,
                "deviates: 700 is not below 700",
            ),
        ] {
            assert_eq!(of(verdict, message, expected, actual), signature);
        }
    }

    #[test]
    fn what_differs_from_run_to_run_is_left_out() {
        for (message, general) in [
            // Addresses, and flags that are none.
            ("mapped at 0x7ffc12345678, 0xDEADBEEF", "mapped at 0x#, 0x#"),
            ("fcntl(F_GETFL) gave 0x800, 0x80000", "fcntl(F_GETFL) gave 0x800, 0x80000"),
            // Pids of the spec, but no small number, no other number and no part of one.
            ("owner 31337 of 4242, not 4243", "owner # of #, not 4243"),
            ("12 bytes, 131337, 31337x, x31337", "12 bytes, 131337, 31337x, x31337"),
            ("-31337", "-#"),
            // Numbers that the system gives.
            ("left behind: process 23 (child 1.1): sleeping", "left behind: process # (child 1.1): sleeping"),
            (
                "left behind: System V message queue 32769; System V semaphore set 7",
                "left behind: System V message queue #; System V semaphore set #",
            ),
            ("left behind: POSIX message queue /ipcspec-31337-0", "left behind: POSIX message queue /ipcspec-#-0"),
            ("Node { device: 5, inode: 777 }", "Node { device: 5, inode: # }"),
            ("waitpid(17, &status, 0x2) returned 0", "waitpid(#, &status, 0x2) returned 0"),
            ("open(\"/tmp/ipcspec-aB3xYz/fifo\")", "open(\"/tmp/ipcspec-#/fifo\")"),
            // Text stays as it is.
            ("größe 65536 → 4096", "größe 65536 → 4096"),
            ("", ""),
        ] {
            assert_eq!(of(Verdict::Broken, message, None, None), format!("broken: {general}"));
        }
    }

    #[test]
    fn long_values_are_cut() {
        let long = "x".repeat(9999);
        let signature = of(Verdict::Deviates, &long, Some(&long), Some(&long));
        assert_eq!(signature.len(), "deviates: ".len() + 3 * KEPT + ": ".len() + " -> ".len());
    }
}
