//! The side that nextest and `cargo test` see: libtest's protocol, spoken by libtest-mimic.
//!
//! nextest cannot see a skip at run time, so needs are probed when tests are listed, and specs whose needs are not met are
//! listed as ignored. `--exact` probes only what its own spec needs.

use crate::runner::machine::Machine;
use crate::runner::{self, Pace, RunEvent, Task};
use harness::registry::{self, specs};
use harness::spec::Spec;
use libtest_mimic::{Arguments, Conclusion, Failed, Trial};
use record::SpecRecord;
use std::sync::Arc;

/// Lists or runs every spec in the registry as the command line asks; `failure` gives the words of a record that fails.
pub fn main(failure: fn(&mut SpecRecord) -> Option<String>) -> std::process::ExitCode {
    let mut arguments = Arguments::from_args();
    // The main thread runs the specs: a process that forks has one thread.
    arguments.test_threads = Some(1);
    let exact = arguments.filter.as_deref().filter(|_| arguments.exact).and_then(registry::find);
    let selected: Vec<&'static Spec> = exact.map_or_else(|| specs().to_vec(), |spec| vec![spec]);
    let machine = match Machine::probe(selected.iter().copied()) {
        Ok(machine) => Arc::new(machine),
        Err(error) => {
            eprintln!("ipcspec cannot run here: {error}");
            return 2.into();
        }
    };
    let trials = selected.into_iter().map(|spec| {
        let here = Arc::clone(&machine);
        let ignored = machine.place(spec).is_err();
        Trial::test(spec.id, move || run_one(spec, &here, failure)).with_ignored_flag(ignored)
    });
    let conclusion: Conclusion = libtest_mimic::run(&arguments, trials.collect());
    conclusion.exit_code()
}

fn run_one(
    spec: &'static Spec,
    machine: &Machine,
    failure: fn(&mut SpecRecord) -> Option<String>,
) -> Result<(), Failed> {
    let mut judged = None;
    let keep = |event: RunEvent| {
        if let RunEvent::Judged(_, record, _) = event {
            judged = Some(record.clone());
        }
        Ok(())
    };
    runner::run(vec![Task { spec, attempt: 1, attach: None }], machine, Pace { jobs: 1, timeout_scale: 1.0 }, keep)?;
    match failure(&mut judged.ok_or("interrupted")?) {
        Some(words) => Err(words.into()),
        None => Ok(()),
    }
}
