//! The result of an audit: counts, what was missed, and whether it passes.

mod allowances;

#[cfg(test)]
pub(crate) mod sample;

pub use allowances::Allowances;

use crate::gate::Exit;
use record::findings::{Audited, Findings, LeftOut, Outcome, Tried};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Percentage of the mutations of asserted calls that must be caught.
pub const CAUGHT_PERCENT: usize = 90;

/// Percentage of specs that may have another verdict while they are traced.
pub const DISTURBED_PERCENT: usize = 5;

/// An audit that has been judged.
#[derive(Debug)]
pub struct Judgement<'a> {
    /// What was found.
    pub findings: &'a Findings,
    /// The counts of each mechanism.
    pub mechanisms: BTreeMap<&'a str, Counts>,
    /// The counts of all mechanisms together.
    pub all: Counts,
    /// The missed mutations of asserted calls that no allowance excuses.
    pub missed: Vec<(&'a Audited, &'a Tried)>,
    /// The specs that catch no mutation.
    pub vacuous: Vec<&'a Audited>,
    /// The specs that conform, but not while they are traced.
    pub disturbed: Vec<&'a Audited>,
    /// Stale allowances, as sentences.
    pub stale: Vec<String>,
}

/// The counts of some specs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Specs that were audited.
    pub specs: usize,
    /// Specs that were left out.
    pub left_out: usize,
    /// Mutations of calls that an assertion is about.
    pub asserted: Mutations,
    /// Mutations of calls of the setup. They need not be caught: a setup may be stronger than necessary.
    pub setup: Mutations,
}

/// The results of mutations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Mutations {
    /// How many were tried.
    pub tried: usize,
    /// Under how many the spec did not conform.
    pub caught: usize,
    /// Under how many it conformed, or did not reach the call.
    pub missed: usize,
    /// How many were missed and are excused by an allowance.
    pub allowed: usize,
    /// How many made no difference to their call. They are not among those tried.
    pub equivalent: usize,
}

impl Mutations {
    fn add(&mut self, outcome: Outcome, allowed: bool) {
        self.tried += usize::from(outcome != Outcome::Equivalent);
        match outcome {
            Outcome::Equivalent => self.equivalent += 1,
            Outcome::Caught => self.caught += 1,
            Outcome::Missed | Outcome::NotReached if allowed => self.allowed += 1,
            Outcome::Missed | Outcome::NotReached => self.missed += 1,
        }
    }

    /// Whether enough were caught.
    pub fn suffice(&self) -> bool {
        self.caught * 100 >= CAUGHT_PERCENT * (self.caught + self.missed)
    }
}

impl<'a> Judgement<'a> {
    /// Judges the findings. `registered` are the ids of all specs.
    pub fn of(findings: &'a Findings, allowances: &Allowances, registered: &[&str]) -> Self {
        let mut judgement = Self {
            findings,
            mechanisms: BTreeMap::new(),
            all: Counts::default(),
            missed: Vec::new(),
            // If only some mutations were tried, the spec may catch the others.
            vacuous: findings.specs.iter().filter(|spec| !findings.is_partial() && spec.is_vacuous()).collect(),
            disturbed: findings.specs.iter().filter(|spec| is_disturbed(spec)).collect(),
            stale: allowances.stale(findings, registered),
        };
        for spec in &findings.specs {
            judgement.count(spec, allowances);
        }
        judgement
    }

    fn count(&mut self, spec: &'a Audited, allowances: &Allowances) {
        let mut counts = Counts::default();
        *if spec.left_out.is_none() { &mut counts.specs } else { &mut counts.left_out } += 1;
        for tried in &spec.tried {
            let outcome = tried.outcome();
            if tried.assertion.is_none() {
                counts.setup.add(outcome, false);
                continue;
            }
            let is_missed = matches!(outcome, Outcome::Missed | Outcome::NotReached);
            let allowed = is_missed && allowances.reason(&spec.id, &tried.mutation).is_some();
            counts.asserted.add(outcome, allowed);
            if is_missed && !allowed {
                self.missed.push((spec, tried));
            }
        }
        self.all.add(&counts);
        self.mechanisms.entry(&spec.mechanism).or_default().add(&counts);
    }

    /// Why the audit fails, as sentences.
    pub fn objections(&self) -> Vec<String> {
        let mut objections = self.stale.clone();
        objections.extend(self.vacuous.iter().map(|spec| format!("{} is vacuous: it catches no mutation", spec.id)));
        let asserted = self.all.asserted;
        if !asserted.suffice() {
            objections.push(format!(
                "{} of {} mutations of asserted calls caught: fewer than {CAUGHT_PERCENT} %",
                asserted.caught,
                asserted.caught + asserted.missed
            ));
        }
        if self.disturbed.len() * 100 > DISTURBED_PERCENT * self.findings.specs.len() {
            objections.push(format!(
                "{} of {} specs do not conform while traced: more than {DISTURBED_PERCENT} %",
                self.disturbed.len(),
                self.findings.specs.len()
            ));
        }
        objections
    }

