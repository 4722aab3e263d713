//! The catalogue in the form that reports take.

use catalogue::{Catalogue, Claim, Clause, DocumentedError, Fate, Lifetime, Persistence};
use harness::registry::specs;
use reports::{CataloguedClause, Documented, NotedClaim};
use std::collections::HashMap;

/// What reports show of the catalogue.
pub fn documented() -> Documented {
    let catalogue = Catalogue::load();
    Documented {
        claims: catalogue.claims.iter().map(claim).collect(),
        errors: catalogue.errors.iter().map(error).collect(),
        clauses: clauses(catalogue),
        persistence: persistence(Persistence::load()),
    }
}

fn persistence(table: &Persistence) -> reports::Persistence {
    let fate = |Fate { word, specs, reason }: &Fate| reports::Fate {
        word: word.clone(),
        specs: specs.clone(),
        reason: reason.clone(),
    };
    let row = |row: &Lifetime| (row.object.clone(), row.fates.iter().map(fate).collect());
    reports::Persistence { ends: table.ends.clone(), objects: table.objects.iter().map(row).collect() }
}

/// Every clause, with the specs of this binary that cover it.
fn clauses(catalogue: &Catalogue) -> Vec<CataloguedClause> {
    let mut covering: HashMap<&str, Vec<String>> = HashMap::new();
    for spec in specs() {
        spec.covers.iter().for_each(|clause| covering.entry(clause).or_default().push(spec.id.into()));
    }
    let clause = |clause: Clause| CataloguedClause {
        id: clause.id().into(),
        mechanism: clause.mechanism().into(),
        specs: covering.remove(clause.id()).unwrap_or_default(),
    };
    catalogue.clauses().map(clause).collect()
}

fn claim(claim: &Claim) -> NotedClaim {
    NotedClaim {
        id: claim.id.trim_start_matches("notes:").into(),
        claim: claim.claim.clone(),
        verdict: claim.verdict.word().into(),
        truth: claim.truth.clone(),
        mandatory: claim.mandatory,
    }
}

fn error(error: &DocumentedError) -> reports::DocumentedError {
    reports::DocumentedError {
        clause: error.id.clone(),
        mechanism: error.mechanism.clone(),
        call: error.call.clone(),
        errno: error.recorded_errno().into(),
        condition: error.condition.clone(),
        inducible: Clause::Error(error).is_inducible(),
    }
}
