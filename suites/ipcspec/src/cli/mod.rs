//! The command line: what can be asked, and how answers reach the caller.

mod audit;
mod baseline;
mod compare;
mod coverage;
mod doctor;
mod documented;
mod explain;
mod gate;
mod github;
mod leave;
mod list;
mod manifest;
mod matrix;
mod merge;
mod preload;
mod progress;
mod remote;
mod renamed;
mod report;
mod run;
mod select;
mod send;
mod spool;
mod store;
mod tell;
mod trace;

use clap::{Parser, Subcommand};
use engine::runner::machine::CannotRun;
use reports::Exit;
use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

/// Tells whether a Linux system's inter-process communication behaves as documented.
#[derive(Debug, Parser)]
#[command(name = "ipcspec", version, after_help = Exit::table())]
pub struct Command {
    #[command(subcommand)]
    ask: Ask,
}

#[derive(Debug, Subcommand)]
enum Ask {
    /// Run specs, judge this system, and write the reports.
    Run(run::Arguments),
    /// Hold the last run against a baseline: fail on whatever is not known.
    Gate(gate::Arguments),
    /// Write a baseline, or make it current.
    Baseline(baseline::Arguments),
    /// Tell what differs between runs.
    Compare(compare::Arguments),
    /// Put the shards or layers of one run together.
    Merge(merge::Arguments),
    /// Run all specs on many targets, and show where they differ.
    Matrix(matrix::Arguments),
    /// Mutation the calls of specs, one at a time, and see whether the specs notice.
    Audit(audit::Arguments),
    /// List specs with their statements.
    List(list::Arguments),
    /// Tell all about one spec: statement, citation, clauses, needs, source, and its last verdict here.
    Explain(explain::Arguments),
    /// Tell how much of the catalogue the last run covered.
    Coverage(coverage::Arguments),
    /// Write the HTML report of a run, or of several runs with their matrix.
    Report(report::Arguments),
    /// Tell what this machine offers: isolation, needs, limits.
    Doctor,
    /// What a target is told on the first of two boots: leave objects that specs look for on the second.
    #[command(hide = true)]
    Leave(leave::Arguments),
    /// Print the list of all specs, or check that the one in the repository is current.
    Manifest(manifest::Arguments),
}

/// Why a command ended early: one sentence for the reader, and the exit code.
#[derive(Debug)]
pub struct Refusal {
    sentence: String,
    exit: Exit,
}

impl Refusal {
    fn could_not(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), exit: Exit::CouldNotRun }
    }

    fn nothing(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), exit: Exit::NothingSelected }
    }
}

impl From<CannotRun> for Refusal {
    fn from(error: CannotRun) -> Self {
        Self::could_not(error.to_string())
    }
}

/// Answers, and gives the exit code.
pub fn run(command: Command) -> ExitCode {
    let answer = match command.ask {
        Ask::Run(arguments) => run::run(&arguments),
        Ask::Gate(arguments) => gate::gate(&arguments),
        Ask::Baseline(arguments) => baseline::baseline(&arguments),
        Ask::Compare(arguments) => compare::compare(&arguments),
        Ask::Merge(arguments) => merge::merge(&arguments),
        Ask::Matrix(arguments) => matrix::matrix(&arguments),
        Ask::Leave(arguments) => leave::leave(&arguments),
        Ask::Audit(arguments) => audit::audit(&arguments),
        Ask::List(arguments) => list::list(&arguments),
        Ask::Explain(arguments) => explain::explain(&arguments),
        Ask::Coverage(arguments) => coverage::coverage(&arguments),
        Ask::Report(arguments) => report::report(&arguments),
        Ask::Doctor => doctor::doctor(),
        Ask::Manifest(arguments) => manifest::manifest(&arguments),
    };
    answer
        .unwrap_or_else(|refusal| {
            let _ = writeln!(std::io::stderr(), "ipcspec: {}", reports::sentence(&refusal.sentence));
            refusal.exit
        })
        .into()
}

/// For words that are no command, and for `--help` and `--version`. To `git bisect run` the parser's own exit code would mean
/// a bad commit.
pub fn explain_usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let exit = match error.exit_code() {
        0 => Exit::Holds,
        _ if std::env::args_os().any(|word| word == "--git-bisect") => Exit::Untestable,
        _ => Exit::CouldNotRun,
    };
    exit.into()
}

/// Whether answers on standard output are coloured.
fn colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Prints an answer. A reader that has gone, as in `ipcspec list | head`, has seen what it wanted; half an answer on a full
/// disk must not pass for one.
fn print(text: &str) -> Result<(), Refusal> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Refusal::could_not(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}
