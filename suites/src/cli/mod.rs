//! The command line: what can be asked, and how answers reach the caller.

mod audit;
mod coverage;
mod doctor;
mod explain;
mod leave;
mod list;
mod manifest;
mod matrix;
mod progress;
mod remote;
mod run;
mod select;
mod store;

use clap::{Parser, Subcommand};
use reports::Exit;
use std::io::{ErrorKind, Write};
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
    /// Run all specs on many targets, and show where they differ.
    Matrix(matrix::Arguments),
    /// Sabotage the calls of specs, one at a time, and see whether the specs notice.
    Audit(audit::Arguments),
    /// List specs with their statements.
    List(list::Arguments),
    /// Tell all about one spec: statement, citation, clauses, needs, source, and its last verdict here.
    Explain(explain::Arguments),
    /// Tell how much of the catalogue the last run covered.
    Coverage(coverage::Arguments),
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

/// Answers, and gives the exit code.
pub fn run(command: Command) -> ExitCode {
    let answer = match command.ask {
        Ask::Run(arguments) => run::run(&arguments),
        Ask::Matrix(arguments) => matrix::matrix(&arguments),
        Ask::Leave(arguments) => leave::leave(&arguments),
        Ask::Audit(arguments) => audit::audit(&arguments),
        Ask::List(arguments) => list::list(&arguments),
        Ask::Explain(arguments) => explain::explain(&arguments),
        Ask::Coverage(arguments) => coverage::coverage(&arguments),
        Ask::Doctor => doctor::doctor(),
        Ask::Manifest(arguments) => manifest::manifest(&arguments),
    };
    answer
        .unwrap_or_else(|refusal| {
            let _ = writeln!(std::io::stderr(), "ipcspec: {}", refusal.sentence);
            refusal.exit
        })
        .into()
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
