//! GitHub Actions, where a command runs there: annotations on standard output, and the job summary.

use super::{Refusal, print, store};
use std::path::Path;

/// Shows both; elsewhere neither is made.
pub fn show(annotations: impl FnOnce() -> String, summary: impl FnOnce() -> String) -> Result<(), Refusal> {
    if std::env::var_os("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return Ok(());
    }
    print(&annotations())?;
    match std::env::var_os("GITHUB_STEP_SUMMARY") {
        Some(path) => store::append(Path::new(&path), &summary()),
        None => Ok(()),
    }
}
