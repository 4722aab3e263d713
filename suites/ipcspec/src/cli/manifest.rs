//! `ipcspec manifest`: every spec with its statement, citation and clauses, so that a change to the suite shows in review.

use super::{CliError, print, store};
use catalogue::{Catalogue, Fate, Persistence};
use clap::Args;
use harness::Spec;
use harness::registry::specs;
use record::id::family;
use reports::Exit;
use similar::TextDiff;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The root of the repository.
    #[arg(value_name = "DIRECTORY", default_value = ".")]
    root: PathBuf,
    /// Write nothing; show how the files differ from what would be written, and exit with 1 if they do.
    #[arg(long)]
    check: bool,
}

pub fn manifest(arguments: &Arguments) -> Result<Exit, CliError> {
    let root = &arguments.root;
    if !root.join("suites").is_dir() {
        return Err(CliError::could_not_run(format!(
            "{}: not the root of the repository: no directory suites",
            root.display()
        )));
    }
    let manifests = manifests();
    let extra = extra(root, &manifests).map_err(|error| store::unreadable(&root.join("suites"), &error))?;
    if arguments.check {
        return check(root, &manifests, &extra);
    }
    for (path, text) in &manifests {
        let path = root.join(path);
        fs::create_dir_all(store::directory(&path)).map_err(|error| store::unwritable(&path, &error))?;
        store::replace(&path, text)?;
    }
    for path in extra {
        let path = root.join(path);
        fs::remove_file(&path).map_err(|error| store::unwritable(&path, &error))?;
    }
    Ok(Exit::Passed)
}

fn check(root: &Path, manifests: &BTreeMap<PathBuf, String>, extra: &BTreeSet<PathBuf>) -> Result<Exit, CliError> {
    let mut differences = String::new();
    for (path, wanted) in manifests {
        let (name, path) = (path.display().to_string(), root.join(path));
        let found = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            found => found.map_err(|error| store::unreadable(&path, &error))?,
        };
        let _ = write!(differences, "{}", TextDiff::from_lines(&found, wanted).unified_diff().header(&name, &name));
    }
    for path in extra {
        let _ = writeln!(differences, "{}: no spec belongs to this manifest", path.display());
    }
    if differences.is_empty() {
        return Ok(Exit::Passed);
    }
    print(&differences)?;
    let message = "the manifests are out of date: run `ipcspec manifest` and review the changes".into();
    Err(CliError { message, exit: Exit::Failed })
}

/// Manifests that are there and should not be.
fn extra(root: &Path, manifests: &BTreeMap<PathBuf, String>) -> io::Result<BTreeSet<PathBuf>> {
    let mut extra = BTreeSet::new();
    for suite in fs::read_dir(root.join("suites"))? {
        let directory = Path::new("suites").join(suite?.file_name()).join(DIRECTORY);
        if !root.join(&directory).is_dir() {
            continue;
        }
        for file in fs::read_dir(root.join(&directory))? {
            let path = directory.join(file?.file_name());
            if !manifests.contains_key(&path) {
                extra.insert(path);
            }
        }
    }
    Ok(extra)
}

/// Where a suite keeps the manifests of its mechanisms.
const DIRECTORY: &str = "manifest";

/// The path, from the root of the repository, and the text of each: one for each mechanism of each suite.
fn manifests() -> BTreeMap<PathBuf, String> {
    let mut manifests = BTreeMap::new();
    // Rows of a table have statements of their own.
    let is_one = |one: &&Spec, other: &&Spec| {
        family(one.id) == family(other.id) && one.statement == other.statement && one.cite == other.cite
    };
    for cases in specs().chunk_by(is_one) {
        let mechanism = cases[0].mechanism();
        let suite: PathBuf = Path::new(cases[0].file).components().take(2).collect();
        let path = suite.join(DIRECTORY).join(format!("{mechanism}.md"));
        let table = || if suite.ends_with("persistence") { persistence(Persistence::load()) } else { String::new() };
        let heading = || format!("# {mechanism}\n\nWritten by `ipcspec manifest`; do not edit.\n{}", table());
        manifests.entry(path).or_insert_with(heading).push_str(&entry(cases));
    }
    manifests
}

/// How long objects live, as a table. A spec stands in the manifest of its own mechanism.
fn persistence(table: &Persistence) -> String {
    let cell = |fate: &Fate| match (fate.word.as_str(), &fate.specs[..]) {
        ("none", _) => format!("– {}", fate.reason),
        (word, []) => format!("{word}: {}", fate.reason),
        (word, specs) => format!("{word}: `{}`", specs.join("`, `")),
    };
    let line = |first: &str, cells: Vec<String>| format!("| {first} | {} |\n", cells.join(" | "));
    let mut text = format!("\n{}", line("object", table.ends.clone()));
    text += &format!("|{}\n", "---|".repeat(table.ends.len() + 1));
    for row in &table.objects {
        text += &line(&row.object, row.fates.iter().map(cell).collect());
    }
    text
}

/// A spec with its cases: the case is in the heading where it is the only one.
fn entry(cases: &[&Spec]) -> String {
    let spec = cases[0];
    let is_one_case = cases.iter().all(|other| other.case_id() == spec.case_id());
    let heading = if is_one_case { spec.case_id() } else { family(spec.id) };
    let mut text = format!("\n## {heading}\n\n{}\n\n", spec.statement);
    let _ = writeln!(text, "- level: {}", spec.level());
    for citation in spec.cite {
        let _ = writeln!(text, "- cites: {citation}");
    }
    let covered: BTreeSet<_> = cases.iter().flat_map(|spec| spec.covers).collect();
    for id in covered {
        let clause = Catalogue::load().find(id).map_or_else(String::new, |clause| format!(": {}", clause.text()));
        let _ = writeln!(text, "- covers: `{id}`{clause}");
    }
    let needs: BTreeSet<_> = cases.iter().flat_map(|spec| spec.needs()).map(ToString::to_string).collect();
    for need in needs {
        let _ = writeln!(text, "- needs: {need}");
    }
    let names: Vec<_> = cases.iter().filter_map(|spec| spec.id.strip_prefix(heading)?.strip_prefix('/')).collect();
    if !names.is_empty() {
        let _ = writeln!(text, "- cases: {}", names.join(", "));
    }
    text
}
