//! Preloading a library, so that it can be checked without rebuilding ipcspec.

use super::CliError;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

const VARIABLE: &str = "LD_PRELOAD";

/// Runs this command again with the library preloaded; returns in the process that has it. ld.so(8)
pub fn run_again_with(library: &Path) -> Result<(), CliError> {
    let error = |why: &str| Err(CliError::could_not_run(format!("cannot preload {}: {why}", library.display())));
    if cfg!(target_feature = "crt-static") {
        return error("this ipcspec is statically linked; build a dynamically linked one with cargo build");
    }
    let path = match library.canonicalize() {
        Ok(path) => path,
        Err(failure) => return error(&failure.to_string()),
    };
    let name = path.to_string_lossy();
    if name.contains([' ', ':']) {
        return error("the dynamic linker does not support a path with a space or a colon");
    }
    if std::env::var_os(VARIABLE).is_none_or(|set| set != *path) {
        let failure = Command::new("/proc/self/exe").args(std::env::args_os().skip(1)).env(VARIABLE, &path).exec();
        return error(&format!("cannot run ipcspec again: {failure}"));
    }
    // If the library cannot be loaded, the linker warns and continues.
    let loaded = std::fs::read_to_string("/proc/self/maps").is_ok_and(|maps| maps.contains(&*name));
    if loaded { Ok(()) } else { error("the dynamic linker did not load it; is it a shared library for this machine?") }
}
