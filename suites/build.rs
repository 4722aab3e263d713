//! Two things that rustc cannot know by itself about the library of specs.

use std::path::Path;

fn main() {
    // rstest puts the modules of its cases under `cfg(test)`. The specs live in a library that the `ipcspec` binary links,
    // and which is never built as a test, so the library says that it is one.
    println!("cargo::rustc-cfg=test");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src");
    refuse_lost_cases(Path::new("src"));
}

/// rstest gives what stands above a case to that case alone: with our attribute above two cases, the second would be a
/// plain test that nobody runs. It cannot be seen from the expansion, so it is looked for here.
fn refuse_lost_cases(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("the sources can be listed").path();
        if path.is_dir() {
            refuse_lost_cases(&path);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("the sources can be read");
        let mut attribute_seen = false;
        for (index, line) in text.lines().map(str::trim_start).enumerate() {
            if line.starts_with("fn ") {
                attribute_seen = false;
            } else if line.starts_with("#[harness::test(") {
                attribute_seen = true;
            } else if line.starts_with("#[case") && attribute_seen {
                println!(
                    "cargo::error={}:{}: a case below #[harness::test] is lost: write #[rstest], the cases, then the doc comment and #[harness::test]",
                    path.display(),
                    index + 1
                );
            }
        }
    }
}
