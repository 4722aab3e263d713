//! `ipcspec explain`.

use super::select::unknown;
use super::{Refusal, print, store};
use catalogue::Catalogue;
use clap::Args;
use engine::runner::machine::Machine;
use harness::Spec;
use harness::registry::specs;
use record::id::family;
use reports::Exit;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The id of a spec; without its cases and layers, the whole family is told.
    id: String,
}

pub fn explain(arguments: &Arguments) -> Result<Exit, Refusal> {
    let asked = arguments.id.as_str();
    let told: Vec<_> = specs().iter().copied().filter(|spec| spec.id == asked || family(spec.id) == asked).collect();
    let Some(first) = told.first() else {
        return Err(unknown(asked));
    };
    let mut text = String::new();
    let _ = writeln!(text, "{asked}\n\n  {}\n  {}\n", first.statement, record::citation_line(first.cite));
    write_clauses(&mut text, &told);
    write_needs(&mut text, &told);
    write_cases(&mut text, asked, &told);
    let _ = writeln!(text, "source\n  {}:{}", first.file, first.line);
    let _ = writeln!(text, "run it\n  ipcspec run {asked}");
    print(&text)?;
    Ok(Exit::Holds)
}

fn write_clauses(text: &mut String, told: &[&Spec]) {
    let covered: BTreeSet<_> = told.iter().flat_map(|spec| spec.covers).collect();
    if !covered.is_empty() {
        let _ = writeln!(text, "covers");
    }
    for id in covered {
        let words = Catalogue::load().find(id).map_or(String::new(), |clause| format!("\n    {}", clause.text()));
        let _ = writeln!(text, "  {id}{words}");
    }
}

fn write_needs(text: &mut String, told: &[&Spec]) {
    let needs: BTreeSet<_> = told.iter().flat_map(|spec| spec.needs).collect();
    if needs.is_empty() {
        return;
    }
    let missing: Vec<_> = match Machine::probe(told.iter().copied()) {
        Ok(machine) => told.iter().filter_map(|spec| machine.place(spec).err()).flatten().collect(),
        Err(_) => Vec::new(),
    };
    let _ = writeln!(text, "needs");
    for need in needs {
        let _ = match missing.iter().find(|missing| missing.need == need.to_string()) {
            None => writeln!(text, "  {need}: met here"),
            Some(missing) => writeln!(text, "  {need}: missing here ({}). {}", missing.found, missing.remedy),
        };
    }
}

/// The cases and layers of a family, each with its verdict in the last run here.
fn write_cases(text: &mut String, asked: &str, told: &[&Spec]) {
    let _ = writeln!(text, "last verdict here");
    let kept = Path::new(store::DEFAULT);
    let (records, otherwise) = match store::read(kept) {
        Ok(records) => (Some(records), "not run"),
        Err(_) if !kept.exists() => (None, "not run"),
        Err(refusal) => {
            let _ = writeln!(text, "  {}", refusal.sentence);
            (None, "not known")
        }
    };
    for spec in told {
        let judged = records.as_ref().and_then(|records| records.specs.iter().rfind(|record| record.id == spec.id));
        let verdict = judged.map_or(otherwise, |record| record.verdict.word());
        let name = spec.id.strip_prefix(asked).filter(|case| !case.is_empty()).map_or("", |case| &case[1..]);
        let _ = match name {
            "" => writeln!(text, "  {verdict}"),
            case => writeln!(text, "  {case}: {verdict}"),
        };
    }
}
