//! The harness is tested by specs that misbehave, in hostile surroundings.
//!
//! One binary in parts: by the first argument it runs planted specs with the harness's own runner (`planted`, `audit`), puts
//! itself into surroundings and executes itself there (`surroundings`), or kills such runs (`kill-runs`); otherwise it
//! speaks libtest's protocol. So it needs nothing but itself, and works from a nextest archive as any user.

mod audit;
mod choice;
mod composition;
mod kill_runs;
mod ladder;
mod misbehaviour;
mod nothing_left;
mod planted;
mod run;
mod runner;
mod seams;
mod surroundings;
mod ui;

use engine::runner::machine::CannotRun;
use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("planted") => exit(runner::main(&arguments[1..])),
        Some("audit") => exit(audit::main(&arguments[1..])),
        Some("surroundings") => surroundings::main(&arguments[1..]),
        Some("kill-runs") => kill_runs::main(&arguments[1..]),
        _ => {
            let trials = [
                audit::trials(),
                misbehaviour::trials(),
                choice::trials(),
                composition::trials(),
                ladder::trials(),
                nothing_left::trials(),
                seams::trials(),
                ui::trials(),
            ];
            libtest_mimic::run(&Arguments::from_args(), trials.into_iter().flatten().collect()).exit_code()
        }
    }
}

/// How a run of planted specs ends.
fn exit(outcome: Result<(), CannotRun>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(CannotRun(sentence)) => {
            eprintln!("{sentence}");
            2.into()
        }
    }
}

/// A test: it fails by a panic.
fn trial(name: &str, body: fn()) -> Trial {
    Trial::test(name, move || {
        body();
        Ok(())
    })
}

/// A test that only root can do; it is listed as ignored for others.
fn trial_for_root(name: &str, body: fn()) -> Trial {
    trial(name, body).with_ignored_flag(!nix::unistd::geteuid().is_root())
}
