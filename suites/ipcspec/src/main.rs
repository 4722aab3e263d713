//! The `ipcspec` command.

mod cli;

use clap::Parser;
use std::process::ExitCode;
use suites as _;

fn main() -> ExitCode {
    if engine::remote::guest::is_here() {
        engine::remote::guest::main();
    }
    engine::sandbox::preloaded::run_if_asked();
    kit::unrelated::run_if_asked();
    // A file that grows too large is an error of the write, said in a sentence: setrlimit(2), RLIMIT_FSIZE.
    // SAFETY: runs no code of ours.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    match cli::Command::try_parse() {
        Ok(command) => cli::run(command),
        Err(error) => cli::explain_usage(&error),
    }
}
