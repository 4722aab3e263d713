//! A gate for each reason to fail, and for each to pass. [`sample::records`] holds every verdict.

use super::*;
use crate::sample::{self, baseline};
use record::{Records, SpecRecord};

const DEVIATING: &str = "fifo.open-nonblock-write/raw";
const CONFORMING: &str = "pipe.read-eof";
const OBSERVING: &str = "pipe.exit-with-unread-data";
const BROKEN: &str = "pipe.write-atomic";
const TIMED_OUT: &str = "fifo.open-read-blocks";

fn suite_of(records: &Records) -> BTreeSet<&str> {
    records.specs.iter().map(|spec| spec.id.as_str()).collect()
}

/// The sample with one spec changed.
fn sample_with(id: &str, change: impl Fn(&mut SpecRecord)) -> Records {
    let mut records = sample::records();
    records.specs.iter_mut().filter(|spec| spec.id == id).for_each(change);
    records
}

fn outcome(records: &Records, baseline: &Baseline) -> Outcome {
    let reference = sample::records();
    let suite = suite_of(&reference);
    gate(records, baseline, &Scope { wanted: suite.clone(), suite }).unwrap()
}

#[track_caller]
fn assert_passes(records: &Records, baseline: &Baseline) {
    let outcome = outcome(records, baseline);
    assert_eq!(outcome.findings, []);
    assert_eq!((outcome.exit(), outcome.bisect()), (Exit::Passed, Exit::Passed));
}

/// One finding fails the gate, and this is the exit for git bisect.
#[track_caller]
fn assert_found(records: &Records, baseline: &Baseline, kind: Kind, about: &str, what: &str, bisect: Exit) {
    let outcome = outcome(records, baseline);
    let [finding] = &outcome.findings[..] else { panic!("{:#?}", outcome.findings) };
    assert_eq!((finding.kind, finding.about.as_str(), finding.what.as_str()), (kind, about, what));
    assert_eq!((outcome.exit(), outcome.bisect()), (Exit::Failed, bisect));
}

fn entry<'a>(baseline: &'a mut Baseline, id: &str) -> &'a mut ExpectedFailure {
    baseline.expected.iter_mut().find(|expected| expected.id == id).expect("the entry")
}

/// The baseline with an entry changed, as a person would in the file.
fn baseline_with(id: &str, lines: &str) -> Baseline {
    let id = format!("id = \"{id}\"\n");
    let text = baseline().write();
    assert!(text.contains(&id), "{text}");
    Baseline::read(&text.replace(&id, &format!("{id}{lines}\n"))).unwrap()
}

#[test]
fn expected_failures_pass() {
    assert_passes(&sample::records(), &baseline());
    assert_eq!(outcome(&sample::records(), &baseline()).expected.len(), 3, "of each failing verdict one");
}

#[test]
fn without_a_baseline_every_failure_and_skip_is_new() {
    let outcome = outcome(&sample::records(), &Baseline::default());
    let found: Vec<_> = outcome.findings.iter().map(|finding| (finding.kind, &*finding.about)).collect();
    assert_eq!(
        found,
        [
            (Kind::NewDeviation, DEVIATING),
            (Kind::NewDeviation, TIMED_OUT),
            (Kind::NewlyBroken, BROKEN),
            (Kind::NewSkips, "cpus(4)"),
            (Kind::NewSkips, "reboot"),
        ]
    );
}

#[test]
fn a_new_deviation_is_found() {
    let records = sample_with(CONFORMING, |spec| spec.verdict = Verdict::Deviates);
    let what = "deviates: the reason is not recorded";
    assert_found(&records, &baseline(), Kind::NewDeviation, CONFORMING, what, Exit::Failed);
}

#[test]
fn an_expected_failure_with_another_verdict_is_new() {
    let records = sample_with(DEVIATING, |spec| spec.verdict = Verdict::Timeout);
    let what = "timeout: timed out after 0.001 s";
    assert_found(&records, &baseline(), Kind::NewDeviation, DEVIATING, what, Exit::Failed);
}

