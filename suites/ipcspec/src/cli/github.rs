//! Under GitHub Actions: annotations on standard output, and the job summary.

use super::{CliError, print, store};
use std::path::Path;

/// Writes both under GitHub Actions.
pub fn show(annotations: impl FnOnce() -> String, summary: impl FnOnce() -> String) -> Result<(), CliError> {
    if std::env::var_os("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return Ok(());
    }
    print(&annotations())?;
    match std::env::var_os("GITHUB_STEP_SUMMARY") {
        Some(path) => store::append(Path::new(&path), &summary()),
        None => Ok(()),
    }
}
