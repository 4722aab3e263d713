//! A run that is killed leaves nothing: no process, no object, no file.

use crate::ladder::user_namespaces_work;
use crate::run::{binary_in, open_directory};
use crate::{trial, trial_for_root};
use libtest_mimic::Trial;
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    // The world that is looked at afterwards takes a user namespace where the user has no rights.
    let ignored = !(user_namespaces_work() || nix::unistd::geteuid().is_root());
    [
        trial("nothing_left::by_a_killed_run", || check("refuse=nothing", "KILL", &ALL)),
        trial("nothing_left::by_a_killed_run_without_namespaces", || check("refuse=namespaces", "KILL", &ALL)),
        trial("nothing_left::by_an_interrupted_run", || check("refuse=nothing", "INT", &ALL)),
        trial("nothing_left::by_an_interrupted_run_without_namespaces", || check("refuse=namespaces", "INT", &ALL)),
        trial("nothing_left::by_a_run_that_is_killed_while_objects_are_made", || {
            check("refuse=namespaces", "KILL", &["planted.leaks-slowly"]);
        }),
    ]
    .map(|trial| trial.with_ignored_flag(ignored))
    .into_iter()
    .chain([trial_for_root("nothing_left::by_a_killed_run_of_root_without_user_namespaces", || {
        check("refuse=user-namespaces", "KILL", &ALL);
    })])
    .collect()
}

/// What stays where it is when its run is killed, and what comes and goes.
const ALL: [&str; 4] = ["planted.leaks-*", "planted.leaves-*", "planted.hangs-*", "planted.conforms"];

fn check(isolation: &str, signal: &str, ids: &[&str]) {
    const RUNS: usize = 20;
    let seed = fastrand::u64(..).to_string();
    let directory = open_directory();
    let mut command = Command::new(binary_in(&directory));
    command.args(["surroundings", "world", isolation, "kill-runs", &seed, signal, &RUNS.to_string()]).args(ids);
    let output = command.output().expect("it can be started");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "with seed {seed}: {words}");
    let killed_with_sandboxes: usize = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number");
    assert!(killed_with_sandboxes > RUNS / 3, "only {killed_with_sandboxes} of {RUNS} runs had begun");
}
