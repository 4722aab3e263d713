//! `ipcspec coverage`.

use super::{CliError, documented::documented, print, store};
use catalogue::{Catalogue, Clause};
use clap::Args;
use reports::{Exit, Shown};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The records of the run.
    #[arg(long, value_name = "FILE", default_value = store::DEFAULT)]
    records: PathBuf,
    /// Also list the inducible clauses of this mechanism that are not covered. Can be repeated.
    #[arg(long, value_name = "NAME")]
    mechanism: Vec<String>,
    /// Print JSON.
    #[arg(long, conflicts_with = "mechanism")]
    json: bool,
}

/// What `--json` prints.
#[derive(Debug, Default, Serialize)]
struct Coverage {
    claims: List,
    behaviours: List,
    errors: List,
    mandatory_claims: Share,
}

/// One of the three lists of the catalogue.
#[derive(Debug, Default, Serialize)]
struct List {
    #[serde(flatten)]
    total: Share,
    by_mechanism: BTreeMap<&'static str, Share>,
}

/// Numbers of clauses.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Share {
    /// Covered: every spec and case that covers it was judged and conforms.
    covered: usize,
    /// Those that a program can cause and observe without harm to the machine.
    inducible: usize,
    all: usize,
}

impl Share {
    fn count(&mut self, clause: Clause, covered: bool) {
        self.all += 1;
        self.inducible += usize::from(clause.is_inducible() || covered);
        self.covered += usize::from(covered);
    }
}

pub fn coverage(arguments: &Arguments) -> Result<Exit, CliError> {
    let catalogue = Catalogue::load();
    if let Some(unknown) = arguments.mechanism.iter().find(|name| !catalogue.mechanisms().contains(&name.as_str())) {
        return Err(CliError::nothing_selected(format!("the catalogue has no mechanism `{unknown}`")));
    }
    let records = store::read(&arguments.records)?;
    let documented = documented();
    let shown = Shown::by(&records, &documented.clauses);
    let mut coverage = Coverage::default();
    let mut uncovered = String::new();
    for clause in catalogue.clauses() {
        let covered = covers(&shown, clause);
        let list = match clause {
            Clause::Claim(claim) => {
                if claim.mandatory {
                    coverage.mandatory_claims.count(clause, covered);
                }
                &mut coverage.claims
            }
            Clause::Behaviour(_) => &mut coverage.behaviours,
            Clause::Error(_) => &mut coverage.errors,
        };
        list.total.count(clause, covered);
        list.by_mechanism.entry(clause.mechanism()).or_default().count(clause, covered);
        if !covered && clause.is_inducible() && arguments.mechanism.iter().any(|name| name == clause.mechanism()) {
            let _ = writeln!(uncovered, "  {}: {}", clause.id(), clause.text());
        }
    }
    if arguments.json {
        print(&(serde_json::to_string_pretty(&coverage).expect("plain data") + "\n"))?;
    } else {
        print(&table(&coverage))?;
        if !uncovered.is_empty() {
            print(&format!("\ninducible clauses that are not covered:\n{uncovered}"))?;
        }
    }
    Ok(Exit::Passed)
}

/// Whether the run covers the clause.
fn covers(shown: &Shown, clause: Clause) -> bool {
    match clause {
        Clause::Claim(_) | Clause::Behaviour(_) => shown.clause(clause.id()),
        Clause::Error(error) => shown.error(&error.id, &error.call, error.recorded_errno()).is_some(),
    }
}

fn table(coverage: &Coverage) -> String {
    let mut text = String::new();
    let mandatory = coverage.mandatory_claims;
    let _ = writeln!(text, "covered / inducible / all\n");
    let _ = writeln!(text, "{:<16} {:>20} {:>20} {:>20}", "", "claims", "behaviours", "errors");
    let show = |share: Option<&Share>| match share {
        Some(Share { covered, inducible, all }) => format!("{covered} / {inducible} / {all}"),
        None => "-".into(),
    };
    let lists = [&coverage.claims, &coverage.behaviours, &coverage.errors];
    for mechanism in Catalogue::load().mechanisms() {
        let [claims, behaviours, errors] = lists.map(|list| show(list.by_mechanism.get(mechanism)));
        let _ = writeln!(text, "{mechanism:<16} {claims:>20} {behaviours:>20} {errors:>20}");
    }
    let [claims, behaviours, errors] = lists.map(|list| show(Some(&list.total)));
    let _ = writeln!(text, "{:<16} {claims:>20} {behaviours:>20} {errors:>20}", "all");
    let _ = writeln!(text, "\nmandatory claims: {} of {}", mandatory.covered, mandatory.all);
    text
}
