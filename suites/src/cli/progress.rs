//! What is shown while a run goes on: a bar on a terminal, a line for each spec elsewhere.

use harness::record::SpecRecord;
use harness::runner::Event;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write, stderr};

/// Follows a run on standard error.
pub enum Progress {
    /// A person looks.
    Bar(ProgressBar),
    /// A log is written.
    Lines,
}

impl Progress {
    /// For a run of so many specs.
    pub fn new(total: usize) -> Self {
        if !stderr().is_terminal() {
            return Self::Lines;
        }
        let style =
            ProgressStyle::with_template("{bar:40.cyan/blue} {pos}/{len} {wide_msg}").expect("the template is valid");
        // No ticker thread: the runner forks.
        Self::Bar(ProgressBar::new(total as u64).with_style(style))
    }

    /// Shows what happened.
    pub fn show(&self, event: &Event) {
        match (self, event) {
            (Self::Bar(bar), Event::Started(spec)) => bar.set_message(spec.id),
            (Self::Bar(bar), Event::Judged(..)) => bar.inc(1),
            (Self::Lines, Event::Started(_)) => {}
            (Self::Lines, Event::Judged(_, record, _)) => {
                let _ = writeln!(stderr(), "{}", line(record));
            }
        }
    }

    /// Leaves the place to the summary.
    pub fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn line(record: &SpecRecord) -> String {
    let time = match record.rung {
        Some(_) => format!(" ({:.1} ms)", record.wall_us as f64 / 1000.0),
        None => String::new(),
    };
    format!("{:<8}  {}{time}", record.verdict, record.id)
}
