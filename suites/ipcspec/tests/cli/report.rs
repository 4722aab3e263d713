//! The HTML report of one run, or of several.

use crate::command::*;
use std::fs;

#[test]
fn a_report_is_that_of_the_run() {
    let (directory, _) = a_run();
    let of_the_run = fs::read_to_string(directory.path().join("r.report.html")).unwrap();
    for (arguments, name) in
        [(&["report", "r.jsonl"][..], "r.report.html"), (&["report", "r.jsonl", "--out", "x.html"], "x.html")]
    {
        let _ = fs::remove_file(directory.path().join(name));
        let answer = ask_in(directory.path(), arguments);
        assert_eq!((answer.code, answer.out.as_str()), (Some(PASSED), ""), "{}", answer.err);
        assert_eq!(answer.err, format!("report written to {name}\n"));
        assert!(fs::read_to_string(directory.path().join(name)).unwrap() == of_the_run, "{arguments:?}");
    }
}

#[test]
fn several_runs_are_columns_with_the_shortest_names_that_tell_them_apart() {
    let (directory, records) = a_run();
    let cases: [(&[&str], &str); 3] = [
        (&["kernels/uml.jsonl", "gvisor.jsonl"], "uml, gvisor"),
        (&["uml/r.jsonl", "gvisor/r.jsonl"], "uml, gvisor"),
        (&["uml/a/r.jsonl", "gvisor/a/r.jsonl"], "uml/a/r.jsonl, gvisor/a/r.jsonl"),
    ];
    for (files, names) in cases {
        for file in files {
            fs::create_dir_all(directory.path().join(file).parent().unwrap()).unwrap();
            fs::copy(&records, directory.path().join(file)).unwrap();
        }
        let answer = ask_in(directory.path(), &[&["report"], files].concat());
        assert_eq!(answer.code, Some(PASSED), "{}", answer.err);
        let page = fs::read_to_string(directory.path().join("matrix.html")).unwrap();
        assert!(page.contains(&format!("<title>ipcspec: passed – {names}</title>")), "{names}");
    }
}

#[test]
fn a_report_that_cannot_be_made_is_refused() {
    let (directory, records) = a_run();
    let before = fs::read(&records).unwrap();
    fs::write(directory.path().join("damaged.jsonl"), "{").unwrap();
    let cases: [(&[&str], &str); 6] = [
        (&["report"], "run `ipcspec run` first, or name a record file"),
        (&["report", "r.jsonl", "r.jsonl"], "a record file is given twice"),
        (&["report", "r.jsonl", "--out", "./r.jsonl"], "./r.jsonl cannot be written: it has the records"),
        (&["report", "r.jsonl", "--out", "nowhere/x.html"], "nowhere/x.html cannot be written"),
        (&["report", "r.jsonl", "--out", "."], "cannot be written"),
        (&["report", "r.jsonl", "damaged.jsonl"], "damaged.jsonl is damaged: line 1"),
    ];
    for (arguments, words) in cases {
        assert_refused(&ask_in(directory.path(), arguments), COULD_NOT_RUN, words);
    }
    assert_eq!(fs::read(&records).unwrap(), before);
    assert!(!directory.path().join("matrix.html").exists());
}

#[test]
fn ids_without_slashes_go_out_and_come_back() {
    let directory = tempfile::TempDir::new().unwrap();
    let run = |arguments: &[&str]| {
        let answer = ask_in(directory.path(), &[&["run"], arguments, &["--records", "r.jsonl"]].concat());
        assert_eq!(answer.code, Some(PASSED), "{}", answer.err);
        fs::read_to_string(directory.path().join("r.report.ktap")).unwrap()
    };
    let ktap = run(&["pipe.read-eof/raw", "--ids", "flat"]);
    let name = ktap.lines().find_map(|line| line.strip_prefix("  ok 1 ")).unwrap();
    assert_eq!(name, "pipe.read-eof.raw");
    assert!(run(&[name]).contains("\n  ok 1 pipe.read-eof/raw\n"));
    let listed = ask(&["list", "pipe.read-eof.raw", "--ids", "flat"]).out;
    assert!(listed.starts_with("pipe.read-eof.raw\n"), "{listed}");
    assert_refused(&ask(&["run", "pipe.raed-eof.raw"]), NOTHING_SELECTED, "unknown id `pipe.raed-eof.raw`");
}
