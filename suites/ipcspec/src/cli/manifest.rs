//! `ipcspec manifest`: every spec with its statement and citation, so that the suite cannot shrink unseen.

use super::{Refusal, print};
use clap::Args;
use harness::registry::specs;
use record::id::family;
use reports::Exit;
use std::fmt::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Compare with a file instead of printing; exit code 1 when they differ.
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "suites/MANIFEST.md")]
    check: Option<PathBuf>,
}

pub fn manifest(arguments: &Arguments) -> Result<Exit, Refusal> {
    let current = text();
    let Some(path) = &arguments.check else {
        print(&current)?;
        return Ok(Exit::Holds);
    };
    let kept = std::fs::read_to_string(path)
        .map_err(|error| Refusal::could_not(format!("{} cannot be read: {error}", path.display())))?;
    let Some(line) = first_difference(&kept, &current) else { return Ok(Exit::Holds) };
    Err(Refusal {
        sentence: format!(
            "{0} is not current from line {line} on: do `ipcspec manifest > {0}` and read what changes",
            path.display()
        ),
        exit: Exit::Deviations,
    })
}

/// The first line, from 1, that differs.
fn first_difference(kept: &str, current: &str) -> Option<usize> {
    let (mut kept, mut current) = (kept.split('\n'), current.split('\n'));
    let mut line = 1;
    loop {
        match (kept.next(), current.next()) {
            (None, None) => return None,
            (one, other) if one != other => return Some(line),
            _ => line += 1,
        }
    }
}

fn text() -> String {
    let mut text = String::from(
        "# What ipcspec checks\n\nEvery spec, with the documentation that it checks. \
         Written by `ipcspec manifest`; the test command holds that it is current.\n",
    );
    let mut mechanism = "";
    for family_of in specs().chunk_by(|one, other| family(one.id) == family(other.id)) {
        let spec = family_of[0];
        if spec.mechanism() != mechanism {
            mechanism = spec.mechanism();
            let _ = writeln!(text, "\n## {mechanism}\n");
        }
        let _ = writeln!(text, "- **{}**: {} *{}*", family(spec.id), spec.statement, record::citation_line(spec.cite));
        let cases: Vec<_> = family_of.iter().filter_map(|spec| Some(spec.id.split_once('/')?.1)).collect();
        if !cases.is_empty() {
            let _ = writeln!(text, "  Cases: {}.", cases.join(", "));
        }
        let needs: Vec<_> = spec.needs.iter().map(ToString::to_string).collect();
        if !needs.is_empty() {
            let _ = writeln!(text, "  Needs: {}.", needs.join(", "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn differences_are_found_anywhere() {
        assert_eq!(super::first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(super::first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(super::first_difference("a\nb\n", "a\nb\nc\n"), Some(3));
        assert_eq!(super::first_difference("", "a"), Some(1));
    }
}
