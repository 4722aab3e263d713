mod persistence;

use super::*;
use crate::documented::{CataloguedClause, DocumentedError};
use crate::sample;
use record::{Observation, SpecRecord};

fn column<'a>(name: &str, records: &'a Records) -> Column<'a> {
    Column { name: name.into(), records, gate: None }
}

fn documented() -> Documented {
    let error = |clause: &str, call: &str, errno: &str| DocumentedError {
        clause: format!("errors:pipe.{clause}"),
        mechanism: "pipe".into(),
        call: call.into(),
        errno: errno.into(),
        condition: format!("the condition of {clause}"),
        inducible: !clause.ends_with(".2"),
    };
    let clause = |clause: &str| CataloguedClause {
        id: format!("errors:pipe.{clause}"),
        mechanism: "pipe".into(),
        specs: vec!["pipe.read-eof".into()],
    };
    Documented {
        claims: sample::claims(),
        errors: vec![
            error("read.EBADF", "read", "EBADF"),
            error("read.EINVAL", "read", "EINVAL"),
            error("read.EINVAL.2", "read", "EINVAL"),
            error("write.EIO.2", "write", "EIO"),
        ],
        clauses: ["read.EBADF", "read.EINVAL"].map(clause).into(),
        persistence: persistence::table(),
    }
}

/// The text between two marks.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = page.split_once(from).unwrap_or_else(|| panic!("{from:?} is missing from:\n{page}"));
    rest.split_once(to).unwrap_or_else(|| panic!("{to:?} does not follow {from:?} in:\n{rest}")).0
}

/// The places of these texts in the page are in this order.
fn assert_in_order(page: &str, texts: &[&str]) {
    let mut rest = page;
    for text in texts {
        rest = rest.split_once(text).unwrap_or_else(|| panic!("{text:?} does not follow in:\n{rest}")).1;
    }
}

#[test]
fn a_page_of_one_run_has_every_part() {
    let page = page(&[Column::of(&sample::records())], &documented());
    assert_in_order(
        &page,
        &[
            "<title>ipcspec: failed – Linux 6.18.44</title>",
            "Linux 6.18.44 x86_64, glibc 2.36, 2 cpus, uid 1000, isolation userns",
            "started 2026-11-18 ",
            ">run it in a virtual machine",
            ">sysctl.fs.pipe-max-size<td>1048576",
            "id=\"failures\"",
            "id=\"specs\"",
            "id=\"claims\"",
            "Refuted: 1",
            "id=\"errors\"",
            "id=\"persistence\"",
            "id=\"observations\"",
            ">bytes read after the writer&#39;s exit",
        ],
    );
    assert!(!page.contains("id=\"differs\""), "one run has no matrix");
}

#[test]
fn a_failure_is_shown_in_full() {
    let page = page(&[Column::of(&sample::records())], &documented());
    let deviates = between(&page, "id=\"failure-fifo.open-nonblock-write\"", "</article>");
    assert_in_order(
        deviates,
        &[
            "POSIX.1-2017 open(3p), ERRORS: ENXIO",
            "<span class=\"D\">deviates</span> raw",
            "<dt>expected<dd class=\"code expected\">Err(ENXIO)",
            "<dt>actual<dd class=\"code actual\">Ok(3)",
            "<dt>in<dd>child 1, suites/src/fifo.rs:93",
            "<dt>reproduce<dd class=\"code\">ipcspec run fifo.open-nonblock-write/raw",
        ],
    );
    let timeout = between(&page, "id=\"failure-fifo.open-read-blocks\"", "</article>");
    assert_in_order(
        timeout,
        &["timed out after 30.000 s", "\\u{1b}[31mopening", "(4096 bytes not kept)", "<td>cat<td>zombie"],
    );
}

#[test]
fn the_layers_of_a_spec_share_a_row_and_fail_together() {
    let mut records = sample::records();
    let deviates = records.specs.iter().find(|spec| spec.verdict == Verdict::Deviates).unwrap().clone();
    let of = |layer: Layer| SpecRecord {
        id: format!("fifo.open-nonblock-write/{layer}"),
        layer: Some(layer),
        ..deviates.clone()
    };
    records.specs.push(of(Layer::Libc));
    records.specs.push(SpecRecord { verdict: Verdict::Conforms, failures: vec![], ..of(Layer::Nix) });
    let page = page(&[Column::of(&records)], &documented());
    assert_eq!(page.matches("id=\"fifo.open-nonblock-write\"").count(), 1);
    assert_eq!(page.matches("<span class=\"D\">deviates</span> libc, raw</h4>").count(), 1);
    let row = between(&page, "id=\"fifo.open-nonblock-write\"", "<tr");
    assert_in_order(row, &["<td><span class=\"D\">", "<td><span class=\"C\">", "<td><span class=\"D\">"]);
}

