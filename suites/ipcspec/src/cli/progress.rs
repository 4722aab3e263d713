//! Progress of a run: a bar on a terminal, lines elsewhere.

use engine::runner::RunEvent;
use indicatif::{ProgressBar, ProgressStyle};
use record::SpecRecord;
use std::cell::Cell;
use std::io::{IsTerminal, Write, stderr};

/// From this many runs of specs on, progress is shown in a log.
const MANY: usize = 1000;

/// Shows the progress of a run on standard error.
pub enum Progress {
    /// On a terminal.
    Bar(ProgressBar),
    /// In a log: a line for each spec.
    Lines,
    /// In a log of many runs of specs: a line for each tenth, if there are more than [`MANY`].
    Tenths { total: usize, done: Cell<usize> },
}

impl Progress {
    /// For a run of `total` specs.
    pub fn new(total: usize) -> Self {
        if stderr().is_terminal() { Self::bar(total) } else { Self::Lines }
    }

    /// For many runs of each spec.
    pub fn of_many(total: usize) -> Self {
        if stderr().is_terminal() { Self::bar(total) } else { Self::Tenths { total, done: Cell::new(0) } }
    }

    fn bar(total: usize) -> Self {
        let style =
            ProgressStyle::with_template("{bar:40.cyan/blue} {pos}/{len} {wide_msg}").expect("the template is valid");
        // No ticker thread: the runner forks.
        Self::Bar(ProgressBar::new(total as u64).with_style(style))
    }

    /// Shows an event.
    pub fn show(&self, event: &RunEvent) {
        match (self, event) {
            (Self::Bar(bar), RunEvent::Started(spec)) => bar.set_message(spec.id),
            (Self::Bar(bar), RunEvent::Judged(..)) => bar.inc(1),
            (_, RunEvent::Started(_) | RunEvent::KernelReported(_)) => {}
            (Self::Tenths { total, done }, RunEvent::Judged(..)) => {
                let before = done.replace(done.get() + 1);
                let (tenth, tenth_before) = (done.get() * 10 / total, before * 10 / total);
                if tenth > tenth_before && *total > MANY {
                    let _ = writeln!(stderr(), "{:>3} % of {total}", tenth * 10);
                }
            }
            (Self::Lines, RunEvent::Judged(_, record, _)) => {
                let _ = writeln!(stderr(), "{}", line(record));
            }
        }
    }

    /// Removes the bar.
    pub fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn line(record: &SpecRecord) -> String {
    let time = match record.isolation {
        Some(_) => format!(" ({:.1} ms)", record.wall_us as f64 / 1000.0),
        None => String::new(),
    };
    format!("{:<8}  {}{time}", record.verdict, record.id)
}