    /// The exit of the audit.
    pub fn exit(&self) -> Exit {
        if self.objections().is_empty() { Exit::Passed } else { Exit::Failed }
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.specs += other.specs;
        self.left_out += other.left_out;
        for (sum, more) in [(&mut self.asserted, other.asserted), (&mut self.setup, other.setup)] {
            sum.tried += more.tried;
            sum.caught += more.caught;
            sum.missed += more.missed;
            sum.allowed += more.allowed;
            sum.equivalent += more.equivalent;
        }
    }
}

fn is_disturbed(spec: &Audited) -> bool {
    matches!(spec.left_out, Some(LeftOut::NotWhenTraced(..)))
}

#[cfg(test)]
mod tests {
    use super::sample::{findings, spec};
    use super::*;

    fn allowances(text: &str) -> Allowances {
        Allowances::parse(text).unwrap()
    }

    #[test]
    fn asserted_calls_and_the_setup_are_counted_apart() {
        let findings =
            findings(vec![spec("pipe.a", &[("read#1:short", true, true), ("close#1:not-done", false, false)])]);
        let judgement = Judgement::of(&findings, &allowances(""), &["pipe.a"]);
        let one = Mutations { tried: 1, ..Mutations::default() };
        assert_eq!(judgement.all.asserted, Mutations { caught: 1, ..one });
        assert_eq!(judgement.all.setup, Mutations { missed: 1, ..one });
        assert_eq!(judgement.mechanisms["pipe"], judgement.all);
        assert_eq!(judgement.exit(), Exit::Passed);
    }

    #[test]
    fn nine_of_ten_must_be_caught() {
        let tried = |missed: usize| -> Vec<_> { (0..10).map(|n| ("read#1:short", true, n >= missed)).collect() };
        for (missed, exit) in [(0, Exit::Passed), (1, Exit::Passed), (2, Exit::Failed)] {
            let findings = findings(vec![spec("pipe.a", &tried(missed))]);
            assert_eq!(Judgement::of(&findings, &allowances(""), &["pipe.a"]).exit(), exit, "{missed} missed");
        }
    }

    #[test]
    fn an_allowance_excuses_what_it_names() {
        let findings = findings(vec![spec("pipe.a", &[("read#1:short", true, true), ("read#1:long", true, false)])]);
        let excused =
            "[[allowance]]\nspecs = ['pipe.*']\nmutations = ['read#1:long']\nreason = 'the clause says at least'";
        let judgement = Judgement::of(&findings, &allowances(excused), &["pipe.a"]);
        assert_eq!((judgement.all.asserted.allowed, judgement.all.asserted.missed, judgement.missed.len()), (1, 0, 0));
        assert_eq!(judgement.exit(), Exit::Passed);
    }

    #[test]
    fn one_vacuous_spec_is_too_many() {
        let mut specs: Vec<_> = (0..30).map(|n| spec(&format!("pipe.{n}"), &[("read#1:short", true, true)])).collect();
        specs.push(spec("pipe.vacuous", &[("read#1:short", true, false)]));
        let mut findings = findings(specs);
        let objections = Judgement::of(&findings, &allowances(""), &[]).objections();
        assert_eq!(objections, ["pipe.vacuous is vacuous: it catches no mutation"]);
        findings.only = Some("*:short".into());
        assert!(Judgement::of(&findings, &allowances(""), &[]).objections().is_empty(), "not all was tried");
    }

    #[test]
    fn a_mutation_whose_call_was_not_reached_is_missed() {
        let mut findings = findings(vec![spec("pipe.a", &[("read#1:short", true, true)])]);
        findings.specs[0].tried[0].verdict = None;
        let judgement = Judgement::of(&findings, &allowances(""), &["pipe.a"]);
        assert_eq!((judgement.all.asserted.missed, judgement.exit()), (1, Exit::Failed));
    }

    #[test]
    fn few_specs_may_be_disturbed() {
        let mut specs: Vec<_> = (0..20).map(|n| spec(&format!("pipe.{n}"), &[("read#1:short", true, true)])).collect();
        for (disturbed, exit) in [(1, Exit::Passed), (2, Exit::Failed)] {
            specs[disturbed].left_out = Some(LeftOut::NotWhenTraced(record::Verdict::Deviates, "other state".into()));
            let findings = findings(specs.clone());
            assert_eq!(Judgement::of(&findings, &allowances(""), &[]).exit(), exit, "{disturbed} disturbed");
        }
    }
}