/// Ids that fall into one cell are both shown.
#[test]
fn no_record_hides_another() {
    let mut records = sample::records();
    let conforms = records.specs[0].clone();
    let raw = |id: &str, verdict| SpecRecord { id: id.into(), layer: Some(Layer::Raw), verdict, ..conforms.clone() };
    records.specs = vec![
        SpecRecord { verdict: Verdict::Broken, ..conforms.clone() },
        raw("pipe.read-eof/raw", Verdict::Timeout),
        raw("x/raw", Verdict::Deviates),
        raw("x", Verdict::Conforms),
    ];
    let page = page(&[Column::of(&records)], &documented());
    let specs = between(&page, "<section id=\"specs\"", "<section id=\"claims\"");
    for verdict in ["B\">broken", "T\">timeout", "D\">deviates", "C\">conforms"] {
        assert_eq!(specs.matches(&format!("<span class=\"{verdict}")).count(), 1, "{verdict}");
    }
}

#[test]
fn the_odd_one_out_comes_first() {
    let (a, mut b, mut c, mut d) = (sample::records(), sample::records(), sample::records(), sample::records());
    let set = |records: &mut Records, id: &str, verdict| {
        records.specs.iter_mut().find(|spec| spec.id == id).unwrap().verdict = verdict;
    };
    // One column alone; then two of four, where the failing ones count as apart; then one that did not judge.
    set(&mut b, "pipe.write-atomic", Verdict::Conforms);
    set(&mut c, "fifo.open-nonblock-write/raw", Verdict::Conforms);
    set(&mut d, "fifo.open-nonblock-write/raw", Verdict::Conforms);
    set(&mut d, "fifo.open-read-blocks", Verdict::Skipped);
    c.specs.retain(|spec| spec.id != "pipe.exit-with-unread-data");
    let columns = [column("a", &a), column("b", &b), column("c", &c), column("d", &d)];
    let page = page(&columns, &documented());
    let matrix = between(&page, "<table class=\"matrix\">", "</table>");
    assert_in_order(
        matrix,
        &[
            "id=\"pipe.write-atomic\"",
            "<td class=\"B\">B<td class=\"C odd\">C<td class=\"B\">B<td class=\"B\">B<td>b",
            "id=\"fifo.open-nonblock-write\"",
            "<td class=\"D odd\">D<td class=\"D odd\">D<td class=\"C\">C<td class=\"C\">C<td>a, b",
            "id=\"pipe.exit-with-unread-data\"",
            "<td class=\"C\">C<td class=\"C\">C<td class=\" odd\">·<td class=\"C\">C<td>c",
            "id=\"fifo.open-read-blocks\"",
            "<td class=\"T\">T<td class=\"T\">T<td class=\"T\">T<td class=\"S odd\">S<td>d",
            "<tr class=\"row same\" id=\"pipe.read-eof\"",
        ],
    );
    assert_eq!(matrix.matches("class=\"row same\"").count(), 3, "both skips, and what conforms everywhere");
    assert!(page.contains("id=\"differs\" checked"));
}

#[test]
fn layers_that_disagree_are_named_in_the_matrix() {
    let same = sample::records();
    let mut library = sample::records();
    let conforms = library.specs[0].clone();
    let of = |layer: Layer, verdict| SpecRecord {
        id: format!("pipe.read-eof/{layer}"),
        layer: Some(layer),
        verdict,
        ..conforms.clone()
    };
    library.specs.extend([of(Layer::Libc, Verdict::Deviates), of(Layer::Raw, Verdict::Conforms)]);
    let page = page(&[column("a", &same), column("musl", &library)], &documented());
    let cell = "<span class=\"C\">C</span><small>raw</small><span class=\"D\">D</span><small>libc</small>";
    assert!(page.contains(cell), "{page}");
}

#[test]
fn columns_that_agree_hide_nothing() {
    let records = sample::records();
    let page = page(&[column("a", &records), column("b", &records)], &documented());
    assert!(page.contains("id=\"differs\">"), "the box is not ticked");
    assert!(page.contains("<span class=\"D\">deviates</span> a (raw), b (raw)</h4>"), "equal failures are shown once");
}

#[test]
fn an_expected_failure_has_its_reason_and_the_others_are_new() {
    let (records, gate) = (sample::records(), sample::gate());
    let gated = Column { gate: Some(&gate), ..column("gvisor", &records) };
    let page = page(&[gated, column("local", &records)], &documented());
    assert!(page.contains("left whole-words\">1 new deviations, 1 newly broken, 1 expected failures"), "{page}");
    let failure = between(&page, "id=\"failure-fifo.open-nonblock-write\"", "</article>");
    let reason = "<dt>expected<dd><b>gvisor (raw)</b>: No &#60;reader&#62; is needed there. \
                  <a href=\"https://example.org/1\">https://example.org/1</a>";
    assert_in_order(failure, &["deviates</span> gvisor (raw), local (raw)</h4>", reason]);
    let failure = between(&page, "id=\"failure-pipe.write-atomic\"", "</article>");
    assert_in_order(failure, &["<dt>new<dd><b>gvisor</b>: the baseline does not list it"]);
}

