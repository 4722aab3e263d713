//! `ipcspec leave`, used by targets that boot twice.

use super::CliError;
use clap::Args;
use persistence::persistence::reboot;
use reports::Exit;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Arguments {
    /// A directory that survives the reboot.
    directory: PathBuf,
}

pub fn leave(arguments: &Arguments) -> Result<Exit, CliError> {
    reboot::leave(&arguments.directory).map_err(|stop| CliError::could_not_run(stop.to_string()))?;
    Ok(Exit::Passed)
}
