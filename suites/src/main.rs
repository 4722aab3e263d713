//! The `ipcspec` command.

mod cli;

use clap::Parser;
use std::process::ExitCode;
use suites as _;

fn main() -> ExitCode {
    fixtures::unrelated::run_if_asked();
    cli::run(cli::Command::parse())
}
