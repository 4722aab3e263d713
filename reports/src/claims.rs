//! What a run shows about the claims of the founding notes. Some are wrong: specs assert what is true, and reports show the
//! evidence.

use crate::judged::{Judged, judged};
use record::Verdict;
use record::{Observation, Records, SpecRecord};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// A claim of the founding notes, from the catalogue. The caller passes it in: reports do not know the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotedClaim {
    /// Its id, without the `notes:` by which specs name it.
    pub id: String,
    /// What the notes say.
    pub claim: String,
    /// The catalogue's verdict: `true`, `partly`, `false` or `qualitative`.
    pub verdict: String,
    /// What is true instead.
    pub truth: String,
    /// Whether the suite must cover the claim.
    pub mandatory: bool,
}

/// A claim that a run refutes, with the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// The claim's id.
    pub id: String,
    /// What the notes say.
    pub claim: String,
    /// How much of it is refuted.
    pub outcome: Outcome,
    /// What is true instead.
    pub truth: String,
    /// Whether the suite must cover the claim.
    pub mandatory: bool,
    /// The conforming specs that cover it.
    pub shown_by: Vec<Evidence>,
}

/// How much of a claim is refuted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All of it: the catalogue says `false`.
    Refuted,
    /// A part: the catalogue says `partly`.
    Qualified,
}

/// A conforming spec and what it observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Evidence {
    /// The spec.
    pub id: String,
    /// What it shows.
    pub statement: String,
    /// What it observed, in all attempts.
    pub observations: Vec<Observation>,
}

/// The claims that are `false` or `partly` true and that this run shows to be: conforming specs cover them, and none that
/// fails. In the catalogue's order.
pub fn findings(records: &Records, claims: &[NotedClaim]) -> Vec<Finding> {
    let specs = judged(records);
    claims.iter().filter_map(|claim| finding(claim, &specs)).collect()
}

fn finding(claim: &NotedClaim, specs: &[Judged]) -> Option<Finding> {
    let outcome = match claim.verdict.as_str() {
        "false" => Outcome::Refuted,
        "partly" => Outcome::Qualified,
        _ => return None,
    };
    let shown_by = showing(claim, specs).into_iter().map(evidence).collect::<Vec<_>>();
    (!shown_by.is_empty()).then(|| Finding {
        id: claim.id.clone(),
        claim: claim.claim.clone(),
        outcome,
        truth: claim.truth.clone(),
        mandatory: claim.mandatory,
        shown_by,
    })
}

/// The conforming specs of a run that show what is true of the claim: none, if another spec of it fails.
pub(crate) fn showing<'s, 'a>(claim: &NotedClaim, specs: &'s [Judged<'a>]) -> Vec<&'s Judged<'a>> {
    let (conforming, others): (Vec<_>, Vec<_>) =
        covering(claim, specs).partition(|spec| spec.verdict() == Verdict::Conforms);
    if others.iter().any(|spec| spec.verdict().is_failure()) { Vec::new() } else { conforming }
}

/// The specs that cover the claim.
pub(crate) fn covering<'s, 'a>(claim: &NotedClaim, specs: &'s [Judged<'a>]) -> impl Iterator<Item = &'s Judged<'a>> {
    let clause = format!("notes:{}", claim.id);
    specs.iter().filter(move |spec| spec.record().covers.contains(&clause))
}

fn evidence(spec: &Judged) -> Evidence {
    Evidence { id: spec.record().id.clone(), statement: spec.record().statement.clone(), observations: observed(spec) }
}

/// The evidence of a spec, and what it observed. Attempts may have different values; each is shown once.
pub(crate) fn observed(spec: &Judged) -> Vec<Observation> {
    let of = |record: &&SpecRecord| [&record.evidence[..], &record.observations].concat();
    spec.attempts().iter().flat_map(of).collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn only_wrong_claims_with_a_conforming_spec_are_found() {
        let findings = findings(&sample::records(), &sample::claims());
        let outcomes: Vec<_> = findings.iter().map(|finding| (finding.id.as_str(), finding.outcome)).collect();
        assert_eq!(
            outcomes,
            [("pipe.exit-needs-data-read", Outcome::Refuted), ("pipe.write-end-closed", Outcome::Qualified)]
        );
        assert_eq!(findings[0].shown_by[0].id, "pipe.exit-with-unread-data");
        assert_eq!(findings[0].shown_by[0].observations[0].value, "5");
    }

    #[test]
    fn a_claim_whose_spec_fails_is_not_refuted() {
        let mut records = sample::records();
        for record in &mut records.specs {
            record.verdict = Verdict::Deviates;
        }
        assert_eq!(findings(&records, &sample::claims()), []);
        // Nor by those that conform beside it.
        let mut records = sample::records();
        let claim = records.specs[1].covers[0].clone();
        records.specs[2].covers = vec![claim];
        let left = findings(&records, &sample::claims());
        assert_eq!(left.iter().map(|finding| finding.id.as_str()).collect::<Vec<_>>(), ["pipe.write-end-closed"]);
    }
}
