//! `ipcspec run --frames`: what runs on a target.

use super::CliError;
use engine::kernel::objects;
use engine::remote::frame::Frames;
use engine::runner::machine::Machine;
use engine::runner::{self, Pace, RunEvent, Task};
use record::{EndRecord, Line, RunRecord, Writer};
use reports::Exit;
use reports::deviations::Deviations;
use std::time::Instant;

/// Runs, and writes each record as a frame. The reader makes the reports.
pub fn send(
    run: &RunRecord,
    order: impl Iterator<Item = Task>,
    machine: &Machine,
    pace: Pace,
    strict: bool,
) -> Result<Exit, CliError> {
    let mut out = Writer::new(Frames::new(std::io::stdout()));
    let mut send = |line: Line| out.line(&line);
    let unwritable =
        |error: std::io::Error| CliError::could_not_run(format!("cannot write to standard output: {error}"));
    send(Line::Run(Box::new(run.clone()))).map_err(unwritable)?;
    let (start, mut specs, mut kernel_log) = (Instant::now(), 0, Vec::new());
    let before = objects::count();
    let interrupted = runner::run(order, machine, pace, |event| match event {
        RunEvent::Judged(_, record, _) => {
            specs += 1;
            let mut record = record.clone();
            if !strict {
                Deviations::ours().mark(&mut record, &run.environment);
            }
            send(Line::Spec(Box::new(record)))
        }
        RunEvent::KernelReported(lines) => {
            kernel_log.extend_from_slice(lines);
            Ok(())
        }
        RunEvent::Started(_) => Ok(()),
    })?;
    let wall_us = start.elapsed().as_micros() as u64;
    let end = EndRecord { specs, interrupted, wall_us, kernel_log, grown: objects::grown_since(&before) };
    send(Line::End(end)).map_err(unwritable)?;
    // The reader of the records decides what they mean.
    Ok(Exit::Passed)
}
