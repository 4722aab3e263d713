//! Runs for tests.

mod specs;

pub(crate) use specs::seen;

use crate::claims::NotedClaim;
use crate::documented::DocumentedError;
use crate::gate::baseline::{Baseline, UpdateOptions, updated};
use crate::gate::compare::{Comparison, Named, compare};
use crate::gate::{self, Scope};
use crate::matrix::Column;
use record::{
    Citation, EndRecord, Environment, FORMAT, Failure, Layer, Level, Records, RunRecord, SeenError, Source, SpecRecord,
    Verdict,
};
use specs::{broken, conforms, deviates, failure, missing, observation, process, reboot, skipped, timeout};
use std::collections::{BTreeMap, BTreeSet};

/// A whole run with every verdict.
pub(crate) fn records() -> Records {
    run_of(
        vec![
            conforms("pipe.read-eof", "A read on an empty pipe returns 0 once its last write end is closed."),
            SpecRecord {
                covers: vec!["notes:pipe.exit-needs-data-read".into(), "notes:pipe.write-end-closed".into()],
                observations: vec![observation("bytes read after the writer's exit", "5")],
                ..conforms("pipe.exit-with-unread-data", "A writer exits at once though nobody has read its data.")
            },
            deviates(),
            broken(),
            timeout(),
            skipped("shm.gone-after-reboot", &[reboot()]),
            skipped("shm.key-after-reboot", &[reboot(), missing("cpus(4)", "2 processors", "give the machine more")]),
        ],
        7,
    )
}

/// Six failures of three causes: a C library that writes one byte less, a call that is refused, and another deviation.
pub(crate) fn alike() -> Records {
    let fails = |id: &str, layer: Option<Layer>, failure: Failure| SpecRecord {
        layer,
        verdict: failure.verdict,
        failures: vec![failure],
        ..conforms(&layer.map_or(id.into(), |layer| format!("{id}/{layer}")), "A statement.")
    };
    let short = |count: &str| failure(Verdict::Deviates, "write(&writer, b\"ab\")", Some("Ok(2)"), Some(count));
    let refused = || failure(Verdict::Broken, "pipe2(O_DIRECT) is refused with EINVAL", None, None);
    let raw = |id: &str| SpecRecord { layer: Some(Layer::Raw), ..conforms(&format!("{id}/raw"), "A statement.") };
    let specs = vec![
        fails("pipe.a", Some(Layer::Libc), short("Ok(1)")),
        fails("pipe.a", Some(Layer::Nix), short("Ok(1)")),
        raw("pipe.a"),
        fails("pipe.b", Some(Layer::Libc), short("Ok(1)")),
        raw("pipe.b"),
        fails("pipe.c", None, refused()),
        fails("pipe.d", None, refused()),
        fails("pipe.e", None, short("Ok(0)")),
    ];
    run_of(specs, 8)
}

/// The gate of [`alike`] with an empty baseline.
pub(crate) fn gate_of_alike() -> gate::Outcome {
    let records = alike();
    let suite: BTreeSet<_> = records.specs.iter().map(|spec| spec.id.as_str()).collect();
    gate::gate(&records, &Baseline::default(), &Scope { wanted: suite.clone(), suite }).expect("a whole run")
}

/// The gate of [`records`] with a baseline that expects one of its three failures.
pub(crate) fn gate() -> gate::Outcome {
    let expected = "[[expected]]\nid = \"fifo.open-nonblock-write\"\nfailures = [\"*\"]\nreason = \"No <reader> is needed there.\"\n\
                 link = \"https://example.org/1\"\n[skips]\nreboot = 2\n\"cpus(4)\" = 1\n";
    let records = records();
    let suite: BTreeSet<_> = records.specs.iter().map(|spec| spec.id.as_str()).collect();
    let baseline = Baseline::read(expected).expect("a baseline");
    gate::gate(&records, &baseline, &Scope { wanted: suite.clone(), suite }).expect("a whole run")
}

