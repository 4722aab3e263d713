//! Runs for somebody elsewhere: `ipcspec run --frames`, which is what a target is told to do.

use super::Refusal;
use engine::remote::frame::Frames;
use engine::runner::machine::Machine;
use engine::runner::{self, Pace, RunEvent, Task};
use record::{EndRecord, Line, RunRecord, Writer};
use reports::Exit;
use reports::deviations::Deviations;
use std::time::Instant;

/// Runs, and writes each record as a frame. Whoever reads them makes the reports.
pub fn send(
    run: &RunRecord,
    order: impl Iterator<Item = Task>,
    machine: &Machine,
    pace: Pace,
    strict: bool,
) -> Result<Exit, Refusal> {
    let mut out = Writer::new(Frames::new(std::io::stdout()));
    let mut send = |line: Line| out.line(&line);
    let could_not = |error: std::io::Error| Refusal::could_not(format!("standard output cannot be written: {error}"));
    send(Line::Run(Box::new(run.clone()))).map_err(could_not)?;
    let (start, mut specs) = (Instant::now(), 0);
    let interrupted = runner::run(order, machine, pace, |event| match event {
        RunEvent::Judged(_, record, _) => {
            specs += 1;
            let mut record = record.clone();
            if !strict {
                Deviations::ours().mark(&mut record, &run.environment);
            }
            send(Line::Spec(Box::new(record)))
        }
        RunEvent::Started(_) => Ok(()),
    })?;
    send(Line::End(EndRecord { specs, interrupted, wall_us: start.elapsed().as_micros() as u64 }))
        .map_err(could_not)?;
    // Whoever reads the records decides what they mean.
    Ok(Exit::Holds)
}
