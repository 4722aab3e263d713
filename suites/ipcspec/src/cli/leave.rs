//! `ipcspec leave`, which only targets are told to do.

use super::Refusal;
use clap::Args;
use persistence::persistence::reboot;
use reports::Exit;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The directory that outlives the reboot.
    directory: PathBuf,
}

pub fn leave(arguments: &Arguments) -> Result<Exit, Refusal> {
    reboot::leave(&arguments.directory).map_err(|stop| Refusal::could_not(stop.to_string()))?;
    Ok(Exit::Holds)
}