#[test]
fn another_failure_of_an_expected_spec_is_new() {
    let records = sample_with(DEVIATING, |spec| spec.failures[0].actual = Some("Ok(4)".into()));
    let what = "deviates: open(\"fifo\", O_WRONLY | O_NONBLOCK): expected Err(ENXIO), actual Ok(4)";
    assert_found(&records, &baseline(), Kind::NewDeviation, DEVIATING, what, Exit::Failed);
    // Unless the entry allows it.
    let mut wider = baseline();
    entry(&mut wider, DEVIATING).failures = vec!["open(*): Err(ENXIO) -> Ok(*)".into()];
    assert_passes(&records, &wider);
    assert_passes(&sample::records(), &wider);
    // What else fails in its course is not asked for: it may be missing the next time.
    let records = sample_with(DEVIATING, |spec| {
        let consequence = record::Failure { verdict: Verdict::Broken, ..spec.failures[0].clone() };
        spec.failures.insert(0, consequence);
    });
    assert_passes(&records, &baseline());
    let records = sample_with(DEVIATING, |spec| {
        let second = record::Failure { message: "close(3)".into(), ..spec.failures[0].clone() };
        spec.failures.push(second);
    });
    assert_eq!(outcome(&records, &baseline()).findings[0].kind, Kind::NewDeviation, "another assertion failed, too");
}

#[test]
fn a_failure_is_expected_only_where_its_conditions_hold() {
    for holding in ["kernel = \">=6.1, <7.0\"", "libc = \"glibc\"", "arch = \"x86_64\"", "isolation = \"userns\""] {
        assert_passes(&sample::records(), &baseline_with(DEVIATING, holding));
    }
    for failing in
        ["kernel = \"<6.1\"", "libc = \"musl\"", "arch = \"riscv64\"", "isolation = \"none\"", "target = \"uml\""]
    {
        let outcome = outcome(&sample::records(), &baseline_with(DEVIATING, failing));
        assert_eq!(outcome.findings[0].about, DEVIATING, "{failing}");
        assert_eq!(outcome.findings[0].kind, Kind::NewDeviation, "{failing}");
        // Where an entry is not about a run, its spec may conform.
        let records = sample_with(DEVIATING, |spec| spec.verdict = Verdict::Conforms);
        assert_passes(&records, &baseline_with(DEVIATING, failing));
    }
}

#[test]
fn a_newly_broken_spec_is_found_and_judges_no_commit() {
    let records = sample_with(CONFORMING, |spec| spec.verdict = Verdict::Broken);
    let what = "broken: the reason is not recorded";
    assert_found(&records, &baseline(), Kind::NewlyBroken, CONFORMING, what, Exit::Untestable);
}

#[test]
fn an_unexpected_pass_is_found_and_makes_no_commit_bad() {
    let records = sample_with(DEVIATING, |spec| spec.verdict = Verdict::Conforms);
    let what = "conforms, but deviates was expected: It is known.";
    assert_found(&records, &baseline(), Kind::UnexpectedPass, DEVIATING, what, Exit::Passed);
}

#[test]
fn a_glob_that_takes_in_a_passing_spec_is_too_wide() {
    let mut baseline = baseline();
    entry(&mut baseline, BROKEN).id = "pipe.*".into();
    let outcome = outcome(&sample::records(), &baseline);
    let passes: Vec<_> = outcome.findings.iter().map(|finding| (finding.kind, &*finding.about)).collect();
    assert_eq!(passes, [(Kind::UnexpectedPass, OBSERVING), (Kind::UnexpectedPass, CONFORMING)]);
}

#[test]
fn an_entry_that_names_no_spec_is_stale() {
    let mut baseline = baseline();
    let expected = ExpectedFailure { id: "pipe.read-oef".into(), ..entry(&mut baseline, DEVIATING).clone() };
    baseline.expected.push(expected);
    let what = "no spec has this id";
    assert_found(&sample::records(), &baseline, Kind::StaleEntry, "pipe.read-oef", what, Exit::Passed);
}

#[test]
fn a_spec_that_goes_from_the_suite_is_found() {
    let mut baseline = baseline();
    baseline.suite.specs.insert("pipe.was-here".into());
    let what = "is no longer in the suite";
    assert_found(&sample::records(), &baseline, Kind::Gone, "pipe.was-here", what, Exit::Passed);
}

#[test]
fn skips_are_allowed_up_to_the_budget() {
    let mut baseline = baseline();
    assert_eq!(baseline.skips, BTreeMap::from([("cpus(4)".into(), 1), ("reboot".into(), 2)]));
    baseline.skips.insert("reboot".into(), 3);
    assert_passes(&sample::records(), &baseline);
    baseline.skips.insert("reboot".into(), 1);
    let what = "2 skipped, 1 allowed: shm.gone-after-reboot, shm.key-after-reboot";
    assert_found(&sample::records(), &baseline, Kind::NewSkips, "reboot", what, Exit::Untestable);
    baseline.skips.remove("reboot");
    assert_eq!(outcome(&sample::records(), &baseline).findings[0].kind, Kind::NewSkips);
}

