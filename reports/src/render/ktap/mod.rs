//! `report.ktap`: the Kernel Test Anything Protocol, version 1 (Documentation/dev-tools/ktap.rst).
//!
//! Two levels and no more, since parsers disagree about nesting: a test per mechanism, a subtest per spec.

use super::facts::facts;
use super::failure;
use crate::gate::shortfall;
use crate::judged::{Judged, by_mechanism, judged, reason};
use crate::text;
use record::Records;
use record::Verdict;
use record::id::Form;

/// The report as KTAP, with ids in this form.
pub fn render(records: &Records, ids: Form) -> String {
    let specs = judged(records);
    let mechanisms = by_mechanism(&specs);
    let shortfall = shortfall(records);
    let mut ktap = format!("KTAP version 1\n1..{}\n", mechanisms.len() + usize::from(shortfall.is_some()));
    for (name, value) in facts(&records.run) {
        ktap += &format!("# {}: {}\n", text::one_line(&name), text::one_line(&value));
    }
    for (number, (mechanism, specs)) in mechanisms.iter().enumerate() {
        ktap += &subtests(specs, ids);
        ktap += &parent(number + 1, mechanism, specs);
    }
    if let Some(shortfall) = shortfall {
        // KTAP has no line for a run that was cut off; without this one the rest would read as a whole run.
        ktap += &format!("not ok {} run # ERROR {shortfall}\n", mechanisms.len() + 1);
    }
    ktap
}

fn subtests(specs: &[Judged], ids: Form) -> String {
    let mut lines = format!("  KTAP version 1\n  1..{}\n", specs.len());
    for (number, spec) in specs.iter().enumerate() {
        let id = description(&ids.of(&spec.record().id));
        if spec.verdict().is_failure() {
            // The id in front keeps a printed `Subtest: x` or `ok 1 x` from being read as one.
            for line in failure::plain(spec).lines().filter(|line| !line.is_empty()) {
                lines += &format!("  # {id}: {}\n", line.trim_start());
            }
        }
        lines += &format!("  {}\n", result(number + 1, &id, spec));
    }
    lines
}

fn result(number: usize, id: &str, spec: &Judged) -> String {
    let why = description(&reason(spec.record()));
    if let Some(known) = spec.known_of_linux() {
        return format!("ok {number} {id} # XFAIL {}", description(&known.reason));
    }
    match spec.verdict() {
        Verdict::Conforms => format!("ok {number} {id}"),
        Verdict::Skipped => format!("ok {number} {id} # SKIP {why}"),
        Verdict::Deviates => format!("not ok {number} {id}"),
        Verdict::Broken => format!("not ok {number} {id} # ERROR {why}"),
        Verdict::Timeout => format!("not ok {number} {id} # TIMEOUT {why}"),
    }
}

/// A failed subtest fails its parent; a parent of nothing but skips is a skip.
fn parent(number: usize, mechanism: &str, specs: &[Judged]) -> String {
    let name = description(mechanism);
    if specs.iter().any(Judged::fails) {
        format!("not ok {number} {name}\n")
    } else if specs.iter().all(|spec| spec.verdict() == Verdict::Skipped) {
        format!("ok {number} {name} # SKIP every subtest was skipped\n")
    } else {
        format!("ok {number} {name}\n")
    }
}

/// A hash sign ends a description, so there is none in it.
fn description(text: &str) -> String {
    text::one_line(text).replace('#', "_")
}

#[cfg(test)]
pub(crate) mod parser;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use parser::Outcome::{Error, Fail, Pass, Skip, Timeout};
    use parser::parse;

    #[test]
    fn two_levels_with_every_verdict() {
        let tests = parse(&render(&sample::interrupted(), Form::Slashes)).unwrap();
        let shape: Vec<_> = tests
            .iter()
            .map(|test| (test.name.as_str(), &test.outcome, test.subtests.iter().map(|sub| &sub.outcome).collect()))
            .collect::<Vec<(_, _, Vec<_>)>>();
        assert_eq!(
            shape,
            [
                ("fifo", &Fail, vec![&Fail, &Timeout]),
                ("pipe", &Fail, vec![&Pass, &Pass, &Error]),
                ("shm", &Skip, vec![&Skip, &Skip]),
                ("run", &Error, vec![]),
            ]
        );
    }

    #[test]
    fn a_failure_is_explained_before_its_result() {
        let ktap = render(&sample::records(), Form::Slashes);
        assert!(ktap.contains("  # fifo.open-nonblock-write/raw: actual: Ok(3)\n"), "{ktap}");
        assert!(ktap.contains("# SKIP needs reboot: this machine is in use\n"), "{ktap}");
    }

    #[test]
    fn flat_ids_have_no_slash() {
        let tests = parse(&render(&sample::records(), Form::Flat)).unwrap();
        let names: Vec<_> = tests.iter().flat_map(|test| &test.subtests).map(|test| test.name.as_str()).collect();
        assert_eq!(names[0], "fifo.open-nonblock-write.raw");
        assert!(names.iter().all(|name| !name.contains('/')), "{names:?}");
    }

    #[test]
    fn nothing_judged_is_an_empty_plan() {
        let mut records = sample::records();
        records.specs.clear();
        records.run.selected = 0;
        assert_eq!(parse(&render(&records, Form::Slashes)), Ok(vec![]));
    }
}
