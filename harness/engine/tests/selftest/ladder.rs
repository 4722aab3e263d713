//! Every isolation level of the isolation levels, in hostile surroundings: the verdicts are the same.

use crate::run::Run;
use crate::{trial, trial_for_root};
use engine::runner::machine::Machine;
use harness::Verdict;
use harness::place::Isolation;
use libtest_mimic::Trial;
use record::Records;

pub fn trials() -> Vec<Trial> {
    let user_namespaces_work = user_namespaces_work();
    let of_user_namespaces = |name: &str, body: fn()| trial(name, body).with_ignored_flag(!user_namespaces_work);
    vec![
        of_user_namespaces("ladder::user_namespaces_are_the_highest_isolation", highest_isolation),
        trial("ladder::without_namespaces_the_level_is_none", without_namespaces),
        trial_for_root("ladder::without_namespaces_the_level_is_none_for_another_user", without_namespaces_as_nobody),
        trial_for_root("ladder::another_user_has_user_namespaces", highest_level_as_nobody),
        trial_for_root("ladder::without_user_namespaces_root_has_the_others", root_without_user_namespaces),
        trial_for_root("ladder::without_user_namespaces_another_user_has_none", nobody_without_user_namespaces),
        of_user_namespaces("ladder::a_bare_dev_is_enough", bare_dev),
        of_user_namespaces("ladder::a_bare_dev_is_enough_without_namespaces", bare_dev_without_namespaces),
        of_user_namespaces("ladder::a_world_of_its_own_holds_all_that_can_be_listed", world),
        trial_for_root("ladder::few_processes_are_enough", few_processes),
        trial_for_root("ladder::too_few_processes_are_refused_in_a_sentence", too_few_processes),
        trial("ladder::few_descriptors_are_enough", few_descriptors),
        trial("ladder::ignored_signals_change_nothing", ignored_signals),
        trial("ladder::blocked_signals_change_nothing", blocked_signals),
        trial("ladder::closed_descriptors_change_nothing", closed_descriptors),
    ]
}

/// Asked as the harness asks. This process has one thread while tests are listed.
pub fn user_namespaces_work() -> bool {
    Machine::probe([]).is_ok_and(|machine| machine.isolation == Isolation::Userns)
}

/// A user that is not root; the one that tests are run as who are to show that rights do not matter.
const NOBODY: &str = "uid=65534";

/// Runs what conforms, what leaks, and what hangs; asserts the verdicts and the isolation level, and gives the records for more.
fn same_verdicts<const N: usize>(isolation: &str, surroundings: [&str; N]) -> Records {
    let ids =
        ["conforms", "leaks-*", "leaves-*", "starts-in-scratch", "starts-alone", "starts-after-*", "starts-without-*"];
    let records = Run::of(ids).within(surroundings).records();
    assert_eq!(records.run.environment.isolation, isolation);
    assert_eq!(records.specs.len(), 16);
    for record in &records.specs {
        let name = record.id.strip_prefix("planted.").expect("a planted spec");
        let (verdict, words) = match name.split_once('-') {
            _ if name == "leaks-shm-file" && record.verdict == Verdict::Skipped => continue,
            Some(("leaks" | "leaves", _)) => (Verdict::Broken, vec!["left behind: "]),
            _ => (Verdict::Conforms, vec![]),
        };
        assert_eq!((record.verdict, record.isolation.as_deref()), (verdict, Some(isolation)), "{record:#?}");
        let begin = |message: &str| words.first().is_some_and(|words| message.starts_with(words));
        assert!(record.failures.iter().all(|failure| begin(&failure.message)), "{record:#?}");
        assert_eq!(record.failures.len(), words.len(), "{record:#?}");
    }
    let hung = Run::of(["hangs-deaf"]).within(surroundings).timeout_scale(0.05).record();
    assert_eq!((hung.verdict, hung.processes.len()), (Verdict::Timeout, 2), "{hung:#?}");
    records
}

/// Why a isolation level was refused.
fn refusal<'a>(records: &'a Records, isolation: &str) -> &'a str {
    records.run.environment.refused.get(isolation).expect("a reason")
}

fn highest_isolation() {
    let records = same_verdicts("userns", []);
    assert!(records.run.environment.refused.is_empty());
}

