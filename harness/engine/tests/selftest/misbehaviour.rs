//! Each misbehaviour has its verdict and its words.

use crate::planted::{DIRECTORY, PRINTED};
use crate::run::{Run, only_failure};
use crate::trial;
use harness::Verdict;
use libtest_mimic::Trial;
use record::SpecRecord;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("misbehaviour::a_good_spec_conforms", a_good_spec_conforms),
        trial("misbehaviour::a_spec_starts_clean", a_spec_starts_clean),
        trial("misbehaviour::a_hang_is_a_timeout_and_says_where_each_process_stood", hang),
        trial("misbehaviour::a_deaf_hang_is_ended", deaf_hang),
        trial("misbehaviour::endless_forking_is_ended", endless_forking),
        trial("misbehaviour::endless_output_is_ended", endless_output),
        trial("misbehaviour::processes_left_behind_are_named", processes_left_behind),
        trial("misbehaviour::objects_left_behind_are_named", objects_left_behind),
        trial("misbehaviour::asserting_nothing_is_broken", asserting_nothing),
        trial("misbehaviour::a_failure_in_a_grandchild_has_its_place", failure_in_a_grandchild),
        trial("misbehaviour::a_panic_in_a_grandchild_has_its_place", panic_in_a_grandchild),
        trial("misbehaviour::death_by_a_signal_is_broken", death_by_a_signal),
        trial("misbehaviour::megabytes_of_output_are_cut", megabytes_of_output),
        trial("misbehaviour::an_early_exit_is_broken", early_exit),
        trial("misbehaviour::a_setup_that_fails_is_broken_where_it_failed", setup_that_fails),
        trial("misbehaviour::an_event_log_that_overflows_is_broken", event_log_that_overflows),
        trial("misbehaviour::a_deviation_is_told_before_what_it_left_behind", deviation_and_leak),
        trial("misbehaviour::a_hang_is_told_after_what_failed_before", deviation_and_hang),
        trial("misbehaviour::a_sandbox_that_is_killed_is_broken", killed_sandbox),
        trial("misbehaviour::what_a_spec_closes_is_its_own_affair", closed_descriptors),
    ]
}

/// The verdict and the words of the only failure.
fn judged(id: &str) -> (Verdict, String) {
    let record = Run::of([id]).record();
    (record.verdict, only_failure(&record).message.clone())
}

fn assert_conforms(record: &SpecRecord) {
    assert_eq!((record.verdict, &record.failures[..]), (Verdict::Conforms, &[][..]), "{record:#?}");
}

/// The line, from 1, of a planted file that holds the text.
fn line_of(file: &str, text: &str) -> u32 {
    let source = match file {
        "ends.rs" => include_str!("planted/ends.rs"),
        _ => unreachable!("only this one is asked for"),
    };
    1 + source.lines().position(|line| line.contains(text)).expect("the text is there") as u32
}

fn a_good_spec_conforms() {
    let record = Run::of(["conforms"]).record();
    assert_conforms(&record);
    assert_eq!(record.checks, 2);
    assert_eq!(record.source.file, format!("{DIRECTORY}/ends.rs"));
    assert_eq!(record.source.line, line_of("ends.rs", "id = \"planted.conforms\""));
    assert_eq!((record.output.as_str(), record.output_dropped), ("", 0));
}

fn a_spec_starts_clean() {
    let records = Run::of(["starts-*", "dies-of-sigpipe"]).records();
    assert_eq!(records.specs.len(), 7);
    records.specs.iter().for_each(assert_conforms);
}

/// The records of specs that hang, and that each was a timeout of its own.
fn hung(id: &str) -> SpecRecord {
    let record = Run::of([id]).timeout_scale(0.05).record();
    assert_eq!(record.verdict, Verdict::Timeout, "{record:#?}");
    let failure = only_failure(&record);
    assert!(failure.message.starts_with("timed out after"), "{failure:?}");
    record
}

fn hang() {
    let record = hung("hangs-in-grandchild");
    let stood: Vec<_> = record
        .processes
        .iter()
        .map(|process| (process.name.as_str(), process.state, process.syscall.as_deref().unwrap_or_default()))
        .collect();
    let pause = if cfg!(target_arch = "x86_64") { "pause" } else { "ppoll" };
    let call = |name| if harness::process_state::syscall(std::process::id().cast_signed()).is_ok() { name } else { "" };
    assert_eq!(stood, [("spec", 'S', call("wait4")), ("child 1", 'S', call("wait4")), ("child 1.1", 'S', call(pause))]);
}

fn deaf_hang() {
    assert_eq!(hung("hangs-deaf").processes.len(), 2);
}

fn endless_forking() {
    hung("hangs-forking");
}

fn endless_output() {
    let record = hung("prints-for-ever");
    assert!(record.output_dropped > 0);
}

fn processes_left_behind() {
    for id in ["leaves-orphan", "leaves-daemon"] {
        let (verdict, message) = judged(id);
        assert_eq!(verdict, Verdict::Broken);
        assert!(message.starts_with("left behind: process "), "{message}");
        assert!(message.contains(" (child 1.1): "), "{message}");
        assert!(!message.contains(';'), "nothing else: {message}");
    }
}

