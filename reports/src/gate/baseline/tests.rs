//! What a baseline file may hold, and what an update makes of it.

use super::*;
use crate::sample;
use proptest::prelude::*;
use record::Records;

const FILE: &str = r#"
[[expected]]
id = "pipe.*"
verdict = "timeout"
failures = ["timed out after # s"]
reason = "It hangs there."
link = "https://example.org/1"
kernel = ">=5.10, <6.2"
libc = "musl"
arch = "aarch64"
isolation = "none"
target = "uml"
flaky = "1/20"
expires = 2027-03-01

[skips]
"cpus(2)" = 3

[observations."pipe.capacity"]
"default capacity in bytes" = "65536"

[suite]
specs = ["pipe.capacity"]
"#;

#[test]
fn what_is_written_is_read() {
    let baseline = Baseline::read(FILE).unwrap();
    assert_eq!(Baseline::read(&baseline.write()).unwrap(), baseline);
    assert_eq!(baseline.expected[0].verdict, Timeout);
    assert_eq!(baseline.expected[0].flaky.unwrap().expires, Date { year: 2027, month: 3, day: 1 });
    assert_eq!(Baseline::read("").unwrap(), Baseline::default());
    assert_eq!(Baseline::read(&Baseline::default().write()).unwrap(), Baseline::default());
}

