//! Reports to look at: the records of one small run, with what it takes added by hand.

use harness::Verdict;
use record::{Failure, Missing, Observation, Process, Records, SpecRecord};
use reports::render::html::{self, Column};
use reports::{Documented, DocumentedError, Fate, NotedClaim, Persistence};
use std::fs;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What would run or show if any text of a record became markup.
const HOSTILE: &str = r#"<script>console.error("ran")</script><img src=x onerror='console.error("ran")'>"&lt;"#;

/// A report in a directory of its own.
pub struct Page(TempDir);

impl Page {
    fn of(columns: &[Column]) -> Self {
        let page = Self(TempDir::new().unwrap());
        fs::write(page.0.path().join("page.html"), html::page(columns, &documented())).unwrap();
        page
    }

    /// Its address, with a fragment or without.
    pub fn url(&self, fragment: &str) -> String {
        format!("file://{}/page.html{fragment}", self.0.path().display())
    }
}

/// The report of one run: some specs that conform, one of each other verdict, and hostile text wherever text may stand.
pub fn one() -> Page {
    let mut records = a_run();
    let hostile = || HOSTILE.to_owned();
    let conforms = records.specs[0].clone();
    let made_up = |verdict: Verdict| SpecRecord {
        id: format!("pipe.made-up-{verdict}"),
        layer: None,
        statement: format!("It {verdict}. {HOSTILE}"),
        verdict,
        observations: vec![Observation { name: hostile(), value: hostile() }],
        ..conforms.clone()
    };
    let failure = Failure {
        verdict: Verdict::Deviates,
        message: hostile(),
        expected: Some("Ok(0)".into()),
        actual: Some(hostile()),
        source: Some(conforms.source.clone()),
        process: "child 1".into(),
        signature: String::new(),
    };
    let syscall = Some("read".into());
    let process = Process { pid: 3, name: hostile(), state: 'S', syscall, wchan: Some(hostile()) };
    let missing = Missing { need: "reboot".into(), found: hostile(), remedy: hostile() };
    records.specs.extend([
        SpecRecord { failures: vec![failure], ..made_up(Verdict::Deviates) },
        SpecRecord { output: hostile(), ..made_up(Verdict::Broken) },
        SpecRecord { processes: vec![process], ..made_up(Verdict::Timeout) },
        SpecRecord { missing: vec![missing], ..made_up(Verdict::Skipped) },
    ]);
    Page::of(&[Column::of(&records)])
}

/// The report of nine runs of so many specs, where one column stands alone in nine rows of fifty.
pub fn matrix(specs: usize) -> Page {
    let records = a_run();
    let spec = |column: usize, number: usize| SpecRecord {
        id: format!("pipe.made-up-{number:04}"),
        layer: None,
        verdict: if number % 50 == column { Verdict::Deviates } else { Verdict::Conforms },
        ..records.specs[0].clone()
    };
    let run = |column| Records { specs: (0..specs).map(|number| spec(column, number)).collect(), ..records.clone() };
    let runs: Vec<_> = (0..9).map(run).collect();
    let columns =
        (0..).zip(&runs).map(|(number, records)| Column { name: format!("kernel-{number}"), records, gate: None });
    Page::of(&columns.collect::<Vec<_>>())
}

/// Claims and errors that the specs of the run cover, and others.
fn documented() -> Documented {
    let claim = |id: &str, verdict: &str| NotedClaim {
        id: id.into(),
        claim: HOSTILE.into(),
        verdict: verdict.into(),
        truth: HOSTILE.into(),
        mandatory: false,
    };
    let error = |errno: &str, inducible| DocumentedError {
        clause: format!("errors:pipe.read.{errno}"),
        mechanism: "pipe".into(),
        call: "read".into(),
        errno: errno.into(),
        condition: HOSTILE.into(),
        inducible,
    };
    let fate = Fate { word: "stays".into(), specs: vec!["pipe.read-eof".into()], reason: HOSTILE.into() };
    Documented {
        claims: vec![claim("pipe.read-eof-after-writers-close", "false"), claim("pipe.of-nothing", "true")],
        errors: vec![error("EAGAIN", true), error("EISDIR", true), error("EIO", false)],
        clauses: Vec::new(),
        persistence: Persistence { ends: vec![HOSTILE.into()], objects: vec![(HOSTILE.into(), vec![fate])] },
    }
}

/// A small run, by the binary.
fn a_run() -> Records {
    let directory = TempDir::new().unwrap();
    let binary = std::env::var_os("NEXTEST_BIN_EXE_ipcspec").unwrap_or_else(|| env!("CARGO_BIN_EXE_ipcspec").into());
    let mut command = Command::new(binary);
    command.args(["run", "pipe.read-*", "socketpair.*", "--records", "run.jsonl"]).current_dir(directory.path());
    let output = command.env_remove("GITHUB_ACTIONS").stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let records = fs::read(directory.path().join("run.jsonl")).unwrap();
    Records::read(&records[..]).unwrap()
}
