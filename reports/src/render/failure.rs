//! A failure as text, in the manner of h2spec: the statement, the call, expected and actual result, process states, and the
//! command that reproduces it. Every report that explains a failure uses this text.

use super::page::{Page, Style};
use crate::judged::{Judged, reason};
use crate::text;
use record::citation_line;
use record::{Failure, Process, SpecRecord};

/// How many failures of one spec are shown in full.
const FAILURES: usize = 3;
/// How many lines of a spec's output are shown.
const OUTPUT_LINES: usize = 8;

/// The failure of one record in plain text with its verdict, for the output of a test runner.
pub fn text(record: &SpecRecord) -> String {
    format!("{} {}\n{}", record.id, record.verdict, plain(&Judged::one(record)))
}

/// The failure in plain text.
pub(crate) fn plain(spec: &Judged) -> String {
    let mut page = Page::default();
    write(&mut page, spec);
    page.into_plain()
}

/// Writes the representative failing attempt of the spec.
pub(crate) fn write(page: &mut Page, spec: &Judged) {
    let record = spec.record();
    page.paragraph((Style::Bold, "  -> "), Style::Bold, &record.statement);
    page.paragraph((Style::Dim, "     "), Style::Dim, &citation_line(&record.cite));
    page.blank();
    if spec.attempts().len() > 1 {
        let rate = format!("{}; this is attempt {}", spec.rate(), record.attempt);
        labelled(page, "attempts", Style::Yellow, &rate);
    }
    if let Some(at_fault) = spec.at_fault() {
        labelled(page, "at fault", Style::Bold, &at_fault);
    }
    if let Some(known) = spec.known_of_linux() {
        labelled(page, "known", Style::Yellow, &format!("{} {}", known.reason, known.reported));
    }
    if record.failures.is_empty() {
        labelled(page, "failed", Style::Red, &reason(record));
    }
    for failure in record.failures.iter().take(FAILURES) {
        write_failure(page, failure);
    }
    if record.failures.len() > FAILURES {
        let more = text::count(record.failures.len() - FAILURES, "more failure");
        labelled(page, "", Style::Dim, &format!("... and {more}"));
    }
    write_processes(page, &record.processes);
    write_lines(page, "trace", record.trace.iter().map(String::as_str));
    write_output(page, record);
    write_lines(page, "kernel", record.kernel_log.iter().map(String::as_str));
    labelled(page, "source", Style::Plain, &record.source.to_string());
    page.verbatim((Style::Dim, "  reproduce: "), Style::Cyan, &spec.reproduce());
}

fn write_failure(page: &mut Page, failure: &Failure) {
    match (&failure.expected, &failure.actual) {
        (None, None) => labelled(page, "failed", Style::Red, &failure.message),
        (expected, actual) => {
            labelled(page, "done", Style::Plain, &failure.message);
            for (label, style, value) in [("expected", Style::Green, expected), ("actual", Style::Red, actual)] {
                if let Some(value) = value {
                    labelled(page, label, style, value);
                }
            }
        }
    }
    let place = failure.source.as_ref().map(|source| format!(", {source}")).unwrap_or_default();
    labelled(page, "in", Style::Plain, &format!("{}{place}", failure.process));
}

fn write_processes(page: &mut Page, processes: &[Process]) {
    let width = |field: fn(&Process) -> usize| processes.iter().map(field).max().unwrap_or(0);
    let pids = width(|process| process.pid.to_string().len());
    // The kernel keeps 15 bytes of a name; a longer one does not widen the column.
    let names = width(|process| process.name.chars().count()).min(15);
    let states = width(|process| state(process.state).len());
    for (number, process) in processes.iter().enumerate() {
        let state = state(process.state);
        let call = process.syscall.as_ref().map(|call| format!("in {call}")).unwrap_or_default();
        let wchan = process.wchan.as_ref().map(|wchan| format!(", waiting in {wchan}")).unwrap_or_default();
        let row = format!("pid {:pids$}  {:names$}  {state:states$}  {call}{wchan}", process.pid, process.name);
        let label = format!("{:>12} ", if number == 0 { "processes:" } else { "" });
        page.line(&[(Style::Dim, &label), (Style::Plain, &row)]);
    }
}

/// The state letter in words, as proc_pid_stat(5) has them.
pub(crate) fn state(letter: char) -> &'static str {
    match letter {
        'R' => "running",
        'S' => "sleeping",
        'D' => "in uninterruptible sleep",
        'T' => "stopped",
        't' => "stopped by a tracer",
        'Z' => "zombie",
        'X' | 'x' => "dead",
        'I' => "idle",
        'P' => "parked",
        _ => "in an unknown state",
    }
}

fn write_output(page: &mut Page, record: &SpecRecord) {
    let lines: Vec<_> = record.output.lines().collect();
    write_lines(page, "output", lines.iter().copied().take(OUTPUT_LINES));
    let mut more = Vec::new();
    if lines.len() > OUTPUT_LINES {
        more.push(text::count(lines.len() - OUTPUT_LINES, "more line"));
    }
    if record.output_dropped > 0 {
        more.push(format!("{} bytes not kept", record.output_dropped));
    }
    if !more.is_empty() {
        labelled(page, "", Style::Dim, &format!("... {}", more.join(", ")));
    }
}

/// Verbatim lines.
fn write_lines<'a>(page: &mut Page, label: &str, lines: impl Iterator<Item = &'a str>) {
    for (number, line) in lines.enumerate() {
        let label = if number == 0 { format!("{label}:") } else { String::new() };
        page.line(&[(Style::Dim, &format!("{label:>12} ")), (Style::Dim, "| "), (Style::Plain, line)]);
    }
}

/// Labels are right-aligned, so that values are in one column.
fn labelled(page: &mut Page, label: &str, style: Style, value: &str) {
    let colon = if label.is_empty() { "" } else { ":" };
    page.paragraph((Style::Dim, &format!("{:>12} ", format!("{label}{colon}"))), style, value);
}
