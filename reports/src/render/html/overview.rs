//! The summary: each run's outcome and numbers, and the machines side by side.

use super::Column;
use crate::gate::{self, Exit, shortfall};
use crate::judged::judged;
use crate::render::facts::{facts, started};
use crate::summary::{Counts, Summary};
use crate::text;
use record::RunRecord;
use record::Verdict;

/// What the top of the page shows.
pub(super) struct Overview {
    pub(super) runs: Vec<Run>,
    /// Mechanisms, with the numbers of each run.
    pub(super) mechanisms: Vec<(String, Vec<Counts>)>,
    pub(super) facts: Vec<Fact>,
}

/// One run in numbers.
pub(super) struct Run {
    pub(super) name: String,
    pub(super) machine: String,
    pub(super) started: String,
    exit: Exit,
    /// The result, in words.
    pub(super) outcome: String,
    pub(super) shortfall: Option<String>,
    pub(super) summary: Summary,
    /// Flaky specs, with their rates.
    pub(super) flaky: Vec<(String, String)>,
}

/// One fact of the environment, as each run has it.
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) values: Vec<Option<String>>,
}

impl Overview {
    pub(super) fn of(columns: &[Column]) -> Self {
        let runs: Vec<_> = columns.iter().map(Run::of).collect();
        let mut names: Vec<_> = runs.iter().flat_map(|run| run.summary.mechanisms.keys().cloned()).collect();
        names.sort();
        names.dedup();
        let counts = |run: &Run, name: &str| run.summary.mechanisms.get(name).copied().unwrap_or_default();
        let mechanisms = names.into_iter().map(|name| {
            let counts = runs.iter().map(|run| counts(run, &name)).collect();
            (name, counts)
        });
        Self { mechanisms: mechanisms.collect(), facts: side_by_side(columns), runs }
    }

    /// The worst result of the runs, for the title.
    pub(super) fn words(&self) -> &'static str {
        let failing = self.runs.iter().find(|run| run.exit == Exit::Failed);
        let worst = failing.or(self.runs.iter().find(|run| run.exit != Exit::Passed)).or(self.runs.first());
        worst.map_or(Exit::NothingSelected, |run| run.exit).words()
    }
}

impl Run {
    fn of(column: &Column) -> Self {
        let records = column.records;
        let exit = column.gate.map_or_else(|| Exit::of(records), gate::Outcome::exit);
        let flaky = judged(records).into_iter().filter(|spec| spec.is_flaky());
        Self {
            name: column.name.clone(),
            machine: machine(&records.run),
            started: started(&records.run),
            exit,
            outcome: column.gate.map_or_else(|| exit.words().into(), gate_words),
            shortfall: shortfall(records),
            summary: Summary::of(records),
            flaky: flaky.map(|spec| (spec.record().id.clone(), spec.rate())).collect(),
        }
    }

    pub(super) fn time(&self) -> String {
        text::duration(self.summary.wall_us)
    }
}

impl Fact {
    pub(super) fn differs(&self) -> bool {
        self.values.windows(2).any(|pair| pair[0] != pair[1])
    }
}

/// The numbers of a mechanism for the template.
impl Counts {
    pub(super) fn specs(&self) -> usize {
        Verdict::ALL.into_iter().map(|verdict| self.get(verdict)).sum()
    }

    /// The letter of the worst verdict; none without specs.
    pub(super) fn letter(&self) -> Option<char> {
        let [conforms, failing @ .., skipped] = Verdict::ALL;
        let worst = failing.into_iter().chain([conforms, skipped]).find(|verdict| self.get(*verdict) > 0);
        worst.map(super::letter)
    }
}

/// The result of a gate in a cell: `passed, 97 expected failures`.
fn gate_words(gate: &gate::Outcome) -> String {
    let passed = (gate.exit() == Exit::Passed).then(|| Exit::Passed.words().to_owned());
    let counts = gate.counts().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}"));
    passed.into_iter().chain(counts).collect::<Vec<_>>().join(", ")
}

fn machine(run: &RunRecord) -> String {
    let here = &run.environment;
    format!(
        "{} {}, {}, {}, uid {}, isolation {}",
        here.kernel,
        here.arch,
        here.libc,
        text::count(here.cpus, "cpu"),
        here.euid,
        here.isolation
    )
}

fn side_by_side(columns: &[Column]) -> Vec<Fact> {
    let mut all: Vec<Fact> = Vec::new();
    for (number, column) in columns.iter().enumerate() {
        let run = &column.records.run;
        for (name, value) in facts(run) {
            let value = if name == "started" { started(run) } else { value };
            let place = all.iter().position(|fact| fact.name == name).unwrap_or_else(|| {
                all.push(Fact { name, values: vec![None; columns.len()] });
                all.len() - 1
            });
            all[place].values[number] = Some(value);
        }
    }
    all
}