/// Two targets that agree on what fails but for one spec, and one that did not start.
pub(crate) fn columns() -> Vec<Column> {
    let mut other = records();
    for spec in other.specs.iter_mut().filter(|spec| spec.verdict == Verdict::Deviates) {
        spec.verdict = Verdict::Conforms;
    }
    let column = |target: &str, outcome| Column { target: target.into(), outcome, gate: None };
    vec![
        column("local", Ok(records())),
        column("uml", Ok(other)),
        column("gvisor", Err("runsc is missing: install <b>runsc</b> | \u{1b}[2J".into())),
    ]
}

/// Three runs with something of each kind.
pub(crate) fn three() -> [Records; 3] {
    let one = records();
    let mut two = one.clone();
    two.specs[0].verdict = Verdict::Deviates;
    two.specs[1].observations[0].value = "6".into();
    two.specs[1].wall_us = 30_000;
    two.run.environment.kernel = "Linux 6.1".into();
    let mut three = interrupted();
    three.specs[2].verdict = Verdict::Skipped;
    three.specs[3].verdict = Verdict::Conforms;
    two.specs[3].verdict = Verdict::Timeout;
    [one, two, three]
}

/// What differs between the runs of [`three`].
pub(crate) fn compared(runs: &[Records; 3]) -> Comparison<'_> {
    let named = ["one", "two", "three"].into_iter().zip(runs).map(|(name, records)| Named { name, records });
    compare(&named.collect::<Vec<_>>(), 2.0)
}

/// A baseline that [`records`] holds against.
pub(crate) fn baseline() -> Baseline {
    let records = records();
    let suite = records.specs.iter().map(|spec| spec.id.as_str()).collect();
    let options = UpdateOptions { reason: "It is known.".into(), pin: vec!["pipe.*".into()] };
    updated(&Baseline::default(), &records, &suite, &options).expect("a whole run")
}

/// [`records`], but one more spec deviates, and the outcome of its gate.
pub(crate) fn newly_deviating() -> (Records, gate::Outcome) {
    let mut records = records();
    records.specs[0].verdict = Verdict::Deviates;
    let suite: BTreeSet<_> = records.specs.iter().map(|spec| spec.id.as_str()).collect();
    let outcome = gate::gate(&records, &baseline(), &Scope { wanted: suite.clone(), suite }).expect("a whole run");
    (records, outcome)
}

/// The same run, ended before all of twelve specs were judged.
pub(crate) fn interrupted() -> Records {
    run_of(records().specs, 12)
}

/// One flaky spec in four attempts.
pub(crate) fn repeated() -> Records {
    let id = &deviates().id;
    let attempts = [conforms(id, "It conforms."), deviates(), timeout(), conforms(id, "It conforms.")];
    let attempts = (1..).zip(attempts).map(|(attempt, record)| SpecRecord { id: id.clone(), attempt, ..record });
    let mut records = run_of(attempts.collect(), 4);
    records.run.repeat = 4;
    records
}

/// A run in which every string is `text`, with every verdict.
pub(crate) fn hostile(text: &str) -> Records {
    let t = || text.to_owned();
    let spec = |verdict| SpecRecord {
        id: t() + Verdict::word(verdict),
        mechanism: t(),
        layer: Some(Layer::Raw),
        statement: t(),
        cite: vec![Citation::Linux { page: (t() + ".7").into(), heading: t().into(), item: Some(t().into()) }],
        level: Level::Linux,
        covers: vec!["notes:hostile".into(), t()],
        needs: vec![t()],
        source: Source { file: t(), line: 1 },
        attempt: 1,
        verdict,
        isolation: Some(t()),
        missing: if verdict == Verdict::Skipped { vec![missing(text, text, text)] } else { vec![] },
        known: None,
        checks: u64::MAX,
        failures: vec![failure(verdict, text, Some(text), Some(text)), failure(verdict, text, None, None)],
        errors: vec![SeenError { call: t(), errno: t(), layer: Layer::Libc }],
        observations: vec![observation(text, text)],
        evidence: vec![observation(text, text)],
        processes: vec![process(i32::MIN, text, text.chars().next().unwrap_or('?'), Some(text))],
        trace: vec![t(), t()],
        output: t(),
        output_dropped: u64::MAX,
        kernel_log: vec![t()],
        wall_us: u64::MAX,
        cpu_us: u64::MAX,
    };
    let mut records = run_of(Verdict::ALL.map(spec).into(), 6);
    records.end.kernel_log = vec![t()];
    records.end.grown = BTreeMap::from([(t(), [u64::MAX; 2])]);
    let environment = &mut records.run.environment;
    for value in [&mut environment.kernel, &mut environment.libc, &mut environment.isolation] {
        *value = t();
    }
    environment.sysctls.insert(t(), t());
    environment.container = Some(t());
    records.run.version = t();
    records
}

