//! `ipcspec explain`.

use super::select::unknown;
use super::{CliError, print, store};
use catalogue::Catalogue;
use clap::Args;
use engine::runner::machine::Machine;
use harness::Spec;
use harness::registry::specs;
use reports::Exit;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The id of a spec; without cases or layers, of all of them.
    id: String,
}

pub fn explain(arguments: &Arguments) -> Result<Exit, CliError> {
    let id = arguments.id.as_str();
    let is_meant = |spec: &&Spec| spec.id.strip_prefix(id).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let selected: Vec<_> = specs().iter().copied().filter(is_meant).collect();
    let Some(first) = selected.first() else {
        return Err(unknown(id));
    };
    let mut text = String::new();
    let _ = writeln!(text, "{id}\n\n  {}\n  {}\n", first.statement, record::citation_line(first.cite));
    write_clauses(&mut text, &selected);
    write_needs(&mut text, &selected);
    write_cases(&mut text, id, &selected);
    let _ = writeln!(text, "source\n  {}:{}", first.file, first.line);
    let _ = writeln!(text, "run it\n  ipcspec run {id}");
    print(&text)?;
    Ok(Exit::Passed)
}

fn write_clauses(text: &mut String, selected: &[&Spec]) {
    let covered: BTreeSet<_> = selected.iter().flat_map(|spec| spec.covers).collect();
    if !covered.is_empty() {
        let _ = writeln!(text, "covers");
    }
    for clause in covered {
        let words = Catalogue::load().find(clause).map_or(String::new(), |found| format!("\n    {}", found.text()));
        let _ = writeln!(text, "  {clause}{words}");
    }
}

fn write_needs(text: &mut String, selected: &[&Spec]) {
    let needs: BTreeSet<_> = selected.iter().flat_map(|spec| spec.needs()).collect();
    if needs.is_empty() {
        return;
    }
    let missing: Vec<_> = match Machine::probe(selected.iter().copied()) {
        Ok(machine) => selected.iter().filter_map(|spec| machine.place(spec).err()).flatten().collect(),
        Err(_) => Vec::new(),
    };
    let _ = writeln!(text, "needs");
    for need in needs {
        let _ = match missing.iter().find(|missing| missing.need == need.to_string()) {
            None => writeln!(text, "  {need}: available"),
            Some(missing) => writeln!(text, "  {need}: missing: {}; {}", missing.found, missing.remedy),
        };
    }
}

/// The cases and layers, each with its verdict in the last run here.
fn write_cases(text: &mut String, id: &str, selected: &[&Spec]) {
    let _ = writeln!(text, "last verdict here");
    let kept = Path::new(store::DEFAULT);
    let (records, otherwise) = match store::read(kept) {
        Ok(records) => (Some(records), "not run"),
        Err(_) if !kept.exists() => (None, "not run"),
        Err(refusal) => {
            let _ = writeln!(text, "  {}", refusal.message);
            (None, "unknown")
        }
    };
    for spec in selected {
        let judged = records.as_ref().and_then(|records| records.specs.iter().rfind(|record| record.id == spec.id));
        let verdict = judged.map_or(otherwise, |record| record.verdict.word());
        let name = spec.id.strip_prefix(id).filter(|case| !case.is_empty()).map_or("", |case| &case[1..]);
        let _ = match name {
            "" => writeln!(text, "  {verdict}"),
            case => writeln!(text, "  {case}: {verdict}"),
        };
    }
}
