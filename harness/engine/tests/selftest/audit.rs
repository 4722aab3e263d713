//! The audit tells weak specs from right ones.
//!
//! `audit` takes the arguments of `planted`, and writes what it found.

use crate::run::Run;
use crate::trial;
use catalogue::Catalogue;
use engine::mutation::campaign;
use engine::runner::Pace;
use engine::runner::machine::{CannotRun, Machine};
use engine::runner::selection::Selection;
use harness::Verdict;
use libtest_mimic::Trial;
use record::findings::{Audited, LeftOut, Outcome, Tried};

pub fn main(arguments: &[String]) -> Result<(), CannotRun> {
    let [findings, jobs, _, timeout_scale, ids @ ..] = arguments else { panic!("see runner.rs") };
    let specs = Selection { ids: ids.to_vec(), ..Selection::default() }.specs().expect("planted ids");
    let machine = Machine::probe(specs.iter().copied())?;
    let pace = Pace {
        jobs: machine.jobs(jobs.parse().expect("a number"))?,
        timeout_scale: timeout_scale.parse().expect("a factor"),
    };
    let documented = |call: &str| Catalogue::load().errnos_of(call);
    let plans = campaign::plan(&specs, &machine, pace, documented, |_| ())?.expect("nobody interrupts it");
    let audited = campaign::try_all(plans, &machine, pace, |_| ())?.expect("nobody interrupts it");
    std::fs::write(findings, serde_json::to_vec(&audited).expect("findings")).expect("findings can be written");
    Ok(())
}

pub fn trials() -> Vec<Trial> {
    vec![
        trial("audit::a_spec_that_asserts_nothing_of_use_is_vacuous", nothing_of_use),
        trial("audit::a_spec_that_asserts_the_sign_misses_the_rest", the_sign),
        trial("audit::a_call_that_nobody_judges_is_told_from_one_that_is_judged", the_first_of_two),
        trial("audit::a_right_spec_notices_all", all),
        trial("audit::stopping_and_waiting_are_not_disturbed", stops_and_waits),
        trial("audit::a_wake_up_comes_to_the_wrong_waiter", the_wrong_waiter),
        trial("audit::a_call_of_a_thread_has_its_name", threads),
        trial("audit::a_changed_argument_is_missed_by_a_spec_that_does_not_look", changed_arguments),
        trial("audit::a_signal_goes_wrong_on_its_way", signals),
        trial("audit::a_call_that_a_signal_interrupts_goes_on_or_ends", restarts),
        trial("audit::what_makes_no_difference_is_equivalent", equivalent),
        trial("audit::a_spec_that_does_not_conform_is_left_out", left_out),
        trial("audit::the_same_is_found_twice", twice),
    ]
}

fn audited(id: &str) -> Audited {
    let mut specs = Run::of([id]).audited();
    assert_eq!(specs.len(), 1);
    specs.remove(0)
}

/// The kinds of mutation of a call that had this outcome.
fn kinds<'a>(audited: &'a Audited, call: &str, outcome: Outcome) -> Vec<&'a str> {
    let of_call = |tried: &&Tried| tried.mutation.split(':').next() == Some(call) && tried.outcome() == outcome;
    audited.tried.iter().filter(of_call).filter_map(|tried| tried.mutation.split(':').nth(1)).collect()
}

const WRONG_READS: [&str; 7] =
    ["not-done", "failed-EBADF", "refused-EBADF", "short", "long", "stale-byte", "stale-start"];

fn nothing_of_use() {
    let audited = audited("weak-nothing");
    assert!(audited.is_vacuous());
    assert_eq!(kinds(&audited, "read#1", Outcome::Missed), WRONG_READS);
}

fn the_sign() {
    let audited = audited("weak-sign");
    assert!(!audited.is_vacuous());
    assert_eq!(kinds(&audited, "read#1", Outcome::Missed), ["not-done", "short", "long", "stale-byte", "stale-start"]);
    assert_eq!(kinds(&audited, "read#1", Outcome::Caught), ["failed-EBADF", "refused-EBADF"]);
}

fn the_first_of_two() {
    let audited = audited("weak-first");
    assert!(!audited.is_vacuous());
    // All that was asked for came: the first read cannot be longer.
    let but_long: Vec<_> = WRONG_READS.into_iter().filter(|kind| *kind != "long").collect();
    assert_eq!(kinds(&audited, "read#1", Outcome::Caught), [&but_long[..], &["size-less"]].concat());
    assert_eq!(kinds(&audited, "read#1", Outcome::Missed), ["size-more"], "the second read lacks the byte");
    assert_eq!(kinds(&audited, "read#2", Outcome::Missed), WRONG_READS);
    let judged =
        |call: &str| audited.tried.iter().any(|tried| tried.mutation.starts_with(call) && tried.assertion.is_some());
    assert!(judged("read#1") && !judged("read#2"));
}

fn all() {
    let audited = audited("weak-right");
    assert_eq!(kinds(&audited, "read#2", Outcome::Caught), WRONG_READS);
    let judged = audited.tried.iter().filter(|tried| tried.assertion.is_some());
    assert!(judged.clone().count() > WRONG_READS.len());
    for tried in judged {
        assert_eq!(tried.verdict, Some(Verdict::Deviates), "{}", tried.mutation);
    }
}