/// Claims that the specs of [`records`] cover, and one that nothing covers.
pub(crate) fn claims() -> Vec<NotedClaim> {
    vec![
        claim("pipe.read-end-closed", "true", "A true claim.", ""),
        claim(
            "pipe.exit-needs-data-read",
            "false",
            "Once data has been written into a pipe it must be read before the writer can exit normally.",
            "The writer exits at once; unread data stays until all ends close and is then dropped.",
        ),
        claim(
            "pipe.write-end-closed",
            "partly",
            "A claim with a kernel of truth.",
            "It holds for blocking pipes only.",
        ),
        claim("pipe.only-parent-child", "false", "A claim without a spec.", "Siblings may use it too."),
    ]
}

/// A claim with all its parts.
pub(crate) fn claim(id: &str, verdict: &str, claim: &str, truth: &str) -> NotedClaim {
    let [id, claim, verdict, truth] = [id, claim, verdict, truth].map(String::from);
    NotedClaim { id, claim, verdict, truth, mandatory: true }
}

/// A documented error in which every string is `text`.
pub(crate) fn documented_error(text: &str) -> DocumentedError {
    let [clause, mechanism, call, errno, condition] = [(); 5].map(|()| text.to_owned());
    DocumentedError { clause, mechanism, call, errno, condition, inducible: true }
}

/// The tags of an HTML document without the values of their attributes: its markup, whatever its text.
pub(crate) fn tags(html: &str) -> Vec<String> {
    let (head, rest) = html.split_once("<style>").unwrap();
    let (_, rest) = rest.split_once("</style>").unwrap();
    let (body, _) = rest.split_once("<script>").unwrap();
    let tags = [head, body].into_iter().flat_map(|part| part.split('<').skip(1));
    tags.map(|tag| tag.split_once('>').unwrap().0.split('"').step_by(2).collect()).collect()
}

fn run_of(specs: Vec<SpecRecord>, selected: usize) -> Records {
    let map = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    Records {
        run: RunRecord {
            format: FORMAT,
            version: "0.1.0".into(),
            run: "1795000000-4711".into(),
            started: 1_795_000_000,
            target: None,
            selected,
            selection: Vec::new(),
            shard: None,
            repeat: 1,
            seed: None,
            mutation: None,
            environment: Environment {
                kernel: "Linux 6.18.44".into(),
                build: "#1 SMP".into(),
                arch: "x86_64".into(),
                libc: "glibc 2.36".into(),
                cpus: 2,
                euid: 1000,
                isolation: "userns".into(),
                refused: BTreeMap::new(),
                rlimits: map("nofile", "1024/1048576"),
                sysctls: map("fs.pipe-max-size", "1048576"),
                lsm: Some("capability,landlock".into()),
                container: None,
                hostname: Some("a-machine".into()),
                broken: Vec::new(),
                preloaded: None,
                directory: None,
            },
        },
        end: EndRecord {
            specs: specs.len(),
            interrupted: specs.len() < selected,
            wall_us: 31_214_000,
            ..EndRecord::default()
        },
        specs,
    }
}
