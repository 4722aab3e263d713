//! A library before the C library: how a change of one is judged without building the other.

use super::Refusal;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

const VARIABLE: &str = "LD_PRELOAD";

/// Starts this command again, with the library in front; comes back in the process that has it. See ld.so(8).
pub fn begin_again_with(library: &Path) -> Result<(), Refusal> {
    let refuse = |why: &str| Err(Refusal::could_not(format!("{} cannot be preloaded: {why}", library.display())));
    if cfg!(target_feature = "crt-static") {
        return refuse("this ipcspec is linked statically; build one that is not, with cargo build");
    }
    let path = match library.canonicalize() {
        Ok(path) => path,
        Err(error) => return refuse(&error.to_string()),
    };
    let name = path.to_string_lossy();
    if name.contains([' ', ':']) {
        return refuse("the dynamic linker takes no name with a space or a colon");
    }
    if std::env::var_os(VARIABLE).is_none_or(|set| set != *path) {
        let error = Command::new("/proc/self/exe").args(std::env::args_os().skip(1)).env(VARIABLE, &path).exec();
        return refuse(&format!("ipcspec cannot start itself again: {error}"));
    }
    // The linker warns, and goes on without.
    let loaded = std::fs::read_to_string("/proc/self/maps").is_ok_and(|maps| maps.contains(&*name));
    if loaded { Ok(()) } else { refuse("the dynamic linker did not take it; is it a shared library for this machine?") }
}
