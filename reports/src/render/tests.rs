//! What holds of all documents together.

use super::page::WIDTH;
use super::*;
use crate::documented::Documented;
use crate::gate::Exit;
use crate::sample;
use proptest::prelude::*;
use record::Verdict;
use record::id::Form;
use std::sync::LazyLock;

/// Every document is still what it says it is, and still holds the five verdicts, whatever the records' strings are.
fn assert_unbroken_by(hostile: &str) {
    let records = sample::hostile(hostile);
    let claims = [sample::claim("hostile", "false", hostile, hostile)];

    let documented = Documented { claims: claims.into(), ..Documented::default() };
    let text = page::plain(&terminal::run(
        &records,
        &documented,
        Exit::of(&records),
        terminal::OnRequest { claims: true, slowest: 2 },
    ));
    let claims = &documented.claims;
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    // A command that is pasted is not wrapped.
    for line in text.lines().filter(|line| !line.starts_with("  reproduce: ")) {
        assert!(textwrap::core::display_width(line) <= WIDTH, "{line:?} is too wide");
    }
    assert!(text.ends_with("5 specs: 1 conforms, 1 deviates, 1 broken, 1 timeout, 1 skipped, 0 flaky; exit 1\n"));

    let report: serde_json::Value = serde_json::from_str(&json::run(&records, claims)).unwrap();
    assert_eq!(report["specs"][0]["statement"], hostile);

    let report = quick_junit::Report::deserialize_from_str(&junit::render(&records, Form::Slashes)).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (6, 1, 3));

    let tests = ktap::parser::parse(&ktap::render(&records, Form::Slashes)).unwrap();
    assert_eq!(tests[0].subtests.len(), 5);

    // The prefix keeps it from being empty: what is empty has no place in the page at all.
    let page = html_of(&format!("x{hostile}"));
    assert!(!page.contains(|c: char| c.is_control() && c != '\n'), "{page:?}");
    static PLAIN: LazyLock<Vec<String>> = LazyLock::new(|| sample::tags(&html_of("x")));
    assert_eq!(sample::tags(&page), *PLAIN, "text became markup");

    let commands = github::run(&records);
    assert_eq!(commands.lines().filter(|line| line.starts_with("::error file=")).count(), commands.lines().count());
    let markdown = markdown::run(&records, claims);
    assert!(!markdown.contains(|c: char| c.is_control() && c != '\n'), "{markdown:?}");
}

fn html_of(text: &str) -> String {
    let claims = vec![sample::claim("hostile", "false", text, text)];
    let documented = Documented { claims, errors: vec![sample::documented_error(text)], ..Documented::default() };
    html::page(&[html::Column::of(&sample::hostile(text))], &documented)
}

#[test]
fn known_tricks_break_no_document() {
    let long = "long ".repeat(2_000);
    let unbroken = "x".repeat(10_000);
    for hostile in [
        "",
        " ",
        "\0",
        "\x1b[2J\x1b]0;title\x07",
        "a # SKIP b",
        "]]></failure>",
        "<&\"'>",
        "ok 1 forged\nnot ok 2 forged\n1..9\nKTAP version 1",
        "Subtest: forged",
        "::error::forged\r\n::stop-commands::x",
        "| cell `code` ```` <script>",
        "\u{202e}right to left\u{feff}\u{ffff}",
        "漢字🎉",
        "%0A%25",
        &long,
        &unbroken,
    ] {
        assert_unbroken_by(hostile);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_string_breaks_a_document(hostile in any::<String>()) {
        assert_unbroken_by(&hostile);
    }
}

#[test]
fn all_files_are_written_and_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("records.jsonl");
    let mut records = sample::records();
    let documented = Documented { claims: sample::claims(), ..Documented::default() };
    let paths = write_all(&file, &records, &documented, Form::Slashes).unwrap();
    let names: Vec<_> = paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["report.json", "junit.xml", "report.ktap", "report.html"]);

    records.specs.retain(|spec| spec.verdict == Verdict::Conforms);
    write_all(&file, &records, &Documented::default(), Form::Slashes).unwrap();
    assert_eq!(std::fs::read_to_string(&paths[2]).unwrap(), ktap::render(&records, Form::Slashes));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 4, "no temporary file stays");
}

#[test]
fn documents_that_cannot_be_written_are_an_error() {
    let nowhere = tempfile::tempdir().unwrap().path().join("records.jsonl");
    assert!(write_all(&nowhere, &sample::records(), &Documented::default(), Form::Slashes).is_err());
}
