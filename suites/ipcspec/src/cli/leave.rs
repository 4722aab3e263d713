//! `ipcspec leave`, which only targets are told to do.

use super::Refusal;
use clap::Args;
use persistence::persistence::reboot;
use reports::Exit;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The folder that outlives the reboot.
    folder: PathBuf,
}

pub fn leave(arguments: &Arguments) -> Result<Exit, Refusal> {
    reboot::leave(&arguments.folder).map_err(|stop| Refusal::could_not(stop.to_string()))?;
    Ok(Exit::Holds)
}
