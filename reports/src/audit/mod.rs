//! What an audit comes to: counts, what was missed, and whether the gate holds.

mod allowances;

#[cfg(test)]
pub(crate) mod sample;

pub use allowances::Allowances;

use crate::gate::Exit;
use record::findings::{Audited, Findings, LeftOut, Outcome, Tried};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many of a hundred mutations of judged calls have to be noticed.
pub const NOTICED_PERCENT: usize = 90;

/// Of how many in a hundred specs the verdict may be another one when they are watched.
pub const DISTURBED_PERCENT: usize = 5;

/// An audit that has been judged.
#[derive(Debug)]
pub struct Judgement<'a> {
    /// What was found.
    pub findings: &'a Findings,
    /// The counts of each mechanism.
    pub mechanisms: BTreeMap<&'a str, Counts>,
    /// The counts of all together.
    pub all: Counts,
    /// The mutations of judged calls that were missed, and that no allowance excuses.
    pub missed: Vec<(&'a Audited, &'a Tried)>,
    /// The specs that no mutation makes fail.
    pub vacuous: Vec<&'a Audited>,
    /// The specs that conform, but not when they are watched.
    pub disturbed: Vec<&'a Audited>,
    /// Allowances that excuse nothing, as sentences.
    pub stale: Vec<String>,
}

/// The counts of some specs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Specs that were audited.
    pub specs: usize,
    /// Specs that were left out.
    pub left_out: usize,
    /// Mutations of calls that an assertion judges.
    pub judged: Mutations,
    /// Mutations of calls that set the scene. Nobody has to notice those: a scene may be stronger than it need be.
    pub scene: Mutations,
}

/// What became of mutations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Mutations {
    /// How many there were.
    pub tried: usize,
    /// After how many the spec did not conform.
    pub noticed: usize,
    /// After how many it conformed all the same, or did not make the call this time.
    pub missed: usize,
    /// How many were missed, and are allowed to be.
    pub allowed: usize,
}

impl Mutations {
    fn add(&mut self, outcome: Outcome, allowed: bool) {
        self.tried += 1;
        match outcome {
            Outcome::Noticed => self.noticed += 1,
            Outcome::Missed | Outcome::NotMade if allowed => self.allowed += 1,
            Outcome::Missed | Outcome::NotMade => self.missed += 1,
        }
    }

    /// Whether enough were noticed of those that have to be.
    pub fn suffice(&self) -> bool {
        self.noticed * 100 >= NOTICED_PERCENT * (self.noticed + self.missed)
    }
}

impl<'a> Judgement<'a> {
    /// Judges the findings. `registered` are the ids of all specs that there are.
    pub fn of(findings: &'a Findings, allowances: &Allowances, registered: &[&str]) -> Self {
        let mut judgement = Self {
            findings,
            mechanisms: BTreeMap::new(),
            all: Counts::default(),
            missed: Vec::new(),
            // Where only some mutations were tried, the others may be the ones that it notices.
            vacuous: findings.specs.iter().filter(|spec| findings.only.is_none() && spec.is_vacuous()).collect(),
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
            if tried.judged.is_none() {
                counts.scene.add(outcome, false);
                continue;
            }
            let allowed = outcome != Outcome::Noticed && allowances.reason(&spec.id, &tried.mutation).is_some();
            counts.judged.add(outcome, allowed);
            if outcome != Outcome::Noticed && !allowed {
                self.missed.push((spec, tried));
            }
        }
        self.all.add(&counts);
        self.mechanisms.entry(&spec.mechanism).or_default().add(&counts);
    }

    /// What keeps the gate from holding, as sentences.
    pub fn objections(&self) -> Vec<String> {
        let mut objections = self.stale.clone();
        objections.extend(self.vacuous.iter().map(|spec| format!("{} is vacuous: no mutation makes it fail", spec.id)));
        let judged = self.all.judged;
        if !judged.suffice() {
            objections.push(format!(
                "{} of {} mutations of judged calls were noticed: fewer than {NOTICED_PERCENT} %",
                judged.noticed,
                judged.noticed + judged.missed
            ));
        }
        if self.disturbed.len() * 100 > DISTURBED_PERCENT * self.findings.specs.len() {
            objections.push(format!(
                "{} of {} specs do not conform when they are watched: more than {DISTURBED_PERCENT} %",
                self.disturbed.len(),
                self.findings.specs.len()
            ));
        }
        objections
    }

