//! What the compiler tells who writes a spec wrongly.

use crate::trial;
use libtest_mimic::Trial;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    const NAME: &str = "ui::what_is_missing_or_unknown_does_not_compile";
    let given = |word| std::env::args().any(|argument| argument == word);
    // nextest starts a process for each test, and a cargo for each of them would be the most of it.
    let another_is_wanted = given("--exact") && !given(NAME);
    vec![trial(NAME, messages).with_ignored_flag(another_is_wanted || !cargo_can_build())]
}

fn messages() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

/// Whether there is a cargo to be executed, a workspace, and a target directory to be written: none of these need be where an
/// archive of tests was unpacked.
fn cargo_can_build() -> bool {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| Path::new(".").to_owned(), PathBuf::from);
    let metadata = Command::new(cargo)
        .args(["metadata", "--offline", "--no-deps", "--format-version=1"])
        .current_dir(here)
        .output();
    metadata.is_ok_and(|output| output.status.success() && target_is_writable(&output.stdout))
}

fn target_is_writable(metadata: &[u8]) -> bool {
    use nix::unistd::{AccessFlags, access};
    let metadata: serde_json::Value = serde_json::from_slice(metadata).unwrap_or_default();
    let target = metadata["target_directory"].as_str();
    target.is_some_and(|target| access(target, AccessFlags::W_OK | AccessFlags::X_OK).is_ok())
}
