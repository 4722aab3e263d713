//! No word that was replaced by the field's is left in code, messages and documentation.
//!
//! `old-words.txt` lists the replaced words. They are looked for in every file of the repository, as whole words of a text
//! or of a name: `box` matches in `next_box` and not in `boxes`.

use std::path::{Path, PathBuf};
use std::process::Command;

const LIST: &str = include_str!("old-words.txt");

/// What may have them: the list, ids under their former names, the founding notes' own text, the index of manual pages.
const EXEMPT: [&str; 4] = [
    "suites/ipcspec/tests/old-words.txt",
    "suites/ipcspec/renamed-ids.tsv",
    "fixtures/catalogue/claims/",
    "fixtures/catalogue/pages/",
];

#[test]
fn no_old_word_is_left() {
    // nextest sets it when it runs from an archive, on a machine that did not build it.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&package).join("../..").canonicalize().unwrap();
    let phrases = phrases();
    let mut left = Vec::new();
    for file in files(&root) {
        let name = file.to_str().expect("names of our files are UTF-8");
        if EXEMPT.iter().any(|exempt| name.starts_with(exempt)) {
            continue;
        }
        // Not UTF-8, or removed and not yet committed.
        let Ok(text) = std::fs::read_to_string(root.join(&file)) else { continue };
        let text = if name == "CHANGELOG.md" { unreleased(&text) } else { &text };
        left.extend(found(text, &phrases).map(|(line, phrase)| format!("{name}:{line}: {}", phrase.join(" "))));
    }
    assert!(left.is_empty(), "docs/src/glossary.md has the words to use instead of these:\n{}", left.join("\n"));
}

#[test]
fn a_planted_word_is_found_with_its_line() {
    let phrases = [vec!["green"], vec!["comes", "in"], vec!["Box"]];
    let text = "A greenhouse, no\n`next_green` thing, comes\nin a box-like Box.\n";
    let found: Vec<_> = found(text, &phrases).map(|(line, phrase)| (line, phrase.join(" "))).collect();
    assert_eq!(found, [(2, "green".to_owned()), (2, "comes in".to_owned()), (3, "Box".to_owned())]);
}

#[test]
fn the_text_of_a_release_is_exempt() {
    assert_eq!(
        unreleased("# Changelog\n\n## [Unreleased]\n\nnew\n\n## [0.1.0]\n\nold\n"),
        "# Changelog\n\n## [Unreleased]\n\nnew\n\n"
    );
    assert_eq!(unreleased("## [Unreleased]\nnew\n"), "## [Unreleased]\nnew\n");
}

fn phrases() -> Vec<Vec<&'static str>> {
    LIST.lines()
        .map(|line| words(line).map(|(_, word)| word).collect())
        .filter(|phrase: &Vec<_>| !phrase.is_empty())
        .collect()
}

/// Each phrase in the text, with the line of its first word.
fn found<'a>(text: &str, phrases: &'a [Vec<&str>]) -> impl Iterator<Item = (usize, &'a Vec<&'a str>)> {
    let words: Vec<_> = words(text).collect();
    let mut found = Vec::new();
    for at in 0..words.len() {
        let follows = |phrase: &[&str]| {
            words[at..].len() >= phrase.len() && phrase.iter().zip(&words[at..]).all(|(a, (_, b))| a == b)
        };
        found.extend(phrases.iter().filter(|phrase| follows(phrase)).map(|phrase| (words[at].0, phrase)));
    }
    found.into_iter()
}

/// The words of a text, each with its line.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().flat_map(|(number, line)| {
        line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(move |word| (number + 1, word))
    })
}

/// The changelog up to the newest release: published text is not reworded.
fn unreleased(changelog: &str) -> &str {
    const RELEASE: &str = "\n## [";
    let first = changelog.find("## [").map_or(0, |at| at + 1);
    let second = changelog[first..].find(RELEASE).map_or(changelog.len(), |at| first + at + 1);
    &changelog[..second]
}

/// The files of the repository, from its root: those that git tracks, or all where there is no git.
fn files(root: &Path) -> Vec<PathBuf> {
    if root.join(".git").exists() {
        let git = Command::new("git").arg("-C").arg(root).args(["ls-files", "-z"]).output();
        if let Ok(listed) = git
            && listed.status.success()
        {
            let names = String::from_utf8(listed.stdout).unwrap();
            return names.split_terminator('\0').map(PathBuf::from).collect();
        }
    }
    let mut files = Vec::new();
    walk(root, Path::new(""), &mut files);
    files
}

fn walk(root: &Path, directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(root.join(directory)).unwrap() {
        let entry = entry.unwrap();
        let name = directory.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            if !["target", ".git"].iter().any(|skipped| name == Path::new(skipped)) {
                walk(root, &name, files);
            }
        } else {
            files.push(name);
        }
    }
}