fn stops_and_waits() {
    let audited = audited("stops-and-goes-on");
    assert_eq!(audited.left_out, None);
    let statuses = kinds(&audited, "wait4#1", Outcome::Caught);
    assert!(["other-signal", "continued", "other-value"].iter().all(|kind| statuses.contains(kind)), "{audited:#?}");
}

fn the_wrong_waiter() {
    let audited = audited("two-wait");
    assert!(kinds(&audited, "child1/read#1", Outcome::Caught).contains(&"wrong-waiter"), "{audited:#?}");
    assert!(
        !audited.tried.iter().any(|tried| tried.mutation == "child2/read#1:wrong-waiter"),
        "it waits alone by then"
    );
}

fn threads() {
    let audited = audited("threads-read");
    assert_eq!(audited.left_out, None);
    for call in ["thread1/read#1", "child1/thread1/read#1"] {
        let blocked = ["not-waiting-EINTR", "not-waiting-EAGAIN", "not-waiting-0"];
        let caught = kinds(&audited, call, Outcome::Caught);
        assert!(WRONG_READS.iter().chain(&blocked).all(|kind| caught.contains(kind)), "{call}: {audited:#?}");
        let is_judged = |tried: &Tried| tried.mutation.starts_with(call) && tried.assertion.is_some();
        assert!(audited.tried.iter().any(is_judged), "{call}: {audited:#?}");
    }
    assert_eq!(audited.tried.iter().filter(|tried| tried.verdict.is_none()).count(), 0, "{audited:#?}");
}

/// Specs that do not look at an argument, and their kin that do: the call, and what it does not matter to the first of a pair.
const BLIND: [(&str, &str, &[&str]); 4] = [
    ("mode", "mknodat#1", &["without-S_IRUSR", "without-S_IRGRP", "with-S_ISUID", "with-S_ISVTX", "with-S_IXOTH"]),
    ("whence", "lseek#1", &["offset-more", "as-SEEK_CUR"]),
    ("elements", "writev#1", &["count-less", "last-shorter", "swapped"]),
    ("halves", "child1/write#1", &["in-halves"]),
];

fn changed_arguments() {
    for (what, call, changed) in BLIND {
        let [blind, sees] = ["blind", "sees"].map(|kind| audited(&format!("{kind}-{what}")));
        let (missed, caught) = (kinds(&blind, call, Outcome::Missed), kinds(&sees, call, Outcome::Caught));
        for kind in changed {
            assert!(missed.contains(kind), "{what}: {kind}: {blind:#?}");
            assert!(caught.contains(kind), "{what}: {kind}: {sees:#?}");
        }
    }
}

fn signals() {
    let [blind, sees] = ["blind-signal", "sees-signal"].map(audited);
    let fields = ["other-si_code", "other-si_pid", "other-si_uid", "other-si_value"];
    let wrong = [&["lost", "twice", "stays-blocked"], &fields[..]].concat();
    assert_eq!(kinds(&blind, "SIGUSR1#1", Outcome::Missed), wrong, "{blind:#?}");
    assert_eq!(kinds(&sees, "SIGUSR1#1", Outcome::Caught), wrong, "{sees:#?}");
    let threads = audited("one-of-two-threads");
    assert!(kinds(&threads, "thread1/SIGUSR1#1", Outcome::Caught).contains(&"wrong-thread"), "{threads:#?}");
}

fn restarts() {
    let audited = audited("interrupted");
    assert!(kinds(&audited, "child1/read#2", Outcome::Caught).contains(&"restarted"), "{audited:#?}");
    assert!(kinds(&audited, "child1/read#1", Outcome::Caught).contains(&"not-restarted"), "{audited:#?}");
}

/// A name that exists is refused whatever the mode.
fn equivalent() {
    let audited = audited("fails-anyway");
    let equivalent = kinds(&audited, "mknodat#2", Outcome::Equivalent);
    assert!(equivalent.contains(&"without-S_IRUSR") && equivalent.contains(&"with-S_ISUID"), "{audited:#?}");
    assert_eq!(kinds(&audited, "mknodat#2", Outcome::Missed), [""; 0]);
    assert_eq!(kinds(&audited, "mknodat#2", Outcome::Caught), ["accepted", "error-EACCES"]);
}

fn left_out() {
    assert_eq!(audited("asserts-nothing").left_out, Some(LeftOut::DoesNotConform(Verdict::Broken)));
}

/// What reports/audit-allowances.toml has as nondeterministic for all specs: the kit waits again for a child that wait4 misses.
const DEPENDS_ON_THE_CHILD: [&str; 3] = ["not-done", "refused-ECHILD", "with-WNOHANG"];

fn twice() {
    let depends = |tried: &Tried| {
        tried
            .mutation
            .split_once(':')
            .is_some_and(|(call, kind)| call.contains("wait4#") && DEPENDS_ON_THE_CHILD.contains(&kind))
    };
    let found = || -> Vec<String> {
        let specs = Run::of(["weak-*", "stops-and-goes-on", "conforms"]).audited();
        let tried = |spec: Audited| {
            spec.tried.into_iter().filter(|tried| !depends(tried)).map(move |tried| format!("{}: {tried:?}", spec.id))
        };
        specs.into_iter().flat_map(tried).collect()
    };
    let (once, again) = (found(), found());
    let differs: Vec<_> = once
        .iter()
        .filter(|tried| !again.contains(tried))
        .chain(again.iter().filter(|tried| !once.contains(tried)))
        .collect();
    assert!(differs.is_empty(), "{differs:#?}");
    assert_eq!(once, again, "in another order");
}
