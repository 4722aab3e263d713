//! The commands of the book: each block `console` of a page in docs/src/SUMMARY.md is run, and has to print what it shows.

use std::path::Path;
use tempfile::TempDir;

/// Files that the blocks of a page need.
const FOUND: [(&str, &str, &str); 1] = [(
    "gate",
    "known.toml",
    "[[expected]]\nid = \"pipe.read-eof\"\nfailures = [\"*\"]\nreason = \"End of file is not implemented yet.\"\n",
)];

#[test]
fn the_commands_of_the_book_print_what_it_shows() {
    // Both are said by nextest when it runs from an archive, on a machine that did not build it.
    let sources = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let binary = std::env::var_os("NEXTEST_BIN_EXE_ipcspec").unwrap_or_else(|| env!("CARGO_BIN_EXE_ipcspec").into());
    let book = Path::new(&sources).join("../../docs/src");
    let summary = std::fs::read_to_string(book.join("SUMMARY.md")).unwrap();
    let pages = TempDir::new().unwrap();
    for page in summary.split(['(', ')']).filter(|name| name.ends_with(".md")) {
        copy(&book.join(page), pages.path());
    }
    for (page, file, text) in FOUND {
        std::fs::write(pages.path().join(format!("{page}.in")).join(file), text).unwrap();
    }
    let cases = trycmd::TestCases::new();
    cases.register_bin("ipcspec", Path::new(&binary)).env("GITHUB_ACTIONS", "false");
    cases.case(pages.path().join("*.md").to_str().unwrap());
}

/// The page, with the two directories that tell trycmd to run all of its commands in one directory that may be written.
fn copy(page: &Path, to: &Path) {
    let copy = to.join(page.file_name().unwrap());
    std::fs::write(&copy, std::fs::read(page).unwrap()).unwrap();
    for directory in ["in", "out"] {
        std::fs::create_dir(copy.with_extension(directory)).unwrap();
    }
}
