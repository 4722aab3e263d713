//! The catalogue in the form that reports take.

use catalogue::{Catalogue, Claim, Clause, DocumentedError};
use reports::{Documented, NotedClaim};

/// What reports show of the catalogue.
pub fn documented() -> Documented {
    let catalogue = Catalogue::load();
    Documented {
        claims: catalogue.claims.iter().map(claim).collect(),
        errors: catalogue.errors.iter().map(error).collect(),
    }
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