#[test]
fn a_pinned_observation_that_changes_is_found() {
    let pins = &baseline().observations;
    assert_eq!(pins[OBSERVING], BTreeMap::from([("bytes read after the writer's exit".into(), "5".into())]));
    let records = sample_with(OBSERVING, |spec| spec.observations[0].value = "6".into());
    let what = "bytes read after the writer's exit: 6, pinned: 5";
    assert_found(&records, &baseline(), Kind::ChangedObservation, OBSERVING, what, Exit::Failed);

    let records = sample_with(OBSERVING, |spec| spec.observations.clear());
    let what = "bytes read after the writer's exit: not observed, pinned: 5";
    assert_found(&records, &baseline(), Kind::ChangedObservation, OBSERVING, what, Exit::Failed);
}

#[test]
fn an_observation_that_is_not_pinned_may_change() {
    let records = sample_with(OBSERVING, |spec| spec.observations[0].value = "6".into());
    assert_passes(&records, &Baseline { observations: BTreeMap::new(), ..baseline() });
}

#[test]
fn a_flaky_spec_may_fail_as_often_as_it_is_said_until_it_expires() {
    // Two of four attempts fail: one deviates, one times out.
    let records = sample::repeated();
    let id = records.specs[0].id.as_str();
    let suite = BTreeSet::from([id]);
    let scope = Scope { suite: suite.clone(), wanted: suite };
    let with = |flaky: &str| {
        let text = format!("[[expected]]\nid = \"{id}\"\nfailures = [\"*\"]\nreason = \"A race.\"\n{flaky}\n");
        Baseline::read(&text).unwrap()
    };
    let kinds = |records: &Records, flaky: &str| -> Vec<Kind> {
        gate(records, &with(flaky), &scope).unwrap().findings.into_iter().map(|finding| finding.kind).collect()
    };
    let mut same = records.clone();
    same.specs
        .iter_mut()
        .filter(|spec| spec.verdict == Verdict::Timeout)
        .for_each(|spec| spec.verdict = Verdict::Deviates);
    let mut steady = records.clone();
    steady.specs.iter_mut().for_each(|spec| spec.verdict = Verdict::Conforms);

    // The sample's run started on 2026-11-18.
    let half = "flaky = \"1/2\"\nexpires = 2026-11-18";
    assert_eq!(kinds(&same, half), [], "as often as it is said");
    assert_eq!(kinds(&steady, half), [], "it need not fail");
    assert_eq!(kinds(&records, half), [Kind::NewDeviation], "a timeout is another failure");
    assert_eq!(kinds(&same, "flaky = \"1/4\"\nexpires = 2026-11-18"), [Kind::NewDeviation], "more often");
    assert_eq!(kinds(&same, "flaky = \"1/2\"\nexpires = 2026-11-17"), [Kind::StaleEntry], "it has expired");
    assert_eq!(kinds(&steady, ""), [Kind::UnexpectedPass], "an entry that is not flaky expects the failure");
}

#[test]
fn a_filter_narrows_what_is_gated() {
    let mut records = sample::records();
    let reference = sample::records();
    records.specs.retain(|spec| spec.id == CONFORMING);
    records.run.selected = 1;
    let suite = suite_of(&reference);
    let scope = Scope { wanted: BTreeSet::from([CONFORMING]), suite };
    assert_eq!(gate(&records, &baseline(), &scope).unwrap().findings, [], "entries of other specs do not matter");
    // All records are there, and the rest is not looked at.
    assert_eq!(gate(&reference, &Baseline::default(), &scope).unwrap().findings, []);
}

#[test]
fn an_incomplete_run_is_refused() {
    let reference = sample::records();
    let suite = suite_of(&reference);
    let scope = Scope { wanted: suite.clone(), suite };
    let refusal = |records: &Records| gate(records, &baseline(), &scope).unwrap_err();
    let mut shard = sample::records();
    shard.run.shard = Some("1/3".parse().unwrap());
    assert_eq!(refusal(&shard), "is shard 1/3 of a run: merge all 3 shards first");
    assert_eq!(refusal(&sample::interrupted()), "is incomplete: the run was interrupted after 7 of 12 attempts");
    let mut records = sample::records();
    records.specs.retain(|spec| spec.mechanism != "fifo");
    records.run.selected = records.specs.len();
    assert_eq!(refusal(&records), format!("does not judge {DEVIATING} (2 specs missing): give the filters of the run"));
    let records = sample_with(CONFORMING, |spec| spec.id = "pipe.of-tomorrow".into());
    assert_eq!(
        refusal(&records),
        "judges pipe.of-tomorrow, which this version of ipcspec does not have: use the version that wrote it"
    );
}