fn objects_left_behind() {
    for (id, words) in [
        ("leaks-sysv-queue", "System V message queue "),
        ("leaks-slowly", "System V message queue "),
        ("leaks-sysv-semaphores", "System V semaphore set "),
        ("leaks-sysv-segment", "System V shared memory segment "),
        ("leaks-posix-queue", "POSIX message queue /ipcspec"),
        ("leaks-shm-file", "file ipcspec"),
        ("leaks-descriptor", "open descriptors [3]"),
        ("leaks-file", "file forgotten in the scratch directory"),
    ] {
        let (verdict, message) = judged(id);
        assert_eq!(verdict, Verdict::Broken, "{id}");
        assert!(message.starts_with(&format!("left behind: {words}")), "{id}: {message}");
        assert!(!message.contains(';'), "nothing else: {message}");
    }
}

fn asserting_nothing() {
    assert_eq!(judged("asserts-nothing"), (Verdict::Broken, "nothing was asserted".into()));
}

fn failure_in_a_grandchild() {
    let record = Run::of(["fails-in-grandchild"]).record();
    assert_eq!((record.verdict, record.checks), (Verdict::Deviates, 1));
    let failure = only_failure(&record);
    assert_eq!((failure.verdict, failure.message.as_str()), (Verdict::Deviates, "1 + 1"));
    assert_eq!((failure.expected.as_deref(), failure.actual.as_deref()), (Some("3"), Some("2")));
    assert_eq!(failure.process, "child 1.1");
    assert_eq!(failure.signature, "deviates: 1 + 1: 3 -> 2");
    let place = format!("{DIRECTORY}/ends.rs:{}", line_of("ends.rs", "assert_eq!(1 + 1, 3)"));
    assert_eq!(failure.source.as_ref().map(ToString::to_string), Some(place));
}

fn panic_in_a_grandchild() {
    let record = Run::of(["panics-in-grandchild"]).record();
    assert_eq!(record.verdict, Verdict::Deviates);
    let failure = only_failure(&record);
    assert_eq!((failure.message.as_str(), failure.process.as_str()), ("out of cheese", "child 1.1"));
    let place = format!("{DIRECTORY}/ends.rs:{}", line_of("ends.rs", "panic!(\"out of cheese\")"));
    assert_eq!(failure.source.as_ref().map(ToString::to_string), Some(place));
}

fn death_by_a_signal() {
    for (id, signal) in [("segfault", "SIGSEGV"), ("kills-itself", "SIGKILL"), ("raises", "SIGRTMIN+2")] {
        assert_eq!(judged(id), (Verdict::Broken, format!("the first process was killed by {signal}")));
    }
}

fn megabytes_of_output() {
    let record = Run::of(["prints-megabytes"]).record();
    assert_conforms(&record);
    assert_eq!(record.output, "x".repeat(64 * 1024));
    assert_eq!(record.output_dropped, (PRINTED - 64 * 1024) as u64);
}

fn early_exit() {
    for id in ["exits-early", "exits-early-in-order"] {
        let message = "the first process exited with 0 before the body returned";
        assert_eq!(judged(id), (Verdict::Broken, message.into()));
    }
}

fn setup_that_fails() {
    let record = Run::of(["scene-fails"]).record();
    assert_eq!(record.verdict, Verdict::Broken);
    let failure = only_failure(&record);
    assert_eq!(failure.message, "No such file or directory (os error 2)");
    let place = format!("{DIRECTORY}/ends.rs:{}", line_of("ends.rs", "// the place that the report names"));
    assert_eq!(failure.source.as_ref().map(ToString::to_string), Some(place));
}

fn event_log_that_overflows() {
    let (verdict, message) = judged("overflows");
    assert_eq!(verdict, Verdict::Broken);
    assert!(message.starts_with("the event log is full: "), "{message}");
}

fn messages(record: &SpecRecord) -> Vec<(Verdict, &str)> {
    record.failures.iter().map(|failure| (failure.verdict, failure.message.as_str())).collect()
}

fn deviation_and_leak() {
    let record = Run::of(["deviates-and-leaks"]).record();
    assert_eq!(record.verdict, Verdict::Deviates);
    let left = "left behind: file forgotten in the scratch directory";
    assert_eq!(messages(&record), [(Verdict::Deviates, "1 > 2"), (Verdict::Broken, left)]);
}

fn deviation_and_hang() {
    let record = Run::of(["deviates-and-hangs"]).timeout_scale(0.05).record();
    assert_eq!(record.verdict, Verdict::Timeout);
    assert_eq!(messages(&record)[0], (Verdict::Deviates, "1 > 2"));
    assert!(messages(&record)[1].1.starts_with("timed out after"));
}

fn killed_sandbox() {
    // In a world that goes with what nobody could remove.
    let record = Run::of(["kills-sandbox"]).within(["world", "refuse=namespaces"]).record();
    assert_eq!(record.verdict, Verdict::Broken);
    assert_eq!(messages(&record), [(Verdict::Broken, "the sandbox ended early: killed by SIGKILL")]);
}

fn closed_descriptors() {
    assert_conforms(&Run::of(["closes-standard-descriptors"]).record());
}
