//! `report.json`: the whole run as one object, with the numbers of the other reports.

use crate::claims::{Finding, NotedClaim, findings};
use crate::gate::Exit;
use crate::judged::judged;
use crate::summary::Summary;
use record::{EndRecord, Records, RunRecord, SpecRecord};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the report format. It is raised when an old reader would misunderstand a new report.
pub const FORMAT: u32 = 1;

/// A run of ipcspec: what was selected, on which machine, and the results.
#[derive(Serialize, JsonSchema)]
pub struct Report<'a> {
    /// The version of the report format.
    format: u32,
    /// What was selected, and the environment in which it ran.
    run: &'a RunRecord,
    /// The exit code of the run.
    exit: u8,
    /// The numbers.
    summary: Summary,
    /// Claims of the founding notes that conforming specs refute or qualify.
    claims: Vec<Finding>,
    /// The layer at fault for each failing spec, where the layers show it.
    at_fault: BTreeMap<String, String>,
    /// The records of the judged specs, in the order in which they ended.
    specs: &'a [SpecRecord],
    /// How the run ended.
    end: &'a EndRecord,
}

/// The report as JSON.
pub fn run(records: &Records, claims: &[NotedClaim]) -> String {
    let report = Report {
        format: FORMAT,
        run: &records.run,
        exit: Exit::of(records).code(),
        summary: Summary::of(records),
        claims: findings(records, claims),
        at_fault: judged(records)
            .iter()
            .filter_map(|spec| Some((spec.record().id.clone(), spec.at_fault()?)))
            .collect(),
        specs: &records.specs,
        end: &records.end,
    };
    serde_json::to_string_pretty(&report).expect("every map of a report has text for keys") + "\n"
}
