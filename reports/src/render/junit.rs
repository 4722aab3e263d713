//! `junit.xml` for CI systems: a suite per mechanism, a case per spec.
//!
//! A deviation is a `failure`, the tested system's; a broken spec and a timeout are an `error`. nextest's own JUnit
//! does not distinguish a skip from a pass, so this one is made from the records.

use super::facts::{facts, time};
use super::failure;
use crate::gate::shortfall;
use crate::judged::{Judged, by_mechanism, judged, reason};
use crate::text;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use record::Records;
use record::Verdict;
use record::citation_line;
use record::id::Form;
use std::time::Duration;

/// The report as XML, with ids in this form.
pub fn render(records: &Records, ids: Form) -> String {
    let mut report = Report::new("ipcspec");
    report.set_time(Duration::from_micros(records.end.wall_us));
    for (mechanism, specs) in by_mechanism(&judged(records)) {
        report.add_test_suite(suite(records, mechanism, specs.iter().map(|spec| case(spec, ids)).collect()));
    }
    if let Some(shortfall) = shortfall(records) {
        report.add_test_suite(suite(records, "run", vec![unfinished(&shortfall)]));
    }
    report.to_string().expect("XML is written to memory")
}

fn suite(records: &Records, name: &str, cases: Vec<TestCase>) -> TestSuite {
    let mut suite = TestSuite::new(text::one_line(name));
    suite.set_time(cases.iter().filter_map(|case| case.time).sum());
    let timestamp = time(&records.run).map(|time| time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string());
    for (name, value) in [("timestamp", timestamp), ("hostname", records.run.environment.hostname.clone())] {
        suite.extra.extend(value.map(|value| (name.into(), text::one_line(&value).into())));
    }
    for (name, value) in facts(&records.run) {
        suite.add_property(Property::new(text::one_line(&name), text::one_line(&value)));
    }
    suite.add_test_cases(cases);
    suite
}

fn case(spec: &Judged, ids: Form) -> TestCase {
    let record = spec.record();
    let mut case = TestCase::new(text::one_line(&ids.of(&record.id)), status(spec));
    case.set_classname(text::one_line(&record.mechanism));
    case.set_time(Duration::from_micros(spec.wall_us()));
    case.set_assertions(usize::try_from(record.checks).unwrap_or(usize::MAX));
    case.extra.insert("file".into(), text::one_line(&record.source.file).into());
    case.extra.insert("line".into(), record.source.line.to_string().into());
    case.add_property(Property::new("statement", text::one_line(&record.statement)));
    case.add_property(Property::new("citation", text::one_line(&citation_line(&record.cite))));
    if spec.attempts().len() > 1 {
        case.add_property(Property::new("attempts", spec.rate()));
    }
    if !record.output.is_empty() {
        case.set_system_out(text::clean(&record.output));
    }
    case
}

fn status(spec: &Judged) -> TestCaseStatus {
    let verdict = spec.verdict();
    if let Some(known) = spec.known_of_linux() {
        // JUnit has no word for a failure that is expected: what is skipped has a message, and fails nothing.
        let mut status = TestCaseStatus::skipped();
        status.set_message(format!("known deviation of Linux: {} {}", text::one_line(&known.reason), known.reported));
        return status;
    }
    let mut status = match verdict {
        Verdict::Conforms => return TestCaseStatus::success(),
        Verdict::Skipped => TestCaseStatus::skipped(),
        Verdict::Deviates => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Broken | Verdict::Timeout => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    status.set_message(reason(spec.record()));
    if verdict.is_failure() {
        status.set_type(verdict.word()).set_description(failure::plain(spec));
    }
    status
}

/// A run that ended early is an error of its own, so that what was not judged is not taken for a pass.
fn unfinished(shortfall: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type("unfinished").set_message(shortfall);
    TestCase::new("run", status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn parse(records: &Records) -> Report {
        Report::deserialize_from_str(&render(records, Form::Slashes)).unwrap()
    }

    #[test]
    fn a_suite_per_mechanism_counts_its_verdicts() {
        let counts: Vec<_> = parse(&sample::records())
            .test_suites
            .iter()
            .map(|suite| (suite.name.to_string(), suite.tests, suite.failures, suite.errors, suite.skipped))
            .collect();
        assert_eq!(counts, [("fifo".into(), 2, 1, 1, 0), ("pipe".into(), 3, 0, 1, 0), ("shm".into(), 2, 0, 0, 2)]);
    }

    #[test]
    fn properties_name_the_machine() {
        let report = parse(&sample::records());
        let value = |name: &str| {
            let properties = &report.test_suites[0].properties;
            properties.iter().find(|property| property.name.as_str() == name).unwrap().value.as_str()
        };
        assert_eq!(value("kernel"), "Linux 6.18.44");
        assert_eq!(value("libc"), "glibc 2.36");
        assert_eq!(value("isolation"), "userns");
        assert_eq!(value("version"), "0.1.0");
        assert_eq!(value("rlimit.nofile"), "1024/1048576");
    }

    #[test]
    fn suites_say_when_and_where_they_ran() {
        let xml = render(&sample::records(), Form::Slashes);
        let suite = xml.lines().find(|line| line.contains("<testsuite ")).unwrap();
        assert!(suite.contains(r#"timestamp="2026-11-18T11:06:40+00:00""#), "{suite}");
        assert!(suite.contains(r#"hostname="a-machine""#), "{suite}");
    }

    #[test]
    fn flat_ids_have_no_slash() {
        let report = Report::deserialize_from_str(&render(&sample::records(), Form::Flat)).unwrap();
        let names: Vec<_> = report.test_suites[0].test_cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["fifo.open-nonblock-write.raw", "fifo.open-read-blocks"]);
    }

    #[test]
    fn cases_carry_reason_type_and_time() {
        let xml = render(&sample::records(), Form::Slashes);
        assert!(xml.contains(r#"<skipped message="needs reboot: this machine is in use"/>"#), "{xml}");
        assert!(xml.contains(r#"type="deviates""#), "{xml}");
        assert!(xml.contains(r#"<error message="timed out after 30.000 s" type="timeout">"#), "{xml}");
        assert!(xml.contains(r#"time="30.000""#), "{xml}");
    }

    #[test]
    fn an_unfinished_run_is_an_error() {
        let report = parse(&sample::interrupted());
        let last = report.test_suites.last().unwrap();
        assert_eq!((last.name.as_str(), last.errors), ("run", 1));
    }
}
