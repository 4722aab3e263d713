//! The binary that is carried to targets: they have none of this machine's shared libraries.

use super::CliError;
use engine::remote::Target;
use std::io::{Write, stderr};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// The workspace that this binary was built in.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Runs this command again with the static binary, which `scripts/dist` builds if it is not up to date. Does nothing where
/// this binary is static, or no target needs that. Fails before anything runs on a target.
pub fn run_again_if_dynamic(targets: &[Target]) -> Result<(), CliError> {
    if cfg!(target_feature = "crt-static") || !targets.iter().any(Target::needs_static) {
        return Ok(());
    }
    let cannot = |why: &str| {
        let remedy = "build the static one with scripts/dist, and run that";
        Err(CliError::could_not_run(format!("this ipcspec needs shared libraries, which targets lack: {remedy}{why}")))
    };
    let script = Path::new(WORKSPACE).join("scripts/dist");
    if !script.is_file() {
        return cannot("");
    }
    let name = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let _ = writeln!(stderr(), "ipcspec: building the static binary, which targets run");
    match Command::new(script).arg(&name).stdout(Stdio::null()).status() {
        Ok(status) if status.success() => {}
        Ok(status) => return cannot(&format!("; it failed now: {status}")),
        Err(error) => return cannot(&format!("; it cannot be started: {error}")),
    }
    let binary = Path::new(WORKSPACE).join("target/dist").join(format!("ipcspec-{name}"));
    let error = Command::new(&binary).args(std::env::args_os().skip(1)).exec();
    Err(CliError::could_not_run(format!("{} cannot be started: {error}", binary.display())))
}