#[test]
fn a_target_that_was_not_judged_is_shown() {
    let target = |name: &str, outcome| Target { target: name.into(), outcome, gate: None };
    let targets = [target("local", Ok(sample::records())), target("board", Err("it <hangs>".into()))];
    let page = matrix_page(&targets, &documented());
    assert!(page.contains("<p class=\"warning\">board was not judged: it &#60;hangs&#62;</p>"), "{page}");
}

#[test]
fn observations_that_differ_come_first() {
    let (one, mut other) = (sample::records(), sample::records());
    let seen = |name: &str, value: &str| Observation { name: name.into(), value: value.into() };
    let extra = |value| vec![seen("a capacity", "4096"), seen("the last", value)];
    let mut one = one;
    one.specs[0].observations = extra("1");
    other.specs[0].observations = extra("2");
    let page = page(&[column("a", &one), column("b", &other)], &documented());
    let observations = between(&page, "<section id=\"observations\"", "</section>");
    assert_in_order(observations, &["class=\"row differs\"><th scope=\"row\">the last", "<td>1<td>2", ">a capacity"]);
}

#[test]
fn errors_are_counted_by_what_was_seen() {
    let mut records = sample::records();
    records.specs[0].covers = vec!["errors:pipe.read.EBADF".into(), "errors:pipe.read.EINVAL".into()];
    records.specs[0].errors = vec![sample::seen("read", "EBADF"), sample::seen("read", "EINVAL")];
    let unseen = sample::records();
    let one = page(&[Column::of(&records)], &documented());
    let grid = between(&one, "<section id=\"errors\"", "</section>");
    assert_in_order(
        grid,
        &[
            "pipe <small>2 of 2 inducible, 4 documented",
            "EBADF",
            "EINVAL",
            "EIO",
            "read<td class=\"whole\" title=\"the condition of read.EBADF\"><a href=\"#pipe.read-eof\">1</a>",
            "<td class=\"part\" title=\"the condition of read.EINVAL; the condition of read.EINVAL.2\">",
            ">1/2</a>",
            "write<td><td><td class=\"beyond\"",
            ">–",
        ],
    );
    let both = page(&[column("a", &records), column("b", &unseen)], &documented());
    assert!(both.contains("<td class=\"part\" title=\"the condition of read.EBADF\">"), "only one of two saw it");
}

#[test]
fn a_claim_whose_spec_fails_says_so() {
    let mut records = sample::records();
    for spec in &mut records.specs {
        spec.verdict = Verdict::Deviates;
    }
    let page = page(&[Column::of(&records)], &documented());
    let claims = between(&page, "<section id=\"claims\"", "</section>");
    assert_in_order(
        claims,
        &[
            "Not shown here, since a spec fails: 2",
            "<span class=\"D\">fails</span> <a href=\"#failure-pipe.exit-with-unread-data\">",
            "2 claims that this run does not cover",
        ],
    );
}

#[test]
fn an_empty_run_and_no_run_have_a_page() {
    let mut records = sample::records();
    records.specs.clear();
    records.run.selected = 0;
    assert!(page(&[Column::of(&records)], &Documented::default()).contains("nothing selected"));
    assert!(page(&[], &Documented::default()).contains("nothing selected"));
}

/// The policy lets nothing run, style or load but what came with the page.
#[test]
fn only_our_own_script_and_style_are_not_escaped() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut raw = Vec::new();
    for file in std::fs::read_dir(directory).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        raw.extend(
            text.split("{{")
                .skip(1)
                .map(|rest| rest.split("}}").next().unwrap().to_owned())
                .filter(|e| e.contains('|')),
        );
    }
    raw.retain(|expression| expression.contains("safe"));
    raw.sort();
    assert_eq!(raw, [" script|safe ", " style|safe "]);
    assert_eq!((text::clean(STYLE), text::clean(SCRIPT)), (STYLE.into(), SCRIPT.into()), "the hashes are of these");
    let page = page(&[Column::of(&sample::records())], &documented());
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    let expected =
        format!("default-src 'none'; img-src data:; style-src '{}'; script-src '{}'", hash(STYLE), hash(SCRIPT));
    assert_eq!(policy.replace("&#39;", "'"), expected);
}

/// At this rate nine columns of 5,000 specs stay below 5 MB.
#[test]
fn nine_columns_take_less_than_a_kilobyte_for_each_spec() {
    let mut runs: Vec<_> = (0..9).map(|_| sample::records()).collect();
    for (column, records) in runs.iter_mut().enumerate() {
        let spec = |number: usize| SpecRecord {
            id: format!("pipe.a-name-of-usual-length/{number}"),
            ..records.specs[if number % 97 == column { 2 } else { 0 }].clone()
        };
        records.specs = (0..1000).map(spec).collect();
    }
    let columns: Vec<_> = runs.iter().map(Column::of).collect();
    let size = page(&columns, &documented()).len();
    assert!(size < 1_000_000, "{size} bytes");
}
