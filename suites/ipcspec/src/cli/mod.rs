//! The command line.

mod audit;
mod baseline;
mod carried;
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
mod progress;
mod publish;
mod reach;
mod remote;
mod renamed;
mod report;
mod run;
mod select;
mod send;
mod spool;
mod store;
mod trace;

use clap::{Parser, Subcommand};
use engine::runner::machine::CannotRun;
use reports::Exit;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// Check whether the inter-process communication of a Linux system behaves as documented.
#[derive(Debug, Parser)]
#[command(name = "ipcspec", version, after_help = format!("Exit codes:\n{}", Exit::table()))]
pub struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Run specs and write the reports.
    Run(run::Arguments),
    /// Compare the last run with a baseline; fail on anything it does not list.
    Gate(gate::Arguments),
    /// Write or update a baseline.
    Baseline(baseline::Arguments),
    /// Show what differs between runs.
    Compare(compare::Arguments),
    /// Merge the shards or layers of one run.
    Merge(merge::Arguments),
    /// Run all specs on several targets and show where they differ.
    Matrix(matrix::Arguments),
    /// Mutate the system calls of specs, one at a time, and check that the specs catch it.
    Audit(audit::Arguments),
    /// List specs with their statements.
    List(list::Arguments),
    /// Show everything about a spec: statement, citations, clauses, needs, source, and its last verdict here.
    Explain(explain::Arguments),
    /// Show how much of the catalogue the last run covered.
    Coverage(coverage::Arguments),
    /// Write the HTML report of one run, or of several as a matrix.
    Report(report::Arguments),
    /// Show what this machine provides: isolation, needs, limits, settings and targets.
    Doctor,
    /// Used by targets on the first of two boots: create the objects that specs look for on the second.
    #[command(hide = true)]
    Leave(leave::Arguments),
    /// Write the manifests of all specs, or check that they are up to date.
    Manifest(manifest::Arguments),
}

/// Why a command failed: a message and the exit code.
#[derive(Debug)]
pub struct CliError {
    message: String,
    exit: Exit,
}

impl CliError {
    fn could_not_run(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit: Exit::CouldNotRun }
    }

    fn nothing_selected(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit: Exit::NothingSelected }
    }
}

impl From<CannotRun> for CliError {
    fn from(error: CannotRun) -> Self {
        Self::could_not_run(error.to_string())
    }
}

/// Runs a command and returns the exit code.
pub fn run(command: Command) -> ExitCode {
    let outcome = match command.action {
        Action::Run(arguments) => run::run(&arguments),
        Action::Gate(arguments) => gate::gate(&arguments),
        Action::Baseline(arguments) => baseline::baseline(&arguments),
        Action::Compare(arguments) => compare::compare(&arguments),
        Action::Merge(arguments) => merge::merge(&arguments),
        Action::Matrix(arguments) => matrix::matrix(&arguments),
        Action::Leave(arguments) => leave::leave(&arguments),
        Action::Audit(arguments) => audit::audit(&arguments),
        Action::List(arguments) => list::list(&arguments),
        Action::Explain(arguments) => explain::explain(&arguments),
        Action::Coverage(arguments) => coverage::coverage(&arguments),
        Action::Report(arguments) => report::report(&arguments),
        Action::Doctor => doctor::doctor(),
        Action::Manifest(arguments) => manifest::manifest(&arguments),
    };
    outcome
        .unwrap_or_else(|error| {
            let _ = writeln!(std::io::stderr(), "ipcspec: {}", reports::sentence(&error.message));
            error.exit
        })
        .into()
}

/// For usage errors, `--help` and `--version`. To `git bisect run` the parser's own exit code would mean a bad commit.
pub fn explain_usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let exit = match error.exit_code() {
        0 => Exit::Passed,
        _ if std::env::args_os().any(|word| word == "--git-bisect") => Exit::Untestable,
        _ => Exit::CouldNotRun,
    };
    exit.into()
}

/// Prints to standard output, with colours if it is a terminal that supports them. A closed pipe, as in `ipcspec list | head`, is
/// not an error; a full disk is, so that half an answer is not taken for a whole one.
fn print(text: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::could_not_run(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
