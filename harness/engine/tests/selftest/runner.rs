//! `planted`: runs planted specs with the harness's own runner and writes their records.
//!
//! Arguments: the file for the records, jobs, repetitions, what deadlines are multiplied by, then ids; a glob is allowed.

use engine::runner::machine::{CannotRun, Machine};
use engine::runner::selection::{self, Selection};
use engine::runner::{self, Pace, RunEvent};
use record::{EndRecord, FORMAT, Line, RunRecord, Writer};
use std::fs::File;

pub fn main(arguments: &[String]) -> Result<(), CannotRun> {
    let [records, jobs, repeat, timeout_scale, ids @ ..] = arguments else { panic!("see the file's first lines") };
    let number = |text: &str| text.parse::<usize>().expect("a number");
    // It is there, and writable for whom the run became.
    let mut records = Writer::new(File::options().append(true).open(records).expect("a record file"));
    let specs = Selection { ids: ids.to_vec(), ..Selection::default() }.specs().expect("planted ids");
    let order = selection::order(&specs, number(repeat) as u32, None);
    let machine = Machine::probe(specs.iter().copied())?;
    let pace = Pace { jobs: machine.jobs(number(jobs))?, timeout_scale: timeout_scale.parse().expect("a factor") };
    let mut write = |line: &Line| records.line(line);
    let begin = Line::Run(Box::new(RunRecord {
        format: FORMAT,
        version: String::new(),
        run: String::new(),
        started: 0,
        target: None,
        selected: specs.len() * number(repeat),
        repeat: number(repeat) as u32,
        selection: Vec::new(),
        shard: None,
        seed: None,
        mutation: None,
        environment: engine::environment::look(machine.isolation.word(), machine.refused.clone()),
    }));
    write(&begin).expect("records can be written");
    let mut written = 0;
    let interrupted = runner::run(order, &machine, pace, |event| match event {
        RunEvent::Started(_) | RunEvent::KernelReported(_) => Ok(()),
        RunEvent::Judged(_, record, _) => {
            written += 1;
            write(&Line::Spec(Box::new(record.clone())))
        }
    })?;
    write(&Line::End(EndRecord { specs: written, interrupted, ..EndRecord::default() }))
        .expect("records can be written");
    Ok(())
}