#[test]
fn what_is_not_a_baseline_is_refused_in_one_line_with_its_place() {
    let expected = |lines: &str| format!("[[expected]]\nid = \"pipe.x\"\nreason = \"So.\"\n{lines}\n");
    for (text, words) in [
        ("[[expected]]\nid = \"pipe.x\"\n".to_owned(), "line 1: missing field `reason`"),
        ("[[expected]]\nreason = \"So.\"\n".into(), "line 1: missing field `id`"),
        (expected("kernal = \"6.1\""), "line 4: unknown field `kernal`"),
        (expected("kernel = \"6.1\""), "line 4: \"6.1\" is not a range of kernel versions"),
        (expected("verdict = \"conforms\""), "line 1: pipe.x: conforms is not a failure"),
        (expected("verdict = \"fails\""), "line 4: unknown variant `fails`"),
        (expected("flaky = \"1/20\""), "line 1: pipe.x: a flaky entry needs `expires`"),
        (expected("expires = 2027-03-01"), "line 1: pipe.x: `expires` is for flaky entries only"),
        (expected("flaky = \"20/20\"\nexpires = 2027-03-01"), "line 4: invalid rate"),
        (expected("flaky = \"1/20\"\nexpires = \"soon\""), "line 5: "),
        ("expected = 1".into(), "line 1: invalid type"),
        ("[skips]\nreboot = -1".into(), "line 2: "),
        ("[unknown]".into(), "line 1: unknown field `unknown`"),
        ("{ }".into(), "line 1: "),
        ("\u{0}".into(), "line 1: "),
    ] {
        let error = Baseline::read(&text).unwrap_err();
        let expected = format!("is not a baseline: {words}");
        assert!(error.starts_with(&expected), "{error:?} does not begin with {expected:?}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_not_a_baseline_is_refused_in_one_line(noise in any::<String>(), at in 0..FILE.len()) {
        let (head, tail) = FILE.split_at(at);
        for text in [noise.clone(), format!("{head}{noise}{tail}"), format!("{head}{noise}"), head.to_owned()] {
            if let Err(error) = Baseline::read(&text) {
                prop_assert_eq!(error.lines().count(), 1, "{}", error);
            }
        }
    }
}

#[test]
fn an_entry_without_a_reason_is_found() {
    let baseline = Baseline::read("[[expected]]\nid = \"pipe.x\"\nreason = \" \"\n").unwrap();
    assert_eq!(baseline.without_reason().map(|expected| expected.id.as_str()).collect::<Vec<_>>(), ["pipe.x"]);
}

/// Specs with these verdicts.
fn records(verdicts: &[(&str, Verdict)]) -> Records {
    let mut records = sample::records();
    let model = records.specs[0].clone();
    let spec = |(id, verdict): &(&str, Verdict)| {
        let mut spec = model.clone();
        (spec.id, spec.verdict) = ((*id).into(), *verdict);
        spec
    };
    records.specs = verdicts.iter().map(spec).collect();
    records.run.selected = records.specs.len();
    records
}

/// The entries after an update: id, verdict and reason.
fn entries(old: &str, verdicts: &[(&str, Verdict)]) -> Vec<(String, Verdict, String)> {
    let suite = verdicts.iter().map(|(id, _)| *id).collect();
    let options = UpdateOptions { reason: "new".into(), ..UpdateOptions::default() };
    let updated = updated(&Baseline::read(old).unwrap(), &records(verdicts), &suite, &options).unwrap();
    updated.expected.into_iter().map(|expected| (expected.id, expected.verdict, expected.reason)).collect()
}

fn entry(id: &str, verdict: Verdict, reason: &str) -> (String, Verdict, String) {
    (id.into(), verdict, reason.into())
}

use Verdict::{Conforms, Deviates, Skipped, Timeout};

#[test]
fn an_update_keeps_reasons_and_drops_what_no_longer_fails() {
    let old = "
        [[expected]]\nid = \"a.still\"\nfailures = [\"*\"]\nreason = \"old\"
        [[expected]]\nid = \"a.fixed\"\nfailures = [\"*\"]\nreason = \"old\"
        [[expected]]\nid = \"a.gone\"\nfailures = [\"*\"]\nreason = \"old\"
        [[expected]]\nid = \"a.skipped\"\nfailures = [\"*\"]\nreason = \"old\"
        [[expected]]\nid = \"a.elsewhere\"\nfailures = [\"*\"]\nreason = \"old\"\narch = \"riscv64\"
        [[expected]]\nid = \"a.sometimes\"\nfailures = [\"*\"]\nreason = \"old\"\nflaky = \"1/9\"\nexpires = 2030-01-01
    ";
    let verdicts = [
        ("a.still", Deviates),
        ("a.fixed", Conforms),
        ("a.skipped", Skipped),
        ("a.elsewhere", Conforms),
        ("a.sometimes", Conforms),
        ("a.new", Deviates),
    ];
    let expected = [
        entry("a.still", Deviates, "old"),
        entry("a.skipped", Deviates, "old"),
        entry("a.elsewhere", Deviates, "old"),
        entry("a.sometimes", Deviates, "old"),
        entry("a.new", Deviates, "new"),
    ];
    assert_eq!(entries(old, &verdicts), expected);
}

#[test]
fn a_glob_that_became_too_wide_is_split() {
    let old = "[[expected]]\nid = \"a.*\"\nfailures = [\"*\"]\nreason = \"old\"";
    let still = [("a.one", Deviates), ("a.two", Deviates)];
    assert_eq!(entries(old, &still), [entry("a.*", Deviates, "old")]);
    let in_part = [("a.one", Deviates), ("a.two", Conforms), ("a.three", Skipped)];
    assert_eq!(entries(old, &in_part), [entry("a.one", Deviates, "old"), entry("a.three", Deviates, "old")]);
    let fixed = [("a.one", Conforms), ("a.three", Skipped)];
    assert_eq!(entries(old, &fixed), []);
}

/// A spec that fails, and how.
fn failing(id: &str, layer: Option<record::Layer>, actual: &str) -> record::SpecRecord {
    let mut records = sample::alike();
    let mut spec = records.specs.swap_remove(0);
    (spec.id, spec.layer, spec.failures[0].actual) = (id.into(), layer, Some(actual.into()));
    spec
}

/// An update of a baseline by a run of these specs.
fn update(old: &str, specs: Vec<record::SpecRecord>) -> Baseline {
    let mut records = sample::records();
    records.run.selected = specs.len();
    records.specs = specs;
    let suite = records.specs.iter().map(|spec| spec.id.as_str()).collect();
    let options = UpdateOptions { reason: "new".into(), ..UpdateOptions::default() };
    updated(&Baseline::read(old).unwrap(), &records, &suite, &options).unwrap()
}

#[test]
fn an_update_keeps_what_a_baseline_is_about() {
    assert_eq!(update("about = \"Our board.\"", Vec::new()).about, "Our board.");
}

#[test]
fn an_entry_pins_how_its_specs_fail() {
    let pinned = |actual: &str| vec![format!("write(&writer, b\"ab\"): Ok(2) -> {actual}")];
    let baseline = update("", vec![failing("a.one", None, "Ok(1)")]);
    assert_eq!(baseline.expected[0].failures, pinned("Ok(1)"));
    let text = baseline.write();
    assert_eq!(update(&text, vec![failing("a.one", None, "Ok(1)")]).expected, baseline.expected);
    // Another failure needs another reason.
    let other = update(&text.replace("new", "old"), vec![failing("a.one", None, "Ok(0)")]);
    assert_eq!((&other.expected[0].failures, other.expected[0].reason.as_str()), (&pinned("Ok(0)"), "new"));
}

#[test]
fn an_entry_that_does_not_say_how_is_refused_by_the_gate_and_split_by_an_update() {
    let old = "[[expected]]\nid = \"a.*\"\nreason = \"old\"";
    let unpinned = Baseline::read(old).unwrap();
    assert_eq!(unpinned.unpinned().count(), 1);
    use record::Layer::{Libc, Raw};
    let specs = vec![
        failing("a.one/libc", Some(Libc), "Ok(1)"),
        failing("a.one/raw", Some(Raw), "Ok(1)"),
        failing("a.two/big/libc", Some(Libc), "Ok(0)"),
        failing("a.two/big/raw", Some(Raw), "Ok(0)"),
        failing("a.two/small/raw", Some(Raw), "Ok(5)"),
    ];
    let split = update(old, specs.clone());
    let ids: Vec<_> = split.expected.iter().map(|entry| (entry.id.as_str(), entry.reason.as_str())).collect();
    assert_eq!(ids, [("a.one", "old"), ("a.two/big", "old"), ("a.two/small/raw", "old")]);
    assert_eq!(split.unpinned().count(), 0);
    let same = update(old, specs[..2].to_vec());
    assert_eq!((same.expected[0].id.as_str(), same.expected[0].failures.len()), ("a.*", 1), "one failure, one entry");
}

#[test]
fn another_verdict_needs_another_reason() {
    let old = "[[expected]]\nid = \"a.one\"\nfailures = [\"*\"]\nreason = \"old\"";
    assert_eq!(entries(old, &[("a.one", Timeout)]), [entry("a.one", Timeout, "new")]);
}

#[test]
fn cases_that_fail_alike_share_an_entry() {
    let alike = [("a.one/libc", Deviates), ("a.one/raw", Deviates), ("b.one", Conforms)];
    assert_eq!(entries("", &alike), [entry("a.one", Deviates, "new")]);
    let in_part = [("a.one/libc", Deviates), ("a.one/nix", Deviates), ("a.one/raw", Conforms)];
    let expected = [entry("a.one/libc", Deviates, "new"), entry("a.one/nix", Deviates, "new")];
    assert_eq!(entries("", &in_part), expected);
    let unlike = [("a.one/libc", Deviates), ("a.one/raw", Timeout)];
    assert_eq!(entries("", &unlike), [entry("a.one/libc", Deviates, "new"), entry("a.one/raw", Timeout, "new")]);
}

#[test]
fn pins_follow_what_is_observed_and_only_requested_ones_are_added() {
    let records = sample::records();
    let suite: BTreeSet<_> = records.specs.iter().map(|spec| spec.id.as_str()).collect();
    let spec = "pipe.exit-with-unread-data";
    let old =
        Baseline::read(&format!("[observations.\"{spec}\"]\n\"bytes read after the writer's exit\" = \"4\"")).unwrap();
    let pins = |old: &Baseline, pin: &[&str]| {
        let options = UpdateOptions { pin: pin.iter().map(ToString::to_string).collect(), ..UpdateOptions::default() };
        updated(old, &records, &suite, &options).unwrap().observations
    };
    let expected = BTreeMap::from([(
        spec.to_owned(),
        BTreeMap::from([("bytes read after the writer's exit".to_owned(), "5".to_owned())]),
    )]);
    assert_eq!(pins(&old, &[]), expected);
    assert_eq!(pins(&Baseline::default(), &["pipe.exit-*"]), expected);
    assert_eq!(pins(&Baseline::default(), &["fifo.*"]), BTreeMap::new());
    assert_eq!(pins(&Baseline::default(), &[]), BTreeMap::new());
}

#[test]
fn a_part_of_the_suite_updates_nothing() {
    let records = sample::records();
    let mut suite: BTreeSet<_> = records.specs.iter().map(|spec| spec.id.as_str()).collect();
    suite.insert("pipe.not-run");
    let error = updated(&Baseline::default(), &records, &suite, &UpdateOptions::default()).unwrap_err();
    assert!(error.starts_with("does not judge pipe.not-run"), "{error}");
}