    /// How the audit ends.
    pub fn exit(&self) -> Exit {
        if self.objections().is_empty() { Exit::Holds } else { Exit::Deviations }
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.specs += other.specs;
        self.left_out += other.left_out;
        for (sum, more) in [(&mut self.judged, other.judged), (&mut self.scene, other.scene)] {
            sum.tried += more.tried;
            sum.noticed += more.noticed;
            sum.missed += more.missed;
            sum.allowed += more.allowed;
        }
    }
}

fn is_disturbed(spec: &Audited) -> bool {
    matches!(spec.left_out, Some(LeftOut::NotWhenWatched(..)))
}

#[cfg(test)]
mod tests {
    use super::sample::{findings, spec};
    use super::*;

    fn allowances(text: &str) -> Allowances {
        Allowances::parse(text).unwrap()
    }

    #[test]
    fn judged_calls_and_the_scene_are_counted_apart() {
        let findings =
            findings(vec![spec("pipe.a", &[("read#1:short", true, true), ("close#1:not-done", false, false)])]);
        let judgement = Judgement::of(&findings, &allowances(""), &["pipe.a"]);
        let one = Mutations { tried: 1, ..Mutations::default() };
        assert_eq!(judgement.all.judged, Mutations { noticed: 1, ..one });
        assert_eq!(judgement.all.scene, Mutations { missed: 1, ..one });
        assert_eq!(judgement.mechanisms["pipe"], judgement.all);
        assert_eq!(judgement.exit(), Exit::Holds);
    }

    #[test]
    fn nine_of_ten_have_to_be_noticed() {
        let tried = |missed: usize| -> Vec<_> { (0..10).map(|n| ("read#1:short", true, n >= missed)).collect() };
        for (missed, exit) in [(0, Exit::Holds), (1, Exit::Holds), (2, Exit::Deviations)] {
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
        assert_eq!((judgement.all.judged.allowed, judgement.all.judged.missed, judgement.missed.len()), (1, 0, 0));
        assert_eq!(judgement.exit(), Exit::Holds);
    }

    #[test]
    fn one_vacuous_spec_is_too_many() {
        let mut specs: Vec<_> = (0..30).map(|n| spec(&format!("pipe.{n}"), &[("read#1:short", true, true)])).collect();
        specs.push(spec("pipe.vacuous", &[("read#1:short", true, false)]));
        let mut findings = findings(specs);
        let objections = Judgement::of(&findings, &allowances(""), &[]).objections();
        assert_eq!(objections, ["pipe.vacuous is vacuous: no mutation makes it fail"]);
        findings.only = Some("*:short".into());
        assert!(Judgement::of(&findings, &allowances(""), &[]).objections().is_empty(), "not all was tried");
    }

    #[test]
    fn a_mutation_that_did_not_take_place_was_not_noticed() {
        let mut findings = findings(vec![spec("pipe.a", &[("read#1:short", true, true)])]);
        findings.specs[0].tried[0].verdict = None;
        let judgement = Judgement::of(&findings, &allowances(""), &["pipe.a"]);
        assert_eq!((judgement.all.judged.missed, judgement.exit()), (1, Exit::Deviations));
    }

    #[test]
    fn few_specs_may_be_disturbed() {
        let mut specs: Vec<_> = (0..20).map(|n| spec(&format!("pipe.{n}"), &[("read#1:short", true, true)])).collect();
        for (disturbed, exit) in [(1, Exit::Holds), (2, Exit::Deviations)] {
            specs[disturbed].left_out = Some(LeftOut::NotWhenWatched(record::Verdict::Deviates, "other state".into()));
            let findings = findings(specs.clone());
            assert_eq!(Judgement::of(&findings, &allowances(""), &[]).exit(), exit, "{disturbed} disturbed");
        }
    }
}
