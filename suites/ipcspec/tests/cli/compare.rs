//! Comparison of runs. What it finds is tested in reports; here, its forms.

use crate::command::*;
use record::Verdict;

#[test]
fn a_comparison_has_three_forms_and_judges_nothing() {
    let (before, after) = (a_run_with(|_| ()), a_run_with(|record| record.verdict = Verdict::Timeout));
    let [before, after] =
        [&before, &after].map(|directory| directory.path().join("r.jsonl").to_str().unwrap().to_owned());
    let compare = |more: &[&str]| {
        let answer = ask(&[&["compare", &before, &after, "--slower", "1000"], more].concat());
        assert_eq!(answer.code, Some(PASSED), "{}", answer.err);
        answer.out
    };
    let counts = "0 unchanged, 0 only in one, 3 newly deviating, 0 failing differently, 0 newly conforming, 0 newly skipped, \
                  0 added, 0 removed, 0 observations, 0 slower";
    let text = compare(&[]);
    assert!(text.starts_with(&format!("A  {before}: Linux ")), "{text}");
    assert!(text.contains("\nNewly deviating\n  pipe.read-eof/libc\n    A conforms, B timeout: "), "{text}");
    assert_eq!(text.lines().last().unwrap(), format!("compare: {counts}"));
    assert!(compare(&["--markdown"]).ends_with(&format!("\n\n{counts}.\n")));
    assert_eq!(json(&compare(&["--json"]))["specs"][0]["change"], "newly-deviating");

    let text = ask(&["compare", &before, &after, &before]).out;
    assert!(text.contains("\nOnly in B\n  pipe.read-eof/libc\n    A conforms, B timeout, C conforms: "), "{text}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let directory = a_run_with(|_| ());
    let compare = |arguments: &[&str]| ask_in(directory.path(), &[&["compare"], arguments].concat());
    assert_refused(&compare(&["r.jsonl", "nowhere.jsonl"]), COULD_NOT_RUN, "nowhere.jsonl cannot be read");
    assert_refused(&compare(&["r.jsonl", "r.report.json"]), COULD_NOT_RUN, "r.report.json is damaged: line 1");
    for wrong in
        [&["r.jsonl"][..], &["r.jsonl", "r.jsonl", "--slower", "1"], &["r.jsonl", "r.jsonl", "--slower", "nan"]]
    {
        assert_eq!(compare(wrong).code, Some(COULD_NOT_RUN), "{wrong:?}");
    }
}
