//! Manifests: written into a repository, and compared with it.

use crate::command::*;
use std::fs;
use tempfile::TempDir;

/// A directory that looks like the root of the repository, with the manifests of this version.
fn manifests() -> TempDir {
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("suites")).unwrap();
    let written = ask_in(root.path(), &["manifest"]);
    assert_eq!((written.code, written.out.as_str()), (Some(PASSED), ""), "{}", written.err);
    root
}

#[test]
fn manifests_that_are_out_of_date_are_shown_as_a_diff() {
    let root = manifests();
    let check = || ask_in(root.path(), &["manifest", "--check"]);
    assert_eq!(check().code, Some(PASSED));

    let path = root.path().join("suites/pipes/manifest/pipe.md");
    let current = fs::read_to_string(&path).unwrap();
    fs::write(&path, current.replacen("## pipe.read-eof\n", "## pipe.read-end\n", 1)).unwrap();
    let stale = check();
    assert_eq!(stale.code, Some(FAILED), "{}", stale.err);
    assert!(stale.out.starts_with("--- suites/pipes/manifest/pipe.md\n"), "{}", stale.out);
    assert!(stale.out.contains("\n-## pipe.read-end\n+## pipe.read-eof\n"), "{}", stale.out);
    assert!(stale.err.contains("run `ipcspec manifest`"), "{}", stale.err);

    fs::write(&path, &current).unwrap();
    let missing = root.path().join("suites/pipes/manifest/fifo.md");
    let extra = root.path().join("suites/pipes/manifest/telegraph.md");
    fs::rename(&missing, &extra).unwrap();
    let shown = check().out;
    assert!(shown.contains("+# fifo\n"), "{shown}");
    assert!(shown.contains("suites/pipes/manifest/telegraph.md: no spec belongs to this manifest\n"), "{shown}");
    assert_eq!(ask_in(root.path(), &["manifest"]).code, Some(PASSED));
    assert!(missing.exists() && !extra.exists());
    assert_eq!(check().code, Some(PASSED));
}

#[test]
fn a_manifest_belongs_to_a_repository() {
    assert_refused(&ask(&["manifest"]), COULD_NOT_RUN, "not the root of the repository");
}