fn highest_level_as_nobody() {
    same_verdicts("userns", [NOBODY]);
}

fn without_namespaces() {
    let records = same_verdicts("none", ["refuse=namespaces"]);
    assert_eq!(refusal(&records, "userns"), "a process cannot be started in it: Operation not permitted (os error 1)");
}

fn without_namespaces_as_nobody() {
    let records = same_verdicts("none", [NOBODY, "refuse=namespaces"]);
    assert_eq!(refusal(&records, "root"), "the run has uid 65534, not root's");
}

fn root_without_user_namespaces() {
    let records = same_verdicts("root", ["refuse=user-namespaces"]);
    assert_eq!(refusal(&records, "userns"), "a process cannot be started in it: Operation not permitted (os error 1)");
}

fn nobody_without_user_namespaces() {
    same_verdicts("none", [NOBODY, "refuse=user-namespaces"]);
}

fn bare_dev() {
    let records = same_verdicts("userns", ["bare-dev"]);
    let skipped = records.specs.iter().find(|record| record.verdict == Verdict::Skipped).expect("a spec is skipped");
    assert_eq!((skipped.id.as_str(), skipped.missing[0].need.as_str()), ("planted.leaks-shm-file", "dev_shm"));
}

fn bare_dev_without_namespaces() {
    same_verdicts("none", ["bare-dev", "refuse=namespaces"]);
}

fn world() {
    for isolation in ["refuse=nothing", "refuse=namespaces"] {
        let record = Run::of(["needs-mqueue"]).within(["world", isolation]).record();
        assert_eq!(record.verdict, Verdict::Conforms, "{record:#?}");
    }
}

/// The limit counts all processes of a user, so it takes a user of its own.
fn own_user() -> String {
    format!("uid={}", 0x3000_0000 + std::process::id())
}

fn few_processes() {
    same_verdicts("userns", [&own_user(), "nproc=40"]);
}

fn too_few_processes() {
    for limit in [4, 10] {
        let outcome = Run::of(["conforms"]).within([&own_user(), &format!("nproc={limit}")]).outcome();
        assert_eq!(outcome.code, Some(2), "{}", outcome.words);
        assert!(outcome.words.starts_with(&format!("RLIMIT_NPROC ({limit}) leaves room for ")), "{}", outcome.words);
        assert!(outcome.words.contains("raise it with ulimit -u"), "{}", outcome.words);
        assert_eq!(outcome.words.lines().count(), 1, "{}", outcome.words);
    }
}

fn few_descriptors() {
    for limit in ["nofile=16", "nofile=32"] {
        for isolation in ["refuse=nothing", "refuse=namespaces"] {
            let records = Run::of(["conforms"]).within([limit, isolation]).jobs(40).repeat(100).records();
            assert_eq!(records.specs.len(), 100);
            assert!(records.specs.iter().all(|record| record.verdict == Verdict::Conforms));
        }
        let hung = Run::of(["hangs-in-grandchild"]).within([limit]).jobs(40).repeat(20).timeout_scale(0.1).records();
        assert!(
            hung.specs.iter().all(|record| record.verdict == Verdict::Timeout && record.processes.len() == 3),
            "{hung:#?}"
        );
    }
}

/// On the highest isolation level here and on the lowest.
fn on_two_levels(surroundings: &str) {
    for isolation in ["refuse=nothing", "refuse=namespaces"] {
        let ids = ["conforms", "starts-*", "dies-of-sigpipe", "kills-itself", "leaves-*", "hangs-deaf"];
        let records = Run::of(ids).within([surroundings, isolation]).timeout_scale(0.1).records();
        let count = |verdict| records.specs.iter().filter(|record| record.verdict == verdict).count();
        assert_eq!(
            [Verdict::Conforms, Verdict::Broken, Verdict::Timeout].map(count),
            [8, 3, 1],
            "{surroundings}, {isolation}: {:#?}",
            records.specs
        );
    }
}

fn ignored_signals() {
    on_two_levels("signals=ignored");
}

fn blocked_signals() {
    on_two_levels("signals=blocked");
}

fn closed_descriptors() {
    on_two_levels("descriptors=closed");
}
